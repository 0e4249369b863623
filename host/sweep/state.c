/// Checkpoints of what a crew trains: state/ROUND/slot_S.safetensors of every agent that has begun,
/// with a list of whose they are. A folder is written beside and renamed, so it is whole or not
/// there; of an older round it only costs training again.
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "sweep/inside.h"

#define UNFINISHED "new"
#define REMOVED "old"
#define TESTS "tests"  // of test seeds, in place of a round's number
#define LIST "slots.json"

static throng_status io_error(const char *path, const char *what) {
  return throng_fail(THRONG_ERROR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

static const char *state_path(const sweep *s, const char *name, char path[SWEEP_PATH_SIZE]) {
  snprintf(path, SWEEP_PATH_SIZE, "%s/state%s%s", s->folder, *name ? "/" : "", name);
  return path;
}

static const char *slot_path(const sweep *s, const char *folder, int32_t k,
                             char path[SWEEP_PATH_SIZE]) {
  snprintf(path, SWEEP_PATH_SIZE, "%s/state/%s/slot_%d.safetensors", s->folder, folder, k);
  return path;
}

/// A folder of files alone, and the files: hidden ones, too, which a kill leaves half-written.
static void remove_folder(const char *path) {
  DIR *directory = opendir(path);
  for (const struct dirent *entry; directory && (entry = readdir(directory));) {
    char file[SWEEP_PATH_SIZE + 300];
    snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) unlink(file);
  }
  if (directory) closedir(directory);
  rmdir(path);
}

/// Removing takes the name away first: a kill meanwhile leaves no folder in which files are
/// missing.
static void remove_state(const sweep *s, const char *name) {
  char from[SWEEP_PATH_SIZE], to[SWEEP_PATH_SIZE];
  remove_folder(state_path(s, REMOVED, to));
  if (rename(state_path(s, name, from), to) == 0) remove_folder(to);
}

/// Of all that are there but `keep`.
static void remove_others(const sweep *s, const char *keep) {
  char path[SWEEP_PATH_SIZE];
  DIR *directory = opendir(state_path(s, "", path));
  for (const struct dirent *entry; directory && (entry = readdir(directory));)
    if (entry->d_name[0] != '.' && strcmp(entry->d_name, keep) != 0) remove_state(s, entry->d_name);
  if (directory) closedir(directory);
}

void state_clear(sweep *s) {
  char path[SWEEP_PATH_SIZE];
  remove_others(s, s->testing ? "" : TESTS);
  rmdir(state_path(s, "", path));
}

static void sync_folder(const char *path) {
  const int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  (void)fsync(descriptor);
  close(descriptor);
}

/// Whose the files are: for people, and for test seeds.
static throng_status write_list(const sweep *s) {
  cJSON *list = cJSON_CreateArray();
  for (int32_t k = 0; k < s->n_slot; ++k) {
    const sweep_slot *slot = &s->slot[k];
    if (!slot->held || slot->pending) continue;
    cJSON *one = cJSON_CreateObject();
    cJSON_AddNumberToObject(one, "slot", k);
    cJSON_AddNumberToObject(one, "trial", (double)slot->trial);
    cJSON_AddNumberToObject(one, "seed", slot->seed);
    cJSON_AddNumberToObject(one, "user_steps", (double)slot->clock);
    cJSON_AddItemToArray(list, one);
  }
  char *text = cJSON_PrintUnformatted(list);
  cJSON_Delete(list);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "sweep: out of memory");
  throng_status status = sweep_write_file(s, "state/" UNFINISHED "/" LIST, text);
  free(text);
  return status;
}

