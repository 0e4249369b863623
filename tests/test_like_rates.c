/// f_pop: its fit against scikit-learn (tests/golden/make_like_rates.py), what it must refuse and
/// survive, and the vote in a simulator.
#include "sim/like_rates.h"

#include <stdio.h>

#include "base/safetensors.h"
#include "sim/logistic.h"
#include "sim/sim.h"
#include "support/cpu_backend.h"
#include "support/golden_array.h"
#include "support/history_world.h"
#include "support/small_sim.h"
#include "throng_test.h"

// ---- the fit -----------------------------------------------------------------------------------
TEST(like_rates, weights_rates_and_probabilities_are_those_of_scikit_learn) {
  safetensors_file *file;
  ASSERT_OK(safetensors_open(TEST_SOURCE_DIR "/golden/like_rates.safetensors", &file));
  int64_t n_user, n_item;
  int64_t *offset = golden_array(file, "user_offset", NULL);
  int32_t *item = golden_array(file, "history_item", NULL);
  uint8_t *like = golden_array(file, "history_like", NULL);
  double *weight = golden_array(file, "weight", NULL), *p = golden_array(file, "p", NULL);
  double *item_rate = golden_array(file, "item_rate", &n_item);
  double *user_rate = golden_array(file, "user_rate", &n_user);
  throng_world w = history_world(n_user, n_item, offset, item, like, 1);
  throng_backend *backend = open_cpu();
  like_rates rates;
  ASSERT_OK(like_rates_fit(&w, &rates));
  ASSERT_OK(like_rates_upload(&rates, backend));
  for (int k = 0; k < 3; ++k) EXPECT_NEAR(rates.weight[k], weight[k], 1e-6);
  for (int64_t i = 0; i < n_item; ++i) EXPECT_NEAR(rates.item_rate[i], item_rate[i], 1e-12);
  for (int64_t u = 0; u < n_user; ++u) EXPECT_NEAR(rates.user_rate[u], user_rate[u], 1e-12);
  for (int64_t u = 0; u < n_user; ++u)
    for (int64_t i = 0; i < n_item; ++i)
      EXPECT_NEAR(like_rates_score(&rates.view, (int32_t)u, (int32_t)i), p[u * n_item + i], 1e-6);
  EXPECT_NEAR(rates.item_rate[n_item - 1], rates.share, 0);  // nobody met it
  EXPECT_NEAR(rates.user_rate[7], rates.share, 0);           // two interactions, both held out
  EXPECT_NEAR(rates.user_rate[9], rates.share, 0);           // none
  like_rates_free(&rates);
  throng_backend_close(backend);
  safetensors_close(file);
  void *const all[] = {offset, item, like, weight, p, item_rate, user_rate};
  for (size_t k = 0; k < sizeof all / sizeof *all; ++k) free(all[k]);
}

TEST(like_rates, a_fit_repeats_to_the_bit_and_never_sees_the_last_two_answers) {
  throng_world w = small_world(7, 90, 120, 8, 12);
  like_rates first, second;
  ASSERT_OK(like_rates_fit(&w, &first));
  for (int64_t u = 0; u < w.n_user; ++u)
    for (int64_t k = w.user_offset[u + 1] - 2; k < w.user_offset[u + 1]; ++k)
      if (k >= w.user_offset[u]) w.history_like[k] ^= 1;
  ASSERT_OK(like_rates_fit(&w, &second));
  EXPECT_EQ(memcmp(first.weight, second.weight, sizeof first.weight), 0);
  EXPECT_EQ(memcmp(first.item_rate, second.item_rate, 120 * sizeof(double)), 0);
  EXPECT_EQ(memcmp(first.user_rate, second.user_rate, 90 * sizeof(double)), 0);
  like_rates_free(&first);
  like_rates_free(&second);
  small_world_free(&w);
}

enum { FEW_USERS = 6, FEW_ITEMS = 4, EACH = 6 };

/// Six users with six answers each; `like(u, k)` says which.
static throng_status fit_few(int n_user, int (*like)(int user, int k), like_rates *out) {
  static int64_t offset[FEW_USERS + 1];
  static int32_t item[FEW_USERS * EACH];
  static uint8_t liked[FEW_USERS * EACH];
  for (int u = 0; u < n_user; ++u) {
    offset[u + 1] = offset[u] + EACH;
    for (int k = 0; k < EACH; ++k) {
      item[u * EACH + k] = k % FEW_ITEMS;
      liked[u * EACH + k] = (uint8_t)like(u, k);
    }
  }
  throng_world w = history_world(n_user, FEW_ITEMS, offset, item, liked, 1);
  return like_rates_fit(&w, out);
}

