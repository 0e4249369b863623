/// What a fit of f_sta says of users and items without an answer and of worlds with few, when it
/// warns, and what stops it.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sta/sta.h"
#include "support/planted_world.h"
#include "throng_test.h"

static char last_note[400];

/// logit((likes + 4 share) / (answers + 4))
static double rate_logit(double likes, double answers, double share) {
  const double rate = (likes + 4 * share) / (answers + 4);
  return log(rate / (1 - rate));
}

/// p of weights that are like rates: every user's answers but the last count.
static double rates_p(const planted *p, int64_t user, int32_t item) {
  double likes[3] = {0}, answers[3] = {0};  // of all, the user, the item
  for (int64_t u = 0; u < p->world.n_user; ++u)
    for (int64_t k = p->offset[u]; k < p->offset[u + 1] - 1; ++k) {
      const bool counts[3] = {true, u == user, p->item[k] == item};
      for (int i = 0; i < 3; ++i) {
        answers[i] += counts[i];
        likes[i] += counts[i] && p->like[k];
      }
    }
  const double share = (likes[0] + 1) / (answers[0] + 2), all = log(share / (1 - share));
  const double logit =
      rate_logit(likes[1], answers[1], share) + rate_logit(likes[2], answers[2], share) - all;
  return 1 / (1 + exp(-logit));
}

static void keep_warning(void *context, const char *text) {
  (void)context;
  if (!strncmp(text, "warning: ", 9)) snprintf(last_note, sizeof last_note, "%s", text);
}

/// Fit on histories of `length` entries at most; whatever the history, p is that of like rates.
static void check_rates(int64_t n_user, uint32_t length, const char *note) {
  planted p = planted_world(n_user, 6, length + 1);
  throng_backend *backend = cpu(1);
  const throng_progress progress = {.note = keep_warning};
  for (int objective = 0; objective < 2; ++objective) {
    throng_sta_def def = small_def((throng_sta_objective)objective);
    throng_sta *sta, *again;
    throng_sta_report report;
    char path[512];
    last_note[0] = 0;
    ASSERT_OK(throng_sta_fit(backend, &p.world, &def, &progress, &sta, &report));
    EXPECT_CONTAINS(last_note, note);
    EXPECT_TRUE(report.like_rates);
    EXPECT_EQ(report.epochs, 0);
    snprintf(path, sizeof path, "%s/rates.safetensors", throng_test_folder());
    ASSERT_OK(throng_sta_save(sta, path));
    ASSERT_OK(throng_sta_open(backend, &p.world, path, &again));
    const int64_t offset[2] = {0, 2};
    const int32_t item[2] = {1, 2};
    const uint8_t like[2] = {1, 0};
    double least = 1, most = 0;
    for (int32_t user = 0; user < n_user; ++user)
      for (int32_t candidate = 0; candidate < 6; ++candidate) {
        float score;
        EXPECT_OK(throng_sta_score(again, 1, &user, &candidate, offset, item, like, &score));
        EXPECT_NEAR(score, rates_p(&p, user, candidate), 1e-5);
        least = fmin(least, score);
        most = fmax(most, score);
      }
    EXPECT_TRUE(most - least > 0.05);
    throng_sta_close(again);
    throng_sta_close(sta);
  }
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_prior, worlds_of_short_histories_get_like_rates_with_a_prior_and_are_told_so) {
  check_rates(60, 2, "leave 0 answers to learn from");
  check_rates(12, 6, "and a fit takes 50");
}

