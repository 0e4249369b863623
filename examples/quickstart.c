/// throng in a page: a world, users that answer, and an agent that learns from their answers.
/// usage: quickstart [WORLD]; writes a world there, by default where it was started
#include <stdio.h>
#include <stdlib.h>
#include <throng/throng.h>

static void require(throng_status status) {  // every call says what went wrong
  if (status == THRONG_OK) return;
  fprintf(stderr, "%s: %s\n", throng_status_name(status), throng_error_message());
  exit(1);
}

int main(int argc, char **argv) {
  // A world: users with histories, items with keywords. Here a made-up one, in a file.
  const char *path = argc > 1 ? argv[1] : "quickstart-world.safetensors";
  throng_synth_def synth = throng_default_synth_def();
  synth.n_item = synth.n_user = 400;
  require(throng_synth(&synth, path, NULL));
  throng_world *world;
  require(throng_world_open(path, &world));

  // Where it runs: a GPU if there is one that this build can use, else this machine's processors.
  throng_backend *backend;
  throng_backend_def anywhere = throng_default_backend_def();
  require(throng_backend_open(&anywhere, &backend));
  printf("%s\n", throng_backend_describe(backend));

  // 64 users at once, in 64 lanes. Each answers by votes over what it liked and disliked before.
  throng_sim *sim;
  throng_sim_def sim_def = throng_default_sim_def();
  sim_def.lanes = 64;
  sim_def.votes.rule = THRONG_RULE_LOGICAL;  // two votes; the third needs throng_sta_fit()
  require(throng_sim_create(backend, world, NULL, &sim_def, &sim));

  const int32_t action[64] = {0};  // show everybody item 0 until lane 0's user leaves
  throng_outcome outcome;
  do {
    require(throng_sim_step(sim, action));
    require(throng_sim_outcome(sim, &outcome));
  } while (outcome.ended[0] == THRONG_END_NONE);
  throng_observation now;
  require(throng_sim_observe(sim, &now));  // the next user is there already
  printf("%d steps, %g likes; now user %s is there\n", outcome.final_length[0],
         (double)outcome.final_return[0], throng_world_user_id(world, now.user[0]));

  // A DQN that learns what to show from 40,000 answers.
  throng_population *agent;
  throng_agent_def agent_def = throng_default_agent_def();
  require(throng_population_create(sim, &agent_def, 40000, &agent));
  for (int step = 0; step < 40000 / sim_def.lanes; ++step)
    require(throng_population_train_step(agent));

  // How many likes a session brings, beside items at random; on the same users.
  throng_metrics learned, random;
  throng_evaluation_def test = throng_default_evaluation_def();
  test.episodes = 128;
  require(throng_evaluate_population(backend, world, NULL, &sim_def, &test, agent, NULL, &learned));
  require(throng_evaluate_yardstick(backend, world, NULL, &sim_def, &test, THRONG_YARDSTICK_RANDOM,
                                    NULL, &random));
  printf("likes a session: %.1f, at random %.1f\n", learned.average_reward, random.average_reward);

  throng_population_close(agent);
  throng_sim_close(sim);
  throng_backend_close(backend);
  throng_world_close(world);
  return learned.average_reward > 1.5 * random.average_reward ? 0 : 2;
}
