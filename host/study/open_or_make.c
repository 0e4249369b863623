/// Opening or making the world and the weights of a training run.
#include "study/open_or_make.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/file_kind.h"
#include "base/safetensors.h"
#include "config/config_prepare.h"
#include "config/keys.h"
#include "data/stream.h"
#include "sim/rule.h"
#include "sim/users.h"
#include "train/train_memory.h"

/// The sections of the resolved config that a file was made from, as text.
static throng_status recipe(const throng_config *config, const char *const *sections, char **out) {
  char *whole;
  THRONG_TRY(config_print(config, &whole));
  cJSON *root = cJSON_Parse(whole), *kept = cJSON_CreateObject();
  free(whole);
  for (; root && *sections; ++sections)
    cJSON_AddItemToObject(kept, *sections,
                          cJSON_DetachItemFromObjectCaseSensitive(root, *sections));
  *out = root ? cJSON_Print(kept) : NULL;
  cJSON_Delete(root);
  cJSON_Delete(kept);
  return *out ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "recipe: out of memory");
}

/// Does an old recipe, read as a config, make the same one? A release may have added keys since:
/// they have their defaults in what was made before.
static bool same_recipe(const char *old, size_t length, const char *const *sections,
                        const char *text) {
  throng_config then;
  char *again = NULL;
  if (config_load_text(old, length, "recipe", NULL, &then) != THRONG_OK) return false;
  bool same = recipe(&then, sections, &again) == THRONG_OK && !strcmp(again, text);
  free(again);
  config_free(&then);
  return same;
}

/// Is `path` there, with a recipe beside it that says the same as `text`, the present one of
/// `sections`? Errors: IO, where that cannot be found out: nothing is made anew over a file that
/// could not be read for now.
static throng_status look(const char *path, const char *const *sections, const char *text,
                          bool *unchanged) {
  enum { MOST = 1 << 20 };
  char beside[PATH_MAX + 16];
  snprintf(beside, sizeof beside, "%s.recipe.json", path);
  struct stat state;
  *unchanged = false;
  FILE *file = stat(path, &state) == 0 ? fopen(beside, "re") : NULL;
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return THRONG_OK;
  if (!file) return throng_fail(THRONG_ERROR_IO, "%s: cannot be read: %s", beside, strerror(errno));
  void *old;
  throng_status status = throng_alloc(&old, MOST + 1, 1, beside);
  if (status == THRONG_OK) {
    size_t n = fread(old, 1, MOST, file);
    if (ferror(file))
      status = throng_fail(THRONG_ERROR_IO, "%s: cannot be read: %s", beside, strerror(errno));
    else
      *unchanged = !strcmp(old, text) || same_recipe(old, n, sections, text);
    free(old);
  }
  fclose(file);
  return status;
}

/// True where one of the raw files that a world is made from was written after the world, or is a
/// pipe, which may bring anything.
static bool raw_files_changed(const throng_config *config, const char *world) {
  struct stat made, raw;
  if (stat(world, &made) != 0) return true;
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i) {
    bool read = config_key_within(&key, "dataset") || config_key_within(&key, "keywords") ||
                config_key_within(&key, "embedding");
    if (!read || key.field->kind != FIELD_KIND_PATH) continue;
    const char *path = *config_text_of(config, &key);
    if (!path) continue;
    if (stream_is_pipe(path)) return true;
    if (stat(path, &raw) != 0) continue;
    if (raw.st_mtim.tv_sec > made.st_mtim.tv_sec ||
        (raw.st_mtim.tv_sec == made.st_mtim.tv_sec && raw.st_mtim.tv_nsec > made.st_mtim.tv_nsec))
      return true;
  }
  return false;
}

/// Before a file is made anew: the old recipe must never stand beside the new file, whenever the
/// process is killed.
static throng_status forget(const char *path) {
  char beside[PATH_MAX + 16];
  snprintf(beside, sizeof beside, "%s.recipe.json", path);
  if (unlink(beside) == 0 || errno == ENOENT) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO, "%s: cannot be removed: %s", beside, strerror(errno));
}

static throng_status remember(const char *path, const char *text) {
  char beside[PATH_MAX + 16];
  snprintf(beside, sizeof beside, "%s.recipe.json", path);
  atomic_file *file;
  THRONG_TRY(atomic_file_create(beside, &file));
  fputs(text, atomic_file_stream(file));
  return atomic_file_commit(file);
}

