/// One agent of a population to a file and back: the file is that of a population of one, so that
/// whatever reads those reads it, and it goes into any slot of any population of that shape.
#include <stdlib.h>
#include <string.h>

#include "agent/agent_fields.h"
#include "agent/population.h"
#include "base/file_kind.h"
#include "base/identity.h"

/// The parts of a checkpoint, in its order (checkpoint.c).
enum { WEIGHTS, HYPER, REPLAY, LANES, INTERVALS, CLOCKS, NUMBERS, FEATURES, PARTS };
static const char *const part_prefix[PARTS] = {"",       "hyper.", "replay.", "lane.",
                                               "hyper.", "clock.", "lane.",   ""};

/// An agent's part of every array, with the shapes that a population of one has. All but clocks are
/// where the population has them; `log` is the replay where its ring is shorter than there.
typedef struct one_agent {
  tensor_set part[PARTS];
  tensor_set log;
  throng_sim sim;  // its lanes
} one_agent;

/// One agent's part of arrays that all agents share out evenly.
static throng_status view(const throng_population *a, const tensor_set *all, int32_t agent,
                          tensor_set *out) {
  *out = (tensor_set){.count = all->count, .backend = all->backend};
  THRONG_TRY(throng_alloc((void **)&out->tensor, all->count, sizeof *out->tensor, "agent"));
  for (size_t k = 0; k < all->count; ++k) {
    tensor *t = &out->tensor[k];
    *t = all->tensor[k];
    t->data = (char *)t->data + population_slice(a, t) * (size_t)agent;
    t->shape[0] /= a->n_agent;
  }
  return THRONG_OK;
}

static throng_status add_clocks(throng_population *a, tensor_set *out) {
  for (size_t k = 0; k < a->clocks.count; ++k) {
    const tensor *t = &a->clocks.tensor[k];
    THRONG_TRY(tensors_add(out, NULL, t->type, TENSOR_SHAPE(1), "%s", t->name));
    out->tensor[k].range = t->range;
  }
  return tensors_allocate(out, a->backend, "clocks of an agent");
}

/// The log with a ring of `n_time` steps.
static throng_status add_log(const throng_population *a, int64_t n_time, tensor_set *out) {
  for (size_t k = 0; k < a->replay.count; ++k) {
    const tensor *t = &a->replay.tensor[k];
    int64_t shape[TENSOR_MAX_RANK];
    memcpy(shape, t->shape, sizeof shape);
    shape[0] = a->agent_lanes;
    shape[1] = n_time;
    THRONG_TRY(tensors_add(out, NULL, t->type, t->rank, shape, "%s", t->name));
    out->tensor[k].range = t->range;
  }
  return tensors_allocate(out, a->backend, "replay log of an agent");
}

static void one_free(one_agent *one) {
  for (int p = 0; p < PARTS; ++p)
    if (p == CLOCKS)
      tensors_free(&one->part[p]);
    else if (p != NUMBERS && p != FEATURES)
      free(one->part[p].tensor);
  tensors_free(&one->log);
}

/// `def`: the agent's, which its ring goes by.
static throng_status one_make(throng_population *a, int32_t agent, const throng_agent_def *def,
                              one_agent *one) {
  const int32_t lanes = (int32_t)a->agent_lanes;
  const struct {
    int part;
    const tensor_set *all;
  } shared[] = {{WEIGHTS, &a->weights},
                {HYPER, &a->hyper},
                {REPLAY, &a->replay},
                {LANES, &a->sim->lanes},
                {INTERVALS, &a->intervals}};
  *one = (one_agent){.sim = sim_part(a->sim, agent * lanes, lanes)};
  for (size_t k = 0; k < sizeof shared / sizeof *shared; ++k)
    THRONG_TRY(view(a, shared[k].all, agent, &one->part[shared[k].part]));
  THRONG_TRY(add_clocks(a, &one->part[CLOCKS]));
  const int64_t n_time = replay_ring(a, def);
  return n_time == a->log.n_time ? THRONG_OK : add_log(a, n_time, &one->log);
}

