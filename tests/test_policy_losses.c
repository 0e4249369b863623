/// Advantages, and the losses of PPO and A2C with their gradients, against PyTorch
/// (tests/golden/make_policy.py).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/agent/policy_gradient.h"
#include "support/golden_array.h"

enum { STEPS = 12, LANES = 6, ROOM = 17, NOW = 22, ROWS = 64, BATCH = 70 };

static safetensors_file *open_golden(void) {
  char path[512];
  safetensors_file *file = NULL;
  snprintf(path, sizeof path, "%s/golden/policy.safetensors", TEST_SOURCE_DIR);
  EXPECT_OK(safetensors_open(path, &file));
  return file;
}

static float number(safetensors_file *file, const char *name) {
  float *x = golden_array(file, name, NULL);
  const float value = x ? *x : NAN;
  free(x);
  return value;
}

static void expect_rows(safetensors_file *file, const char *name, const float *x, double most) {
  int64_t n;
  float *expected = golden_array(file, name, &n);
  EXPECT_EQ(n, ROWS);
  for (int64_t i = 0; expected && i < n; ++i) EXPECT_NEAR(x[i], expected[i], most);
  free(expected);
}

/// A lane's rollout lies in its ring of ROOM places behind ten older steps, and goes round.
static int64_t place_of(int lane, int step) { return lane * ROOM + (NOW - STEPS + step) % ROOM; }

/// The golden rollouts in a log, and what is found of them.
typedef struct rollout_case {
  safetensors_file *file;
  float *after, *expected, *returns;  // (STEPS, LANES)
  uint8_t *cut, *chance;              // (STEPS, LANES)
  float reward[LANES * ROOM], value[LANES * ROOM], last[LANES];
  uint8_t ended[LANES * ROOM];
  int32_t step[LANES * ROOM], used;
  int64_t time, start, n_steps, bootstraps, folds, max_steps;
  float gamma, trace, stay, scale, found[LANES * STEPS];
  advantage_sums sums[LANES];
} rollout_case;

static void *of_case(const rollout_case *c, const char *name) {
  char full[32];
  snprintf(full, sizeof full, "%s.%s", c->folds ? "fold" : "gae", name);
  return golden_array(c->file, full, NULL);
}

/// `folds`: leaving by chance stands in the discount.
static void open_rollouts(rollout_case *c, bool folds) {
  memset(c, 0, sizeof *c);
  c->file = open_golden();
  c->folds = folds;
  float *reward = of_case(c, "reward"), *value = of_case(c, "value");
  uint8_t *left = of_case(c, "left");
  c->cut = of_case(c, "cut");
  c->chance = folds ? of_case(c, "chance") : calloc((size_t)STEPS * LANES, 1);
  c->after = of_case(c, "after");
  c->expected = of_case(c, "advantage");
  c->returns = of_case(c, "returns");
  c->gamma = number(c->file, folds ? "fold.gamma" : "gae.gamma");
  c->trace = number(c->file, folds ? "fold.trace" : "gae.trace");
  c->stay = folds ? number(c->file, "fold.stay") : 1.0f;
  c->max_steps = INT64_MAX;
  c->scale = 1;
  c->used = LANES;
  c->time = NOW;
  c->n_steps = STEPS;
  c->bootstraps = 1;
  for (int64_t i = 0; i < (int64_t)LANES * ROOM; ++i) {  // older steps must not matter
    c->reward[i] = c->value[i] = NAN;
    c->ended[i] = THRONG_END_TRUNCATED;
  }
  for (int l = 0; l < LANES; ++l) {
    for (int t = 0; t < STEPS; ++t) {
      const int64_t at = place_of(l, t);
      c->reward[at] = reward[t * LANES + l];
      c->value[at] = value[t * LANES + l];
      c->ended[at] = left[t * LANES + l]        ? THRONG_END_LEFT
                     : c->cut[t * LANES + l]    ? THRONG_END_TRUNCATED
                     : c->chance[t * LANES + l] ? LOG_LEFT_BY_CHANCE
                                                : THRONG_END_NONE;
    }
    c->last[l] = c->after[(STEPS - 1) * LANES + l];
  }
  free(reward), free(value), free(left);
}

static void close_rollouts(rollout_case *c) {
  free(c->cut), free(c->chance), free(c->after), free(c->expected), free(c->returns);
  safetensors_close(c->file);
}

