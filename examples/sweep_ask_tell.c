/// A sweep that is asked what to try and told what came of it, by a program that trains itself:
/// sampler, early stopping and database are those of `throng sweep`, the training is the caller's.
/// usage: sweep_ask_tell [WORLD]; writes a made-up world there, and the sweep's folder beside it;
/// run again, it goes on with that sweep
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <throng/throng.h>

static const char config[] =
    "{\"train\": {\"steps\": 6400, \"evaluate_every\": 1600},"
    " \"sweep\": {\"sampler\": \"tpe\", \"scheduler\": \"asha\", \"max_trials\": 12,"
    "  \"objective\": \"average_reward\","
    "  \"space\": {\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-2, \"log\": true},"
    "             \"agent.gamma\": {\"min\": 0.5, \"max\": 0.99}}}}";

static void require(throng_status status) {
  if (status == THRONG_OK) return;
  fprintf(stderr, "%s: %s\n", throng_status_name(status), throng_error_message());
  exit(1);
}

/// "agent.gamma=0.97" into the Def.
static void apply(const char *const *override, throng_agent_def *agent) {
  for (; *override; ++override) {
    const double value = strtod(strchr(*override, '=') + 1, NULL);
    if (!strncmp(*override, "agent.learning_rate=", 20)) agent->learning_rate = (float)value;
    if (!strncmp(*override, "agent.gamma=", 12)) agent->gamma = (float)value;
  }
}

/// Train one trial to its end, or until it is given up.
static void train(throng_sweep *sweep, const throng_trial *trial, throng_backend *backend,
                  const throng_world *world) {
  throng_sim_def sim = throng_default_sim_def();
  throng_agent_def agent = throng_default_agent_def();
  throng_train_def def = throng_default_train_def();
  throng_session *session;
  throng_metrics metrics;
  uint32_t marks = 0;
  bool stop = false;
  sim.lanes = 32;
  sim.votes.rule = THRONG_RULE_LOGICAL;  // asks no f_sta, which would have to be fitted
  agent.batch = 64;
  agent.learning_starts = 640;
  apply(trial->overrides, &agent);
  const int64_t number = trial->number;  // the next call takes the rest of it
  def.steps = 6400;
  def.evaluate_every = 1600;
  def.evaluation.episodes = 64;
  def.yardsticks = false;
  require(throng_session_create(backend, world, NULL, &sim, &agent, &def, NULL, &session));
  for (int64_t steps = def.evaluate_every; !stop && !(marks & THRONG_MARK_END);
       steps += def.evaluate_every) {
    require(throng_session_step(session, NULL, &marks));
    require(throng_session_evaluate(session, NULL, &metrics));
    require(throng_sweep_tell(sweep, number, steps, metrics.average_reward, &stop));
  }
  if (!stop)
    require(
        throng_sweep_finish(sweep, number, THRONG_TRIAL_COMPLETE, &metrics.average_reward, NULL));
  throng_session_close(session);
  printf("trial %2d: %6.3f%s\n", (int)number, metrics.average_reward, stop ? ", given up" : "");
}

static bool exists(const char *path) {
  FILE *file = fopen(path, "r");
  if (file) fclose(file);
  return file != NULL;
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "ask-tell-world.safetensors";
  char out[1024], database[1024];
  snprintf(out, sizeof out, "train.out=%s-sweep", path);
  snprintf(database, sizeof database, "%s-sweep/trials.db", path);
  throng_synth_def synth = throng_default_synth_def();
  synth.n_item = synth.n_user = 200;
  throng_world *world;
  require(throng_synth(&synth, path, NULL));
  require(throng_world_open(path, &world));
  throng_backend_def anywhere = throng_default_backend_def();
  throng_backend *backend;
  require(throng_backend_open(&anywhere, &backend));

  throng_sweep *sweep;
  throng_trial trial;
  bool end = false;
  require(throng_sweep_create(config, (const char *const[]){out, NULL}, &sweep));
  require(throng_sweep_open(sweep, exists(database)));
  for (;;) {
    require(throng_sweep_ask(sweep, &trial, &end));
    if (end) break;
    train(sweep, &trial, backend, world);
  }
  require(throng_sweep_get_best(sweep, &trial));
  printf("best: trial %d, %.3f, with", (int)trial.number, trial.value[0]);
  for (const char *const *line = trial.overrides; *line; ++line) printf(" %s", *line);
  printf("\n");
  const throng_sweep_counts counts = throng_sweep_get_counts(sweep);
  throng_sweep_close(sweep);
  throng_backend_close(backend);
  throng_world_close(world);
  return counts.trials == 12 && counts.running == 0 ? 0 : 2;
}
