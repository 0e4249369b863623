/// What all formats share: the network, and a sample of users with our own answers.
#include "export/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world/world.h"

const char *const export_format_names[THRONG_EXPORT_FORMAT_COUNT] = {"safetensors", "onnx",
                                                                     "vectors"};

throng_status export_histories(const throng_world *w, int64_t first, int64_t n, int64_t step,
                               export_agent *to) {
  int64_t entries = 0;
  for (int64_t k = 0; k < n; ++k) {
    const int64_t user = (first + k) * step;
    entries += w->user_offset[user + 1] - w->user_offset[user];
  }
  to->n = n;
  THRONG_TRY(throng_alloc((void **)&to->user, (size_t)n + 1, sizeof *to->user, "users"));
  THRONG_TRY(throng_alloc((void **)&to->offset, (size_t)n + 1, sizeof *to->offset, "users"));
  THRONG_TRY(throng_alloc((void **)&to->item, (size_t)entries + 1, sizeof *to->item, "users"));
  THRONG_TRY(throng_alloc((void **)&to->like, (size_t)entries + 1, sizeof *to->like, "users"));
  for (int64_t k = 0, at = 0; k < n; ++k) {
    const int64_t user = (first + k) * step;
    to->user[k] = (int32_t)user;
    for (int64_t e = w->user_offset[user]; e < w->user_offset[user + 1]; ++e, ++at) {
      to->item[at] = w->history_item[e];
      to->like[at] = w->history_like[e];
    }
    to->offset[k + 1] = at;
  }
  return THRONG_OK;
}

/// What a state says of users who change, when a session begins: the same for everybody.
static throng_status find_start(export_agent *e) {
  const agent_copy *n = &e->network;
  const int32_t nobody = 0;
  const int64_t offset[] = {0, 0};
  const throng_states empty = {.n = 1, .user = &nobody, .offset = offset};
  float *state;
  if (!n->n_user_feature) return THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&state, (size_t)n->n_state, sizeof *state, "a state"));
  throng_status status =
      throng_alloc((void **)&e->start, (size_t)n->n_user_feature, sizeof *e->start, "a state");
  if (status == THRONG_OK) status = agent_look(e->population, e->agent, &empty, state, NULL, NULL);
  if (status == THRONG_OK)
    memcpy(e->start, state + n->n_state - n->n_user_feature,
           sizeof *state * (size_t)n->n_user_feature);
  free(state);
  return status;
}

static throng_status take_sample(export_agent *e) {
  const agent_copy *c = &e->network;
  const int64_t n = c->n_user < EXPORT_SAMPLES ? c->n_user : (int64_t)EXPORT_SAMPLES;
  const size_t all = (size_t)n;
  THRONG_TRY(export_histories(e->world, 0, n, n ? c->n_user / n : 1, e));
  THRONG_TRY(
      throng_alloc((void **)&e->state, all * (size_t)c->n_state + 1, sizeof *e->state, "states"));
  THRONG_TRY(
      throng_alloc((void **)&e->query, all * (size_t)c->width + 1, sizeof *e->query, "queries"));
  THRONG_TRY(
      throng_alloc((void **)&e->score, all * (size_t)c->n_item + 1, sizeof *e->score, "scores"));
  if (n == 0) return THRONG_OK;
  const throng_states states = {n, e->user, e->offset, e->item, e->like, NULL};
  THRONG_TRY(agent_look(e->population, e->agent, &states, e->state, e->query, NULL));
  return throng_population_scores(e->population, e->agent, &states, e->score);
}

/// The network's rows are the world's items and users.
static throng_status check_world(const export_agent *e) {
  const throng_world *world = e->world;
  const agent_copy *c = &e->network;
  if (c->n_item == world->n_item && c->n_user <= world->n_user) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "export: the agent knows %lld items and %lld users, the world has %lld and "
                     "%lld",
                     (long long)c->n_item, (long long)c->n_user, (long long)world->n_item,
                     (long long)world->n_user);
}

throng_status export_begin(throng_population *population, const throng_world *world, int32_t agent,
                           export_agent *out) {
  throng_status status;
  *out = (export_agent){.population = population, .world = world, .agent = agent};
  THRONG_TRY_GOTO(agent_copy_make(population, agent, &out->network));
  THRONG_TRY_GOTO(check_world(out));
  THRONG_TRY_GOTO(find_start(out));
  THRONG_TRY_GOTO(take_sample(out));
  return THRONG_OK;
done:
  export_end(out);
  return status;
}

void export_end(export_agent *e) {
  agent_copy_free(&e->network);
  free(e->start);
  free(e->user);
  free(e->offset);
  free(e->item);
  free(e->like);
  free(e->state);
  free(e->query);
  free(e->score);
  memset(e, 0, sizeof *e);
}

throng_status export_write(export_agent *e, throng_export_format format, const char *path,
                           const throng_progress *progress) {
  switch (format) {
    case THRONG_EXPORT_SAFETENSORS: return export_safetensors(e, path);
    case THRONG_EXPORT_ONNX: return export_onnx(e, path);
    default: return export_vectors(e, path, progress);
  }
}
