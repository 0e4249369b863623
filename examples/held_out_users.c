/// Learn from four users in five, and play for the rest, whom learning never met.
/// usage: held_out_users [WORLD]; writes a made-up world there, by default where it was started
#include <stdio.h>
#include <stdlib.h>
#include <throng/throng.h>

enum { LANES = 64, USERS = 500, TRAIN_STEPS = 600, TEST_STEPS = 100 };

static void require(throng_status status) {
  if (status == THRONG_OK) return;
  fprintf(stderr, "%s: %s\n", throng_status_name(status), throng_error_message());
  exit(1);
}

/// Likes a shown item brings over TEST_STEPS: the agent's choices, or item `always` for everybody.
static double play(throng_population *agent, throng_sim *sim, int32_t always) {
  int32_t action[LANES];
  double likes = 0;
  for (int lane = 0; lane < LANES; ++lane) action[lane] = always;
  require(throng_sim_reset(sim));
  for (int step = 0; step < TEST_STEPS; ++step) {
    throng_outcome outcome;
    if (agent) require(throng_population_act(agent, sim, true, NULL));  // into the simulator itself
    require(throng_sim_step(sim, agent ? NULL : action));
    require(throng_sim_outcome(sim, &outcome));
    for (int lane = 0; lane < LANES; ++lane) likes += (double)outcome.reward[lane];
  }
  return likes / (TEST_STEPS * LANES);
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "held-out-world.safetensors";
  throng_synth_def synth = throng_default_synth_def();
  synth.n_item = 300;
  synth.n_user = USERS;
  throng_world *world;
  require(throng_synth(&synth, path, NULL));
  require(throng_world_open(path, &world));
  throng_backend *backend;
  throng_backend_def anywhere = throng_default_backend_def();
  require(throng_backend_open(&anywhere, &backend));

  // Two parts of the users that share none, always the same for the same seed.
  int32_t train[USERS], test[USERS];
  const int64_t n_train = throng_world_split_users(world, 1, 0, 0.8, train);
  const int64_t n_test = throng_world_split_users(world, 1, 0.8, 1, test);

  // Two simulators that differ in whom their episodes begin with.
  throng_sim *lessons, *exam;
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.votes.rule = THRONG_RULE_LOGICAL;
  require(throng_sim_create(backend, world, NULL, &def, &lessons));
  require(throng_sim_create(backend, world, NULL, &def, &exam));
  require(throng_sim_set_starts(lessons, THRONG_START_DRAWN, (int32_t)n_train, train, NULL, NULL,
                                NULL));
  require(throng_sim_set_starts(exam, THRONG_START_DRAWN, (int32_t)n_test, test, NULL, NULL, NULL));

  throng_population *agent;
  throng_agent_def agent_def = throng_default_agent_def();
  agent_def.user_width = 0;  // no embedding of the user: those of the exam would have none
  require(throng_population_create(lessons, &agent_def, TRAIN_STEPS * LANES, &agent));
  for (int step = 0; step < TRAIN_STEPS; ++step) require(throng_population_train_step(agent));

  const double learned = play(agent, exam, 0), first = play(NULL, exam, 0);
  printf(
      "learned from %d users; of what %d others were shown they liked %.0f %% (item 0: %.0f %%)\n",
      (int)n_train, (int)n_test, 100 * learned, 100 * first);
  throng_population_close(agent);
  throng_sim_close(exam);
  throng_sim_close(lessons);
  throng_backend_close(backend);
  throng_world_close(world);
  return learned > 0.5 && learned > first ? 0 : 2;
}
