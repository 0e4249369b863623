/// An exported agent says what the agent says: by its own file alone, and by inner products.
#include "export/export.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/safetensors.h"
#include "support/agent_rig.h"

enum { LANES = 12, HISTORY = 10, ITEMS = 60 };

typedef struct exported {
  agent_rig rig;
  export_agent e;
  char path[600];
} exported;

static bool open_exported(exported *x, throng_head head, throng_algorithm algorithm, int user_width,
                          bool users, bool norm) {
  throng_sim_def sim = rig_sim_def(LANES, HISTORY);
  throng_agent_def def = rig_agent_def(head);
  if (users) {
    sim.users.features = true;
    sim.users.temper = 20;
    sim.users.satiation = 0.2f;
  }
  def.algorithm = algorithm;
  def.activation = throng_algorithm_agent_def(algorithm).activation;
  def.user_width = user_width;
  def.layer_norm = norm;
  def.count = 2;
  def.n_steps = 4;
  throng_status status = rig_make(&x->rig, 1, &sim, &def, 4000);
  for (int t = 0; status == THRONG_OK && t < 40; ++t)
    status = throng_population_train_step(x->rig.agent);
  if (status == THRONG_OK) status = export_begin(x->rig.agent, &x->rig.world, 1, &x->e);
  EXPECT_OK(status);
  snprintf(x->path, sizeof x->path, "%s/agent", throng_test_folder());
  return status == THRONG_OK;
}

static void close_exported(exported *x) {
  export_end(&x->e);
  rig_free(&x->rig);
}

/// A tensor of the file; NULL where it is none. Freed by the caller.
static float *tensor_of(const safetensors_file *file, const char *name) {
  float *values = NULL;
  const safetensors_tensor *t = safetensors_find(file, name);
  if (t) EXPECT_OK(safetensors_read_float(file, t, &values));
  return values;
}

static int64_t rows_of(const safetensors_file *file, const char *name, int dimension) {
  return safetensors_find(file, name)->shape[dimension];
}

/// y (columns) = x (rows) matrix + bias.
static void layer(const float *x, int64_t rows, const float *matrix, const float *bias,
                  int64_t columns, double *y) {
  for (int64_t c = 0; c < columns; ++c) {
    double sum = bias ? (double)bias[c] : 0;
    for (int64_t r = 0; r < rows; ++r) sum += (double)x[r] * (double)matrix[r * columns + c];
    y[c] = sum;
  }
}

/// Hidden layer `name` of the file: out (columns) = activation(norm(x matrix + bias)).
static void hidden_layer(const safetensors_file *file, const char *name, const float *x,
                         const char *activation, float *out) {
  static const char *const part[] = {"", "_bias", "_gain", "_shift"};
  float *t[4];
  double y[256], mean = 0, variance = 0;
  for (int k = 0; k < 4; ++k) {
    char full[32];
    snprintf(full, sizeof full, "%s%s", name, part[k]);
    t[k] = tensor_of(file, full);
  }
  const int64_t n = rows_of(file, name, 1);
  layer(x, rows_of(file, name, 0), t[0], t[1], n, y);
  for (int64_t c = 0; c < n; ++c) mean += y[c] / (double)n;
  for (int64_t c = 0; c < n; ++c) variance += (y[c] - mean) * (y[c] - mean) / (double)n;
  for (int64_t c = 0; c < n; ++c) {
    double z = y[c];
    if (t[2]) z = (z - mean) / sqrt(variance + 1e-5) * (double)t[2][c] + (double)t[3][c];
    out[c] = (float)(strcmp(activation, "tanh") ? fmax(z, 0) : tanh(z));
  }
  for (int k = 0; k < 4; ++k) free(t[k]);
}