/// What the states are worth that sessions were cut off in or left by chance, then the advantages.
static void find_advantages(rollout_case *c) {
  for (int t = 0; t < STEPS; ++t) {
    int32_t place[LANES];
    for (int l = 0; l < LANES; ++l)
      place[l] = c->cut[t * LANES + l] || c->chance[t * LANES + l] ? t : -1;
    const rollout_after_args args = {place,    &c->used, c->after + (ptrdiff_t)t * LANES,
                                     c->found, LANES,    STEPS};
    for (int l = 0; l < LANES; ++l) rollout_after_row(&args, l);
  }
  const advantage_args args = {.log = {.reward = c->reward,
                                       .value = c->value,
                                       .ended = c->ended,
                                       .step = c->step,
                                       .n_time = ROOM,
                                       .slate = 1,
                                       .by_chance = c->folds ? LOG_LEFT_BY_CHANCE : 0,
                                       .stay = c->stay},
                               .clock = {.time = &c->time, .log_start = &c->start},
                               .n_steps = &c->n_steps,
                               .gamma = &c->gamma,
                               .gae_lambda = &c->trace,
                               .reward_scale = &c->scale,
                               .beyond = {&c->bootstraps, &c->folds, INT64_MAX, c->max_steps},
                               .used = &c->used,
                               .value = c->last,
                               .advantage = c->found,
                               .sums = c->sums,
                               .agent_lanes = LANES,
                               .most_steps = STEPS};
  for (int l = 0; l < LANES; ++l) advantage_row(&args, l);
}

static void check_advantages(bool folds) {
  rollout_case c;
  int cuts = 0, chances = 0;
  open_rollouts(&c, folds);
  find_advantages(&c);
  for (int l = 0; l < LANES; ++l) {
    advantage_sums expected = {0, 0, 0, 0};
    for (int t = 0; t < STEPS; ++t) {
      const double a = (double)c.expected[t * LANES + l], r = (double)c.returns[t * LANES + l];
      EXPECT_NEAR(c.found[l * STEPS + t], a, 1e-5);
      expected.target += r;
      expected.target_squares += r * r;
      expected.advantage += a;
      expected.advantage_squares += a * a;
      cuts += c.cut[t * LANES + l];
      chances += c.chance[t * LANES + l];
    }
    EXPECT_NEAR(c.sums[l].target, expected.target, 1e-4);
    EXPECT_NEAR(c.sums[l].target_squares, expected.target_squares, 1e-3);
    EXPECT_NEAR(c.sums[l].advantage, expected.advantage, 1e-4);
    EXPECT_NEAR(c.sums[l].advantage_squares, expected.advantage_squares, 1e-3);
  }
  EXPECT_GT(cuts, 3);
  EXPECT_EQ(chances > 3, folds);
  close_rollouts(&c);
}

TEST(policy_losses, advantages_are_sums_of_errors_until_users_leave_sessions_are_cut_or_the_end) {
  check_advantages(false);
}

TEST(policy_losses,
     a_user_who_left_by_chance_is_worth_what_followed_where_that_is_in_the_discount) {
  check_advantages(true);
}

TEST(policy_losses, advantages_are_in_the_units_of_the_reward_scale) {
  rollout_case c;
  float found[LANES * STEPS];
  open_rollouts(&c, true);
  c.scale = 8;  // exact
  find_advantages(&c);
  memcpy(found, c.found, sizeof found);
  for (int64_t i = 0; i < (int64_t)LANES * ROOM; ++i) c.reward[i] *= 8;
  find_advantages(&c);
  EXPECT_TRUE(memcmp(found, c.found, sizeof found) != 0);
  c.scale = 1;
  find_advantages(&c);
  EXPECT_EQ(memcmp(found, c.found, sizeof found), 0);
  close_rollouts(&c);
}

/// A first step's advantage, over all steps after which the user may leave by chance or not, is
/// that of a user who never does and has gamma (1 - p) as discount.
TEST(policy_losses, leaving_by_chance_is_in_the_mean_what_the_discount_says) {
  rollout_case c;
  open_rollouts(&c, true);
  float *mean = of_case(&c, "mean");
  const float *newest = c.after + (ptrdiff_t)(STEPS - 1) * LANES;
  for (int l = 0; l < LANES; ++l) {
    double sum = 0, chance = 1;
    for (int leaves = 0; leaves <= STEPS; ++leaves) {  // after that step; STEPS: never
      memset(c.cut, 0, (size_t)STEPS * LANES);
      memset(c.chance, 0, (size_t)STEPS * LANES);
      for (int t = 0; t < STEPS; ++t) {
        const int64_t next = place_of(l, t + 1);
        c.ended[place_of(l, t)] = t == leaves ? LOG_LEFT_BY_CHANCE : THRONG_END_NONE;
        if (t == leaves) c.chance[t * LANES + l] = 1;
        if (t + 1 < STEPS) c.after[t * LANES + l] = c.value[next];
      }
      c.last[l] = newest[l];
      find_advantages(&c);
      sum += (leaves < STEPS ? 1 - (double)c.stay : 1) * chance * (double)c.found[l * STEPS];
      chance *= (double)c.stay;
    }
    EXPECT_NEAR(sum, mean[l], 1e-5);
  }
  free(mean);
  close_rollouts(&c);
}

