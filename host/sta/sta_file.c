/// f_sta's (SASRec's) weights as a safetensors file: one tensor a parameter, the Def and the world
/// in the metadata.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_kind.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/numbers.h"
#include "base/safetensors.h"
#include "sta/sta.h"
#include "sta/sta_fields.h"
#include "world/world.h"

#define STA_FILE_FORMAT "throng.sta.1"

/// The calibration as an array of its own.
static throng_status calibration_set(throng_backend *backend, const sta_calibration *c,
                                     tensor_set *set, double **numbers) {
  const int64_t n = (int64_t)(sta_calibration_size(c) / sizeof(double));
  THRONG_TRY(tensors_add(set, numbers, TENSOR_F64, TENSOR_SHAPE(n), "calibration"));
  return tensors_allocate(set, backend, "calibration");
}

/// Are these numbers that a fit gives, so that every answer is a probability?
static throng_status check_calibration(const char *path, const sta_calibration *c) {
  const double weight[] = {c->intercept, c->mat, c->sim, c->sta, c->item, c->user, c->factors};
  bool sane = c->smoothing > 0 && c->smoothing <= STA_WEIGHT_MOST && c->user_variance > 0 &&
              c->threshold >= 0 && c->threshold <= 1 && (c->semantics == 0 || c->semantics == 1) &&
              (c->similarity == 0 || c->similarity == 1) &&
              (c->terms == 1 || c->terms == STA_CALIBRATION_TERMS ||
               c->terms == STA_CALIBRATION_WITH_FACTORS);
  for (size_t k = 0; k < sizeof weight / sizeof *weight; ++k)
    sane = sane && fabs(weight[k]) <= STA_WEIGHT_MOST;
  if (sane) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA, "%s: tensor 'calibration' holds what no fit gives", path);
}

/// [{"train_loss": 0.61, ...}, ...]: what the epochs of the fit came to, to the bit. Malloc'd.
static throng_status epochs_text(const throng_sta *sta, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  size_t size;
  FILE *to = open_memstream(out, &size);
  for (int32_t k = 0; to && k < sta->n_epoch; ++k) {
    const char *before = k ? ", {" : "[{";
#define X(number)                                                          \
  if (isfinite(sta->epoch[k].number)) {                                    \
    fprintf(to, "%s\"" #number "\": %.17g", before, sta->epoch[k].number); \
    before = ", ";                                                         \
  }
    STA_EPOCH(X)
#undef X
    fputc('}', to);
  }
  if (to) fputc(']', to);
  if (to && fclose(to) == 0) return THRONG_OK;
  return throng_fail(THRONG_ERROR_MEMORY, "f_sta: no memory for its epochs");
}

/// What cannot be read is as if there were none: nothing depends on it.
static throng_status read_epochs(const char *text, throng_sta *sta) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *list = text ? cJSON_Parse(text) : NULL;
  const int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
  throng_status status = THRONG_OK;
  if (n > 0)
    status = throng_alloc((void **)&sta->epoch, (size_t)n, sizeof *sta->epoch, "epochs of a fit");
  const cJSON *one;
  if (status == THRONG_OK && n > 0) cJSON_ArrayForEach(one, list) {
      sta_epoch *epoch = &sta->epoch[sta->n_epoch++];
      const cJSON *item;
#define X(name)                                        \
  item = cJSON_GetObjectItemCaseSensitive(one, #name); \
  epoch->name = cJSON_IsNumber(item) ? item->valuedouble : NAN;
      STA_EPOCH(X)
#undef X
    }
  cJSON_Delete(list);
  return status;
}

throng_status throng_sta_save(const throng_sta *sta, const char *path) {
  NUMBERS_WITHOUT_LOCALE;
  char users[32], items[32], world[32], *def = NULL, *epochs = NULL;
  size_t size;
  FILE *to = open_memstream(&def, &size);
  if (!to) return throng_fail(THRONG_ERROR_MEMORY, "%s: no memory for its header", path);
  for (const field *f = NULL; (f = fields_next(&sta_fields, f, 0));)
    fprintf(to, "%s\"%s\": %.9g", f == sta_fields.row ? "{" : ", ", f->name,
            field_get(f, &sta->def, 0));
  fputc('}', to);
  if (fclose(to) != 0) {
    free(def);
    return throng_fail(THRONG_ERROR_MEMORY, "%s: no memory for its header", path);
  }
  snprintf(users, sizeof users, "%" PRId64, sta->n_user);
  snprintf(items, sizeof items, "%" PRId64, sta->n_item);
  snprintf(world, sizeof world, "%016" PRIx64, sta->world_hash);
  throng_status status = THRONG_OK;
  if (sta->n_epoch > 0) status = epochs_text(sta, &epochs);
  const char *const metadata[] = {
      "format", STA_FILE_FORMAT,          "def",  def, "n_user", users, "n_item", items, "world",
      world,    epochs ? "epochs" : NULL, epochs, NULL};
  tensor_set calibration = {0};
  double *numbers;
  if (sta->calibrated && status == THRONG_OK)
    status = calibration_set(sta->backend, &sta->calibration, &calibration, &numbers);
  if (sta->calibrated && status == THRONG_OK)
    status = sta->backend->ops->upload(sta->backend, numbers, &sta->calibration,
                                       sta_calibration_size(&sta->calibration));
  if (status == THRONG_OK)
    status = tensors_save((const tensor_set *[]){&sta->parameters, &calibration}, NULL, 2, metadata,
                          path);
  tensors_free(&calibration);
  free(epochs);
  free(def);
  return status;
}

throng_status throng_sta_hash(const throng_sta *sta, uint64_t *hash) {
  THRONG_TRY(tensors_hash(&sta->parameters, hash));
  *hash = hash64(&sta->def.threshold, sizeof sta->def.threshold, *hash);
  if (sta->calibrated)
    *hash = hash64(&sta->calibration, sta_calibration_size(&sta->calibration), *hash);
  if (sta->def.scale_labels) *hash = hash64("scale_labels", 12, *hash);
  return THRONG_OK;
}

/// Options by name, all as numbers. What a file lacks was no option when it was written, and has
/// its default, but for scale_labels: there was no scale then.
static throng_status read_def(const char *path, const char *text, throng_sta_def *def) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *json;
  throng_status status = json_parse(path, 1, text, strlen(text), JSON_STRICT, &json);
  if (status != THRONG_OK) return throng_fail_context(status, "%s: metadata 'def'", path);
  *def = throng_default_sta_def();
  def->scale_labels = false;
  for (const field *f = NULL; status == THRONG_OK && (f = fields_next(&sta_fields, f, 0));) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, f->name);
    if (value)
      status = field_set(&sta_fields, f, def, 0, cJSON_IsNumber(value) ? value->valuedouble : NAN);
  }
  cJSON_Delete(json);
  if (status == THRONG_OK) status = sta_check_def(def);
  if (status == THRONG_OK) return THRONG_OK;
  return throng_fail_context(THRONG_ERROR_DATA, "%s: metadata 'def'", path);
}