/// Scores of sample user k by the page's equations and the file alone.
static void score_by_file(const safetensors_file *file, int64_t k, double *score) {
  static const char *const names[] = {"user",      "query",        "query_bias", "skip",
                                      "value",     "value_bias",   "value_skip", "item.vector",
                                      "item.bias", "sample.state", "sample.user"};
  enum { USER, QUERY, QUERY_BIAS, SKIP, VALUE, VALUE_BIAS, VALUE_SKIP, VECTOR, BIAS, STATE, COUNT };
  const char *f = safetensors_metadata(file, "activation");
  float *t[COUNT];
  for (int n = 0; n < COUNT; ++n) t[n] = tensor_of(file, names[n]);
  int32_t user;
  EXPECT_OK(safetensors_read(file, safetensors_find(file, "sample.user"), (uint64_t)k * sizeof user,
                             &user, sizeof user));
  const int64_t n_state = rows_of(file, "sample.state", 1);
  const int64_t h1 = rows_of(file, "hidden", 1), width = rows_of(file, "item.vector", 1);
  const int64_t own = t[USER] ? rows_of(file, "user", 1) : 0;
  float x[2048], a[256], h[256];
  double query[256] = {0}, skipped[256], value = 0;
  memcpy(x, t[STATE] + k * n_state, sizeof *x * (size_t)n_state);
  if (own) memcpy(x + n_state, t[USER] + user * own, sizeof *x * (size_t)own);
  hidden_layer(file, "input", x, f, a);
  hidden_layer(file, "hidden", a, f, h);
  for (int64_t c = 0; c < h1; ++c) query[c] = (double)h[c];
  if (t[QUERY]) {
    layer(h, h1, t[QUERY], t[QUERY_BIAS], width, query);
    layer(x, n_state + own, t[SKIP], NULL, width, skipped);
    for (int64_t c = 0; c < width; ++c) query[c] += skipped[c];
  }
  if (t[VALUE]) {
    layer(h, h1, t[VALUE], t[VALUE_BIAS], 1, &value);
    if (t[VALUE_SKIP]) {
      layer(x, n_state + own, t[VALUE_SKIP], NULL, 1, skipped);
      value += skipped[0];
    }
  }
  for (int64_t i = 0; i < ITEMS; ++i) {
    score[i] = value + (double)t[BIAS][i];
    for (int64_t c = 0; c < width; ++c) score[i] += query[c] * (double)t[VECTOR][i * width + c];
  }
  for (int n = 0; n < COUNT; ++n) free(t[n]);
}

TEST(export, a_file_alone_gives_the_agents_scores_of_any_head_and_algorithm) {
  static const struct {
    throng_head head;
    throng_algorithm algorithm;
    int user_width;
    bool users, norm;
  } kind[] = {{THRONG_HEAD_TWO_TOWER, THRONG_ALGORITHM_DQN, 4, false, false},
              {THRONG_HEAD_TWO_TOWER, THRONG_ALGORITHM_DQN, 4, true, true},
              {THRONG_HEAD_FLAT_DUELING, THRONG_ALGORITHM_DQN, 4, false, true},
              {THRONG_HEAD_TWO_TOWER, THRONG_ALGORITHM_DQN, 0, true, false},
              {THRONG_HEAD_FLAT, THRONG_ALGORITHM_DQN, 4, true, false},
              {THRONG_HEAD_FLAT, THRONG_ALGORITHM_DQN, 0, false, false},
              {THRONG_HEAD_FLAT_DUELING, THRONG_ALGORITHM_DQN, 4, false, false},
              {THRONG_HEAD_TWO_TOWER, THRONG_ALGORITHM_PPO, 4, false, false},
              {THRONG_HEAD_FLAT, THRONG_ALGORITHM_A2C, 4, false, false},
              {THRONG_HEAD_TWO_TOWER, THRONG_ALGORITHM_TRPO, 4, false, false}};
  for (size_t n = 0; n < sizeof kind / sizeof *kind; ++n) {
    static exported x;
    safetensors_file *file;
    double score[ITEMS];
    if (!open_exported(&x, kind[n].head, kind[n].algorithm, kind[n].user_width, kind[n].users,
                       kind[n].norm))
      return;
    ASSERT_OK(export_safetensors(&x.e, x.path));
    ASSERT_OK(safetensors_open(x.path, &file));
    EXPECT_EQ(x.e.n, EXPORT_SAMPLES);
    EXPECT_STREQ(safetensors_metadata(file, "score"),
                 kind[n].algorithm == THRONG_ALGORITHM_DQN ? "q" : "logit");
    for (int64_t k = 0; k < x.e.n; ++k) {
      score_by_file(file, k, score);
      for (int i = 0; i < ITEMS; ++i) EXPECT_NEAR(score[i], x.e.score[k * ITEMS + i], 1e-4);
    }
    safetensors_close(file);
    close_exported(&x);
  }
}

