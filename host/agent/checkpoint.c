/// An agent to a file and back, with its simulator's lanes: what exact resume needs. The file says
/// which agent and simulator wrote it; another one is refused before anything is changed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_fields.h"
#include "agent/population.h"
#include "base/file_kind.h"
#include "base/identity.h"
#include "base/safetensors.h"

enum { PARTS = 8 };

/// What an agent's line says besides its options: what its arrays are shaped by.
typedef struct facts {
  throng_agent_def def;
  char items[24], users[24];
  identity_part part[2];
  identity_fact fact[4];
} facts;

static identity gather(const throng_population *a, const throng_agent_def *def, facts *f) {
  f->def = *def;
  f->def.width = a->net.width;  // flat: that of the last hidden layer, whatever the Def says
  snprintf(f->items, sizeof f->items, "%lld", (long long)a->net.n_item);
  snprintf(f->users, sizeof f->users, "%lld", (long long)a->net.n_user);
  f->part[0] = (identity_part){&agent_fields, &f->def};
  f->part[1] = (identity_part){NULL, NULL};
  // The table's entry and not the Def's option: it may stand in no table.
  f->fact[0] = (identity_fact){"algorithm", a->algorithm->name, .usual = "dqn", .leads = true};
  f->fact[1] = (identity_fact){.name = "items", .value = f->items};
  f->fact[2] = (identity_fact){.name = "users", .value = f->users};
  f->fact[3] = (identity_fact){.name = NULL};
  return (identity){f->part, f->fact};
}

static const char *const part_prefix[PARTS] = {"",       "hyper.", "replay.", "lane.",
                                               "hyper.", "clock.", "lane.",   ""};
/// Files of before each agent had clocks of its own hold one tensor, 'counter', in place of the
/// last parts: simulator steps, updates, user-steps of an agent at the last hard copy of its
/// target.
enum { NUMBERS = 6, FEATURES = 7, COUNTER = 4, COUNTERS = 4, OLD_PARTS = 5 };
static const char *const old_prefix[OLD_PARTS] = {"", "hyper.", "replay.", "lane.", ""};

/// `numbers`: of the lanes, see sim_numbers_to_save.
static void list_parts(throng_population *a, tensor_set *numbers, tensor_set *part[PARTS]) {
  part[0] = &a->weights;
  part[1] = &a->hyper;
  part[2] = &a->replay;
  part[3] = &a->sim->lanes;
  part[4] = &a->intervals;
  part[5] = &a->clocks;
  part[NUMBERS] = numbers;
  part[FEATURES] = &a->constants;
}

tensor_set population_features_in(const throng_population *a, const safetensors_file *file) {
  tensor_set none = {.count = 0};
  return a->net.n_feature && safetensors_find(file, "item_feature") ? a->constants : none;
}

throng_status population_identity(const throng_population *a, const throng_agent_def *def,
                                  char **out) {
  facts f;
  identity options = gather(a, def, &f);
  return identity_text(&options, out);
}

throng_status throng_population_save(throng_population *a, const char *path) {
  THRONG_TRY(clocks_watch(a, true));
  char *mine = NULL, *simulator = NULL;
  throng_status status = population_identity(a, &a->def, &mine);
  if (status == THRONG_OK) status = sim_identity(a->sim, &simulator);
  tensor_set *part[PARTS], numbers = sim_numbers_to_save(a->sim);
  list_parts(a, &numbers, part);
  if (status == THRONG_OK)
    status = tensors_save((const tensor_set *const *)part, part_prefix, PARTS,
                          (const char *[]){"agent", mine, "simulator", simulator, "arithmetic",
                                           a->backend->arithmetic, LOG_KEY, LOG_OWN, NULL},
                          path);
  free(mine);
  free(simulator);
  return status;
}

