/// The paper's table 2 (arXiv 2412.16984): its algorithms on its sets, each a config, as published
/// (A.Rwd, T.Rwd, Liking%), beside a random policy and the paper's own figures.
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/keys.h"
#include "experiment/trial.h"
#include "study/open_or_make.h"

enum {
  AVERAGE,
  TOTAL,
  LIKING,
  ERROR,
  STEP,
  RANDOM,
  RANDOM_STEP,
  PAPER_AVERAGE,
  PAPER_TOTAL,
  PAPER_LIKING,
};
/// Sessions of the released evaluation (n_eval_episodes), over which the paper's T.Rwd fits a sum.
static const double published_sessions = 10;

/// What the paper reports, as far as it is known here.
static const struct {
  const char *set, *algorithm;
  double average, total, liking;
} published[] = {
    {"yelp", "dqn", 27.56, 330.98, 49.43},         {"amazon-music", "dqn", 16.70, 181.42, 33.18},
    {"amazon-games", "dqn", 26.43, 269.02, 40.73}, {"amazon-movie", "dqn", 38.60, 416.18, 44.50},
    {"anime", "dqn", 18.03, 201.94, 30.67},
};

/// "yelp" of ".../yelp-ppo.json".
static throng_status name_set(const throng_config *config, char set[TABLE_TEXT]) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s", config->source ? config->source : "");
  char *name = basename(path), *end = strrchr(name, '-');
  if (end) *end = '\0';
  if (end && strlen(name) < TABLE_TEXT && !strpbrk(name, ",\"\r\n")) {
    snprintf(set, TABLE_TEXT, "%s", name);
    return THRONG_OK;
  }
  return throng_fail(
      THRONG_ERROR_CONFIG,
      "%s: table2 takes configs that are called SET-ALGORITHM.json, SET of less than "
      "%d characters without commas",
      config->source, TABLE_TEXT);
}

static const char *algorithm_of(const throng_config *config) {
  config_key key;
  config_find_key("agent.algorithm", &key);
  return key.field->names[config->agent.algorithm];
}

/// OK where all raw files of the set can be read. Errors: IO, CONFIG (a variable that is not set).
static throng_status look_for_files(throng_config *config) {
  config_key key;
  if (config->world_file || config_has_section(config, "synth")) return THRONG_OK;
  THRONG_TRY(config_use_data(config));
  for (int i = 0; config_key_at(i, &key); ++i) {
    if (!config_key_within(&key, "dataset") || key.field->kind != FIELD_KIND_PATH) continue;
    const char *path = *config_text_of(config, &key);
    if (path && access(path, R_OK) != 0)
      return throng_fail(THRONG_ERROR_IO, "dataset.%s: %s: %s", key.field->name, path,
                         strerror(errno));
  }
  return THRONG_OK;
}

static void add_published(const char *set, const throng_config *config, experiment_row *row) {
  const char *algorithm = algorithm_of(config);
  for (size_t k = 0; k < sizeof published / sizeof *published; ++k) {
    if (strcmp(published[k].set, set) != 0 || strcmp(published[k].algorithm, algorithm) != 0)
      continue;
    row->value[PAPER_AVERAGE] = published[k].average;
    row->value[PAPER_TOTAL] = published[k].total;
    row->value[PAPER_LIKING] = published[k].liking;
  }
}

static throng_status train(experiment_room *room, const char *set, experiment_row *row) {
  const throng_votes_def *votes = &room->config->sim.votes;
  trial t;
  trial_mean reward = {0}, step = {0};
  double liking = 0;
  THRONG_TRY(
      trial_yardstick(room, votes, THRONG_YARDSTICK_RANDOM, &reward, &row->value[RANDOM_STEP]));
  row->value[RANDOM] = reward.mean;
  THRONG_TRY(trial_train(room, votes, &t));
  const throng_status status = trial_judge(room, &t, votes, &reward, &step);
  for (int32_t k = 0; status == THRONG_OK && k < t.count; ++k) liking += t.each[k].liking;
  row->value[AVERAGE] = reward.mean;
  row->value[TOTAL] = published_sessions * reward.mean;
  row->value[LIKING] = liking / t.count;
  row->value[ERROR] = t.count > 1 ? reward.error : t.each[0].average_reward_sem;
  row->value[STEP] = step.mean;
  add_published(set, room->config, row);
  trial_close(&t);
  return status;
}

/// World and weights of a set are made once, in a folder of its own.
static throng_status fill(experiment_room *room, const char *set, experiment_row *row) {
  throng_config *config = room->config;
  const char *out = config->train.out;
  char folder[PATH_MAX];
  train_inputs in = {0};
  throng_status status;
  if (snprintf(folder, sizeof folder, "%s/%s", out, set) >= PATH_MAX)
    return throng_fail(THRONG_ERROR_IO, "%s: the path is too long", out);
  THRONG_TRY(train_inputs_use(config));
  config->train.out = folder;
  THRONG_TRY_GOTO(train_inputs_open(config, room->backend, room->progress, &in));
  room->world = in.world;
  room->sta = in.sta;
  THRONG_TRY_GOTO(train(room, set, row));
done:
  train_inputs_close(&in);
  config->train.out = out;
  return status;
}

throng_status experiment_table2(experiment_room *room, int n, throng_config *const *config) {
  int possible = 0;
  char set[TABLE_TEXT], missing[1024] = "";
  for (int k = 0; k < n; ++k) {
    THRONG_TRY(name_set(config[k], set));
    experiment_row row = experiment_row_of(set, algorithm_of(config[k]), NULL);
    if (experiment_table_has(room->table, &row)) {
      ++possible;
      continue;
    }
    if (look_for_files(config[k]) != THRONG_OK) {
      snprintf(missing, sizeof missing, "%s", throng_error_message());
      throng_note(room->progress, "%s, %s: left out: %s", row.label[0], row.label[1], missing);
      continue;
    }
    ++possible;
    experiment_room of = *room;
    of.config = config[k];
    config[k]->train.out = room->config->train.out;
    THRONG_TRY(fill(&of, set, &row));
    THRONG_TRY(experiment_table_add(room->table, &row));
  }
  if (possible) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO, "table2: not one of the %d sets' files is here; the last: %s",
                     n, missing);
}