static int always(int user, int k) { return user >= 0 && k >= 0; }
static int never(int user, int k) { return user < 0 && k < 0; }
static int by_item(int user, int k) { return user >= 0 && k % FEW_ITEMS < 2; }
static int mixed(int user, int k) { return (user + k) % 3 != 0; }

TEST(like_rates, answers_of_one_kind_alone_are_refused_with_their_number) {
  like_rates rates;
  EXPECT_EQ(fit_few(FEW_USERS, always, &rates), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "all of the 24 answers to learn from are likes");
  EXPECT_EQ(fit_few(FEW_USERS, never, &rates), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "all of the 24 answers to learn from are dislikes");
  int64_t offset[] = {0, 2};
  int32_t item[] = {0, 1};
  uint8_t like[] = {0, 1};
  throng_world w = history_world(1, 2, offset, item, like, 1);
  EXPECT_EQ(like_rates_fit(&w, &rates), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "none of 1 users has more than 2 interactions");
}

TEST(like_rates, items_that_tell_the_answers_apart_have_finite_weights_and_the_right_order) {
  like_rates rates;
  ASSERT_OK(fit_few(FEW_USERS, by_item, &rates));
  for (int k = 0; k < 3; ++k) EXPECT_TRUE(isfinite(rates.weight[k]) && fabs(rates.weight[k]) < 20);
  EXPECT_GT(rates.weight[1], 0);
  EXPECT_GT(rates.item_rate[0], 0.5);
  EXPECT_LT(rates.item_rate[3], 0.5);
  like_rates_free(&rates);
}

TEST(like_rates, a_world_of_one_user_has_finite_weights) {
  like_rates rates;
  ASSERT_OK(fit_few(1, mixed, &rates));
  EXPECT_EQ(rates.n, EACH - 2);
  for (int k = 0; k < 3; ++k) EXPECT_TRUE(isfinite(rates.weight[k]) && fabs(rates.weight[k]) < 20);
  like_rates_free(&rates);
}

