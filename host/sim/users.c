/// The dynamics of users: what contradicts is refused with what would help.
#include "sim/users.h"

#include "sim/sim_fields.h"
#include "world/world.h"

static bool modulates(const throng_users_def *d) {
  return d->bored_likes > 0 || d->satiation > 0 || d->exposure > 0 || d->drift > 0;
}

bool users_examine(const throng_users_def *d) {
  return d->choice != THRONG_CHOICE_EACH || d->position_bias > 0;
}

bool users_are_dynamic(const throng_users_def *d) {
  return modulates(d) || d->temper > 0 || d->repeat_window > 0 || d->sessions > 1 ||
         users_examine(d);
}

bool users_unusual(const throng_users_def *def) {
  const throng_users_def usual = throng_default_users_def();
  for (const field *f = NULL; (f = fields_next(&users_fields, f, 0));)
    if (!(f->flags & FIELD_NOT_IDENTITY))
      for (int k = 0; k < f->count; ++k)
        if (field_get(f, def, k) != field_get(f, &usual, k)) return true;
  return false;
}

static throng_status wrong(const char *text) {
  return throng_fail(THRONG_ERROR_ARGUMENT, "%s", text);
}

/// What is looked back on must fit into a lane's history.
static throng_status check_memory(const throng_sim_def *d, const char *name, int64_t steps) {
  const int64_t entries = steps * d->slate_size;
  if (entries <= d->history) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "users.%s: looks back on %lld items, a lane remembers %d; raise sim.history "
                     "to %lld",
                     name, (long long)entries, d->history, (long long)entries);
}

static throng_status check_temper(const throng_sim_def *d) {
  const throng_users_def *u = &d->users;
  if (!(u->temper > 0)) return THRONG_OK;
  if (u->temper < 1)
    return wrong("users.temper: below 1 nobody stays; expected 0 (off) or a budget of 1 or more");
  const float most = u->temper_like > u->temper_dislike ? u->temper_like : u->temper_dislike;
  if (!(most > 0))
    return wrong(
        "users.temper: with temper_like 0 and temper_dislike 0 the budget never falls; "
        "give one of them a cost");
  const int32_t steps = d->history / d->slate_size;  // that a full history holds
  const double spent = (double)most * steps;
  if ((double)u->temper - spent < 1) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "users.temper: %g can never fall below 1: the %d entries that a lane "
                     "remembers cost %g at most; lower it, or raise sim.history",
                     (double)u->temper, d->history, spent);
}

static throng_status check_repetition(const throng_sim_def *d) {
  const throng_users_def *u = &d->users;
  if (u->repeat_window == 0) return THRONG_OK;
  const int64_t most = (int64_t)u->repeat_window * d->slate_size;
  if (u->repeat_threshold >= most)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "users.repeat_threshold: %d can never be passed by the %lld items of "
                       "repeat_window; lower it to %lld or less",
                       u->repeat_threshold, (long long)most, (long long)most - 1);
  return check_memory(d, "repeat_window", u->repeat_window);
}

static throng_status check_boredom(const throng_sim_def *d) {
  const throng_users_def *u = &d->users;
  if (u->bored_likes == 0) {
    if (!u->bored_deaf) return THRONG_OK;
    return wrong("users.bored_deaf: nothing bores without users.bored_likes; give it (SARDINE: 5)");
  }
  const int64_t most = (int64_t)u->bored_window * d->slate_size;
  if (u->bored_likes > most)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "users.bored_likes: %d likes can never fall within the %lld items of "
                       "bored_window; lower it to %lld or less",
                       u->bored_likes, (long long)most, (long long)most);
  return check_memory(d, "bored_window", (int64_t)u->bored_window + u->bored_steps - 1);
}

static throng_status check_slates(const throng_sim_def *d) {
  const throng_users_def *u = &d->users;
  if (!(u->position_bias > 0) || d->slate_size > 1) return THRONG_OK;
  return wrong(
      "users.position_bias: the one slot of sim.slate_size 1 is always looked at; show slates of "
      "more items, or leave it 0");
}

/// The mask is a session's, and agents take it that a session never shows all there is.
static throng_status check_masked_sessions(const throng_sim_def *d, const throng_world *world) {
  if (d->users.sessions == 1 || !d->mask_seen ||
      (int64_t)d->max_steps * d->slate_size < world->n_item)
    return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "users.sessions: with sim.mask_seen %d steps of %d items must be fewer than "
                     "the %lld items; lower sim.max_steps",
                     d->max_steps, d->slate_size, (long long)world->n_item);
}

static throng_status check_return(const throng_sim_def *d) {
  const throng_users_def *u = &d->users;
  if (u->sessions == 1 || d->leave_probability > 0 || u->temper > 0 || u->repeat_window > 0)
    return THRONG_OK;
  return wrong(
      "users.sessions: users who never leave cannot come back; give "
      "sim.leave_probability, users.temper or users.repeat_window");
}

throng_status users_check_def(const throng_sim_def *d) {
  const throng_users_def *u = &d->users;
  THRONG_TRY(fields_check(&users_fields, u));
  if (users_are_dynamic(u) && d->environment != THRONG_ENVIRONMENT_SESSION)
    return wrong(
        "sim.environment: users of the released environment do not change; leave the "
        "section users out, or take sim.environment session");
  THRONG_TRY(check_temper(d));
  THRONG_TRY(check_repetition(d));
  THRONG_TRY(check_boredom(d));
  THRONG_TRY(check_slates(d));
  return check_return(d);
}

throng_status users_check(const throng_sim_def *d, const throng_world *world) {
  const throng_users_def *u = &d->users;
  THRONG_TRY(users_check_def(d));
  THRONG_TRY(check_masked_sessions(d, world));
  const char *asks = u->repeat_window > 0 ? "repeat_window"
                     : u->bored_likes > 0 ? "bored_likes"
                     : u->satiation > 0   ? "satiation"
                                          : NULL;
  if (asks && world->n_category_entry == 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "users.%s goes by items' categories, and the world has none; prepare it "
                       "from a set with categories, or use users.exposure, which goes by "
                       "embeddings",
                       asks);
  return THRONG_OK;
}

users_view users_make_view(const throng_users_def *d) {
  return (users_view){
      .on = users_are_dynamic(d),
      .modulates = modulates(d),
      .temper = d->temper,
      .temper_like = d->temper_like,
      .temper_dislike = d->temper_dislike,
      .repeat_window = d->repeat_window,
      .repeat_threshold = d->repeat_threshold,
      .bored_likes = d->bored_likes,
      .bored_window = d->bored_window,
      .bored_steps = d->bored_steps,
      .bored_deaf = d->bored_deaf,
      .satiation = d->satiation,
      .satiation_memory = d->satiation_memory,
      .exposure = d->exposure,
      .exposure_tau = d->exposure_tau,
      .drift = d->drift,
      .drift_rate = d->drift_rate,
      .sessions = d->sessions,
      .return_gap = d->return_gap,
      .return_bias = d->return_bias,
      .return_reward = d->return_reward,
      .return_activity = d->return_activity,
      .choice = (int32_t)d->choice,
      .choices = d->choices,
      .position_bias = d->position_bias,
      .no_choice = d->no_choice,
  };
}

const char *throng_leave_name(int leave) {
  static const char *const names[] = {"none", "chance", "mood", "repetition", "no_return"};
  _Static_assert(sizeof names / sizeof *names == THRONG_LEAVE_COUNT, "names of throng_leave");
  return leave >= 0 && leave < THRONG_LEAVE_COUNT ? names[leave] : NULL;
}
