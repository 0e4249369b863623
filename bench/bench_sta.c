/// f_sta alone: tokens a second of inference, and one training epoch. The same histories go to the
/// PyTorch peer (peers/peer_sta.py). How inference fares inside the simulator: bench_sim, f_sta
/// alone.
///   bench_sta [--world W] [--sample F] [--epochs N] [--dropout P] [--threads N] [--csv FILE]
/// Without a world: invented histories of the Anime sample's size (4,714 users, 7,157 items, 89
/// interactions a user, geometrically spread).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "kernels/base/history.h"
#include "kernels/base/random.h"
#include "sta/sta_score.h"
#include "sta/sta_windows.h"
#include "world/world.h"

enum { N_USER = 4714, N_ITEM = 7157, MEAN_LENGTH = 89 };

static uint32_t word(int64_t a, uint32_t b) {
  return random_draw(1, RANDOM_SYNTH, (uint32_t)a, b, 0, 0).w[0];
}

static void invented_world(throng_world *world) {
  int64_t *offset;
  bench_require(throng_alloc((void **)&offset, N_USER + 1, sizeof *offset, "world"));
  for (int64_t u = 0; u < N_USER; ++u)
    offset[u + 1] =
        offset[u] + 3 - (int64_t)((MEAN_LENGTH - 3) * log((double)random_uniform(word(u, 0))));
  const int64_t n = offset[N_USER];
  *world = (throng_world){
      .n_user = N_USER, .n_item = N_ITEM, .n_interaction = n, .user_offset = offset, .hash = 1};
  bench_require(throng_alloc((void **)&world->history_item, (size_t)n, sizeof(int32_t), "world"));
  bench_require(throng_alloc((void **)&world->history_like, (size_t)n, sizeof(uint8_t), "world"));
  for (int64_t k = 0; k < n; ++k) {
    // The square of a uniform number: popular items are met more often.
    const float u = random_uniform(word(k, 1));
    const int32_t item = (int32_t)(u * u * (float)N_ITEM);
    world->history_item[k] = item < N_ITEM ? item : N_ITEM - 1;
    world->history_like[k] = word(k, 2) % 5 < 3;
  }
}

/// Multiplications and additions of reading one window, where the last token alone is read out and
/// four matrices a layer are due (kernels/sta/sta_token.h).
static double reading_operations(const throng_sta_def *def, int64_t n) {
  const double width = def->width, tokens = (double)n, attended = tokens * (tokens + 1) / 2;
  return (def->layers - 1) * (tokens * 4 * 2 * width * width + attended * 4 * width) +
         4 * 2 * width * width + tokens * 4 * width + 2 * width * width;
}

/// Multiplications and additions of one window's tokens, forward, in training.
static double window_operations(const throng_sta_def *def, int64_t n) {
  const double width = def->width, tokens = (double)n, attended = tokens * (tokens + 1) / 2;
  return def->layers * (tokens * 6 * 2 * width * width + attended * 4 * width);
}

typedef struct inference {
  sta_scorer scorer;
  float *p;
} inference;

static throng_status score_all(void *context) {
  inference *i = context;
  return sta_scorer_run(&i->scorer, i->p, NULL);
}

/// Full windows of random items, one a pair: every token costs what an appended one costs.
static void bench_inference(throng_backend *backend, const throng_world *world,
                            const throng_sta_def *def, double seconds, bench_output *out) {
  enum { N = 4096 };
  throng_sta *sta;
  inference run;
  bench_require(throng_sta_create(backend, world, def, &sta));
  const int64_t n_entry = (int64_t)N * def->window;
  bench_require(sta_scorer_create(backend, &sta->view, N, N, n_entry, 0, &run.scorer));
  uint32_t *packed;
  int64_t begin[N], question[N + 1];
  int32_t count[N], user[N], candidate[N];
  bench_require(throng_alloc((void **)&packed, (size_t)n_entry, sizeof *packed, "histories"));
  bench_require(throng_alloc((void **)&run.p, N, sizeof *run.p, "scores"));
  for (int64_t k = 0; k < n_entry; ++k)
    packed[k] = history_pack((int32_t)random_index(word(k, 3), (uint32_t)world->n_item), k % 2);
  question[0] = 0;
  for (int i = 0; i < N; ++i) {
    begin[i] = (int64_t)i * def->window;
    question[i + 1] = i + 1;
    count[i] = def->window;
    user[i] = (int32_t)(i % world->n_user);
    candidate[i] = (int32_t)(i % world->n_item);
  }
  const backend_ops *ops = backend->ops;
  bench_require(ops->upload(backend, run.scorer.begin, begin, sizeof begin));
  bench_require(ops->upload(backend, run.scorer.count, count, sizeof count));
  bench_require(ops->upload(backend, run.scorer.question, question, sizeof question));
  bench_require(ops->upload(backend, run.scorer.user, user, sizeof user));
  bench_require(ops->upload(backend, run.scorer.candidate, candidate, sizeof candidate));
  bench_require(ops->upload(backend, run.scorer.history, packed, (size_t)n_entry * sizeof *packed));
  measure_row row = {.name = "f_sta inference",
                     .unit = "tokens",
                     .threads = backend->n_thread,
                     .units = (double)n_entry,
                     .operations = N * reading_operations(def, def->window)};
  snprintf(row.size, sizeof row.size, "width=%d layers=%d L=%d pairs=%d", def->width, def->layers,
           def->window, N);
  bench_require(measure(score_all, &run, seconds, &row));
  bench_print(out, &row);
  printf("%-44s %.1f GFLOP/s\n", "", row.operations / row.seconds * 1e-9);
  free(packed);
  free(run.p);
  sta_scorer_free(&run.scorer);
  throng_sta_close(sta);
}

