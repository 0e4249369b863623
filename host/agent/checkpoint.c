/// An agent to a file and back, with its simulator's lanes: what exact resume needs. The file says
/// which agent and simulator wrote it; another one is refused before anything is changed.
#include <stdio.h>
#include <string.h>

#include "agent/learner.h"
#include "base/file_kind.h"
#include "base/identity.h"
#include "base/numbers.h"
#include "base/safetensors.h"

enum { IDENTITY_SIZE = 1024, PARTS = 5 };

/// Every option that an agent's future depends on and that no tensor of the file holds.
static void identity(const throng_population *a, char *text, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  const throng_agent_def *d = &a->def;
  snprintf(text, size,
           "head %s, count %d, hidden %d %d, width %d, user_width %d, gamma %.9g, learning_rate "
           "%.9g, beta1 %.9g, beta2 %.9g, adam_epsilon %.9g, batch %d, update_every %d, "
           "updates %d, buffer %lld, learning_starts %lld, n_step %d, double_dqn %d, loss %s, "
           "max_grad_norm %.9g, tau %.9g, target_every %lld, epsilon %s, epsilon_start %.9g, "
           "epsilon_end %.9g, epsilon_share %.9g, seed %u, items %lld, users %lld",
           d->head == THRONG_HEAD_FLAT ? "flat" : "two_tower", d->count, d->hidden[0], d->hidden[1],
           a->width, d->user_width, (double)d->gamma, (double)d->learning_rate, (double)d->beta1,
           (double)d->beta2, (double)d->adam_epsilon, d->batch, d->update_every, d->updates,
           (long long)d->buffer, (long long)d->learning_starts, d->n_step, d->double_dqn,
           d->loss == THRONG_LOSS_HUBER ? "huber" : "mse", (double)d->max_grad_norm, (double)d->tau,
           (long long)d->target_every,
           d->epsilon == THRONG_EPSILON_LINEAR ? "linear" : "exponential", (double)d->epsilon_start,
           (double)d->epsilon_end, (double)d->epsilon_share, d->seed, (long long)a->n_item,
           (long long)a->n_user);
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
  char mine[IDENTITY_SIZE], simulator[IDENTITY_SIZE];
  identity(a, mine, sizeof mine);
  THRONG_TRY(sim_identity(a->sim, simulator, sizeof simulator));
  tensor_set *part[PARTS];
  list_parts(a, part);
  return tensors_save((const tensor_set *const *)part, part_prefix, PARTS,
                      (const char *[]){"agent", mine, "simulator", simulator, "arithmetic",
                                       a->backend->arithmetic, NULL},
                      path);
}

static throng_status check_identity(const throng_population *a, const safetensors_file *file) {
  char mine[IDENTITY_SIZE];
  identity(a, mine, sizeof mine);
  const char *found = safetensors_metadata(file, "agent");
  if (!found)
    return throng_fail(THRONG_ERROR_DATA, "%s: no metadata 'agent': not a checkpoint of an agent",
                       safetensors_path(file));
  return identity_compare(safetensors_path(file), "agent", found, mine);
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
