/// Opening a trained run.
#include "study/trained.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/algorithm.h"
#include "base/file_kind.h"
#include "base/safetensors.h"
#include "config/keys.h"
#include "report/run_folder.h"
#include "sim/rule.h"
#include "world/world.h"

enum { MOST_CHECKPOINTS = 64, NAME = PATH_MAX - 64 };

static bool is_there(const char *path) { return access(path, F_OK) == 0; }

static throng_status no_such(const char *run) {
  return throng_fail(
      THRONG_ERROR_IO,
      "%s: %s; expected the folder of a run (throng train -o) or a checkpoint in one", run,
      strerror(errno));
}

/// The folder of `run` into `folder`; of a checkpoint that in which it lies.
static throng_status find_folder(const char *run, bool *is_file, char folder[PATH_MAX]) {
  struct stat state;
  if (stat(run, &state) != 0) return no_such(run);
  if (strlen(run) >= NAME) return throng_fail(THRONG_ERROR_IO, "%s: too long a path", run);
  *is_file = !S_ISDIR(state.st_mode);
  snprintf(folder, PATH_MAX, "%s", run);
  char *end = folder + strlen(folder);
  while (!*is_file && end > folder + 1 && end[-1] == '/') *--end = '\0';
  if (!*is_file) return THRONG_OK;
  THRONG_TRY(file_kind_require(run, FILE_KIND_CHECKPOINT));
  char *slash = strrchr(folder, '/');
  if (!slash)
    snprintf(folder, PATH_MAX, ".");
  else
    slash[slash == folder] = '\0';
  return THRONG_OK;
}

static throng_status check_folder(const char *folder) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%.*s/config.json", NAME, folder);
  if (is_there(path)) return THRONG_OK;
  snprintf(path, sizeof path, "%.*s/trials.db", NAME, folder);
  if (is_there(path))
    return throng_fail(
        THRONG_ERROR_IO,
        "%s: the folder of a sweep, which keeps no agents; `throng trials %s --config "
        "K` says what trial K was trained with, for `throng train`",
        folder, folder);
  return throng_fail(THRONG_ERROR_IO,
                     "%s: no config.json: not the folder of a run (throng train -o)", folder);
}

/// The newest that is whole, open; "" and NULL where there is none.
static throng_status find_newest(const char *folder, const throng_progress *progress,
                                 char checkpoint[PATH_MAX], safetensors_file **file) {
  int64_t step[MOST_CHECKPOINTS];
  int n = 0, aside = 0;
  checkpoint[0] = '\0';
  *file = NULL;
  THRONG_TRY(run_folder_find_checkpoints(folder, step, MOST_CHECKPOINTS, &n, &aside));
  for (int k = 0; k < n; ++k) {
    snprintf(checkpoint, PATH_MAX, "%.*s/checkpoint-%" PRId64 ".safetensors", NAME, folder,
             step[k]);
    throng_status status = safetensors_open(checkpoint, file);
    if (status != THRONG_ERROR_DATA) return status;
    if (k + 1 == n)
      return throng_fail(THRONG_ERROR_DATA, "%s: no checkpoint is whole: %s", folder,
                         throng_error_message());
    throng_note(progress, "warning: %s; taking the checkpoint before it", throng_error_message());
  }
  if (n == 0 && aside > 0)
    return throng_fail(THRONG_ERROR_DATA, "%s: its only checkpoints were put aside as damaged",
                       folder);
  return THRONG_OK;
}

/// trained_find, with the checkpoint open; `given` in place of the newest, or NULL.
static throng_status find(const char *run, const char *given, const throng_progress *progress,
                          char folder[PATH_MAX], char checkpoint[PATH_MAX],
                          safetensors_file **file) {
  bool is_file = false;
  *file = NULL;
  THRONG_TRY(find_folder(run, &is_file, folder));
  THRONG_TRY(check_folder(folder));
  if (!given && !is_file) return find_newest(folder, progress, checkpoint, file);
  if (!given) given = run;
  if (strlen(given) >= NAME) return throng_fail(THRONG_ERROR_IO, "%s: too long a path", given);
  snprintf(checkpoint, PATH_MAX, "%s", given);
  THRONG_TRY(file_kind_require(given, FILE_KIND_CHECKPOINT));
  return safetensors_open(given, file);
}

