/// Rollouts against the votes asked one by one, and their measures on lanes made by hand.
#include "evaluate/rollout.h"

#include <math.h>
#include <stdlib.h>

#include "support/cpu_backend.h"
#include "synth/synth.h"
#include "throng_test.h"
#include "world/world.h"

static throng_world *planted(double later_share) {
  throng_synth_def def = throng_default_synth_def();
  throng_world *w = NULL;
  def.n_user = 60;
  def.n_item = 150;
  def.n_keyword = 256;
  def.n_taste = 8;
  def.n_category = 8;
  def.dim = 16;
  def.history_mean = 30;
  def.later_share = later_share;
  EXPECT_OK(synth_build(&def, NULL, &w));
  return w;
}

/// The votes about one position, after the newest `most` of history and real answers before it.
static throng_vote ask_one(throng_backend *backend, const throng_world *w,
                           const throng_votes_def *votes, int32_t user, int position, int most) {
  int32_t item[4096];
  uint8_t like[4096];
  int64_t n = 0, later = w->later_offset[user];
  for (int64_t k = w->user_offset[user]; k < w->user_offset[user + 1]; ++k, ++n) {
    item[n] = w->history_item[k];
    like[n] = w->history_like[k];
  }
  for (int k = 0; k < position; ++k, ++n) {
    item[n] = w->later_item[later + k];
    like[n] = w->later_like[later + k];
  }
  const int64_t first = n > most ? n - most : 0, offset[] = {0, n - first};
  const throng_pairs pair = {1,      &user,        &w->later_item[later + position],
                             offset, item + first, like + first};
  throng_vote v;
  EXPECT_OK(throng_votes_evaluate(backend, w, NULL, votes, 1, &pair, &v, NULL));
  return v;
}

TEST(rollout, forced_lanes_answer_as_the_votes_do_about_the_real_history_so_far) {
  throng_backend *backend = open_cpu();
  throng_world *w = planted(0.5);
  throng_votes_def votes = throng_default_votes_def();
  votes.rule = THRONG_RULE_F_SIM;  // no ties here, so no coins
  for (int32_t history = 12; history <= 4096; history += 4084) {
    const rollout_def def = {.history = history, .resamples = 0, .seed = 1};
    rollout_lanes l;
    int differ = 0, apart = 0;
    ASSERT_OK(rollout_play(backend, w, NULL, &votes, &def, NULL, &l));
    EXPECT_GT(l.n, 40);
    for (int64_t lane = 0; lane < l.n; lane += 3)
      for (int k = 0; k < l.length[lane]; k += 2) {
        const throng_vote v = ask_one(backend, w, &votes, l.user[lane], k, history);
        const int64_t cell = lane * LATER_MOST + k;
        EXPECT_EQ(l.answer[ROLLOUT_FORCED][cell], v.like);
        const double score = ((double)v.beta_pos - (double)v.beta_neg + 2) / 4;
        EXPECT_NEAR(l.score[ROLLOUT_FORCED][cell], score, 1e-12);
        EXPECT_EQ(l.real[cell], w->later_like[w->later_offset[l.user[lane]] + k]);
        differ += l.answer[ROLLOUT_FORCED][cell] != l.real[cell];
        apart += l.score[ROLLOUT_FORCED][cell] != l.score[ROLLOUT_FREE][cell];
        if (k == 0) EXPECT_NEAR(l.score[ROLLOUT_FREE][cell], l.score[ROLLOUT_FORCED][cell], 0);
      }
    EXPECT_GT(differ, 0);  // the votes err, so that what is remembered differs
    EXPECT_GT(apart, 0);
    rollout_lanes_free(&l);
  }
  throng_world_close(w);
  throng_backend_close(backend);
}

TEST(rollout, a_vote_that_reads_no_history_cannot_drift) {
  throng_backend *backend = open_cpu();
  throng_world *w = planted(0.5);
  throng_votes_def votes = throng_default_votes_def();
  votes.rule = THRONG_RULE_F_POP;
  const rollout_def def = {.history = 64, .resamples = 100, .seed = 1};
  rollout r;
  ASSERT_OK(rollout_make(backend, w, NULL, &votes, &def, NULL, &r));
  for (int k = 0; k < ROLLOUT_MEASURE_COUNT; ++k) {
    if (isnan(r.mode[ROLLOUT_FORCED][k].value)) continue;  // no correlation where all like all
    EXPECT_EQ(r.mode[ROLLOUT_FREE][k].value, r.mode[ROLLOUT_FORCED][k].value);
    EXPECT_EQ(r.free_minus_forced[k].low, 0);
    EXPECT_EQ(r.free_minus_forced[k].high, 0);
  }
  EXPECT_TRUE(r.has_time);
  EXPECT_EQ(r.position[0].users, r.users);
  throng_world_close(w);
  throng_backend_close(backend);
}