static void bench_epoch(throng_backend *backend, const throng_world *world,
                        const throng_sta_def *def, bench_output *out) {
  sta_windows windows;
  throng_sta_report report;
  throng_sta *sta;
  bench_require(sta_windows_create(world, def, &windows));
  bench_require(throng_sta_fit(backend, world, def, NULL, &sta, &report));
  measure_row row = {.unit = "examples",
                     .threads = backend->n_thread,
                     .chunks = report.epochs,
                     .units = (double)windows.n_example,
                     .seconds = report.seconds_per_epoch,
                     .low = report.seconds_per_epoch,
                     .high = report.seconds_per_epoch};
  // A backward pass costs two forward passes.
  for (int64_t i = 0; i < windows.n; ++i)
    row.operations += 3 * window_operations(def, windows.window[i].n_token);
  snprintf(row.name, sizeof row.name, "f_sta training epoch, dropout %g", (double)def->dropout);
  snprintf(row.size, sizeof row.size, "width=%d layers=%d L=%d batch=%d windows=%lld", def->width,
           def->layers, def->window, def->batch, (long long)windows.n);
  bench_print(out, &row);
  printf("%-44s %.1f GFLOP/s, mean loss %.4f in epoch %d\n", "",
         row.operations / row.seconds * 1e-9, report.train_loss, report.best_epoch);
  sta_windows_free(&windows);
  throng_sta_close(sta);
}

/// What the peer trains on.
static void write_sample(throng_backend *backend, const throng_world *world, const char *path) {
  tensor_set set = {0};
  int64_t *offset;
  int32_t *item, *size;
  uint8_t *like;
  const int64_t n = world->n_interaction;
  bench_require(
      tensors_add(&set, &offset, TENSOR_I64, TENSOR_SHAPE(world->n_user + 1), "user_offset"));
  bench_require(tensors_add(&set, &item, TENSOR_I32, TENSOR_SHAPE(n), "history_item"));
  bench_require(tensors_add(&set, &like, TENSOR_U8, TENSOR_SHAPE(n), "history_like"));
  bench_require(tensors_add(&set, &size, TENSOR_I32, TENSOR_SHAPE(2), "n_user_n_item"));
  bench_require(tensors_allocate(&set, backend, "sample"));
  const backend_ops *ops = backend->ops;
  const int32_t sizes[2] = {(int32_t)world->n_user, (int32_t)world->n_item};
  bench_require(ops->upload(backend, offset, world->user_offset,
                            ((size_t)world->n_user + 1) * sizeof *offset));
  bench_require(ops->upload(backend, item, world->history_item, (size_t)n * sizeof *item));
  bench_require(ops->upload(backend, like, world->history_like, (size_t)n * sizeof *like));
  bench_require(ops->upload(backend, size, sizes, sizeof sizes));
  const tensor_set *const sets[] = {&set};
  bench_require(tensors_save(sets, NULL, 1, NULL, path));
  tensors_free(&set);
}

int main(int argc, char **argv) {
  throng_backend_def backend_def = throng_default_backend_def();
  backend_def.name = bench_option(argc, argv, "--backend", "cpu");
  backend_def.threads = atoi(bench_option(argc, argv, "--threads", "0"));
  throng_backend *backend;
  bench_require(throng_backend_open(&backend_def, &backend));
  const char *path = bench_option(argc, argv, "--world", NULL);
  throng_world invented = {0}, *world = &invented;
  if (path)
    bench_require(throng_world_open(path, &world));
  else
    invented_world(world);
  const char *sample = bench_option(argc, argv, "--sample", NULL);
  if (sample) write_sample(backend, world, sample);

  throng_sta_def def = throng_default_sta_def();
  def.epochs = atoi(bench_option(argc, argv, "--epochs", "3"));
  def.patience = def.epochs;
  def.dropout = (float)atof(bench_option(argc, argv, "--dropout", "0"));
  bench_output out = bench_open(backend, argc, argv);
  bench_inference(backend, world, &def, atof(bench_option(argc, argv, "--seconds", "1")), &out);
  bench_epoch(backend, world, &def, &out);
  bench_close(&out);
  if (path) {
    throng_world_close(world);
  } else {
    free(invented.user_offset);
    free(invented.history_item);
    free(invented.history_like);
  }
  throng_backend_close(backend);
  return 0;
}
