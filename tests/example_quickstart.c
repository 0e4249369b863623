/// throng in a page: a world, users that answer, and an agent that learns from their answers.
/// usage: example_quickstart [WORLD]; writes the world there and the lanes where it was started.
#include <stdio.h>
#include <stdlib.h>
#include <throng/throng.h>

static void require(throng_status status) {  // every call says what went wrong
  if (status == THRONG_OK) return;
  fprintf(stderr, "%s: %s\n", throng_status_name(status), throng_error_message());
  exit(1);
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "quickstart-world.safetensors";
  throng_synth_def synth = throng_default_synth_def();
  synth.n_item = synth.n_user = 400;
  require(throng_synth(&synth, path, NULL));
  throng_world *world;
  require(throng_world_open(path, &world));
  throng_backend *backend;
  throng_backend_def any = throng_default_backend_def();
  require(throng_backend_open(&any, &backend));

  throng_sim *sim;
  throng_sim_def sim_def = throng_default_sim_def();
  sim_def.lanes = 64;
  sim_def.votes.rule = THRONG_RULE_LOGICAL;  // two votes; the third needs throng_sta_fit()
  require(throng_sim_create(backend, world, NULL, &sim_def, &sim));
  require(throng_sim_reset(sim));
  require(throng_sim_save(sim, "quickstart-lanes.safetensors"));  // every lane as it stands

  const int32_t action[64] = {0};  // show everybody item 0 until lane 0's user leaves
  throng_outcome outcome;
  throng_observation seen;
  do {
    require(throng_sim_step(sim, action));
    require(throng_sim_outcome(sim, &outcome));
  } while (outcome.ended[0] == THRONG_END_NONE);
  printf("reward %g, return %g\n", (double)outcome.reward[0], (double)outcome.final_return[0]);
  require(throng_sim_observe_final(sim, &seen));
  printf("user %d left after %d steps\n", seen.user[0], seen.step[0]);
  require(throng_sim_observe(sim, &seen));
  printf("user %d came with %d past items\n", seen.user[0], seen.length[0]);
  require(throng_sim_restore(sim, "quickstart-lanes.safetensors"));

  throng_population *agent;
  throng_agent_def agent_def = throng_default_agent_def();
  require(throng_population_create(sim, &agent_def, 40000, &agent));
  for (int step = 0; step < 40000 / sim_def.lanes; ++step)
    require(throng_population_train_step(agent));
  throng_metrics learned;
  throng_evaluation_def test = throng_default_evaluation_def();
  test.episodes = 128;
  require(throng_evaluate_population(backend, world, NULL, &sim_def, &test, agent, &learned));
  printf("mean return %.1f; random items earn 10\n", learned.average_reward);
  throng_population_close(agent);
  throng_sim_close(sim);
  throng_backend_close(backend);
  throng_world_close(world);
  return learned.average_reward > 20 ? 0 : 2;
}
