/// throng in a page, on the public interface alone: a world, users that answer, an agent that
/// learns from the answers. Built and run by the tests, inside and against an installed library.
/// usage: example_quickstart [WORLD]; leaves WORLD and WORLD.lanes where they were written.
#include <stdio.h>
#include <stdlib.h>
#include <throng/throng.h>

/// Every call says what went wrong; a program decides what to do about it.
static void require(throng_status status) {
  if (status == THRONG_OK) return;
  fprintf(stderr, "%s: %s\n", throng_status_name(status), throng_error_message());
  exit(1);
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "quickstart-world.safetensors";
  throng_synth_def synth = throng_default_synth_def();
  synth.n_user = 400;
  synth.n_item = 300;
  synth.n_keyword = 200;
  require(throng_synth(&synth, path, NULL));

  throng_world *world;
  throng_backend *backend;
  throng_backend_def backend_def = throng_default_backend_def();
  require(throng_world_open(path, &world));
  require(throng_backend_open(&backend_def, &backend));

  throng_sta *sta;  // the statistical vote
  throng_sta_def sta_def = throng_default_sta_def();
  sta_def.epochs = 3;
  require(throng_sta_fit(backend, world, &sta_def, NULL, &sta, NULL));

  throng_sim *sim;
  throng_sim_def sim_def = throng_default_sim_def();
  sim_def.lanes = 64;
  require(throng_sim_create(backend, world, sta, &sim_def, &sim));

  int32_t action[64] = {0};  // show everybody item 0 until lane 0's user leaves
  throng_observation final, seen;
  throng_outcome outcome;
  do {
    require(throng_sim_step(sim, action));
    require(throng_sim_outcome(sim, &outcome));
  } while (outcome.ended[0] == THRONG_END_NONE);
  printf("votes %d %d %d, reward %g; ended after %d steps with return %g\n", outcome.vote[0].f_mat,
         outcome.vote[0].f_sim, outcome.vote[0].f_sta, (double)outcome.reward[0],
         outcome.final_length[0], (double)outcome.final_return[0]);
  require(throng_sim_observe_final(sim, &final));
  printf("%s left with %d items behind, ", throng_world_user_id(world, final.user[0]),
         final.length[0]);
  require(throng_sim_observe(sim, &seen));
  printf("%s came with %d\n", throng_world_user_id(world, seen.user[0]), seen.length[0]);

  char lanes[4096];  // every lane as it stands, kept and taken back: the same step once more
  uint64_t once, again;
  snprintf(lanes, sizeof lanes, "%s.lanes", path);
  require(throng_sim_save(sim, lanes));
  require(throng_sim_step(sim, action));
  require(throng_sim_hash(sim, &once));
  require(throng_sim_restore(sim, lanes));
  require(throng_sim_step(sim, action));
  require(throng_sim_hash(sim, &again));

  throng_agent *agent;
  throng_agent_def agent_def = throng_default_agent_def();
  agent_def.learning_starts = 1000;
  const int64_t steps = 20000;
  require(throng_agent_create(sim, &agent_def, steps, &agent));
  for (int64_t done = 0; done < steps; done += sim_def.lanes)
    require(throng_agent_train_step(agent));

  throng_metrics random, learned;
  throng_evaluation_def evaluation = {.episodes = 128, .seed = 7, .top = 10};
  require(throng_evaluate_policy(backend, world, sta, &sim_def, &evaluation, THRONG_POLICY_RANDOM,
                                 NULL, &random));
  require(throng_evaluate_policy(backend, world, sta, &sim_def, &evaluation, THRONG_POLICY_AGENT,
                                 agent, &learned));
  printf("mean return: random %.2f, DQN %.2f\n", random.average_reward, learned.average_reward);

  throng_agent_close(agent);
  throng_sim_close(sim);
  throng_sta_close(sta);
  throng_backend_close(backend);
  throng_world_close(world);
  return once == again && learned.average_reward > random.average_reward ? 0 : 2;
}
