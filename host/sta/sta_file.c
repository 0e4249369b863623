/// f_sta's weights as a safetensors file: one tensor a parameter, the Def and the world in the
/// metadata.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_kind.h"
#include "base/json.h"
#include "base/numbers.h"
#include "base/safetensors.h"
#include "sta/sta.h"
#include "sta/sta_def.h"
#include "world/world.h"

#define STA_FILE_FORMAT "throng.sta.1"

throng_status throng_sta_save(const throng_sta *sta, const char *path) {
  NUMBERS_WITHOUT_LOCALE;
  char def[1024], users[32], items[32], world[32];
  int at = 0;
  const char *before = "{";
#define X(name, least, most)                                                         \
  at += snprintf(def + at, sizeof def - (size_t)at, "%s\"" #name "\": %.9g", before, \
                 (double)sta->def.name);                                             \
  before = ", ";
  STA_DEF_FIELDS(X)
  STA_DEF_LATER_FIELDS(X)
#undef X
  snprintf(def + at, sizeof def - (size_t)at, "}");
  snprintf(users, sizeof users, "%" PRId64, sta->n_user);
  snprintf(items, sizeof items, "%" PRId64, sta->n_item);
  snprintf(world, sizeof world, "%016" PRIx64, sta->world_hash);
  const char *const metadata[] = {"format", STA_FILE_FORMAT, "def",   def,   "n_user", users,
                                  "n_item", items,           "world", world, NULL};
  const tensor_set *set = &sta->parameters;
  return tensors_save(&set, NULL, 1, metadata, path);
}

static throng_status read_def(const char *path, const char *text, throng_sta_def *def) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *json;
  throng_status status = json_parse(path, 1, text, strlen(text), JSON_STRICT, &json);
  if (status != THRONG_OK) return throng_fail_context(status, "%s: metadata 'def'", path);
  *def = throng_default_sta_def();
#define X(name, least, most)                                                                     \
  {                                                                                              \
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, #name);                          \
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= (least)-1e-3) ||                       \
        !(value->valuedouble <= (most) + 1e-3)) {                                                \
      status = throng_fail(THRONG_ERROR_DATA,                                                    \
                           "%s: metadata 'def': " #name " is missing or not a number in %g..%g", \
                           path, (double)(least), (double)(most));                               \
      goto done;                                                                                 \
    }                                                                                            \
    def->name = value->valuedouble;                                                              \
  }
  STA_DEF_FIELDS(X)
#undef X
#define X(name, least, most)                                                                    \
  {                                                                                             \
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, #name);                         \
    if (cJSON_IsNumber(value) && value->valuedouble >= (least) && value->valuedouble <= (most)) \
      def->name = value->valuedouble;                                                           \
  }
  STA_DEF_LATER_FIELDS(X)
#undef X
  status = sta_check_def(def);
  if (status != THRONG_OK) status = throng_fail_context(THRONG_ERROR_DATA, "%s", path);
done:
  cJSON_Delete(json);
  return status;
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
  tensor_set *set = sta ? &sta->parameters : NULL;
  if (status == THRONG_OK) status = tensors_check_file(&set, NULL, 1, file);
  if (status == THRONG_OK) status = tensors_read_file(&set, NULL, 1, file);
  safetensors_close(file);
  if (status == THRONG_OK) status = sta_fold(sta);
  if (status == THRONG_OK) {
    *out = sta;
    return THRONG_OK;
  }
  throng_sta_close(sta);
  return status;
}