/// What was found is what it would be had every session ended by the user's leaving.
static void expect_as_if_left(rollout_case *c) {
  float found[LANES * STEPS];
  memcpy(found, c->found, sizeof found);
  for (int64_t i = 0; i < (int64_t)LANES * ROOM; ++i)
    if (c->ended[i]) c->ended[i] = THRONG_END_LEFT;
  find_advantages(c);
  EXPECT_EQ(memcmp(found, c->found, sizeof found), 0);
}

TEST(policy_losses, who_leaves_by_chance_after_the_last_step_would_have_been_cut_off) {
  rollout_case c;
  float cut_off[LANES * STEPS];
  open_rollouts(&c, true);
  find_advantages(&c);
  memcpy(cut_off, c.found, sizeof cut_off);
  c.max_steps = 1;  // every step is the last: with the bootstrap it is worth what followed
  find_advantages(&c);
  EXPECT_EQ(memcmp(cut_off, c.found, sizeof cut_off), 0);
  c.bootstraps = 0;
  find_advantages(&c);
  expect_as_if_left(&c);
  close_rollouts(&c);
}

TEST(policy_losses, without_the_bootstrap_a_session_that_was_cut_off_is_one_whose_user_left) {
  rollout_case c;
  float cut_off[LANES * STEPS];
  open_rollouts(&c, false);
  find_advantages(&c);
  memcpy(cut_off, c.found, sizeof cut_off);
  c.bootstraps = 0;
  find_advantages(&c);
  EXPECT_TRUE(memcmp(cut_off, c.found, sizeof cut_off) != 0);
  expect_as_if_left(&c);
  close_rollouts(&c);
}

/// One agent's batch of ROWS, with room for BATCH, and what an update makes of it.
typedef struct loss_case {
  safetensors_file *file;
  float *old, *now, *entropy, *raw, *old_value, *value, *target;  // (BATCH)
  float loss[BATCH], policy[BATCH], squares[BATCH], kl[BATCH], beyond[BATCH];
  float d_log_prob[BATCH], d_entropy[BATCH], d_value[BATCH];
  float batch_loss, loss_sum, value_sum, stats[POLICY_STATS];
  int32_t cause, stopped;
} loss_case;

/// A column of the golden batch; what lies behind it is no row and no number.
static float *column(safetensors_file *file, const char *name) {
  int64_t n = 0;
  float *from = golden_array(file, name, &n), *to = malloc(BATCH * sizeof *to);
  for (int i = 0; i < BATCH; ++i) to[i] = i < n ? from[i] : NAN;
  free(from);
  return to;
}

static void sum_columns(const float *const *x, int32_t n, const int32_t *used, double *sum) {
  batch_sum_args args = {.sum = sum, .used = used, .batch = BATCH, .n_column = n};
  for (int32_t k = 0; k < n; ++k) args.x[k] = x[k];
  for (int32_t k = 0; k < n; ++k) batch_sum_row(&args, k);
}

/// Loss, statistics and gradients; not clipped: A2C's.
static void open_case(loss_case *c, bool clipped, float target_kl) {
  memset(c, 0, sizeof *c);
  c->file = open_golden();
  c->old = column(c->file, "ppo.old");
  c->now = column(c->file, "ppo.new");
  c->entropy = column(c->file, "ppo.entropy");
  c->raw = column(c->file, "ppo.raw");
  c->old_value = column(c->file, "ppo.old_value");
  c->value = column(c->file, "ppo.value");
  c->target = column(c->file, "ppo.returns");
  double sum[POLICY_COLUMNS * 2];
  const int32_t used = ROWS;
  const int64_t normalize = clipped;
  const float clip = number(c->file, "ppo.clip");
  const float clip_value = clipped ? number(c->file, "ppo.clip_value") : 0;
  const float of_value = number(c->file, "ppo.c_value");
  const float of_entropy = number(c->file, "ppo.c_entropy");
  const float *const advantage[] = {c->raw};
  sum_columns(advantage, 1, &used, sum);
  const policy_loss_args loss = {.advantage = c->raw,
                                 .target = c->target,
                                 .old_value = c->old_value,
                                 .old_log_prob = clipped ? c->old : NULL,
                                 .log_prob = c->now,
                                 .entropy = c->entropy,
                                 .value = c->value,
                                 .moments = sum,
                                 .clip_range = &clip,
                                 .clip_range_vf = &clip_value,
                                 .ent_coef = &of_entropy,
                                 .vf_coef = &of_value,
                                 .normalize_advantage = &normalize,
                                 .used = &used,
                                 .batch = BATCH,
                                 .clipped = clipped,
                                 .loss = c->loss,
                                 .policy = c->policy,
                                 .squares = c->squares,
                                 .kl = c->kl,
                                 .beyond = c->beyond,
                                 .d_log_prob = c->d_log_prob,
                                 .d_entropy = c->d_entropy,
                                 .d_value = c->d_value};
  for (int64_t row = 0; row < BATCH; ++row) policy_loss_row(&loss, row);
  const float *const columns[POLICY_COLUMNS] = {[POLICY_LOSS] = c->loss,
                                                [POLICY_ENTROPY] = c->entropy,
                                                [POLICY_GRADIENT_LOSS] = c->policy,
                                                [POLICY_VALUE_LOSS] = c->squares,
                                                [POLICY_KL] = c->kl,
                                                [POLICY_BEYOND] = c->beyond,
                                                [POLICY_VALUE] = c->value};
  sum_columns(columns, POLICY_COLUMNS, &used, sum);
  int32_t learns = 1, rows = ROWS, n = 0;
  const policy_judge_args judge = {.sum = sum,
                                   .target_kl = &target_kl,
                                   .clock = {.learns = &learns, .rows = &rows},
                                   .cause = &c->cause,
                                   .stopped = &c->stopped,
                                   .batch_loss = &c->batch_loss,
                                   .loss_sum = &c->loss_sum,
                                   .q_sum = &c->value_sum,
                                   .stats = c->stats,
                                   .n_sum = &n};
  policy_judge_row(&judge, 0);
  EXPECT_EQ(n, 1);
  EXPECT_EQ(learns, !c->stopped);
}