static throng_status check_world(const char *path, const safetensors_file *file,
                                 const throng_world *world) {
  const char *users = safetensors_metadata(file, "n_user");
  const char *items = safetensors_metadata(file, "n_item");
  const char *hash = safetensors_metadata(file, "world");
  if (!users || !items || !hash)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: metadata 'n_user', 'n_item' or 'world' is missing: not f_sta weights",
                       path);
  if (strtoll(users, NULL, 10) != world->n_user || strtoll(items, NULL, 10) != world->n_item)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: fitted on %.20s users and %.20s items, but the world has %lld and %lld",
                       path, users, items, (long long)world->n_user, (long long)world->n_item);
  if (strtoull(hash, NULL, 16) != world->hash)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: fitted on world %.16s, but this world is %016" PRIx64
                       " (other contents, same sizes); fit again",
                       path, hash, world->hash);
  return THRONG_OK;
}

static throng_status read_header(const char *path, const safetensors_file *file,
                                 const throng_world *world, throng_sta_def *def) {
  const char *format = safetensors_metadata(file, "format");
  const char *text = safetensors_metadata(file, "def");
  if (!format || strcmp(format, STA_FILE_FORMAT) || !text)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: metadata 'format' is '%.40s', expected '" STA_FILE_FORMAT "'", path,
                       format ? format : "missing");
  THRONG_TRY(read_def(path, text, def));
  return check_world(path, file, world);
}

throng_status throng_sta_open(throng_backend *backend, const throng_world *world, const char *path,
                              throng_sta **out) {
  *out = NULL;
  THRONG_TRY(file_kind_require(path, FILE_KIND_STA));
  safetensors_file *file;
  throng_sta_def def;
  throng_sta *sta = NULL;
  THRONG_TRY(safetensors_open(path, &file));
  throng_status status = read_header(path, file, world, &def);
  if (status == THRONG_OK) status = sta_allocate(backend, world, &def, &sta);
  tensor_set calibration = {0};
  double *numbers;
  const safetensors_tensor *stored = safetensors_find(file, "calibration");
  if (status == THRONG_OK && stored) {
    sta->calibrated = true;
    // Which numbers the file has; tensors_check_file refuses any other length.
    sta_calibration *c = &sta->calibration;
    c->terms = STA_CALIBRATION_WITH_FACTORS;
    while (c->terms > 1 && sta_calibration_size(c) > stored->bytes) c->terms -= 1;
    status = calibration_set(backend, &sta->calibration, &calibration, &numbers);
  }
  if (status == THRONG_OK) status = read_epochs(safetensors_metadata(file, "epochs"), sta);
  tensor_set *const sets[] = {sta ? &sta->parameters : NULL, &calibration};
  if (status == THRONG_OK) status = tensors_check_file(sets, NULL, 2, file);
  if (status == THRONG_OK) status = tensors_read_file(sets, NULL, 2, file);
  safetensors_close(file);
  if (status == THRONG_OK && sta->calibrated)
    status = backend->ops->download(backend, &sta->calibration, numbers,
                                    sta_calibration_size(&sta->calibration));
  if (status == THRONG_OK && sta->calibrated) status = check_calibration(path, &sta->calibration);
  tensors_free(&calibration);
  if (status == THRONG_OK) status = sta_products_make(sta);
  if (status == THRONG_OK) {
    sta->path = realpath(path, NULL);
    *out = sta;
    return THRONG_OK;
  }
  throng_sta_close(sta);
  return status;
}