/// A run that is to go on has the world and the weights that it was started with: they are not made
/// anew under its checkpoints, which would then fit to nothing.
static throng_status refuse_change(const train_inputs *in, const char *path, const char *what) {
  struct stat state;
  if (!in->going_on || stat(path, &state) != 0) return THRONG_OK;
  return throng_fail(THRONG_ERROR_CONFIG,
                     "cannot resume: %s was made with other settings (%s) than this configuration "
                     "has; resume with those, or train without --resume, which begins again",
                     path, what);
}

static throng_status open_world(throng_config *config, const throng_progress *progress,
                                train_inputs *in) {
  if (config->world_file) return throng_world_open(config->world_file, &in->world);
  bool synth = config_has_section(config, "synth");
  if (!synth && !config_has_section(config, "dataset"))
    return throng_fail(THRONG_ERROR_CONFIG,
                       "%s: no world: give world.file, or a section dataset or synth to make one",
                       config->source ? config->source : "config");
  char path[PATH_MAX], *text = NULL;
  snprintf(path, sizeof path, "%s/world.safetensors", config->train.out);
  bool asks =
      config->keywords.provider == KEYWORDS_LLM || config->embedding.provider == EMBEDDING_SERVER;
  const char *const *sections =
      synth  ? (const char *const[]){"synth", NULL}
      : asks ? (const char *const[]){"dataset", "keywords", "embedding", "llm", NULL}
             : (const char *const[]){"dataset", "keywords", "embedding", NULL};
  THRONG_TRY(recipe(config, sections, &text));
  bool unchanged;
  throng_status status = look(path, sections, text, &unchanged);
  if (status == THRONG_OK && !unchanged)
    status = refuse_change(in, path, synth ? "synth" : "dataset, keywords or embedding");
  if (status == THRONG_OK && unchanged &&
      (synth || in->going_on || !raw_files_changed(config, path))) {
    status = throng_world_open(path, &in->world);
    if (status == THRONG_OK)
      throng_note(progress, "using %s again: what it was made from is unchanged", path);
    if (status == THRONG_ERROR_DATA)
      throng_note(progress, "%s; made again", throng_error_message());
  }
  if ((status == THRONG_OK && !in->world) || status == THRONG_ERROR_DATA) {
    double start = clock_now();
    THRONG_TRY_GOTO(forget(path));
    THRONG_TRY_GOTO(synth ? throng_synth(&config->synth, path, progress)
                          : config_prepare(config, path, progress, NULL));
    THRONG_TRY_GOTO(remember(path, text));
    in->prepare_seconds = clock_now() - start;
    throng_note(progress, "made %s in %.1f s", path, in->prepare_seconds);
    status = throng_world_open(path, &in->world);
  }
done:
  free(text);
  return status;
}

/// Whatever is wrong with the run is said before a fit takes its minutes. A sweep's own options are
/// no run: its trials have others, and are checked one by one.
static throng_status check_run(const throng_config *config, throng_backend *backend,
                               const throng_world *world) {
  return (config->sweep_space ? train_check_memory : train_check)(
      backend, world, NULL, &config->sta, &config->sim, &config->agent, &config->train);
}