// ---- the vote ----------------------------------------------------------------------------------
TEST(f_pop, alone_answers_by_the_rates_of_the_lanes_user_and_item) {
  throng_world w = small_world(21, 40, 150, 24, 30);
  throng_backend *backend = open_cpu();
  throng_sim *sim;
  throng_sim_def def = rule_def(THRONG_RULE_F_POP);
  ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  like_rates rates;
  ASSERT_OK(like_rates_fit(&w, &rates));
  int likes = 0;
  for (uint32_t step = 0; step < 30; ++step) {
    throng_observation before;
    throng_outcome out;
    int32_t action[RULE_LANES * RULE_SLATE], user[RULE_LANES];
    rule_choose(action, step, 150);
    ASSERT_OK(throng_sim_observe(sim, &before));
    memcpy(user, before.user, sizeof user);
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    for (int k = 0; k < RULE_LANES * RULE_SLATE; ++k) {
      const double z = rates.weight[0] +
                       rates.weight[1] * logistic_logit(rates.item_rate[action[k]]) +
                       rates.weight[2] * logistic_logit(rates.user_rate[user[k / RULE_SLATE]]);
      const double p = 1 / (1 + exp(-z));
      ASSERT_TRUE(fabs((double)out.further[0][k] - p) < 1e-6);
      if (fabs(p - 0.5) > 1e-6) EXPECT_EQ(out.vote[k].like, p >= 0.5);
      likes += out.vote[k].like;
    }
  }
  EXPECT_TRUE(likes > 100 && likes < 30 * RULE_LANES * RULE_SLATE - 100);
  like_rates_free(&rates);
  throng_sim_close(sim);
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(f_pop, stands_among_the_simulators_arrays_where_it_is_asked) {
  throng_world w = small_world(21, 40, 150, 24, 30);
  throng_backend *backend = open_cpu();
  for (int asked = 0; asked < 2; ++asked) {
    throng_sim *sim;
    throng_sim_def def = rule_def(asked ? THRONG_RULE_F_POP : THRONG_RULE_LOGICAL);
    ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
    int32_t action[RULE_LANES * RULE_SLATE];
    throng_array array[64];
    throng_outcome out;
    rule_choose(action, 1, 150);
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    const int64_t n = throng_sim_arrays(sim, 64, array);
    const throng_array *found = NULL;
    for (int64_t k = 0; k < n; ++k)
      if (!strcmp(array[k].name, "f_pop")) found = &array[k];
    EXPECT_EQ(found != NULL, asked);
    if (found)
      EXPECT_EQ(memcmp(found->data, out.further[0], RULE_LANES * RULE_SLATE * sizeof(float)), 0);
    throng_sim_close(sim);
  }
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(f_pop, weighs_in_the_weighted_rule_as_the_fourth_number_says) {
  throng_world w = small_world(21, 40, 150, 24, 30);
  throng_backend *backend = open_cpu();
  throng_sim *sim;
  throng_sim_def def = rule_def(THRONG_RULE_WEIGHTED);
  memcpy(def.votes.weights, (float[THRONG_VOTE_COUNT]){1, 0, 0, 2}, sizeof def.votes.weights);
  def.votes.weight_threshold = 2;
  ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  int32_t action[RULE_LANES * RULE_SLATE];
  throng_outcome out;
  int against = 0;  // answers that differ from f_mat's
  for (uint32_t step = 0; step < 20; ++step) {
    rule_choose(action, step, 150);
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    for (int k = 0; k < RULE_LANES * RULE_SLATE; ++k) {
      EXPECT_EQ(out.vote[k].like, out.further[0][k] >= 0.5f);  // f_mat alone does not reach 2
      against += out.vote[k].like != out.vote[k].f_mat;
    }
  }
  EXPECT_GT(against, 100);
  throng_sim_close(sim);
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(f_pop, lanes_go_on_from_their_file_and_its_weights_are_named_there) {
  throng_world w = small_world(21, 40, 150, 24, 30), other = small_world(21, 40, 150, 24, 30);
  throng_backend *backend = open_cpu();
  throng_sim *sim, *again, *without;
  throng_sim_def def = rule_def(THRONG_RULE_F_POP);
  char path[512];
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  int32_t action[RULE_LANES * RULE_SLATE];
  ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  for (uint32_t step = 0; step < 5; ++step) {
    rule_choose(action, step, 150);
    ASSERT_OK(throng_sim_step(sim, action));
  }
  ASSERT_OK(throng_sim_save(sim, path));
  ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &again));
  ASSERT_OK(throng_sim_restore(again, path));
  for (uint32_t step = 5; step < 15; ++step) {
    rule_choose(action, step, 150);
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_step(again, action));
  }
  uint64_t hash[2];
  ASSERT_OK(throng_sim_hash(sim, &hash[0]));
  ASSERT_OK(throng_sim_hash(again, &hash[1]));
  EXPECT_TRUE(hash[0] == hash[1]);
  throng_sim_close(again);
  // A world of the same hash whose answers are others: only the fit's weights tell.
  for (int64_t k = 0; k < other.n_interaction; k += 3) other.history_like[k] ^= 1;
  other.hash = w.hash;
  ASSERT_OK(throng_sim_create(backend, &other, NULL, &def, &again));
  EXPECT_EQ(throng_sim_restore(again, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "it has f_pop ");
  def.votes.rule = THRONG_RULE_LOGICAL;
  ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &without));
  EXPECT_EQ(throng_sim_restore(without, path), THRONG_ERROR_DATA);
  throng_outcome out;
  ASSERT_OK(throng_sim_outcome(without, &out));
  EXPECT_TRUE(out.further[0] == NULL);
  throng_sim_close(sim);
  throng_sim_close(again);
  throng_sim_close(without);
  throng_backend_close(backend);
  small_world_free(&w);
  small_world_free(&other);
}

TEST(f_pop, a_simulator_of_a_world_without_dislikes_is_refused) {
  throng_world w = small_world(21, 40, 150, 24, 30);
  for (int64_t k = 0; k < w.n_interaction; ++k) w.history_like[k] = 1;
  throng_backend *backend = open_cpu();
  throng_sim *sim;
  throng_sim_def def = rule_def(THRONG_RULE_F_POP);
  EXPECT_EQ(throng_sim_create(backend, &w, NULL, &def, &sim), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "are likes, so that like rates tell nothing apart");
  def.votes.rule = THRONG_RULE_LOGICAL;  // which does not ask
  EXPECT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  throng_sim_close(sim);
  throng_backend_close(backend);
  small_world_free(&w);
}