static void close_case(loss_case *c) {
  free(c->old), free(c->now), free(c->entropy), free(c->raw);
  free(c->old_value), free(c->value), free(c->target);
  safetensors_close(c->file);
}

/// Gradients of `part`, and nothing for rows that are none.
static void expect_gradients(const loss_case *c, const char *part) {
  const struct {
    const char *name;
    const float *x;
  } of[] = {{"d_logp", c->d_log_prob}, {"d_entropy", c->d_entropy}, {"d_value", c->d_value}};
  for (size_t k = 0; k < sizeof of / sizeof *of; ++k) {
    char name[32];
    snprintf(name, sizeof name, "%s.%s", part, of[k].name);
    expect_rows(c->file, name, of[k].x, 1e-6);
    for (int i = ROWS; i < BATCH; ++i) EXPECT_EQ(of[k].x[i], 0.0f);
  }
}

TEST(policy_losses, ppo_s_clipped_losses_their_gradients_and_statistics_are_pytorch_s) {
  loss_case c;
  open_case(&c, true, 0);
  expect_gradients(&c, "ppo");
  const float fraction = number(c.file, "ppo.clipped");
  EXPECT_NEAR(c.batch_loss, number(c.file, "ppo.loss"), 1e-5);
  EXPECT_NEAR(c.stats[POLICY_GRADIENT_LOSS - POLICY_ENTROPY], number(c.file, "ppo.policy_loss"),
              1e-5);
  EXPECT_NEAR(c.stats[POLICY_VALUE_LOSS - POLICY_ENTROPY], number(c.file, "ppo.value_loss"), 1e-5);
  EXPECT_NEAR(c.stats[POLICY_KL - POLICY_ENTROPY], number(c.file, "ppo.kl"), 1e-5);
  EXPECT_NEAR(c.stats[POLICY_BEYOND - POLICY_ENTROPY], fraction, 1e-6);
  EXPECT_TRUE(fraction > 0.2f && fraction < 0.8f);  // the golden rows lie on both sides
  EXPECT_EQ(c.cause, POLICY_SOUND);
  close_case(&c);
}

TEST(policy_losses, an_update_stops_where_the_divergence_is_half_again_the_target_and_no_earlier) {
  loss_case c;
  open_case(&c, true, 0);
  const float kl = number(c.file, "ppo.kl");
  EXPECT_EQ(c.stopped, 0);
  close_case(&c);
  for (int k = 0; k < 2; ++k) {
    open_case(&c, true, kl / 1.5f * (k ? 0.999f : 1.001f));
    EXPECT_EQ(c.stopped, k);
    close_case(&c);
  }
}

TEST(policy_losses, a2c_s_losses_and_their_gradients_are_pytorch_s) {
  loss_case c;
  open_case(&c, false, 0);
  expect_gradients(&c, "a2c");
  EXPECT_NEAR(c.batch_loss, number(c.file, "a2c.loss"), 1e-5);
  EXPECT_NEAR(c.stats[POLICY_GRADIENT_LOSS - POLICY_ENTROPY], number(c.file, "a2c.policy_loss"),
              1e-5);
  EXPECT_NEAR(c.stats[POLICY_VALUE_LOSS - POLICY_ENTROPY], number(c.file, "a2c.value_loss"), 1e-5);
  EXPECT_EQ(c.stats[POLICY_BEYOND - POLICY_ENTROPY], 0.0f);
  close_case(&c);
}
