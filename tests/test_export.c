/// An exported agent says what the agent says: by its own file alone, and by inner products.
#include "export/export.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/safetensors.h"
#include "support/agent_rig.h"
#include "support/run_files.h"
#include "throng/export.h"

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
  def.target_kl = throng_algorithm_agent_def(algorithm).target_kl;
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

/// What a history sums to, by the page's equations.
static int64_t summarise(const safetensors_file *file, const exported *x, int64_t k, double *to) {
  const export_agent *e = &x->e;
  const int64_t d = e->network.n_direction + e->network.n_category + 1;
  const int64_t begin = e->offset[k], end = e->offset[k + 1];
  const int64_t first = end - begin > HISTORY ? end - HISTORY : begin, n = end - first;
  float *table[2] = {tensor_of(file, "item.liked"), tensor_of(file, "item.disliked")};
  double total[2][64] = {{0}}, late[2][64] = {{0}};
  double *at = to;
  if (!table[0]) {
    for (int i = 0; i < ITEMS; ++i) to[i] = 0;
    for (int64_t h = first; h < end; ++h) to[e->item[h]] = e->like[h] ? 1 : -1;
    return ITEMS;
  }
  for (int64_t h = first; h < end; ++h)
    for (int64_t j = 0; j < d; ++j) {
      const int side = !e->like[h];
      const double value = (double)table[side][e->item[h] * d + j];
      total[side][j] += value;
      late[side][j] += pow(0.8, (double)(end - 1 - h)) * value;
    }
  for (int s = 0; s < 2; ++s)
    for (int64_t j = 0; j < d; ++j) *at++ = total[s][j] / fmax(total[s][d - 1], 1);
  for (int s = 0; s < 2; ++s)
    for (int64_t j = 0; j < d; ++j) *at++ = total[s][j] / fmax((double)n, 1);
  for (int s = 0; s < 2; ++s)
    for (int64_t j = 0; j < d; ++j) *at++ = late[s][j];
  for (int part = 0; part < 3; ++part)
    for (int64_t j = e->network.n_direction; j < d; ++j) {
      const double a = total[0][j], b = total[1][j];
      *at++ = part == 0 ? (a - b) / (a + b + 1) : part == 1 ? a / (a + 1) : b / (b + 1);
    }
  *at++ = (double)n;
  *at++ = 0;  // a session begins
  *at++ = 0;
  *at++ = n == 0 ? 0 : e->like[end - 1] ? 1 : -1;
  free(table[0]);
  free(table[1]);
  return at - to;
}

/// With agent.layer_norm: n of y normalised, then by gain and shift (torch.nn.LayerNorm).
static void normalise(const safetensors_file *file, int number, int64_t n, double *y) {
  char name[32];
  double mean = 0, variance = 0;
  snprintf(name, sizeof name, "norm.%d.weight", number);
  float *gain = tensor_of(file, name);
  snprintf(name, sizeof name, "norm.%d.bias", number);
  float *shift = tensor_of(file, name);
  for (int64_t c = 0; gain && c < n; ++c) mean += y[c] / (double)n;
  for (int64_t c = 0; gain && c < n; ++c) variance += (y[c] - mean) * (y[c] - mean) / (double)n;
  for (int64_t c = 0; gain && c < n; ++c)
    y[c] = (y[c] - mean) / sqrt(variance + 1e-5) * (double)gain[c] + (double)shift[c];
  free(gain);
  free(shift);
}

/// A hidden layer of the file: to (columns) = activation(norm(x matrix + bias)).
static void hidden_layer(const safetensors_file *file, int number, const float *x, int64_t rows,
                         const float *const matrix[2], int64_t columns, float *to) {
  const bool is_tanh = !strcmp(safetensors_metadata(file, "activation"), "tanh");
  double y[256];
  layer(x, rows, matrix[0], matrix[1], columns, y);
  normalise(file, number, columns, y);
  for (int64_t c = 0; c < columns; ++c) to[c] = (float)(is_tanh ? tanh(y[c]) : fmax(y[c], 0));
}