TEST(sta_prior, users_and_items_without_a_training_answer_are_foretold_as_the_average_ones) {
  planted p = planted_world(400, 42, 30);
  for (int64_t k = 0; k < p.offset[400]; ++k) {
    if (p.item[k] >= 40) p.item[k] = 3;             // items 40 and 41 were never met
    if (!p.like[k]) p.like[k] = word(8, k, 0) % 2;  // 3 of 4 answers are likes
  }
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  for (int biases = 0; biases < 2; ++biases) {
    throng_sta *sta;
    def.biases = biases;
    ASSERT_OK(throng_sta_fit(backend, &p.world, &def, NULL, &sta, NULL));
    // Users 0, 1 and 2 have none; of the others each answer weighs alike.
    const float *item = sta->arrays.item, *user = sta->arrays.user;
    double mean_item = 0, mean_user = 0, answers = 0, likes = 0;
    for (int64_t u = 0; u < 400; ++u)
      for (int64_t k = p.offset[u]; k < p.offset[u + 1] - 2; ++k) {
        mean_item += (double)item[p.item[k] * def.width];
        mean_user += (double)user[u * def.width];
        likes += p.like[k];
        answers += 1;
      }
    EXPECT_NEAR(item[40 * def.width], mean_item / answers, 1e-6);
    EXPECT_NEAR(item[41 * def.width], mean_item / answers, 1e-6);
    EXPECT_NEAR(user[2 * def.width], mean_user / answers, 1e-6);
    EXPECT_TRUE(fabs(mean_item / answers) > 1e-4);
    const int32_t who[2] = {2, 2}, candidate[2] = {40, 7};
    const int64_t offset[3] = {0, 0, 0};
    float score[2];
    EXPECT_OK(throng_sta_score(sta, 2, who, candidate, offset, p.item, p.like, score));
    EXPECT_NEAR(score[0], likes / answers, 0.2);  // 0.75; of a zero vector p would be 1/2
    EXPECT_NE(score[0], score[1]);
    throng_sta_close(sta);
  }
  throng_backend_close(backend);
  planted_free(&p);
}

static int warnings;
static void count_chance(void *context, const char *text) {
  (void)context;
  warnings += strstr(text, "may be chance") != NULL;
}

TEST(sta_prior, a_fit_that_validation_cannot_tell_from_chance_says_so_and_a_good_one_does_not) {
  planted p = planted_world(400, 300, 40);
  throng_backend *backend = cpu(1);
  const throng_progress progress = {.note = count_chance};
  for (int noise = 0; noise < 2; ++noise)
    for (int objective = 0; objective < 2; ++objective) {
      throng_sta_def def = small_def((throng_sta_objective)objective);
      def.epochs = 3;
      throng_sta *sta;
      throng_sta_report report;
      for (int64_t k = 0; noise && k < p.offset[400]; ++k) {
        p.like[k] = word(9, k, 0) % 2;
        p.item[k] = (int32_t)(word(10, k, 0) % 300);
      }
      warnings = 0;
      ASSERT_OK(throng_sta_fit(backend, &p.world, &def, &progress, &sta, &report));
      EXPECT_EQ(report.near_chance, noise);
      EXPECT_EQ(warnings, noise);
      throng_sta_close(sta);
    }
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_prior, stopping_on_log_loss_keeps_the_epoch_where_it_was_least) {
  planted p = planted_world(200, 40, 12);
  throng_backend *backend = cpu(1);
  throng_sta_report report[2];
  for (int on = 0; on < 2; ++on) {
    throng_sta_def def = small_def(THRONG_STA_LABEL);
    def.learning_rate = 0.01f;  // goes on to rank well while it grows too sure
    def.epochs = 30;
    def.patience = 30;
    def.stop_on = on ? THRONG_STA_STOP_LOG_LOSS : THRONG_STA_STOP_AUC;
    throng_sta *sta;
    ASSERT_OK(throng_sta_fit(backend, &p.world, &def, NULL, &sta, &report[on]));
    throng_sta_close(sta);
  }
  EXPECT_TRUE(report[1].validation_log_loss < report[0].validation_log_loss);
  EXPECT_TRUE(report[1].validation_auc < report[0].validation_auc);
  EXPECT_TRUE(report[1].test_log_loss < report[0].test_log_loss);
  throng_backend_close(backend);
  planted_free(&p);
}
