/// Fitting f_sta: it learns what was planted, does not depend on threads, survives a round trip
/// through a file, and says what is wrong with bad input.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/safetensors.h"

#include "kernels/base/random.h"
#include "sta/sta_trainer.h"
#include "sta_reference.h"
#include "support/planted_world.h"
#include "support/tensor_edit.h"
#include "throng_test.h"

static uint64_t weights_hash(const throng_sta *sta) {
  uint64_t hash = 0;
  EXPECT_OK(tensors_hash(&sta->parameters, &hash));
  return hash;
}

TEST(sta_fit, label_objective_learns_planted_tastes_and_users_with_few_entries_do_not_disturb) {
  planted p = planted_world(400, 40, 40);
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  throng_sta *sta;
  throng_sta_report report;
  ASSERT_OK(throng_sta_fit(backend, &p.world, &def, NULL, &sta, &report));
  EXPECT_TRUE(report.test_auc > 0.8);
  EXPECT_TRUE(report.validation_auc > 0.8);
  EXPECT_TRUE(report.train_loss < 0.6);
  EXPECT_LE(report.best_epoch, report.epochs);
  EXPECT_TRUE(isnan(report.test_hr10));
  throng_sta_close(sta);
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_fit, a_file_of_weights_says_what_each_epoch_came_to_and_unfitted_ones_nothing) {
  planted p = planted_world(200, 40, 40);
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  throng_sta *sta, *again;
  throng_sta_report report;
  char path[600];
  snprintf(path, sizeof path, "%s/sta.safetensors", throng_test_folder());
  def.epochs = 3;
  ASSERT_OK(throng_sta_fit(backend, &p.world, &def, NULL, &sta, &report));
  ASSERT_OK(throng_sta_save(sta, path));
  ASSERT_OK(throng_sta_open(backend, &p.world, path, &again));
  ASSERT_EQ(sta->n_epoch, report.epochs);
  ASSERT_EQ(again->n_epoch, report.epochs);
  for (int32_t k = 0; k < report.epochs; ++k) {
    EXPECT_EQ(again->epoch[k].train_loss, sta->epoch[k].train_loss);
    EXPECT_EQ(again->epoch[k].validation_log_loss, sta->epoch[k].validation_log_loss);
    EXPECT_EQ(again->epoch[k].validation_auc, sta->epoch[k].validation_auc);
    EXPECT_TRUE(isnan(again->epoch[k].validation_hr10));
  }
  const sta_epoch *best = &again->epoch[report.best_epoch - 1];
  EXPECT_EQ(best->train_loss, report.train_loss);
  EXPECT_EQ(best->validation_auc, report.validation_auc);
  EXPECT_EQ(weights_hash(again), weights_hash(sta));
  throng_sta_close(again);
  throng_sta_close(sta);
  ASSERT_OK(throng_sta_create(backend, &p.world, &def, &sta));
  ASSERT_OK(throng_sta_save(sta, path));
  ASSERT_OK(throng_sta_open(backend, &p.world, path, &again));
  EXPECT_EQ(again->n_epoch, 0);
  throng_sta_close(again);
  throng_sta_close(sta);
  throng_backend_close(backend);
  planted_free(&p);
}

static char last_note[400];

static void keep_note_of_negatives(void *context, const char *text) {
  (void)context;
  if (strstr(text, "sta.negatives")) snprintf(last_note, sizeof last_note, "%s", text);
}

