/// A yardstick's figures as a tensor file, found by the hash of what it was made with.
#include "evaluate/kept_yardsticks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/identity.h"
#include "base/safetensors.h"
#include "evaluate/evaluation_fields.h"
#include "evaluate/metrics.h"
#include "world/world.h"

#define FORMAT "throng.yardstick.1"

/// Counts up where yardsticks, votes or measures of the same options come to other figures.
#define ARITHMETIC_VERSION "1"

/// The numbers of throng_metrics in the order in which they are kept; the first is `episodes`.
#define THREE(X, field) X(field[0]) X(field[1]) X(field[2])
#define TERCILE(field) THREE(NUMBER, field)
enum {
#define NUMBER(field) +1
  NUMBERS = 1 METRICS(NUMBER) METRICS_PUBLISHED(NUMBER) METRICS_TERCILES(TERCILE)
#undef NUMBER
};
_Static_assert(sizeof(throng_metrics) == NUMBERS * sizeof(double), "every number is kept");

static void to_numbers(const throng_metrics *m, double number[NUMBERS]) {
  int k = 0;
  number[k++] = (double)m->episodes;
#define NUMBER(field) number[k++] = m->field;
  METRICS(NUMBER) METRICS_PUBLISHED(NUMBER) METRICS_TERCILES(TERCILE)
#undef NUMBER
}

static void from_numbers(const double number[NUMBERS], throng_metrics *m) {
  int k = 0;
  *m = (throng_metrics){.episodes = (int64_t)number[k++]};
#define NUMBER(field) m->field = number[k++];
  METRICS(NUMBER) METRICS_PUBLISHED(NUMBER) METRICS_TERCILES(TERCILE)
#undef NUMBER
}

throng_status kept_yardstick_recipe(const evaluator *e, throng_yardstick yardstick, char **out) {
  const throng_evaluation_def *def = evaluator_def(e);
  const throng_backend *backend = evaluator_backend(e);
  char *lanes, *options = NULL;
  *out = NULL;
  THRONG_TRY(evaluator_identity(e, &lanes));
  const identity_part part[] = {{&evaluation_fields, def}, {NULL, NULL}};
  const identity_fact fact[] = {{.name = "backend", .value = throng_backend_name(backend)},
                                {.name = "arithmetic of yardsticks", .value = ARITHMETIC_VERSION},
                                {.name = "version", .value = throng_version()},
                                {.name = NULL}};
  throng_status status = identity_text(&(identity){part, fact}, &options);
  if (status == THRONG_OK && asprintf(out, "%s; %s; %s; %s", throng_yardstick_name(yardstick),
                                      lanes, options, throng_backend_arithmetic(backend)) < 0) {
    *out = NULL;
    status = throng_fail(THRONG_ERROR_MEMORY, "yardsticks: no memory for what they depend on");
  }
  free(options);
  free(lanes);
  return status;
}

void kept_yardstick_folder(const evaluator *e, char path[KEPT_PATH_SIZE]) {
  const char *world = evaluator_world(e)->path;
  const int n = world ? snprintf(path, KEPT_PATH_SIZE, "%s.yardsticks", world) : 0;
  if (n <= 0 || n >= KEPT_PATH_SIZE - 64) path[0] = '\0';
}

/// The file for a recipe; false where there is no place for one.
static bool find_path(const evaluator *e, throng_yardstick yardstick, const char *recipe,
                      char path[KEPT_PATH_SIZE]) {
  kept_yardstick_folder(e, path);
  if (!*path) return false;
  const size_t used = strlen(path);
  snprintf(path + used, KEPT_PATH_SIZE - used, "/%s-%016" PRIx64 ".tensors",
           throng_yardstick_name(yardstick), hash64(recipe, strlen(recipe), 0));
  return true;
}