throng_status population_check_identity(const throng_population *a, const throng_agent_def *def,
                                        const safetensors_file *file) {
  facts f;
  identity mine = gather(a, def, &f);
  const char *found = safetensors_metadata(file, "agent");
  if (!found)
    return throng_fail(THRONG_ERROR_DATA, "%s: no metadata 'agent': not a checkpoint of an agent",
                       safetensors_path(file));
  return identity_compare(&mine, safetensors_path(file), "agent", found);
}

/// Clocks as a file has them: they are what the log is read by.
typedef struct read_clocks {
  void *block;
  int64_t time;
  int64_t *steps, *log_start, *updates, *mark;  // (n_agent)
} read_clocks;

static throng_status read_old_clocks(const throng_population *a, const safetensors_file *file,
                                     read_clocks *c) {
  int64_t counter[COUNTERS];
  const safetensors_tensor *t;
  THRONG_TRY(safetensors_require(file, "counter", TENSOR_I64, 1, (const int64_t[]){COUNTERS}, &t));
  THRONG_TRY(safetensors_read(file, t, 0, counter, sizeof counter));
  c->time = counter[0];
  for (int32_t i = 0; i < a->n_agent; ++i) {
    c->steps[i] = counter[0];
    c->updates[i] = counter[1];
    c->mark[i] = counter[2];
  }
  return THRONG_OK;
}

static throng_status read_new_clocks(const throng_population *a, const safetensors_file *file,
                                     read_clocks *c) {
  const struct {
    const char *name;
    int64_t *to, n;
  } part[] = {{"clock.time", &c->time, 1},
              {"clock.steps", c->steps, a->n_agent},
              {"clock.log_start", c->log_start, a->n_agent},
              {"clock.updates", c->updates, a->n_agent},
              {"clock.mark", c->mark, a->n_agent}};
  for (size_t k = 0; k < sizeof part / sizeof *part; ++k) {
    const safetensors_tensor *t;
    THRONG_TRY(safetensors_require(file, part[k].name, TENSOR_I64, 1, &part[k].n, &t));
    THRONG_TRY(safetensors_read(file, t, 0, part[k].to, sizeof(int64_t) * (size_t)part[k].n));
  }
  return THRONG_OK;
}

/// Clocks that no run of these agents could show.
static throng_status check_clocks(const throng_population *a, const char *path,
                                  const read_clocks *c) {
  if (c->time > (int64_t)CLOCK_MOST / a->n_lane)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: the clock: %lld steps of %lld lanes are past 2^53 user-steps", path,
                       (long long)c->time, (long long)a->n_lane);
  for (int32_t i = 0; i < a->n_agent; ++i) {
    if (c->steps[i] > c->time || c->log_start[i] > c->time)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: the clock of agent %d: %lld steps and a log from step %lld on, of "
                         "%lld that were taken",
                         path, i, (long long)c->steps[i], (long long)c->log_start[i],
                         (long long)c->time);
    if (!clocks_may_be(a, &a->def, c->steps[i], c->updates[i]))
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: the clock of agent %d: %lld updates in %lld steps, expected at most "
                         "%lld each",
                         path, i, (long long)c->updates[i], (long long)c->steps[i],
                         (long long)clocks_turns_of(a, &a->def));
    if (c->mark[i] > c->steps[i] * a->agent_lanes)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: the clock of agent %d: the target was copied at user-step %lld of "
                         "%lld",
                         path, i, (long long)c->mark[i], (long long)(c->steps[i] * a->agent_lanes));
  }
  return THRONG_OK;
}

/// What a file of before each agent had clocks of its own leaves to be filled in.
static throng_status fill_in(throng_population *a, const read_clocks *c) {
  const agent_range all = {0, a->n_agent};
  a->host.time = 0;
  clocks_start(a, all);
  a->host.time = c->time;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    a->host.steps[i] = c->steps[i];
    a->host.updates[i] = c->updates[i];
    a->host.mark[i] = c->mark[i];
  }
  return clocks_write(a);
}