TEST(sta_fit, without_dislikes_tastes_are_learned_against_unseen_items_and_it_says_so) {
  planted p = planted_world(400, 40, 40);
  for (int64_t u = 0; u < 400; ++u)  // everyone meets items of the taste alone, and likes them
    for (int64_t k = p.offset[u]; k < p.offset[u + 1]; ++k) {
      uint32_t half = random_index(word(6, k, 0), 20), group = half / 3 * 2 + (uint32_t)(u % 2);
      p.item[k] = (int32_t)((group * 3 + half % 3) % 40);
      p.like[k] = 1;
    }
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  const throng_progress progress = {.note = keep_note_of_negatives};
  throng_sta *sta;
  throng_sta_report report, without;
  ASSERT_OK(throng_sta_fit(backend, &p.world, &def, &progress, &sta, &report));
  EXPECT_CONTAINS(last_note, "the world has no dislikes: beside each like 1 unseen item");
  EXPECT_EQ(throng_sta_get_def(sta).negatives, 1);
  EXPECT_TRUE(report.test_auc > 0.75);  // unseen items of the taste bound it
  EXPECT_TRUE(report.validation_auc > 0.75);
  throng_sta_close(sta);
  def.negatives = 0;
  ASSERT_OK(throng_sta_fit(backend, &p.world, &def, &progress, &sta, &without));
  EXPECT_CONTAINS(last_note, "warning: the world has no dislikes and sta.negatives is 0");
  EXPECT_TRUE(without.train_loss < 0.1);  // everything is liked, says the model
  EXPECT_TRUE(without.test_auc < report.test_auc);
  throng_sta_close(sta);
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_fit, sampled_dislikes_stand_beside_the_likes_alone_and_keep_the_history) {
  planted p = planted_world(60, 40, 30);
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  def.negatives = 2;
  throng_sta *sta;
  sta_trainer t;
  ASSERT_OK(throng_sta_create(backend, &p.world, &def, &sta));
  ASSERT_OK(sta_trainer_create(sta, &p.world, &t));
  int64_t order[2] = {3, 4}, likes = 0, examples = 0, sampled = 0;
  sta_batch_compose(&t, 2, order);
  for (int w = 0; w < 2; ++w) {
    const sta_window *window = &t.windows.window[order[w]];
    for (int32_t k = window->first; k < window->first + window->n_example; ++k)
      likes += p.like[p.offset[window->user] + k];
    examples += window->n_example;
  }
  EXPECT_GT(likes, 0);
  EXPECT_GT(examples, likes);
  EXPECT_EQ(t.host.n_sequence, 6);
  EXPECT_EQ(t.host.n_example, examples + 2 * likes);
  for (int64_t i = 0; i < t.host.n_example; ++i) {
    bool met = false;
    for (int64_t k = p.offset[t.host.user[i]]; k < p.offset[t.host.user[i] + 1] - 2; ++k)
      met |= p.item[k] == t.host.item[i];
    sampled += !met;
    EXPECT_TRUE(met || !t.host.like[i]);
  }
  EXPECT_EQ(sampled, 2 * likes);
  sta_trainer_free(&t);
  throng_sta_close(sta);
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_fit, next_item_objective_finds_planted_sequences_far_above_chance) {
  planted p = planted_world(400, 150, 40);
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_NEXT_ITEM);
  def.epochs = 25;
  def.dropout = 0.1f;
  throng_sta *sta;
  throng_sta_report report;
  ASSERT_OK(throng_sta_fit(backend, &p.world, &def, NULL, &sta, &report));
  EXPECT_TRUE(report.test_hr10 > 0.3);  // chance: 10 of 101
  EXPECT_TRUE(report.test_ndcg10 > 0.15);
  EXPECT_TRUE(isnan(report.test_auc));
  throng_sta_close(sta);
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_fit, weights_do_not_depend_on_the_number_of_threads_but_do_on_the_seed) {
  planted p = planted_world(500, 60, 60);  // large batches: every stage is shared out
  for (int objective = 0; objective < 2; ++objective) {
    throng_sta_def def = small_def((throng_sta_objective)objective);
    def.epochs = 2;
    def.batch = 1024;
    def.window = 20;
    def.dropout = 0.2f;
    def.heads = 2;
    uint64_t hash[4];
    for (int run = 0; run < 4; ++run) {
      throng_backend *backend = cpu(run == 0 ? 1 : run + 1);
      def.seed = run == 3 ? 2 : 1;
      throng_sta *sta;
      ASSERT_OK(throng_sta_fit(backend, &p.world, &def, NULL, &sta, NULL));
      hash[run] = weights_hash(sta);
      throng_sta_close(sta);
      throng_backend_close(backend);
    }
    EXPECT_TRUE(hash[0] == hash[1] && hash[1] == hash[2]);
    EXPECT_TRUE(hash[2] != hash[3]);
  }
  planted_free(&p);
}

