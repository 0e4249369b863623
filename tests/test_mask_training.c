/// sim.mask "all" in training: nobody is shown what the real history holds, and the replay knows
/// each state's mask as the lane had it.
#include "support/agent_rig.h"

enum { USERS = 20, ITEMS = 60, LANES = 8, STEPS = 300 };

static throng_sim_def masked_def(throng_mask mask) {
  throng_sim_def def = rig_sim_def(LANES, 10);  // a ring shorter than histories and sessions
  def.mask = mask;
  def.max_steps = 25;
  def.leave_probability = 0.05f;
  return def;
}

/// What a lane may not be shown after a step: (STEPS, LANES, ITEMS), from the lanes' own bits.
typedef struct kept_masks {
  uint8_t *after;
  int64_t compared, real, beyond;  // beyond: of items that no state holds any more
  int wrong, offered;
} kept_masks;

static uint8_t *after_step(const kept_masks *k, int64_t t, int64_t lane) {
  return k->after + (t * LANES + lane) * ITEMS;
}

static bool knows(const throng_world *w, int64_t user, int32_t item) {
  for (int64_t k = w->user_offset[user]; k < w->user_offset[user + 1]; ++k)
    if (w->history_item[k] == item) return true;
  return false;
}

/// The step is chosen, and what was already masked is no part of it.
static void take_step(agent_rig *rig, int64_t t, kept_masks *k) {
  throng_population *a = rig->agent;
  ASSERT_OK(throng_sim_copy_seen(rig->sim, after_step(k, t, 0)));
  ASSERT_OK(agent_actor_act(a->actor, rig->sim, false));
  for (int lane = 0; lane < LANES; ++lane) {
    uint8_t *masked = after_step(k, t, lane);
    const int32_t item = rig->sim->action[lane];
    k->offered += masked[item] || knows(&rig->world, rig->sim->user[lane], item);
    masked[item] = 1;
  }
  ASSERT_OK(replay_before_step(a));
  ASSERT_OK(sim_step_on_backend(rig->sim));
  ASSERT_OK(replay_after_step(a));
}

/// The mask of a row's next state as replays tell it, against the lane's own.
static void compare_row(const agent_rig *rig, int64_t row, kept_masks *k) {
  const dqn *d = dqn_of(rig->agent);
  const replay_batch *b = &d->batch;
  const uint8_t *masked = after_step(k, b->time[row], b->lane[row]);
  const state_view *shown = b->shown.entry ? &b->shown : &b->next.state;
  uint8_t told[ITEMS] = {0};
  int32_t held = 0;
  for (int32_t item = 0; item < ITEMS; ++item)
    told[item] = knows(&rig->world, b->next.state.user[row], item);
  for (int32_t item = 0; item < ITEMS; ++item) k->real += told[item];
  for (int32_t j = 0; j < shown->session[row]; ++j)
    told[history_item(shown->entry[row * shown->capacity + shown->length[row] - 1 - j])] = 1;
  for (int32_t item = 0; item < ITEMS; ++item) held += masked[item];
  k->wrong += memcmp(told, masked, ITEMS) != 0;
  k->beyond += held > rig->sim->def.history;
  const int32_t best = rig->agent->def.double_dqn ? d->online_item[row] : d->best_item[row];
  k->wrong += best < 0 || best >= ITEMS || masked[best];
  ++k->compared;
}

static kept_masks train_masked(throng_head head, bool double_dqn, throng_mask mask) {
  kept_masks k = {.after = calloc((size_t)STEPS * LANES * ITEMS, 1)};
  agent_rig rig;
  const throng_sim_def sim = masked_def(mask);
  throng_agent_def def = rig_agent_def(head);
  def.double_dqn = double_dqn;
  if (rig_make(&rig, 1, &sim, &def, 10000) != THRONG_OK) {
    throng_test_fail(__FILE__, __LINE__, "%s", throng_error_message());
    return k;
  }
  for (int64_t t = 0; t < STEPS; ++t) {
    take_step(&rig, t, &k);
    if (t < 20) continue;
    EXPECT_OK(replay_draw(rig.agent, &dqn_of(rig.agent)->batch, (uint64_t)t));
    EXPECT_OK(dqn_gradients(rig.agent));
    EXPECT_OK(dqn_apply(rig.agent));
    for (int64_t row = 0; row < def.batch; ++row) compare_row(&rig, row, &k);
  }
  free(k.after);
  rig_free(&rig);
  return k;
}

TEST(mask_training, agents_under_all_are_never_shown_what_the_user_knows_nor_hope_for_it) {
  for (int head = 0; head < 2; ++head)
    for (int twice = 0; twice < 2; ++twice) {
      const kept_masks k = train_masked((throng_head)head, twice, THRONG_MASK_ALL);
      EXPECT_EQ(k.offered, 0);
      EXPECT_EQ(k.wrong, 0);
      EXPECT_GT(k.compared, 4000);
      EXPECT_GT(k.real, k.compared);        // histories that matter,
      EXPECT_GT(k.beyond, k.compared / 2);  // and masks of more than a state remembers
    }
}

/// So the test above can fail: a session's mask leaves the real history in.
TEST(mask_training, agents_under_session_are_shown_what_the_user_knew_before) {
  const kept_masks k = train_masked(THRONG_HEAD_TWO_TOWER, true, THRONG_MASK_SESSION);
  EXPECT_GT(k.offered, 100);
}

/// A user who knows the whole catalogue, and one who knows all but two items.
TEST(mask_training, users_who_know_everything_are_refused_and_say_what_helps) {
  agent_rig rig;
  throng_sim_def sim = masked_def(THRONG_MASK_ALL);
  const throng_agent_def def = rig_agent_def(THRONG_HEAD_FLAT);
  ASSERT_OK(rig_make(&rig, 1, &sim, &def, 1000));
  int64_t offset[2] = {0, ITEMS};
  int32_t user[1] = {0}, item[ITEMS];
  uint8_t like[ITEMS] = {0};
  for (int32_t k = 0; k < ITEMS; ++k) item[k] = k;
#define TAKE() throng_sim_set_starts(rig.sim, THRONG_START_DRAWN, 1, user, offset, item, like)
  EXPECT_EQ(TAKE(), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "lower sim.max_steps, or mask the session alone");
  offset[1] = ITEMS - 2;  // 25 steps do not fit either
  EXPECT_EQ(TAKE(), THRONG_ERROR_ARGUMENT);
  offset[1] = ITEMS - 26;  // and one is left after the last
  EXPECT_OK(TAKE());
#undef TAKE
  rig_free(&rig);
}
