/// f_sta's training agrees with PyTorch: logits, every gradient and 100 steps of Adam, for both
/// objectives, with labels visible or not, scaled or not, biases or not, one head or two
/// (tests/golden/make_sta_golden.py).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/safetensors.h"
#include "sta/sta_trainer.h"
#include "support/history_world.h"
#include "throng_test.h"

enum { N_USER = 8, N_ITEM = 14, WIDTH = 8, LAYERS = 2, WINDOW = 6, STEPS = 100 };

typedef struct golden {
  safetensors_file *file;
  int64_t *offset;
  int32_t *item, *negative;
  uint8_t *like;
  throng_world world;
} golden;

static void *read_array(const golden *g, const char *name, int64_t *n) {
  const safetensors_tensor *t = safetensors_find(g->file, name);
  void *data = NULL;
  if (!t || safetensors_read_all(g->file, t, &data) != THRONG_OK)
    throng_test_fail(__FILE__, __LINE__, "golden tensor '%s' is missing", name);
  if (n) *n = t ? t->elements : 0;
  return data;
}

static bool golden_open(golden *g) {
  throng_status status =
      safetensors_open(TEST_SOURCE_DIR "/golden/sta_golden.safetensors", &g->file);
  EXPECT_OK(status);
  if (status != THRONG_OK) return false;
  g->offset = read_array(g, "offset", NULL);
  g->item = read_array(g, "history_item", NULL);
  g->like = read_array(g, "history_like", NULL);
  g->negative = read_array(g, "negative", NULL);
  if (!g->offset || !g->item || !g->like || !g->negative) return false;
  g->world = history_world(N_USER, N_ITEM, g->offset, g->item, g->like, 1);
  return true;
}

static void golden_close(golden *g) {
  safetensors_close(g->file);
  free(g->offset);
  free(g->item);
  free(g->negative);
  free(g->like);
}

/// Compose the batch of all windows of users that take part, with the golden negatives.
static void compose(sta_trainer *t, const golden *g, int step) {
  int64_t order[64] = {0}, n = 0;
  for (int64_t i = 0; i < t->windows.n; ++i)
    if (step < 0 || (t->windows.window[i].user + step) % 3) order[n++] = i;
  sta_batch_compose(t, n, order);
  int64_t at = 0;
  for (int64_t i = 0; i < n; ++i) {
    const sta_window *w = &t->windows.window[order[i]];
    for (int k = 0; k < w->n_example; ++k)
      t->host.negative[at++] = g->negative[g->offset[w->user] + w->first + k];
  }
}

/// Largest difference between each golden tensor PREFIX+name and the same in `set`; -1: none found.
static double worst_difference(const golden *g, const char *prefix, const tensor_set *set,
                               char *worst_name) {
  double worst = -1;
  for (size_t i = 0; i < set->count; ++i) {
    const tensor *t = &set->tensor[i];
    char name[192];
    snprintf(name, sizeof name, "%s%s", prefix, t->name);
    if (!safetensors_find(g->file, name)) continue;  // not fitted by this objective
    int64_t n;
    float *expected = read_array(g, name, &n);
    EXPECT_EQ(n, tensor_elements(t));
    const float *x = t->data;
    for (int64_t k = 0; k < n; ++k) {
      double difference = fabs((double)x[k] - (double)expected[k]);
      if (!(difference <= worst)) {
        worst = difference;
        strcpy(worst_name, t->name);
      }
    }
    free(expected);
  }
  return worst;
}

static void set_start(const golden *g, const char *name, throng_sta *sta) {
  for (size_t i = 0; i < sta->parameters.count; ++i) {
    tensor *t = &sta->parameters.tensor[i];
    char full[192];
    snprintf(full, sizeof full, "%sstart.%s", name, t->name);
    float *start = read_array(g, full, NULL);
    if (start) memcpy(t->data, start, tensor_bytes(t));
    free(start);
  }
}

