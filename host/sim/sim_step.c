/// Resetting and stepping a simulator. The step reads as its six stages.
#include "kernels/list.h"
#include "sim/sim.h"
#include "sim/users.h"

vote_rule sim_make_rule(const throng_sim *s) {
  return vote_make_rule(&s->def.votes, s->sta, &s->models);
}

sim_args sim_make_args(const throng_sim *s) {
  sim_args a = {
      .world = s->device.view,
      .table = s->device.table,
      .rule = sim_make_rule(s),
      .seed = s->def.seed,
      .number = s->number,
      .halted = s->halted,
      .n_history = s->def.history,
      .slate_size = s->def.slate_size,
      .max_steps = s->def.max_steps,
      .autoreset = s->def.autoreset,
      .mask_seen = s->def.mask_seen,
      .mask_history = s->def.mask == THRONG_MASK_ALL,
      .leave_probability = s->def.leave_probability,
      .n_seen_word = s->n_seen_word,
      .user = s->user,
      .step = s->step,
      .count = s->count,
      .initial_count = s->initial_count,
      .episode = s->episode,
      .history = s->history,
      .running_return = s->running_return,
      .action = s->action,
      .reward = s->reward,
      .ended = s->ended,
      .vote = s->vote,
      .final_user = s->final_user,
      .final_step = s->final_step,
      .final_count = s->final_count,
      .final_history = s->final_history,
      .final_return = s->final_return,
      .seen = s->seen,
      .sta_encoded = s->sta_encoded,
      .preference = s->n_preference ? s->preference : NULL,
      .evicted = s->evicted,
      .start = sim_start(s),
      .users = users_make_view(&s->def.users),
      .left = s->left,
      .slates = {s->examined, s->chance, s->shown_at},
      .sessions = {s->session, s->first_step, s->first_count, s->first_return, s->gap, s->returned},
      .published = s->published.view,
  };
  if (s->def.users.return_activity != 0)
    a.users.activity = (float)((double)s->world->n_interaction / (double)s->world->n_user);
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) a.further[k] = s->further[k];
  return a;
}

sim_sta_args sim_make_sta_args(const throng_sim *s) {
  sim_sta_args a = {.sim = sim_make_args(s)};
  if (!s->sta) return a;
  a.view = s->sta->view;
  a.cache = (sta_cache){.state = s->sta_state, .encoded = s->sta_encoded, .query = s->sta_query};
  return a;
}

/// f_mat and f_sim on the shown items.
static throng_status vote_logical(throng_sim *s, const sim_sta_args *a) {
  return BACKEND_LAUNCH(s->backend, sim_vote, s->n_lane, &a->sim);
}
/// f_sta on the shown items, from each lane's cached query.
static throng_status vote_statistical(throng_sim *s, const sim_sta_args *a) {
  return BACKEND_LAUNCH(s->backend, sim_sta_vote, s->n_lane, a);
}
/// Further votes; votes to an answer, answers to a reward.
static throng_status respond(throng_sim *s, const sim_sta_args *a) {
  return BACKEND_LAUNCH(s->backend, sim_respond, s->n_lane, &a->sim);
}
/// Histories grow, users leave, ended lanes start again.
static throng_status transition(throng_sim *s, const sim_sta_args *a) {
  return BACKEND_LAUNCH(s->backend, sim_transition, s->n_lane, &a->sim);
}
/// f_sta reads what was appended.
static throng_status advance_statistical(throng_sim *s, const sim_sta_args *a) {
  if (!s->sta) return THRONG_OK;
  return BACKEND_LAUNCH(s->backend, sim_sta_advance, s->n_lane, a);
}

/// Preference vectors follow what was appended and what fell out.
static throng_status advance_preferences(throng_sim *s, const sim_sta_args *a) {
  if (!s->n_preference) return THRONG_OK;
  int64_t n_row = (int64_t)s->n_lane * preference_blocks(s->world->dim);
  return BACKEND_LAUNCH(s->backend, sim_preference, n_row, &a->sim);
}

/// What the votes keep follows the histories.
static throng_status advance(throng_sim *s, const sim_sta_args *a) {
  THRONG_TRY(advance_preferences(s, a));
  return advance_statistical(s, a);
}

static throng_status answer(throng_sim *s, const sim_sta_args *a) {
  THRONG_TRY(vote_logical(s, a));
  THRONG_TRY(vote_statistical(s, a));
  return respond(s, a);
}