TEST(sta_fit, inference_gives_the_probabilities_that_training_saw_for_every_example) {
  planted p = planted_world(60, 30, 60);
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  throng_sta *sta;
  ASSERT_OK(throng_sta_create(backend, &p.world, &def, &sta));
  sta_trainer t;
  ASSERT_OK(sta_trainer_create(sta, &p.world, &t));
  for (int64_t i = 0; i < t.windows.n; ++i) {
    sta_batch_compose(&t, 1, &i);
    EXPECT_OK(sta_batch_upload(&t));
    EXPECT_OK(sta_forward(&t, false));
    const sta_window *w = &t.windows.window[i];
    for (int32_t k = 0; k < w->n_example; ++k) {
      const int64_t begin = p.offset[w->user], offset[2] = {0, w->first + k};
      float probability;
      EXPECT_OK(throng_sta_score(sta, 1, &w->user, &p.item[begin + w->first + k], offset,
                                 p.item + begin, p.like + begin, &probability));
      EXPECT_NEAR(probability, 1 / (1 + exp(-(double)t.logit[k])), 1e-5);
    }
  }
  sta_trainer_free(&t);
  throng_sta_close(sta);
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_fit, windows_hold_every_training_entry_exactly_once_as_an_example) {
  planted p = planted_world(200, 30, 70);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  sta_windows windows;
  ASSERT_OK(sta_windows_create(&p.world, &def, &windows));
  uint8_t *seen = calloc((size_t)p.world.n_interaction, 1);
  for (int64_t i = 0; i < windows.n; ++i) {
    const sta_window *w = &windows.window[i];
    EXPECT_LE(w->n_token, def.window);
    for (int32_t k = w->first; k < w->first + w->n_example; ++k) {
      ++seen[p.offset[w->user] + k];
      EXPECT_EQ(sta_window_start(k, def.window), w->start);
      EXPECT_LE(k, w->start + w->n_token);
    }
  }
  for (int64_t u = 0; u < p.world.n_user; ++u)
    for (int64_t k = p.offset[u]; k < p.offset[u + 1]; ++k)
      EXPECT_EQ(seen[k], k < p.offset[u + 1] - 2);
  free(seen);
  sta_windows_free(&windows);
  planted_free(&p);
}