/// Errors: as safetensors_open; DATA where it is of something else.
static throng_status read_kept(const char *path, const char *recipe, int64_t episodes,
                               throng_metrics *metrics, double *returns) {
  safetensors_file *file;
  const safetensors_tensor *tensor;
  double number[NUMBERS];
  THRONG_TRY(safetensors_open(path, &file));
  const char *format = safetensors_metadata(file, "format");
  const char *made_with = safetensors_metadata(file, "recipe");
  throng_status status = THRONG_OK;
  if (!format || strcmp(format, FORMAT) != 0 || !made_with || strcmp(made_with, recipe) != 0)
    status = throng_fail(THRONG_ERROR_DATA, "%s: made with other options", path);
  if (status == THRONG_OK)
    status = safetensors_require(file, "metrics", TENSOR_F64, 1, (int64_t[]){NUMBERS}, &tensor);
  if (status == THRONG_OK) status = safetensors_read(file, tensor, 0, number, sizeof number);
  if (status == THRONG_OK)
    status = safetensors_require(file, "returns", TENSOR_F64, 1, &episodes, &tensor);
  if (status == THRONG_OK)
    status = safetensors_read(file, tensor, 0, returns, (size_t)episodes * sizeof *returns);
  if (status == THRONG_OK) from_numbers(number, metrics);
  safetensors_close(file);
  return status;
}

throng_status kept_yardstick_find(const evaluator *e, throng_yardstick yardstick,
                                  throng_metrics *metrics, double *returns, bool *found) {
  char *recipe, path[KEPT_PATH_SIZE];
  *found = false;
  if (!evaluator_world(e)->path) return THRONG_OK;
  THRONG_TRY(kept_yardstick_recipe(e, yardstick, &recipe));
  throng_status status = THRONG_OK;
  if (find_path(e, yardstick, recipe, path)) {
    status = read_kept(path, recipe, evaluator_episodes(e), metrics, returns);
    *found = status == THRONG_OK;
  }
  free(recipe);
  return status == THRONG_ERROR_MEMORY ? status : THRONG_OK;  // what cannot be read is played
}

static throng_status write_kept(safetensors_writer *w, const char *recipe, int64_t episodes,
                                const double *number, const double *returns) {
  size_t metrics, sessions;
  THRONG_TRY(safetensors_writer_metadata(w, "format", FORMAT));
  THRONG_TRY(safetensors_writer_metadata(w, "recipe", recipe));
  THRONG_TRY(
      safetensors_writer_declare(w, "metrics", TENSOR_F64, 1, (int64_t[]){NUMBERS}, &metrics));
  THRONG_TRY(safetensors_writer_declare(w, "returns", TENSOR_F64, 1, &episodes, &sessions));
  THRONG_TRY(safetensors_writer_begin(w));
  THRONG_TRY(safetensors_writer_data(w, metrics, number, NUMBERS * sizeof *number));
  return safetensors_writer_data(w, sessions, returns, (size_t)episodes * sizeof *returns);
}

throng_status kept_yardstick_save(const evaluator *e, throng_yardstick yardstick,
                                  const throng_metrics *metrics, const double *returns) {
  char *recipe, path[KEPT_PATH_SIZE];
  double number[NUMBERS];
  safetensors_writer *writer = NULL;
  kept_yardstick_folder(e, path);
  if (!*path) return THRONG_OK;
  if (mkdir(path, 0777) != 0 && errno != EEXIST)
    return throng_fail(THRONG_ERROR_IO, "%s: cannot make this folder: %s", path, strerror(errno));
  THRONG_TRY(kept_yardstick_recipe(e, yardstick, &recipe));
  find_path(e, yardstick, recipe, path);
  to_numbers(metrics, number);
  throng_status status = safetensors_writer_create(path, &writer);
  if (status == THRONG_OK)
    status = write_kept(writer, recipe, evaluator_episodes(e), number, returns);
  if (status == THRONG_OK)
    status = safetensors_writer_commit(writer);
  else
    safetensors_writer_abort(writer);
  free(recipe);
  return status;
}