static void list_parts(one_agent *one, tensor_set *part[PARTS]) {
  for (int p = 0; p < PARTS; ++p) part[p] = &one->part[p];
  if (one->log.count) part[REPLAY] = &one->log;
}

/// The newest steps of `logged` from one ring to another, whatever their lengths.
static throng_status copy_rings(const throng_population *a, const tensor_set *from,
                                const tensor_set *to, int64_t logged) {
  throng_backend *backend = a->backend;
  for (size_t k = 0; k < to->count; ++k) {
    const tensor *x = &from->tensor[k], *y = &to->tensor[k];
    const int64_t n = x->shape[1], m = y->shape[1], most = n < m ? n : m;
    const size_t step = tensor_bytes(x) / (size_t)(x->shape[0] * n);
    THRONG_TRY(backend->ops->zero(backend, y->data, tensor_bytes(y)));
    for (int64_t lane = 0; lane < x->shape[0]; ++lane)
      for (int64_t t = logged > most ? logged - most : 0, run; t < logged; t += run) {
        run = logged - t;
        if (run > n - t % n) run = n - t % n;
        if (run > m - t % m) run = m - t % m;
        THRONG_TRY(backend->ops->copy(backend, (char *)y->data + step * (size_t)(lane * m + t % m),
                                      (char *)x->data + step * (size_t)(lane * n + t % n),
                                      step * (size_t)run));
      }
  }
  return THRONG_OK;
}

/// As the clock of a population of one would be; tensors by clocks_register's order.
static throng_status write_clocks(const throng_population *a, int32_t agent, tensor_set *clocks) {
  const agent_clock c = members_get_clock(a, agent);
  const int64_t time = c.steps > c.logged ? c.steps : c.logged;
  const int64_t value[] = {time, c.steps, time - c.logged, c.updates, c.mark};
  for (size_t k = 0; k < sizeof value / sizeof *value; ++k)
    THRONG_TRY(
        a->backend->ops->upload(a->backend, clocks->tensor[k].data, &value[k], sizeof value[k]));
  return a->backend->ops->upload(a->backend, clocks->tensor[5].data, &c.state, sizeof c.state);
}

throng_status throng_population_save_agent(throng_population *a, int32_t agent, const char *path) {
  THRONG_TRY(members_require(a, agent));
  THRONG_TRY(clocks_watch(a, true));
  throng_agent_def def = a->own_def[agent];
  def.count = 1;
  one_agent one;
  char *mine = NULL, *simulator = NULL;
  tensor_set *part[PARTS];
  throng_status status;
  THRONG_TRY_GOTO(one_make(a, agent, &def, &one));
  list_parts(&one, part);
  part[FEATURES] = &a->constants;
  if (one.log.count)
    THRONG_TRY_GOTO(copy_rings(a, &one.part[REPLAY], &one.log, clocks_logged(a, agent)));
  THRONG_TRY_GOTO(write_clocks(a, agent, part[CLOCKS]));
  THRONG_TRY_GOTO(population_identity(a, &def, &mine));
  THRONG_TRY_GOTO(sim_identity(&one.sim, &simulator));
  THRONG_TRY_GOTO(tensors_save((const tensor_set *const *)part, part_prefix, PARTS,
                               (const char *[]){"agent", mine, "simulator", simulator, "arithmetic",
                                                a->backend->arithmetic, LOG_KEY, LOG_OWN, NULL},
                               path));
done:
  free(mine);
  free(simulator);
  one_free(&one);
  return status;
}

/// The Def that the file's line says, and errors where agents of this population cannot have it.
/// `other`: it goes on with other options than these.
static throng_status read_def(const throng_population *a, const safetensors_file *file, bool other,
                              throng_agent_def *def) {
  const char *line = safetensors_metadata(file, "agent");
  throng_agent_def expected = a->def;
  if (line) {
    identity_read(&agent_fields, line, def);
    // What is every agent's own, and what comes from elsewhere than the Def.
    for (const field *f = NULL; (f = fields_next(&agent_fields, f, FIELD_PER_AGENT));)
      field_write(f, &expected, 0, field_get(f, def, 0));
    expected.seed = def->seed;
    expected.count = 1;
  }
  THRONG_TRY(population_check_identity(a, &expected, file));
  *def = expected;
  if (safetensors_find(file, "counter"))
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: written before each agent had clocks of its own: "
                       "throng_population_restore() reads it into a population of one",
                       safetensors_path(file));
  const int64_t n_time = replay_ring(a, def);
  if (other || n_time <= a->log.n_time) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: its replay log has %lld steps, this population's agents have room for "
                     "%lld",
                     safetensors_path(file), (long long)n_time, (long long)a->log.n_time);
}