/// Three users of 5, 5 and 2 positions.
TEST(rollout, measures_of_lanes_are_those_counted_by_hand) {
  int32_t user[] = {0, 1, 2}, length[] = {5, 5, 2};
  uint8_t real[3 * LATER_MOST] = {0}, forced[3 * LATER_MOST] = {0}, free_[3 * LATER_MOST] = {0};
  double score[3 * LATER_MOST] = {0};
  static const uint8_t rows[3][3][5] = {{{1, 1, 0, 1, 0}, {1, 1, 1, 1, 0}, {1, 1, 1, 1, 1}},
                                        {{0, 0, 0, 0, 1}, {1, 0, 0, 0, 0}, {0, 0, 0, 0, 0}},
                                        {{1, 1}, {1, 1}, {1, 0}}};
  for (int u = 0; u < 3; ++u)
    for (int k = 0; k < length[u]; ++k) {
      real[u * LATER_MOST + k] = rows[u][0][k];
      forced[u * LATER_MOST + k] = rows[u][1][k];
      free_[u * LATER_MOST + k] = rows[u][2][k];
      score[u * LATER_MOST + k] = rows[u][0][k] ? 0.8 : 0.3;
    }
  const rollout_lanes lanes = {3, user, length, real, {forced, free_}, {score, score}};
  const rollout_def def = {.history = 64, .resamples = 100, .seed = 1};
  rollout r;
  ASSERT_OK(rollout_measure_lanes(&lanes, &def, &r));
  EXPECT_EQ(r.answers, 12);
  EXPECT_NEAR(r.real_like_rate.value, 6.0 / 12, 1e-12);
  EXPECT_NEAR(r.real_alike.value, 1.0 / 3, 1e-12);
  EXPECT_NEAR(r.mode[ROLLOUT_FORCED][ROLLOUT_LIKE_RATE].value, 7.0 / 12, 1e-12);
  EXPECT_NEAR(r.mode[ROLLOUT_FREE][ROLLOUT_GAP].value, 0, 1e-12);
  EXPECT_NEAR(r.mode[ROLLOUT_FREE][ROLLOUT_ALIKE].value, 2.0 / 3, 1e-12);
  EXPECT_NEAR(r.mode[ROLLOUT_FORCED][ROLLOUT_FIRST_GAP].value, 1.0 / 3, 1e-12);
  EXPECT_NEAR(r.mode[ROLLOUT_FORCED][ROLLOUT_LAST_GAP].value, -1.0 / 3, 1e-12);
  EXPECT_EQ(r.mode[ROLLOUT_FORCED][ROLLOUT_AUC].value, 1);
  // numpy.corrcoef([0.6, 0.2, 1], [1, 0, 0.5])[0, 1]
  EXPECT_NEAR(r.mode[ROLLOUT_FREE][ROLLOUT_CORRELATION].value, 0.5, 1e-12);
  EXPECT_NEAR(r.position[0].real, 2.0 / 3, 1e-12);
  EXPECT_EQ(r.position[2].users, 2);
  EXPECT_NEAR(r.position[4].simulated[ROLLOUT_FREE], 0.5, 1e-12);
  EXPECT_EQ(r.position[5].users, 0);
  cJSON *json;
  ASSERT_OK(rollout_json(&r, &json));
  EXPECT_EQ(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "positions")), 5);
  const cJSON *mode = cJSON_GetObjectItemCaseSensitive(json, "forced");
  EXPECT_EQ(cJSON_GetArraySize(mode), ROLLOUT_MEASURE_COUNT);
  cJSON_Delete(json);
}

TEST(rollout, a_world_without_a_later_part_is_refused_with_what_would_help) {
  throng_backend *backend = open_cpu();
  throng_world *w = planted(0);
  const throng_votes_def votes = throng_default_votes_def();
  const rollout_def def = {.history = 64, .resamples = 0, .seed = 1};
  rollout_lanes l;
  EXPECT_EQ(rollout_play(backend, w, NULL, &votes, &def, NULL, &l), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "dataset.later_share");
  throng_world_close(w);
  throng_backend_close(backend);
}