/// Rows of an array of 4-byte floats, behind the 128 bytes of its header.
static float *read_npy(const char *path, const char *ending, size_t n) {
  char name[640];
  float *values = calloc(n + 1, sizeof *values);
  snprintf(name, sizeof name, "%s%s", path, ending);
  FILE *file = fopen(name, "rb");
  EXPECT_TRUE(file != NULL && fseek(file, 128, SEEK_SET) == 0);
  if (file) {
    EXPECT_EQ(fread(values, sizeof *values, n + 1, file), n);
    fclose(file);
  }
  return values;
}

TEST(export, inner_products_of_the_vectors_are_the_scores_of_every_user) {
  for (int head = 0; head < 3; ++head) {
    static exported x;
    if (!open_exported(&x, (throng_head)head, THRONG_ALGORITHM_DQN, 4, false, false)) return;
    ASSERT_OK(export_vectors(&x.e, x.path, NULL));
    const int64_t width = x.e.network.width + 2, n_user = x.e.network.n_user;
    float *item = read_npy(x.path, ".items.npy", (size_t)(ITEMS * width));
    float *query = read_npy(x.path, ".queries.npy", (size_t)(n_user * width));
    export_agent all = {.n = 0};
    ASSERT_OK(export_histories(&x.rig.world, 0, n_user, 1, &all));
    const throng_states states = {n_user, all.user, all.offset, all.item, all.like, NULL};
    float *score = malloc(sizeof *score * (size_t)(n_user * ITEMS));
    ASSERT_OK(throng_population_scores(x.rig.agent, 1, &states, score));
    for (int64_t u = 0; u < n_user; ++u)
      for (int64_t i = 0; i < ITEMS; ++i) {
        double product = 0;
        for (int64_t c = 0; c < width; ++c)
          product += (double)item[i * width + c] * (double)query[u * width + c];
        EXPECT_NEAR(product, score[u * ITEMS + i], 1e-5);
      }
    free(item);
    free(query);
    free(score);
    export_end(&all);
    close_exported(&x);
  }
}

TEST(export, recommendations_are_the_best_of_the_scores_less_the_history) {
  static const throng_algorithm kind[] = {THRONG_ALGORITHM_DQN, THRONG_ALGORITHM_PPO};
  for (size_t n = 0; n < sizeof kind / sizeof *kind; ++n) {
    static exported x;
    static int32_t item[EXPORT_SAMPLES * 3];
    static float told[EXPORT_SAMPLES * 3];
    if (!open_exported(&x, THRONG_HEAD_TWO_TOWER, kind[n], 4, false, false)) return;
    const export_agent *e = &x.e;
    const throng_states states = {e->n, e->user, e->offset, e->item, e->like, NULL};
    ASSERT_OK(throng_population_recommend(x.rig.agent, 1, &states, 3, THRONG_EXCLUDE_HISTORY, item,
                                          told));
    for (int64_t k = 0; k < e->n; ++k) {
      bool seen[ITEMS] = {false};
      double total = 0;
      for (int64_t h = e->offset[k]; h < e->offset[k + 1]; ++h) seen[e->item[h]] = true;
      for (int i = 0; i < ITEMS; ++i)
        if (!seen[i]) total += exp((double)e->score[k * ITEMS + i]);
      for (int r = 0; r < 3; ++r) {
        const int32_t best = item[k * 3 + r];
        const double score = (double)e->score[k * ITEMS + best];
        ASSERT_TRUE(best >= 0 && !seen[best]);
        seen[best] = true;
        for (int i = 0; i < ITEMS; ++i)
          EXPECT_TRUE(seen[i] || (double)e->score[k * ITEMS + i] <= score + 1e-5);
        EXPECT_NEAR(told[k * 3 + r], kind[n] == THRONG_ALGORITHM_DQN ? score : score - log(total),
                    1e-4);
      }
    }
    close_exported(&x);
  }
}

TEST(export, a_folder_that_is_not_there_is_said_and_nothing_is_left) {
  static exported x;
  if (!open_exported(&x, THRONG_HEAD_TWO_TOWER, THRONG_ALGORITHM_DQN, 4, false, false)) return;
  for (int format = 0; format < EXPORT_FORMAT_COUNT; ++format) {
    EXPECT_EQ(export_write(&x.e, (export_format)format, "/nowhere/agent", NULL), THRONG_ERROR_IO);
    EXPECT_CONTAINS(throng_error_message(), "/nowhere/agent");
  }
  export_agent none;
  EXPECT_EQ(export_begin(x.rig.agent, &x.rig.world, 2, &none), THRONG_ERROR_ARGUMENT);
  close_exported(&x);
}