static throng_status open_sta(const throng_config *config, throng_backend *backend,
                              const throng_progress *progress, train_inputs *in) {
  if (config->sta_file) return throng_sta_open(backend, in->world, config->sta_file, &in->sta);
  if (!rule_takes_sta(&config->sim.votes)) return THRONG_OK;
  char path[PATH_MAX], *text = NULL;
  snprintf(path, sizeof path, "%s/sta.safetensors", config->train.out);
  const char *const sections[] = {"sta", NULL};
  THRONG_TRY(recipe(config, sections, &text));
  bool unchanged;
  throng_status status = look(path, sections, text, &unchanged);
  // Weights carry their world's hash: those of another world do not open and are fitted anew.
  if (status == THRONG_OK && !unchanged) status = refuse_change(in, path, "sta");
  if (status == THRONG_OK && unchanged)
    status = throng_sta_open(backend, in->world, path, &in->sta);
  if (status == THRONG_ERROR_DATA)
    throng_note(progress, "%s; fitted again", throng_error_message());
  if (in->sta) throng_note(progress, "using %s again: its configuration is unchanged", path);
  if (in->sta || (status != THRONG_OK && status != THRONG_ERROR_DATA)) goto done;
  double start = clock_now();
  throng_sta_report report;
  THRONG_TRY_GOTO(check_run(config, backend, in->world));
  THRONG_TRY_GOTO(forget(path));
  THRONG_TRY_GOTO(throng_sta_fit(backend, in->world, &config->sta, progress, &in->sta, &report));
  if (rule_asks(&config->sim.votes) & VOTE_BIT(THRONG_VOTE_F_CAL))
    THRONG_TRY_GOTO(throng_calibrate(in->sta, in->world, &config->sim.votes, NULL));
  THRONG_TRY_GOTO(throng_sta_save(in->sta, path));
  THRONG_TRY_GOTO(remember(path, text));
  in->fit_seconds = clock_now() - start;
  throng_note(progress, "fitted f_sta: %d epochs, test AUC %.4f, %s in %.1f s", report.epochs,
              report.test_auc, path, in->fit_seconds);
done:
  free(text);
  return status;
}

/// Weights that are given, but not there or something else: said before a world is made for them.
static throng_status check_weights(const char *path) {
  safetensors_file *file;
  THRONG_TRY(file_kind_require(path, FILE_KIND_STA));
  THRONG_TRY(safetensors_open(path, &file));
  safetensors_close(file);
  return THRONG_OK;
}

throng_status train_inputs_use(throng_config *config) {
  THRONG_TRY(config_use(config, "train.out"));
  THRONG_TRY(config_use(config, "world.file"));
  THRONG_TRY(config_use(config, "sta.file"));
  // Before a world is made, too.
  if (config->sta_file) THRONG_TRY(check_weights(config->sta_file));
  if (!config->sweep_space) THRONG_TRY(users_check_def(&config->sim));
  bool reads = !config->world_file && !config_has_section(config, "synth");
  return reads && config_has_section(config, "dataset") ? config_check_dataset(config) : THRONG_OK;
}

static throng_status find_checkpoint(const throng_config *config, train_inputs *in) {
  int64_t step;
  int n = 0;
  char sweep[PATH_MAX];
  if (!config->train.resume) return THRONG_OK;
  THRONG_TRY(run_folder_checkpoints(in->folder, &step, 1, &n, NULL));
  snprintf(sweep, sizeof sweep, "%s/trials.db", config->train.out);
  in->going_on = n > 0 || access(sweep, F_OK) == 0;  // a sweep's trials are of its world, too
  return THRONG_OK;
}

/// A count of agents that is "auto" is known once the world is, and before f_sta is fitted.
static throng_status settle_count(throng_config *config, throng_backend *backend,
                                  const train_inputs *in) {
  const bool asks = rule_takes_sta(&config->sim.votes);
  return train_settle_count(backend, in->world, in->sta, asks ? &config->sta : NULL, &config->sim,
                            &config->agent, &config->train);
}

throng_status train_inputs_open(throng_config *config, throng_backend *backend,
                                const throng_progress *progress, train_inputs *out) {
  memset(out, 0, sizeof *out);
  const char *folder = config->train.out;
  if (!folder || !*folder)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "%s: train.out: missing; expected the path of a run folder, there or as -o",
                       config->source ? config->source : "config");
  throng_status status;
  // First of all, for making a world may take minutes; and nothing is replaced under another run.
  THRONG_TRY_GOTO(run_folder_lock(folder, &out->folder));
  THRONG_TRY_GOTO(find_checkpoint(config, out));
  THRONG_TRY_GOTO(open_world(config, progress, out));
  if (config->sta_file) THRONG_TRY_GOTO(open_sta(config, backend, progress, out));
  THRONG_TRY_GOTO(settle_count(config, backend, out));
  if (!config->sta_file) THRONG_TRY_GOTO(open_sta(config, backend, progress, out));
  return THRONG_OK;
done:
  train_inputs_close(out);
  return status;
}

void train_inputs_close(train_inputs *inputs) {
  throng_sta_close(inputs->sta);
  throng_world_close(inputs->world);
  (void)run_folder_close(inputs->folder, TENSORBOARD_END_FAILED);
  memset(inputs, 0, sizeof *inputs);
}