/// Number of the file's first lane. Errors: DATA (numbers that no agent's lanes have).
static throng_status read_first_lane(const throng_population *a, const safetensors_file *file,
                                     uint32_t *first) {
  const safetensors_tensor *t = safetensors_find(file, "lane.number");
  void *block;
  if (!t) return THRONG_OK;
  THRONG_TRY(safetensors_require(file, "lane.number", TENSOR_U32, 1, &a->agent_lanes, &t));
  THRONG_TRY(safetensors_read_all(file, t, &block));
  const uint32_t *number = block;
  bool in_order = true;
  for (int64_t l = 0; l < a->agent_lanes; ++l)
    in_order = in_order && number[l] == number[0] + (uint32_t)l;
  *first = number[0];
  free(block);
  if (in_order) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA, "%s: tensor 'lane.number': expected numbers in order",
                     safetensors_path(file));
}

/// The simulator's first_lane, as the file's line says it: any will do.
static uint32_t named_first_lane(const safetensors_file *file) {
  size_t length;
  const char *line = safetensors_metadata(file, "simulator");
  const char *value = line ? identity_value(line, "first_lane", &length) : NULL;
  return value ? (uint32_t)strtoul(value, NULL, 10) : 0;
}

/// Clocks that no run of such an agent could show.
static throng_status read_clock(const throng_population *a, const throng_agent_def *def,
                                const safetensors_file *file, agent_clock *c) {
  int64_t time = 0, log_start = 0;
  const struct {
    const char *name;
    int64_t *to;
  } part[] = {{"clock.time", &time},
              {"clock.steps", &c->steps},
              {"clock.log_start", &log_start},
              {"clock.updates", &c->updates},
              {"clock.mark", &c->mark}};
  const safetensors_tensor *t;
  for (size_t k = 0; k < sizeof part / sizeof *part; ++k) {
    THRONG_TRY(safetensors_require(file, part[k].name, TENSOR_I64, 1, (const int64_t[]){1}, &t));
    THRONG_TRY(safetensors_read(file, t, 0, part[k].to, sizeof(int64_t)));
  }
  THRONG_TRY(safetensors_require(file, "clock.state", TENSOR_I32, 1, (const int64_t[]){1}, &t));
  THRONG_TRY(safetensors_read(file, t, 0, &c->state, sizeof c->state));
  c->logged = time - log_start;
  if (time <= (int64_t)CLOCK_MOST / a->n_lane && c->steps <= time && c->logged >= 0 &&
      clocks_may_be(a, def, c->steps, c->updates) && c->mark <= c->steps * a->agent_lanes)
    return THRONG_OK;
  return throng_fail(
      THRONG_ERROR_DATA,
      "%s: the clock: %lld steps of an agent, a log from step %lld on, %lld updates, "
      "a target copied at user-step %lld, of %lld steps that were taken: no agent "
      "has such",
      safetensors_path(file), (long long)c->steps, (long long)log_start, (long long)c->updates,
      (long long)c->mark, (long long)time);
}