throng_status trained_find(const char *run, const throng_progress *progress, char folder[PATH_MAX],
                           char checkpoint[PATH_MAX]) {
  safetensors_file *file = NULL;
  throng_status status = find(run, NULL, progress, folder, checkpoint, &file);
  safetensors_close(file);
  return status;
}

/// What of `path` lies within the folder `out`, or NULL.
static const char *within(const char *path, const char *out) {
  size_t n = out ? strlen(out) : 0;
  while (n > 1 && out[n - 1] == '/') --n;
  if (n == 0 || strncmp(path, out, n) != 0 || path[n] != '/') return NULL;
  return path + n + 1;
}

/// Where the run's file is now: see trained_open. `made`: its name where the run made it.
static throng_status find_file(throng_config *config, const char *key, const char **path,
                               const char *made, const char *folder) {
  config_key which;
  char *found;
  if (!config_find_key(key, &which)) return THRONG_OK;
  if (*path) THRONG_TRY(config_use(config, key));
  if (*path && config->origin[which.index] == CONFIG_OVERRIDE) return THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&found, 1, PATH_MAX, key));
  THRONG_TRY(config_keep(config, found));
  const char *named = *path, *inside = named ? within(named, config->train.out) : made;
  *path = found;
  if (inside) snprintf(found, PATH_MAX, "%.*s/%s", NAME, folder, inside);
  if (inside && is_there(found)) return THRONG_OK;
  if (!named)
    return throng_fail(THRONG_ERROR_IO,
                       "%s: no such file, which the run had made; another one: --set %s=FILE",
                       found, key);
  snprintf(found, PATH_MAX, "%s", named);
  if (is_there(found)) return THRONG_OK;
  snprintf(found, PATH_MAX, "%.*s/%s", NAME, folder, named);
  if (named[0] != '/' && is_there(found)) return THRONG_OK;
  const char *slash = strrchr(named, '/');
  snprintf(found, PATH_MAX, "%.*s/%s", NAME, folder, slash ? slash + 1 : named);
  if (is_there(found)) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO,
                     "%s: neither there nor in %s, which names it as %s; where it is now: --set "
                     "%s=FILE",
                     named, folder, key, key);
}

static throng_status read_config(const trained_def *def, trained *t) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%.*s/config.json", NAME, t->folder);
  return config_load(path, def->overrides, &t->config);
}

/// What was overridden of the agent must be what the checkpoint says.
static throng_status check_agent(const trained *t, const throng_agent_def *agent) {
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i) {
    if (!config_key_within(&key, "agent") || t->config.origin[i] != CONFIG_OVERRIDE) continue;
    for (int k = 0; k < key.field->count; ++k)
      if (field_get(key.field, &t->config.agent, k) != field_get(key.field, agent, k))
        return throng_fail(THRONG_ERROR_CONFIG,
                           "--set %s: the agent is what %s says, which nothing changes", key.path,
                           t->checkpoint);
  }
  return THRONG_OK;
}

/// As the run has it, but that a device which is not here is no hindrance.
static throng_status open_backend(const trained_def *def, const throng_progress *progress,
                                  trained *t) {
  throng_backend_def *backend = &t->config.backend;
  config_key key;
  const bool asked =
      config_find_key("backend.name", &key) && t->config.origin[key.index] == CONFIG_OVERRIDE;
  if (!asked && !strcmp(backend->name, "cuda")) backend->name = "auto";
  THRONG_TRY(throng_backend_open(backend, &t->backend));
  if (def->stop) t->backend->stop = def->stop;
  throng_note(progress, "backend: %s", throng_backend_describe(t->backend));
  return THRONG_OK;
}