throng_status state_save(sweep *s) {
  char from[SWEEP_PATH_SIZE], to[SWEEP_PATH_SIZE], name[32];
  mkdir(state_path(s, "", from), 0777);
  remove_folder(state_path(s, UNFINISHED, from));
  if (mkdir(from, 0777) != 0) return io_error(from, "make this folder");
  for (int32_t k = 0; k < s->n_slot; ++k)
    if (s->slot[k].held && !s->slot[k].pending)
      THRONG_TRY(s->crew->ops->save(s->crew, k, slot_path(s, UNFINISHED, k, to)));
  THRONG_TRY(write_list(s));
  snprintf(name, sizeof name, "%" PRId64, s->round);
  if (s->testing) snprintf(name, sizeof name, TESTS);
  state_path(s, name, to);
  remove_state(s, name);  // that of tests, or of the same round: a resume that was stopped at once
  if (rename(state_path(s, UNFINISHED, from), to) != 0) return io_error(to, "make this folder");
  sync_folder(state_path(s, "", from));
  remove_others(s, name);
  s->checkpointed = clock_now();
  return THRONG_OK;
}

throng_status state_find(sweep *s) {
  char path[SWEEP_PATH_SIZE];
  DIR *directory = opendir(state_path(s, "", path));
  s->state_round = 0;
  for (const struct dirent *entry; directory && (entry = readdir(directory));) {
    char *end;
    const int64_t round = strtoll(entry->d_name, &end, 10);
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || *end) continue;
    if (round > s->state_round && round <= s->past_rounds) s->state_round = round;
  }
  if (directory) closedir(directory);
  return THRONG_OK;
}

/// Takes back one agent; false where its file cannot be read, with a note.
static throng_status load_slot(sweep *s, int32_t k, const char *name) {
  sweep_slot *slot = &s->slot[k];
  char path[SWEEP_PATH_SIZE];
  THRONG_TRY(setup_make(s, trial_x(s, slot->options), slot->seed, &slot->setup));
  throng_status status =
      s->crew->ops->load(s->crew, k, &slot->setup.crew, slot_path(s, name, k, path));
  if (status == THRONG_OK) {
    slot->held = true;
    return THRONG_OK;
  }
  setup_free(&slot->setup);
  return throng_fail_context(status,
                             "%s/state/%s: a checkpoint cannot be read (remove %s/state to train "
                             "what was running from its beginning again)",
                             s->folder, name, s->folder);
}

throng_status state_load(sweep *s) {
  char name[32];
  snprintf(name, sizeof name, "%" PRId64, s->state_round);
  s->live = true;
  for (int32_t k = 0; k < s->n_slot; ++k) {
    const sweep_slot *slot = &s->slot[k];
    if (slot->trial < 0 || slot->dead || slot->unable) continue;
    // A slot that is to be copied from has its file; one that is pending has none.
    if (slot->pending || !past_needs(s, k, s->round)) continue;
    THRONG_TRY(load_slot(s, k, name));
  }
  return THRONG_OK;
}

static int64_t member(const cJSON *object, const char *name) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsNumber(value) ? (int64_t)value->valuedouble : -1;
}

static bool is_planned(const sweep *s, int64_t trial, int64_t seed) {
  const int64_t j = seed - SWEEP_FIRST_TEST;
  for (int32_t k = 0; k < s->n_tested; ++k)
    if (s->tested[k].trial == trial)
      return j >= 0 && j < s->def.test_seeds && !s->tested[k].done[j];
  return false;
}

throng_status state_load_tests(sweep *s) {
  char path[SWEEP_PATH_SIZE], text[1 << 18];
  FILE *file = fopen(state_path(s, TESTS "/" LIST, path), "re");
  if (!file) return THRONG_OK;  // none was under way, or they begin again
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  cJSON *list = cJSON_Parse(text);
  const cJSON *one;
  throng_status status = THRONG_OK;
  cJSON_ArrayForEach(one, list) {
    const int64_t k = member(one, "slot"), trial = member(one, "trial");
    const int64_t seed = member(one, "seed"), clock = member(one, "user_steps");
    if (k < 0 || k >= s->n_slot || clock <= 0 || !is_planned(s, trial, seed)) continue;
    THRONG_TRY_GOTO(slot_put(s, (int32_t)k, trial, (int32_t)seed));
    s->slot[k].clock = clock;
    s->slot[k].options = options_at(s, trial, clock - 1);  // a change is still to come
    s->slot[k].pending = false;
    THRONG_TRY_GOTO(load_slot(s, (int32_t)k, TESTS));
  }
done:
  cJSON_Delete(list);
  return status;
}