/// What read_def found fits; nothing was changed yet.
static throng_status read_agent(throng_population *a, int32_t agent, const safetensors_file *file,
                                const throng_agent_def *def, const throng_agent_def *as,
                                int64_t total_steps, uint32_t first_lane, one_agent *one) {
  const int32_t lanes = (int32_t)a->agent_lanes;
  tensor_set *part[PARTS], hyper, intervals;
  tensor hyper_room[MOST_FIELDS], interval_room[MOST_FIELDS];
  agent_clock clock;
  one->sim.def.first_lane = first_lane;
  one->part[NUMBERS] = sim_numbers_in(&one->sim, file, part_prefix[NUMBERS]);
  tensor numbers[1];
  if (one->part[NUMBERS].count) {
    numbers[0] = one->part[NUMBERS].tensor[0];
    numbers[0].shape[0] = lanes;
    numbers[0].data = one->sim.number;
    one->part[NUMBERS].tensor = numbers;
  }
  one->part[FEATURES] = population_features_in(a, file);
  list_parts(one, part);
  options_of_file(part[HYPER], file, hyper_room, &hyper);
  options_of_file(part[INTERVALS], file, interval_room, &intervals);
  part[HYPER] = &hyper;
  part[INTERVALS] = &intervals;
  // Options that it does not go on with may be larger than this population's.
  for (size_t k = 0; as && k < intervals.count; ++k) interval_room[k].range.most = CLOCK_MOST;
  THRONG_TRY(tensors_check_file(part, part_prefix, PARTS, file));
  THRONG_TRY(read_clock(a, def, file, &clock));
  THRONG_TRY(options_check_file(a, 1, file));
  THRONG_TRY(sim_check_lanes(&one->sim, file, "lane."));
  // From here on the slot's agent changes. Options that the file lacks are the Def's.
  THRONG_TRY(options_take(a, agent, as ? as : def, as ? total_steps : a->total_steps / a->n_agent));
  if (as) hyper.count = intervals.count = 0;
  part[FEATURES]->count = 0;  // of this world's items, which all agents here share
  THRONG_TRY(tensors_read_file(part, part_prefix, PARTS, file));
  if (!safetensors_metadata(file, LOG_KEY)) {
    int64_t log_start;
    const safetensors_tensor *t = safetensors_find(file, "clock.log_start");
    THRONG_TRY(safetensors_read(file, t, 0, &log_start, sizeof log_start));
    THRONG_TRY(replay_turn_back(a, part[REPLAY], 0, lanes, log_start));
  }
  if (one->log.count) THRONG_TRY(copy_rings(a, &one->log, &one->part[REPLAY], clock.logged));
  members_set_clock(a, agent, &clock);
  THRONG_TRY(clocks_write(a));
  THRONG_TRY(options_read(a));
  return sim_number_lanes(a->sim, agent * lanes, lanes, first_lane);
}

/// `as`: the Def that it goes on with, of a run of total_steps, on lanes from first_lane on; NULL:
/// what the file says.
static throng_status load(throng_population *a, int32_t agent, const safetensors_file *file,
                          const throng_agent_def *as, int64_t total_steps, uint32_t first_lane) {
  const int32_t lanes = (int32_t)a->agent_lanes;
  throng_agent_def def;
  uint32_t their_first = named_first_lane(file);
  one_agent one = {.log = {.count = 0}};
  throng_status status;
  THRONG_TRY(clocks_watch(a, true));
  THRONG_TRY_GOTO(read_def(a, file, as != NULL, &def));
  THRONG_TRY_GOTO(one_make(a, agent, &def, &one));
  one.sim.def.first_lane = their_first;
  THRONG_TRY_GOTO(sim_check_identity(&one.sim, file));
  THRONG_TRY_GOTO(read_first_lane(a, file, &their_first));
  THRONG_TRY_GOTO(read_agent(a, agent, file, &def, as, total_steps, their_first, &one));
  if (as && replay_ring(a, as) > replay_ring(a, &def))
    THRONG_TRY_GOTO(members_shorten_log(a, agent, replay_ring(a, &def)));
  if (as) THRONG_TRY_GOTO(sim_number_lanes(a->sim, agent * lanes, lanes, first_lane));
  a->diverged[0] = '\0';
  THRONG_TRY_GOTO(population_weights_moved(a, (agent_range){agent, 1}));
  THRONG_TRY_GOTO(population_zero_sums(a, (agent_range){agent, 1}));
done:
  one_free(&one);
  return status;
}

throng_status agent_load_as(throng_population *a, int32_t agent, const throng_agent_def *def,
                            int64_t total_steps, uint32_t first_lane, const char *path) {
  safetensors_file *file;
  THRONG_TRY(members_require(a, agent));
  THRONG_TRY(file_kind_require(path, FILE_KIND_CHECKPOINT));
  THRONG_TRY(safetensors_open(path, &file));
  throng_status status = load(a, agent, file, def, total_steps, first_lane);
  safetensors_close(file);
  return status;
}