TEST(sta_fit, saved_weights_open_to_the_same_def_and_bits_and_score_alike) {
  planted p = planted_world(50, 30, 30);
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  def.heads = 4;
  def.threshold = 0.37f;
  def.seed = 4000000000u;
  def.negatives = 3;
  throng_sta *sta, *again;
  ASSERT_OK(throng_sta_create(backend, &p.world, &def, &sta));
  char path[512];
  snprintf(path, sizeof path, "%s/sta.safetensors", throng_test_folder());
  ASSERT_OK(throng_sta_save(sta, path));
  ASSERT_OK(throng_sta_open(backend, &p.world, path, &again));
  EXPECT_TRUE(weights_hash(sta) == weights_hash(again));
  uint64_t saved, opened, other;
  EXPECT_OK(throng_sta_hash(sta, &saved));
  EXPECT_OK(throng_sta_hash(again, &opened));
  EXPECT_TRUE(saved == opened);
  throng_sta *stricter;
  def.threshold = 0.38f;
  ASSERT_OK(throng_sta_create(backend, &p.world, &def, &stricter));
  EXPECT_OK(throng_sta_hash(stricter, &other));
  EXPECT_TRUE(saved != other);
  throng_sta_close(stricter);
  def.threshold = 0.37f;
  throng_sta_def read = throng_sta_get_def(again);
  EXPECT_EQ(read.heads, 4);
  EXPECT_TRUE(read.threshold == def.threshold);
  EXPECT_TRUE(read.seed == def.seed);
  EXPECT_TRUE(read.learning_rate == def.learning_rate);
  EXPECT_EQ(read.negatives, def.negatives);
  const int32_t user[2] = {3, 5}, candidate[2] = {7, 9}, item[3] = {1, 2, 3};
  const int64_t offset[3] = {0, 3, 3};
  const uint8_t like[3] = {1, 0, 1};
  float a[2], b[2];
  EXPECT_OK(throng_sta_score(sta, 2, user, candidate, offset, item, like, a));
  EXPECT_OK(throng_sta_score(again, 2, user, candidate, offset, item, like, b));
  EXPECT_TRUE(a[0] == b[0] && a[1] == b[1] && a[0] != a[1]);
  throng_sta_close(sta);
  throng_sta_close(again);
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_fit, weights_of_version_0_1_open_without_a_scale_of_answers_and_vote_as_they_did) {
  throng_world *world;
  throng_sta *sta;
  throng_backend *backend = cpu(1);
  ASSERT_OK(throng_world_open(TEST_SOURCE_DIR "/golden/run-0.1/world.safetensors", &world));
  ASSERT_OK(
      throng_sta_open(backend, world, TEST_SOURCE_DIR "/golden/run-0.1/sta.safetensors", &sta));
  EXPECT_FALSE(throng_sta_get_def(sta).scale_labels);
  sta_view v = sta->view, scaled;
  v.label_scale = 1.0f;
  scaled = v;
  scaled.label_scale = 2.0f;  // sqrt(width 4)
  const int32_t item[3] = {1, 7, 3};
  const int like[3] = {1, 0, 1};
  const uint8_t bytes[3] = {1, 0, 1};
  const int64_t offset[2] = {0, 3};
  for (int32_t user = 0; user < world->n_user; ++user) {
    const int32_t candidate = user % (int32_t)world->n_item;
    float p;
    EXPECT_OK(throng_sta_score(sta, 1, &user, &candidate, offset, item, bytes, &p));
    EXPECT_NEAR(p, reference_p(&v, user, 3, item, like, candidate), 1e-6);
    EXPECT_TRUE(fabs(p - reference_p(&scaled, user, 3, item, like, candidate)) > 1e-5);
  }
  char path[512];
  throng_sta *again;
  snprintf(path, sizeof path, "%s/sta.safetensors", throng_test_folder());
  ASSERT_OK(throng_sta_save(sta, path));
  ASSERT_OK(throng_sta_open(backend, world, path, &again));
  EXPECT_FALSE(throng_sta_get_def(again).scale_labels);
  throng_sta_close(again);
  throng_sta_close(sta);
  throng_world_close(world);
  throng_backend_close(backend);
}

