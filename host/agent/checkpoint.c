/// An agent to a file and back, with its simulator's lanes: what exact resume needs. The file says
/// which agent and simulator wrote it; another one is refused before anything is changed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_fields.h"
#include "agent/learner.h"
#include "base/file_kind.h"
#include "base/identity.h"
#include "base/safetensors.h"

enum { PARTS = 5 };

/// What an agent's line says besides its options: what its arrays are shaped by.
typedef struct facts {
  throng_agent_def def;
  char items[24], users[24];
  identity_part part[2];
  identity_fact fact[3];
} facts;

static identity gather(const throng_population *a, facts *f) {
  f->def = a->def;
  f->def.width = a->width;  // flat: that of the last hidden layer, whatever the Def says
  snprintf(f->items, sizeof f->items, "%lld", (long long)a->n_item);
  snprintf(f->users, sizeof f->users, "%lld", (long long)a->n_user);
  f->part[0] = (identity_part){&agent_fields, &f->def};
  f->part[1] = (identity_part){NULL, NULL};
  f->fact[0] = (identity_fact){.name = "items", .value = f->items};
  f->fact[1] = (identity_fact){.name = "users", .value = f->users};
  f->fact[2] = (identity_fact){NULL};
  return (identity){f->part, f->fact};
}

static const char *const part_prefix[PARTS] = {"", "hyper.", "replay.", "", "lane."};

static void list_parts(throng_population *a, tensor_set *part[PARTS]) {
  part[0] = &a->weights;
  part[1] = &a->hyper;
  part[2] = &a->replay;
  part[3] = &a->counters;
  part[4] = &a->sim->lanes;
}

throng_status throng_population_save(throng_population *a, const char *path) {
  const int64_t counter[AGENT_COUNTERS] = {a->time, a->updates, a->synced, a->total_steps};
  THRONG_TRY(a->backend->ops->upload(a->backend, a->counter, counter, sizeof counter));
  facts f;
  identity options = gather(a, &f);
  char *mine = NULL, *simulator = NULL;
  throng_status status = identity_text(&options, &mine);
  if (status == THRONG_OK) status = sim_identity(a->sim, &simulator);
  tensor_set *part[PARTS];
  list_parts(a, part);
  if (status == THRONG_OK)
    status = tensors_save((const tensor_set *const *)part, part_prefix, PARTS,
                          (const char *[]){"agent", mine, "simulator", simulator, "arithmetic",
                                           a->backend->arithmetic, NULL},
                          path);
  free(mine);
  free(simulator);
  return status;
}

static throng_status check_identity(const throng_population *a, const safetensors_file *file) {
  facts f;
  identity mine = gather(a, &f);
  const char *found = safetensors_metadata(file, "agent");
  if (!found)
    return throng_fail(THRONG_ERROR_DATA, "%s: no metadata 'agent': not a checkpoint of an agent",
                       safetensors_path(file));
  return identity_compare(&mine, safetensors_path(file), "agent", found);
}

/// Clocks that no run of this agent could show: they are what the log is read by.
static throng_status check_clocks(const throng_population *a, const safetensors_file *file) {
  int64_t counter[AGENT_COUNTERS];
  const safetensors_tensor *t;
  THRONG_TRY(
      safetensors_require(file, "counter", TENSOR_I64, 1, (const int64_t[]){AGENT_COUNTERS}, &t));
  THRONG_TRY(safetensors_read(file, t, 0, counter, sizeof counter));
  const int64_t time = counter[0], updates = counter[1], synced = counter[2];
  if (time > (int64_t)AGENT_CLOCK_MOST / a->n_lane)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor 'counter': %lld steps of %lld lanes are past "
                       "2^53 user-steps",
                       safetensors_path(file), (long long)time, (long long)a->n_lane);
  if (updates > (int64_t)((double)time * a->def.updates))
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor 'counter': %lld updates in %lld steps, expected at most %d each",
                       safetensors_path(file), (long long)updates, (long long)time, a->def.updates);
  if (synced > time * a->lanes)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor 'counter': the target was copied at user-step %lld of %lld",
                       safetensors_path(file), (long long)synced, (long long)(time * a->lanes));
  return THRONG_OK;
}

throng_status agent_restore_from(throng_population *a, const safetensors_file *file) {
  tensor_set *part[PARTS];
  list_parts(a, part);
  THRONG_TRY(check_identity(a, file));
  THRONG_TRY(sim_check_identity(a->sim, file));
  THRONG_TRY(tensors_check_file(part, part_prefix, PARTS, file));
  THRONG_TRY(check_clocks(a, file));
  THRONG_TRY(sim_check_lanes(a->sim, file, part_prefix[PARTS - 1]));
  THRONG_TRY(tensors_read_file(part, part_prefix, PARTS, file));
  int64_t counter[AGENT_COUNTERS];
  THRONG_TRY(a->backend->ops->download(a->backend, counter, a->counter, sizeof counter));
  a->time = counter[0];
  a->updates = counter[1];
  a->synced = counter[2];
  // Target and catalogue tables follow from the weights; statistics begin anew.
  a->fresh = a->target_fresh = false;
  a->stat_updates = 0;
  size_t n = sizeof(float) * (size_t)a->n_agent;
  THRONG_TRY(a->backend->ops->zero(a->backend, a->batch.loss_sum, n));
  THRONG_TRY(a->backend->ops->zero(a->backend, a->batch.q_sum, n));
  return a->backend->ops->zero(a->backend, a->batch.norm_sum, n);
}

throng_status throng_population_restore(throng_population *a, const char *path) {
  THRONG_TRY(file_kind_require(path, FILE_KIND_CHECKPOINT));
  safetensors_file *file;
  THRONG_TRY(safetensors_open(path, &file));
  throng_status status = agent_restore_from(a, file);
  safetensors_close(file);
  return status;
}