throng_status sim_step_on_backend(throng_sim *s) {
  sim_sta_args a = sim_make_sta_args(s);
  THRONG_TRY(answer(s, &a));
  THRONG_TRY(transition(s, &a));
  return advance(s, &a);
}

throng_status sim_answer_on_backend(throng_sim *s) {
  sim_sta_args a = sim_make_sta_args(s);
  return answer(s, &a);
}

throng_status sim_transition_on_backend(throng_sim *s) {
  sim_sta_args a = sim_make_sta_args(s);
  return transition(s, &a);
}

throng_status sim_advance_on_backend(throng_sim *s) {
  sim_sta_args a = sim_make_sta_args(s);
  return advance(s, &a);
}

throng_status throng_sim_reset(throng_sim *s) {
  sim_sta_args a = sim_make_sta_args(s);
  THRONG_TRY(BACKEND_LAUNCH(s->backend, sim_begin, s->n_lane, &a.sim));
  return advance(s, &a);
}

throng_status throng_sim_restart(throng_sim *s, const uint8_t *lane) {
  THRONG_TRY(s->backend->ops->upload(s->backend, s->chosen, lane, (size_t)s->n_lane));
  sim_sta_args a = sim_make_sta_args(s);
  sim_restart_args restart = {.sim = a.sim, .chosen = s->chosen};
  THRONG_TRY(BACKEND_LAUNCH(s->backend, sim_restart, s->n_lane, &restart));
  return advance(s, &a);
}

throng_sim sim_part(const throng_sim *s, int32_t first, int32_t n) {
  throng_sim part = *s;
  part.n_lane = part.def.lanes = n;
  part.def.first_lane = s->host_number[first];
  part.host_number += first;
  part.number += first;
  part.halted += first;
  if (part.left) part.left += first;
#define X(type, tensor_type, name, each, ...) \
  if (part.name) part.name += (int64_t)first * (each);
  SIM_USERS_ARRAYS(X, s)
#undef X
#define X(type, tensor_type, name, d1, d2, ...)                                                   \
  part.name =                                                                                     \
      (type *)(void *)((char *)s->name + (size_t)first * tensor_type_size(TENSOR_##tensor_type) * \
                                             (size_t)((int64_t)(d1) * (int64_t)(d2)));
  SIM_ARRAYS(X, s)
#undef X
  return part;
}

throng_status sim_reset_lanes(throng_sim *s, int32_t first, int32_t n) {
  throng_sim part = sim_part(s, first, n);
  for (size_t i = 0; i < s->lanes.count; ++i) {
    const tensor *t = &s->lanes.tensor[i];
    const size_t lane = tensor_bytes(t) / (size_t)s->n_lane;
    THRONG_TRY(s->backend->ops->zero(s->backend, (char *)t->data + lane * (size_t)first,
                                     lane * (size_t)n));
  }
  return throng_sim_reset(&part);
}

throng_status sim_copy_lanes(throng_sim *s, int32_t from, int32_t to, int32_t n) {
  for (size_t i = 0; i < s->lanes.count; ++i) {
    const tensor *t = &s->lanes.tensor[i];
    const size_t lane = tensor_bytes(t) / (size_t)s->n_lane;
    THRONG_TRY(s->backend->ops->copy(s->backend, (char *)t->data + lane * (size_t)to,
                                     (char *)t->data + lane * (size_t)from, lane * (size_t)n));
  }
  return THRONG_OK;
}

throng_status sim_gather_lanes(throng_sim *to, const throng_sim *from, const int32_t *index) {
  for (size_t i = 0; i < to->lanes.count; ++i) {
    const size_t bytes = tensor_bytes(&to->lanes.tensor[i]) / (size_t)to->n_lane;
    sim_gather_args gather = {.from = from->lanes.tensor[i].data,
                              .to = to->lanes.tensor[i].data,
                              .index = index,
                              .bytes = (int64_t)bytes};
    if (bytes) THRONG_TRY(BACKEND_LAUNCH(to->backend, sim_gather, to->n_lane, &gather));
  }
  return THRONG_OK;
}

throng_status throng_sim_step(throng_sim *s, const int32_t *action) {
  THRONG_TRY(action ? sim_upload_action(s, action) : sim_check_action(s));
  return sim_step_on_backend(s);
}