throng_status throng_population_load_agent(throng_population *a, int32_t agent, const char *path) {
  return agent_load_as(a, agent, NULL, 0, 0, path);
}

/// What an agent is, beside its arrays.
typedef struct packed_agent {
  throng_agent_def def;
  agent_clock clock;
  double total_steps;
  uint32_t first_lane;
} packed_agent;

/// The arrays that are packed, of agents of this Def.
enum { PACKED = INTERVALS + 1 };

size_t agent_packed_size(const throng_population *a, int32_t agent) {
  const tensor_set *const set[] = {&a->weights, &a->hyper, &a->sim->lanes, &a->intervals};
  size_t bytes = sizeof(packed_agent);
  for (size_t p = 0; p < sizeof set / sizeof *set; ++p)
    for (size_t k = 0; k < set[p]->count; ++k) bytes += population_slice(a, &set[p]->tensor[k]);
  for (size_t k = 0; k < a->replay.count; ++k)
    bytes += population_slice(a, &a->replay.tensor[k]) / (size_t)a->log.n_time *
             (size_t)replay_ring(a, &a->own_def[agent]);
  return bytes;
}

throng_status agent_pack(throng_population *a, int32_t agent, void *to) {
  THRONG_TRY(members_require(a, agent));
  THRONG_TRY(clocks_watch(a, true));
  const packed_agent head = {a->own_def[agent], members_get_clock(a, agent),
                             a->host.total_steps[agent], agent_first_lane(a, agent)};
  one_agent one;
  tensor_set *part[PARTS];
  char *at = to;
  throng_status status;
  memcpy(at, &head, sizeof head);
  at += sizeof head;
  THRONG_TRY_GOTO(one_make(a, agent, &head.def, &one));
  list_parts(&one, part);
  if (one.log.count) THRONG_TRY_GOTO(copy_rings(a, &one.part[REPLAY], &one.log, head.clock.logged));
  for (int p = 0; p < PACKED; ++p)
    for (size_t k = 0; k < part[p]->count; ++k) {
      const tensor *t = &part[p]->tensor[k];
      THRONG_TRY_GOTO(a->backend->ops->download(a->backend, at, t->data, tensor_bytes(t)));
      at += tensor_bytes(t);
    }
done:
  one_free(&one);
  return status;
}

throng_status agent_unpack(throng_population *a, int32_t agent, const void *from) {
  const int32_t lanes = (int32_t)a->agent_lanes;
  packed_agent head;
  one_agent one = {.log = {.count = 0}};
  tensor_set *part[PARTS];
  const char *at = from;
  throng_status status;
  THRONG_TRY(members_require(a, agent));
  THRONG_TRY(clocks_watch(a, true));
  memcpy(&head, at, sizeof head);
  at += sizeof head;
  THRONG_TRY_GOTO(options_take(a, agent, &head.def, (int64_t)head.total_steps));
  THRONG_TRY_GOTO(one_make(a, agent, &head.def, &one));
  list_parts(&one, part);
  for (int p = 0; p < PACKED; ++p)
    for (size_t k = 0; k < part[p]->count; ++k) {
      const tensor *t = &part[p]->tensor[k];
      THRONG_TRY_GOTO(a->backend->ops->upload(a->backend, t->data, at, tensor_bytes(t)));
      at += tensor_bytes(t);
    }
  if (one.log.count) THRONG_TRY_GOTO(copy_rings(a, &one.log, &one.part[REPLAY], head.clock.logged));
  THRONG_TRY_GOTO(sim_number_lanes(a->sim, agent * lanes, lanes, head.first_lane));
  THRONG_TRY_GOTO(options_read(a));
  members_set_clock(a, agent, &head.clock);
  THRONG_TRY_GOTO(clocks_write(a));
  THRONG_TRY_GOTO(population_weights_moved(a, (agent_range){agent, 1}));
  THRONG_TRY_GOTO(population_zero_sums(a, (agent_range){agent, 1}));
done:
  one_free(&one);
  return status;
}