TEST(sta_fit, weights_of_another_world_of_a_cut_file_or_of_no_weights_are_refused_with_the_reason) {
  planted p = planted_world(50, 30, 30);
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  throng_sta *sta, *again;
  ASSERT_OK(throng_sta_create(backend, &p.world, &def, &sta));
  char path[512];
  snprintf(path, sizeof path, "%s/sta.safetensors", throng_test_folder());
  ASSERT_OK(throng_sta_save(sta, path));

  throng_world other = p.world;
  other.hash = 4712;
  EXPECT_EQ(throng_sta_open(backend, &other, path, &again), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "world");
  EXPECT_TRUE(again == NULL);
  other = p.world;
  other.n_item = 31;
  EXPECT_EQ(throng_sta_open(backend, &other, path, &again), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "30 items");

  // A weight that is not a number: neither written nor, in a file whose checksum is right, read.
  float *bias = sta->arrays.b1, kept = bias[3];
  bias[3] = 1234.5f;
  ASSERT_OK(throng_sta_save(sta, path));
  file_bytes bytes = file_bytes_read(path);
  const float marked = 1234.5f, none = NAN;
  uint8_t *at = memmem(bytes.data, bytes.length, &marked, sizeof marked);
  ASSERT_TRUE(at != NULL);
  memcpy(at, &none, sizeof none);
  ASSERT_TRUE(file_bytes_sum(bytes.data, bytes.length));
  EXPECT_EQ(throng_sta_open(backend, &p.world, file_bytes_path(bytes.data, bytes.length), &again),
            THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'b1', element 3");
  free(bytes.data);
  bias[3] = NAN;
  EXPECT_EQ(throng_sta_save(sta, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'b1', element 3");
  bias[3] = kept;
  ASSERT_OK(throng_sta_save(sta, path));

  FILE *file = fopen(path, "r+");
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  fclose(file);
  EXPECT_EQ(truncate(path, size - 4), 0);
  EXPECT_NE(throng_sta_open(backend, &p.world, path, &again), THRONG_OK);
  EXPECT_CONTAINS(throng_error_message(), path);

  const char *const metadata[] = {"format", "something else", NULL};
  const tensor_set *set = &sta->parameters;
  ASSERT_OK(tensors_save(&set, NULL, 1, metadata, path));
  EXPECT_EQ(throng_sta_open(backend, &p.world, path, &again), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "something else");
  throng_sta_close(sta);
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_fit, a_def_out_of_range_is_refused_by_the_name_of_its_field) {
  planted p = planted_world(10, 10, 10);
  throng_backend *backend = cpu(1);
  throng_sta *sta;
  throng_sta_def def = throng_default_sta_def();
  def.width = 30;
  def.heads = 4;
  EXPECT_EQ(throng_sta_create(backend, &p.world, &def, &sta), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sta.heads");
  def = throng_default_sta_def();
  def.window = 7;
  EXPECT_EQ(throng_sta_create(backend, &p.world, &def, &sta), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sta.window");
  def = throng_default_sta_def();
  def.dropout = NAN;
  EXPECT_EQ(throng_sta_create(backend, &p.world, &def, &sta), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sta.dropout");
  def = (throng_sta_def){.width = 32};
  EXPECT_EQ(throng_sta_create(backend, &p.world, &def, &sta), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "throng_default_sta_def");
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_fit, a_loss_that_is_no_number_names_the_learning_rate) {
  planted p = planted_world(100, 20, 30);
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  // Every step throws the weights ten times as far as before: they overflow within a few epochs.
  def.learning_rate = 10;
  def.weight_decay = 100;
  def.beta1 = 0.99999f;
  def.beta2 = 0;
  def.epochs = 500;
  def.patience = 500;
  throng_sta *sta;
  EXPECT_EQ(throng_sta_fit(backend, &p.world, &def, NULL, &sta, NULL), THRONG_ERROR_DIVERGED);
  EXPECT_CONTAINS(throng_error_message(), "sta.learning_rate");
  EXPECT_TRUE(sta == NULL);
  throng_sta_close(sta);
  throng_backend_close(backend);
  planted_free(&p);
}

static bool stop_at_third(void *context, const char *stage, int64_t done, int64_t total,
                          const char *unit) {
  (void)stage;
  (void)unit;
  EXPECT_LT(done, total);
  return ++*(int *)context < 3;
}

TEST(sta_fit, a_fit_stops_where_the_progress_callback_asks_to) {
  planted p = planted_world(100, 20, 30);
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  int calls = 0;
  throng_progress progress = {.report = stop_at_third, .context = &calls};
  throng_sta *sta;
  EXPECT_EQ(throng_sta_fit(backend, &p.world, &def, &progress, &sta, NULL), THRONG_ERROR_CANCELLED);
  EXPECT_EQ(calls, 3);
  EXPECT_TRUE(sta == NULL);
  throng_backend_close(backend);
  planted_free(&p);
}

TEST(sta_fit, scoring_refuses_items_and_users_that_the_world_does_not_have) {
  planted p = planted_world(10, 10, 10);
  throng_backend *backend = cpu(1);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  throng_sta *sta;
  ASSERT_OK(throng_sta_create(backend, &p.world, &def, &sta));
  int32_t user = 10, candidate = 0, item[2] = {1, 10};
  int64_t offset[2] = {0, 2};
  uint8_t like[2] = {1, 0};
  float score;
  EXPECT_EQ(throng_sta_score(sta, 1, &user, &candidate, offset, item, like, &score),
            THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "user 10");
  user = 9;
  EXPECT_EQ(throng_sta_score(sta, 1, &user, &candidate, offset, item, like, &score),
            THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "history entry 1: item 10");
  throng_sta_close(sta);
  throng_backend_close(backend);
  planted_free(&p);
}
