/// Several agents at once in a session that this program drives: each begins with a whole Def of
/// its own, all are measured with the same users, and the worst gives its place to a copy of the
/// best with another rate (a step of population based training, arXiv 1711.09846). usage:
/// population [WORLD]; writes a made-up world there, by default where it was started
#include <stdio.h>
#include <stdlib.h>
#include <throng/throng.h>

enum { AGENTS = 4 };

static void require(throng_status status) {
  if (status == THRONG_OK) return;
  fprintf(stderr, "%s: %s\n", throng_status_name(status), throng_error_message());
  exit(1);
}

/// An agent that has diverged is worse than any that learns.
static int worse(const throng_population_stats *stats, const throng_metrics *each, int a, int b) {
  const int lost_a = stats->state[a] == THRONG_AGENT_DIVERGED;
  const int lost_b = stats->state[b] == THRONG_AGENT_DIVERGED;
  return lost_a != lost_b ? lost_a : each[a].average_reward < each[b].average_reward;
}

/// The worst becomes what the best is, learning 1.25 times as fast.
static void replace_worst(throng_session *session, const throng_metrics *each) {
  throng_population *population = throng_session_get_population(session);
  const throng_population_stats stats = throng_session_get_stats(session);
  int best = 0, worst = 0;
  double rate;
  for (int k = 1; k < AGENTS; ++k) {
    if (worse(&stats, each, best, k)) best = k;
    if (worse(&stats, each, k, worst)) worst = k;
  }
  if (best == worst) return;
  require(throng_population_copy(population, best, worst, true));
  require(throng_population_get(population, best, "learning_rate", &rate));
  require(throng_population_set(population, worst, "learning_rate", 1.25 * rate));
  printf("  agent %d goes on from agent %d\n", worst, best);
}

/// Each with another rate and steps of reward, as it would be alone with these: its own seed, its
/// own users.
static void begin_all(throng_session *session, const throng_agent_def *shared, int64_t steps,
                      uint32_t lanes) {
  const float rates[AGENTS] = {1e-5f, 1e-4f, 1e-3f, 1e-2f};
  for (int k = 0; k < AGENTS; ++k) {
    throng_agent_def own = *shared;
    own.count = 1;
    own.learning_rate = rates[k];
    own.n_step = 1 + k % shared->n_step;
    own.seed = 100 + (uint32_t)k;
    require(throng_population_begin(throng_session_get_population(session), k, &own, steps,
                                    (uint32_t)k * lanes));
  }
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "population-world.safetensors";
  throng_synth_def synth = throng_default_synth_def();
  synth.n_item = synth.n_user = 400;
  throng_world *world;
  require(throng_synth(&synth, path, NULL));
  require(throng_world_open(path, &world));
  throng_backend *backend;
  throng_backend_def anywhere = throng_default_backend_def();
  require(throng_backend_open(&anywhere, &backend));

  throng_sim_def sim = throng_default_sim_def();
  throng_agent_def agent = throng_default_agent_def();
  throng_train_def train = throng_default_train_def();
  sim.lanes = AGENTS * 32;
  sim.votes.rule = THRONG_RULE_LOGICAL;
  agent.count = AGENTS;
  agent.hidden[0] = agent.hidden[1] = agent.width = 32;
  agent.batch = 128;
  agent.learning_starts = 1000;
  agent.n_step = 3;  // the most that one of them has
  train.steps = AGENTS * 12000;
  train.evaluate_every = train.checkpoint_every = AGENTS * 3000;
  train.evaluation.episodes = 128;
  throng_session *session;
  require(throng_session_create(backend, world, NULL, &sim, &agent, &train, NULL, &session));
  begin_all(session, &agent, train.steps / AGENTS, (uint32_t)(sim.lanes / AGENTS));

  throng_metrics random, each[AGENTS];
  require(throng_session_evaluate_yardstick(session, THRONG_YARDSTICK_RANDOM, NULL, &random));
  printf("likes a session: %.1f by random items\n", random.average_reward);
  for (uint32_t marks = 0; !(marks & THRONG_MARK_END);) {
    throng_train_report report;
    require(throng_session_step(session, NULL, &marks));
    require(throng_session_evaluate(session, NULL, each));
    throng_session_get_report(session, &report);
    printf("after %6lld user-steps:", (long long)report.user_steps);
    for (int k = 0; k < AGENTS; ++k) printf(" %5.1f", each[k].average_reward);
    putchar('\n');
    if (!(marks & THRONG_MARK_END)) replace_worst(session, each);
  }
  double best = 0;
  for (int k = 0; k < AGENTS; ++k)
    if (each[k].average_reward > best) best = each[k].average_reward;
  throng_session_close(session);
  throng_backend_close(backend);
  throng_world_close(world);
  return best > 1.5 * random.average_reward ? 0 : 2;
}