/// The Def of every case but for what it varies.
static throng_sta_def golden_def(void) {
  throng_sta_def def = throng_default_sta_def();
  def.width = WIDTH;
  def.layers = LAYERS;
  def.window = WINDOW;
  def.dropout = 0;
  def.learning_rate = 1e-3f;
  def.weight_decay = 5e-4f;
  def.beta2 = 0.98f;
  return def;
}

static void check_case(const golden *g, throng_backend *backend, const char *name,
                       throng_sta_def def) {
  char prefix[96], worst_name[64] = "";
  throng_sta *sta;
  ASSERT_OK(throng_sta_create(backend, &g->world, &def, &sta));
  set_start(g, name, sta);
  sta_trainer t;
  ASSERT_OK(sta_trainer_create(sta, &g->world, &t));

  compose(&t, g, -1);
  EXPECT_OK(sta_batch_upload(&t));
  EXPECT_OK(sta_forward(&t, true));
  EXPECT_OK(sta_backward(&t));
  int64_t n;
  snprintf(prefix, sizeof prefix, "%slogit", name);
  float *logit = read_array(g, prefix, &n);
  EXPECT_EQ(n, t.batch.n_example);
  for (int64_t i = 0; i < n; ++i) EXPECT_NEAR(t.logit[i], logit[i], 1e-5 * (1 + fabsf(logit[i])));
  free(logit);
  double sum;
  float *scratch = calloc((size_t)t.most_example, sizeof *scratch);
  EXPECT_OK(sta_loss_sum(&t, scratch, &sum));
  snprintf(prefix, sizeof prefix, "%sloss", name);
  float *loss = read_array(g, prefix, NULL);
  EXPECT_NEAR(sum / (double)n, loss[0], 1e-5);
  free(loss);
  free(scratch);

  snprintf(prefix, sizeof prefix, "%sgradient.", name);
  double worst = worst_difference(g, prefix, &t.gradient_set, worst_name);
  if (!(worst >= 0 && worst < 1e-5))
    throng_test_fail(__FILE__, __LINE__, "%s: gradient of %s is off by %g", name, worst_name,
                     worst);
  for (int step = 0; step < STEPS; ++step) {
    compose(&t, g, step);
    EXPECT_OK(sta_batch_upload(&t));
    EXPECT_OK(sta_forward(&t, true));
    EXPECT_OK(sta_backward(&t));
    EXPECT_OK(sta_adam_step(&t));
  }
  snprintf(prefix, sizeof prefix, "%send.", name);
  worst = worst_difference(g, prefix, &sta->parameters, worst_name);
  if (!(worst >= 0 && worst < 1e-4))
    throng_test_fail(__FILE__, __LINE__, "%s: %s is off by %g after %d steps", name, worst_name,
                     worst, STEPS);
  sta_trainer_free(&t);
  throng_sta_close(sta);
}

TEST(sta_golden, logits_gradients_and_100_adam_steps_are_those_of_pytorch) {
  golden g = {0};
  if (!golden_open(&g)) return;
  throng_backend_def def = throng_default_backend_def();
  def.name = "cpu";
  throng_backend *backend;
  ASSERT_OK(throng_backend_open(&def, &backend));
  for (int objective = 0; objective < 2; ++objective)
    for (int labels = 0; labels < 2; ++labels)
      for (int heads = 1; heads <= 2; ++heads) {
        char name[64];
        snprintf(name, sizeof name, "%s.%d.%d.", objective ? "next" : "label", labels, heads);
        throng_sta_def def = golden_def();
        def.objective = (throng_sta_objective)objective;
        def.labels = labels;
        def.heads = heads;
        check_case(&g, backend, name, def);
      }
  throng_sta_def unscaled = golden_def();
  unscaled.scale_labels = false;
  check_case(&g, backend, "unscaled.", unscaled);
  throng_sta_def biases = golden_def();
  biases.biases = true;
  biases.heads = 2;
  check_case(&g, backend, "biases.", biases);
  throng_backend_close(backend);
  golden_close(&g);
}