static throng_status turn_logs_back(throng_population *a, const safetensors_file *file) {
  if (safetensors_metadata(file, LOG_KEY)) return THRONG_OK;
  for (int32_t i = 0; i < a->n_agent; ++i)
    THRONG_TRY(
        replay_turn_back(a, &a->replay, i * a->agent_lanes, a->agent_lanes, a->host.log_start[i]));
  return THRONG_OK;
}

static throng_status restore(throng_population *a, const safetensors_file *file, bool old,
                             read_clocks *c) {
  tensor_set *part[PARTS], counters = {.count = 0}, hyper, intervals;
  tensor_set numbers = sim_numbers_in(a->sim, file, part_prefix[NUMBERS]);
  tensor hyper_room[MOST_FIELDS], interval_room[MOST_FIELDS];
  const char *const *prefix = old ? old_prefix : part_prefix;
  const int n = old ? OLD_PARTS : PARTS;
  const agent_range all = {0, a->n_agent};
  tensor_set features = population_features_in(a, file);
  list_parts(a, &numbers, part);
  part[FEATURES] = &features;
  options_of_file(part[1], file, hyper_room, &hyper);
  options_of_file(part[4], file, interval_room, &intervals);
  part[1] = &hyper;
  part[4] = &intervals;
  throng_status status = THRONG_OK;
  if (old) {
    void *slot;
    part[COUNTER] = &counters;
    THRONG_TRY_GOTO(tensors_add(&counters, &slot, TENSOR_I64, TENSOR_SHAPE(COUNTERS), "counter"));
    tensors_within(&counters, 0, CLOCK_MOST);
    THRONG_TRY_GOTO(tensors_allocate(&counters, a->backend, "counters"));
  }
  THRONG_TRY_GOTO(tensors_check_file(part, prefix, n, file));
  THRONG_TRY_GOTO(old ? read_old_clocks(a, file, c) : read_new_clocks(a, file, c));
  THRONG_TRY_GOTO(check_clocks(a, safetensors_path(file), c));
  THRONG_TRY_GOTO(options_check_file(a, a->n_agent, file));
  THRONG_TRY_GOTO(sim_check_lanes(a->sim, file, "lane."));
  // Arrays that the file lacks stand for what its line says, which is what the Def says.
  THRONG_TRY_GOTO(options_start(a));
  THRONG_TRY_GOTO(tensors_read_file(part, prefix, n, file));
  THRONG_TRY_GOTO(sim_numbers_taken(a->sim, &numbers));
  THRONG_TRY_GOTO(old ? fill_in(a, c) : clocks_read(a));
  THRONG_TRY_GOTO(turn_logs_back(a, file));
  THRONG_TRY_GOTO(options_read(a));
  // The catalogue's tables, the target's too, are computed from the restored weights when they are
  // next needed; running statistics restart at 0.
  a->diverged[0] = '\0';
  THRONG_TRY_GOTO(population_weights_moved(a, all));
  THRONG_TRY_GOTO(population_zero_sums(a, all));
done:
  tensors_free(&counters);
  return status;
}

throng_status agent_restore_from(throng_population *a, const safetensors_file *file) {
  read_clocks c = {.time = 0};
  THRONG_TRY(population_check_identity(a, &a->def, file));
  THRONG_TRY(sim_check_identity(a->sim, file));
  const size_t n = (size_t)a->n_agent;
  THRONG_TRY(throng_alloc(&c.block, 4 * n, sizeof(int64_t), "clocks of a checkpoint"));
  c.steps = c.block;
  c.log_start = c.steps + n;
  c.updates = c.log_start + n;
  c.mark = c.updates + n;
  throng_status status = restore(a, file, safetensors_find(file, "counter") != NULL, &c);
  free(c.block);
  return status;
}

throng_status throng_population_restore(throng_population *a, const char *path) {
  THRONG_TRY(file_kind_require(path, FILE_KIND_CHECKPOINT));
  safetensors_file *file;
  THRONG_TRY(safetensors_open(path, &file));
  throng_status status = agent_restore_from(a, file);
  safetensors_close(file);
  return status;
}
