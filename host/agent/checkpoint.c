/// An agent to a file and back, with its simulator's lanes: what exact resume needs. The file says
/// which agent and simulator wrote it; another one is refused before anything is changed.
#include <stdio.h>
#include <string.h>

#include "agent/learner.h"
#include "base/file_kind.h"
#include "base/safetensors.h"

enum { IDENTITY_SIZE = 1024, PARTS = 5 };

/// Every option that an agent's future depends on and that no tensor of the file holds.
static void identity(const throng_agent *a, char *text, size_t size) {
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

static void list_parts(throng_agent *a, tensor_set *part[PARTS]) {
  part[0] = &a->weights;
  part[1] = &a->hyper;
  part[2] = &a->replay;
  part[3] = &a->counters;
  part[4] = &a->sim->lanes;
}

throng_status throng_agent_save(throng_agent *a, const char *path) {
  const int64_t counter[AGENT_COUNTERS] = {a->time, a->updates, a->synced, a->total_steps};
  THRONG_TRY(a->backend->ops->upload(a->backend, a->counter, counter, sizeof counter));
  char mine[IDENTITY_SIZE], simulator[IDENTITY_SIZE];
  identity(a, mine, sizeof mine);
  sim_identity(a->sim, simulator, sizeof simulator);
  tensor_set *part[PARTS];
  list_parts(a, part);
  return tensors_save((const tensor_set *const *)part, part_prefix, PARTS,
                      (const char *[]){"agent", mine, "simulator", simulator, NULL}, path);
}

/// Where two lists of options first differ, as one of "batch 32" of each.
static void first_difference(const char *x, const char *y, int *x_length, const char **x_at,
                             int *y_length, const char **y_at) {
  size_t same = 0, begin = 0;
  while (x[same] && x[same] == y[same]) {
    if (x[same] == ',') begin = same + 2;
    ++same;
  }
  *x_at = x + begin;
  *y_at = y + begin;
  *x_length = (int)strcspn(*x_at, ",");
  *y_length = (int)strcspn(*y_at, ",");
}

static throng_status check_identity(const throng_agent *a, const char *path) {
  char mine[IDENTITY_SIZE];
  identity(a, mine, sizeof mine);
  safetensors_file *file;
  THRONG_TRY(safetensors_open(path, &file));
  const char *found = safetensors_metadata(file, "agent");
  throng_status status = THRONG_OK;
  if (!found) {
    status = throng_fail(THRONG_ERROR_DATA, "%s: no metadata 'agent': not a checkpoint of an agent",
                         path);
  } else if (strcmp(found, mine) != 0) {
    const char *theirs, *ours;
    int theirs_length, ours_length;
    first_difference(found, mine, &theirs_length, &theirs, &ours_length, &ours);
    status = throng_fail(THRONG_ERROR_DATA,
                         "%s: the checkpoint was written by another agent: it has %.*s, this one "
                         "has %.*s; give the same agent options or start a new run",
                         path, theirs_length, theirs, ours_length, ours);
  }
  safetensors_close(file);
  return status;
}

throng_status throng_agent_restore(throng_agent *a, const char *path) {
  THRONG_TRY(file_kind_require(path, FILE_KIND_CHECKPOINT));
  THRONG_TRY(check_identity(a, path));
  THRONG_TRY(sim_check_identity(a->sim, path));
  tensor_set *part[PARTS];
  list_parts(a, part);
  THRONG_TRY(tensors_load(part, part_prefix, PARTS, path));
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