/// Scores of sample user k by the page's equations and the file alone.
static void score_by_file(const safetensors_file *file, const exported *x, int64_t k,
                          double *score) {
  static const char *const names[] = {"user",           "layer.0.weight", "layer.0.bias",
                                      "layer.1.weight", "layer.1.bias",   "output.weight",
                                      "output.bias",    "item.vector",    "item.bias"};
  enum { USER, W0, B0, W1, B1, OUTPUT, OUTPUT_BIAS, VECTOR, BIAS, COUNT, MOST = 2048 };
  float *t[COUNT];
  for (int n = 0; n < COUNT; ++n) t[n] = tensor_of(file, names[n]);
  const int64_t h0 = rows_of(file, "layer.0.weight", 1), h1 = rows_of(file, "layer.1.weight", 1);
  const int64_t n_x = rows_of(file, "layer.0.weight", 0), own = rows_of(file, "user", 1);
  const int64_t columns = rows_of(file, "output.weight", 1), user = x->e.user[k];
  static double in[MOST], y[MOST];
  static float a[MOST], h[MOST];
  const int64_t sums = summarise(file, x, k, in);
  EXPECT_EQ(sums + own, n_x);
  for (int64_t j = 0; j < own; ++j) in[sums + j] = (double)t[USER][user * own + j];
  for (int64_t j = 0; j < n_x; ++j) a[j] = (float)in[j];
  hidden_layer(file, 0, a, n_x, (const float *const[]){t[W0], t[B0]}, h0, h);
  hidden_layer(file, 1, h, h0, (const float *const[]){t[W1], t[B1]}, h1, a);
  for (int64_t j = 0; j < n_x; ++j) a[h1 + j] = (float)in[j];
  layer(a, h1 + n_x, t[OUTPUT], t[OUTPUT_BIAS], columns, y);
  for (int64_t i = 0; i < ITEMS; ++i) {
    score[i] = (double)t[BIAS][i];
    for (int64_t c = 0; c < columns; ++c) score[i] += y[c] * (double)t[VECTOR][i * columns + c];
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
      score_by_file(file, &x, k, score);
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
  for (int format = 0; format < THRONG_EXPORT_FORMAT_COUNT; ++format) {
    EXPECT_EQ(export_write(&x.e, (throng_export_format)format, "/nowhere/agent", NULL),
              THRONG_ERROR_IO);
    EXPECT_CONTAINS(throng_error_message(), "/nowhere/agent");
  }
  export_agent none;
  EXPECT_EQ(export_begin(x.rig.agent, &x.rig.world, 2, &none), THRONG_ERROR_ARGUMENT);
  close_exported(&x);
}

TEST(export, callers_outside_write_the_same_files) {
  static exported x;
  char other[620], path[40], mine[40];
  static const char *const end[] = {"", "", ".items.npy"};
  if (!open_exported(&x, THRONG_HEAD_TWO_TOWER, THRONG_ALGORITHM_DQN, 4, false, false)) return;
  snprintf(other, sizeof other, "%s-outside", x.path);
  for (int format = 0; format < THRONG_EXPORT_FORMAT_COUNT; ++format) {
    EXPECT_STREQ(throng_export_format_name((throng_export_format)format),
                 export_format_names[format]);
    ASSERT_OK(export_write(&x.e, (throng_export_format)format, x.path, NULL));
    ASSERT_OK(throng_population_export(x.rig.agent, &x.rig.world, 1, (throng_export_format)format,
                                       other, NULL));
    snprintf(mine, sizeof mine, "agent%s", end[format]);
    snprintf(path, sizeof path, "agent-outside%s", end[format]);
    EXPECT_TRUE(same_bytes(throng_test_folder(), mine, throng_test_folder(), path));
  }
  const throng_export_format none = THRONG_EXPORT_FORMAT_COUNT;
  EXPECT_STREQ(throng_export_format_name(none), "unknown");
  EXPECT_EQ(throng_population_export(x.rig.agent, &x.rig.world, 1, none, other, NULL),
            THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(throng_population_export(x.rig.agent, &x.rig.world, 2, THRONG_EXPORT_ONNX, other, NULL),
            THRONG_ERROR_ARGUMENT);
  throng_world fewer = x.rig.world;
  fewer.n_item -= 1;
  EXPECT_EQ(throng_population_export(x.rig.agent, &fewer, 1, THRONG_EXPORT_ONNX, other, NULL),
            THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "the world has 59");
  close_exported(&x);
}