/// As checkpoints name a world.
static const char *hash_text(const throng_world *world, char text[24]) {
  snprintf(text, 24, "%016" PRIx64, world->hash);
  return text;
}

static bool other_world_asked(const trained *t) {
  config_key key;
  return config_find_key("world.file", &key) && t->config.origin[key.index] == CONFIG_OVERRIDE;
}

static throng_status open_world(const trained_def *def, const agent_origin *origin, trained *t) {
  char hash[24];
  THRONG_TRY(
      find_file(&t->config, "world.file", &t->config.world_file, "world.safetensors", t->folder));
  t->world_lent =
      def->lent && !other_world_asked(t) && !strcmp(hash_text(def->lent, hash), origin->world);
  if (!t->world_lent) return throng_world_open(t->config.world_file, &t->world);
  t->world = def->lent;
  return THRONG_OK;
}

/// Is the world the one that the agent was trained in? Another must have been asked for.
static throng_status check_world(const agent_origin *origin, const throng_progress *progress,
                                 trained *t) {
  char hash[24];
  t->same_world = !strcmp(hash_text(t->world, hash), origin->world);
  if (t->same_world) return THRONG_OK;
  if (!other_world_asked(t))
    return throng_fail(
        THRONG_ERROR_DATA,
        "%s: changed since the agent was trained: its hash is %s, %s was trained in a "
        "world with %s; to use the agent in this world all the same: --set "
        "world.file=%s",
        t->config.world_file, hash, t->checkpoint, origin->world, t->config.world_file);
  throng_note(progress,
              "%s is another world than the agent was trained in: items and users count as "
              "the same by their numbers",
              t->config.world_file);
  return THRONG_OK;
}

static throng_status open_sta(const trained_def *def, trained *t) {
  if (def->without_sta || !rule_takes_sta(&t->config.sim.votes)) return THRONG_OK;
  throng_status status =
      find_file(&t->config, "sta.file", &t->config.sta_file, "sta.safetensors", t->folder);
  if (status == THRONG_OK)
    status = throng_sta_open(t->backend, t->world, t->config.sta_file, &t->sta);
  if (status == THRONG_ERROR_DATA && !t->same_world)
    return throng_fail_context(status,
                               "in another world --set sta.file needs weights fitted on it");
  return status;
}

/// Users as the agent knows them: what it sees of a session is told by these, whoever it plays for.
static throng_status users_of_training(const trained *t, throng_users_def *out) {
  char path[PATH_MAX];
  throng_config config;
  snprintf(path, sizeof path, "%.*s/config.json", NAME, t->folder);
  THRONG_TRY(config_load(path, NULL, &config));
  *out = config.sim.users;
  config_free(&config);
  return THRONG_OK;
}

/// The simulator, and one agent with room for no replay.
static throng_status make_agent(const trained_def *def, const agent_origin *origin, trained *t) {
  throng_sim_def sim = t->config.sim;
  THRONG_TRY(users_of_training(t, &sim.users));
  throng_agent_def agent = origin->def;
  sim.lanes = def->lanes ? def->lanes : 1;
  sim.autoreset = true;
  // A table of all pairs of items pays for thousands of lanes; it changes no answer.
  if (sim.lanes < 64) sim.votes.table_bytes = 0;
  if (def->without_sta || (def->without_votes && sim.environment == THRONG_ENVIRONMENT_SESSION))
    sim.votes.rule = THRONG_RULE_LOGICAL;
  if (def->without_sta) sim.environment = THRONG_ENVIRONMENT_SESSION;  // nobody answers
  t->agent_def = agent;
  t->agent_def.count = agent.count = 1;
  agent.batch = agent.updates = agent.n_step = agent.n_steps = agent.n_epochs = 1;
  agent.buffer = 1;
  agent.epsilon_start = agent.epsilon_end;  // as at the end of its training
  THRONG_TRY(throng_sim_create(t->backend, t->world, t->sta, &sim, &t->sim));
  return throng_population_create(t->sim, &agent, sim.lanes, &t->population);
}

static throng_status open_agent(const trained_def *def, const throng_progress *progress,
                                const safetensors_file *file, trained *t) {
  agent_origin origin;
  THRONG_TRY(agent_origin_of(file, &origin));
  THRONG_TRY(check_agent(t, &origin.def));
  t->title = agent_algorithm_of(origin.def.algorithm)->title;
  t->score = agent_algorithm_of(origin.def.algorithm)->rolls ? "log-probability" : "Q";
  t->agent = def->agent;
  t->n_agent = origin.def.count;
  t->user_steps = origin.user_steps;
  if (def->agent < 0 || def->agent >= t->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: agent %d is not in 0..%d", t->checkpoint,
                       def->agent, t->n_agent - 1);
  THRONG_TRY(open_world(def, &origin, t));
  THRONG_TRY(check_world(&origin, progress, t));
  THRONG_TRY(open_backend(def, progress, t));
  THRONG_TRY(open_sta(def, t));
  THRONG_TRY(make_agent(def, &origin, t));
  return agent_take_weights(t->population, file, def->agent);
}

throng_status trained_open(const trained_def *def, const throng_progress *progress, trained *out) {
  safetensors_file *file = NULL;
  throng_status status;
  memset(out, 0, sizeof *out);
  THRONG_TRY_GOTO(find(def->run, def->checkpoint, progress, out->folder, out->checkpoint, &file));
  status = file ? read_config(def, out)
                : throng_fail(THRONG_ERROR_IO,
                              "%s: no checkpoint yet: training writes one every "
                              "train.checkpoint_every user-steps and at its end",
                              out->folder);
  if (status == THRONG_OK) status = open_agent(def, progress, file, out);
done:
  safetensors_close(file);
  if (status != THRONG_OK) trained_close(out);
  return status;
}

throng_status trained_take(trained *t, int32_t agent) {
  safetensors_file *file;
  THRONG_TRY(safetensors_open(t->checkpoint, &file));
  throng_status status = agent_take_weights(t->population, file, agent);
  if (status == THRONG_OK) t->agent = agent;
  safetensors_close(file);
  return status;
}

throng_status trained_states(const trained *t, throng_agent_state *state) {
  safetensors_file *file;
  const int64_t n = t->n_agent;
  const safetensors_tensor *tensor;
  int32_t *found = NULL;
  throng_status status;
  THRONG_TRY(safetensors_open(t->checkpoint, &file));
  // Files of before agents could stop or diverge have none who did.
  for (int64_t k = 0; k < n; ++k) state[k] = THRONG_AGENT_LEARNING;
  if (!safetensors_find(file, "clock.state")) {
    safetensors_close(file);
    return THRONG_OK;
  }
  THRONG_TRY_GOTO(safetensors_require(file, "clock.state", TENSOR_I32, 1, &n, &tensor));
  THRONG_TRY_GOTO(throng_alloc((void **)&found, (size_t)n, sizeof *found, "states of the agents"));
  THRONG_TRY_GOTO(safetensors_read(file, tensor, 0, found, (size_t)n * sizeof *found));
  for (int64_t k = 0; k < n; ++k) {
    if (found[k] < THRONG_AGENT_LEARNING || found[k] > THRONG_AGENT_DIVERGED)
      THRONG_TRY_GOTO(
          throng_fail(THRONG_ERROR_DATA, "%s: clock.state: %d is none", t->checkpoint, found[k]));
    state[k] = (throng_agent_state)found[k];
  }
done:
  free(found);
  safetensors_close(file);
  return status;
}

void trained_close(trained *t) {
  throng_population_close(t->population);
  throng_sim_close(t->sim);
  throng_sta_close(t->sta);
  throng_backend_close(t->backend);
  if (!t->world_lent) throng_world_close(t->world);
  config_free(&t->config);
  memset(t, 0, sizeof *t);
}
