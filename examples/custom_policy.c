/// A policy of your own in place of an agent: look at every lane, choose an item, step, count.
/// Here: the unseen item whose reasons to like are nearest to what the user liked so far.
/// usage: custom_policy [WORLD]; writes a made-up world there, by default where it was started
#include <stdio.h>
#include <stdlib.h>
#include <throng/throng.h>

enum { LANES = 64, ITEMS = 400, STEPS = 150 };

static void require(throng_status status) {
  if (status == THRONG_OK) return;
  fprintf(stderr, "%s: %s\n", throng_status_name(status), throng_error_message());
  exit(1);
}

static float product(const float *x, const float *y, int32_t n) {
  float sum = 0;
  for (int32_t k = 0; k < n; ++k) sum += x[k] * y[k];
  return sum;
}

/// The best item that this session has not shown: `liked` and `disliked` are means of the
/// embeddings of what the user liked and disliked.
static int32_t nearest(const throng_world *world, const uint8_t *seen, const float *liked,
                       const float *disliked, int32_t dim) {
  int32_t best = -1;
  float best_score = 0;
  for (int32_t item = 0; item < ITEMS; ++item) {
    if (seen[item]) continue;
    float score =
        product(throng_world_item_embedding(world, item, THRONG_LIKING), liked, dim) -
        product(throng_world_item_embedding(world, item, THRONG_DISLIKING), disliked, dim);
    if (best < 0 || score > best_score) best = item, best_score = score;
  }
  return best;
}

/// Likes a session, over the sessions that ended within STEPS.
static double play(throng_sim *sim, const throng_world *world, bool at_random) {
  const int32_t dim = throng_world_get_info(world).dim;
  uint8_t *seen = malloc(LANES * ITEMS);
  float *liked = malloc(sizeof(float) * (size_t)(LANES * dim));
  float *disliked = malloc(sizeof(float) * (size_t)(LANES * dim));
  const throng_preference_copy preference = {.liked = liked, .disliked = disliked};
  double total = 0;
  int sessions = 0;
  require(throng_sim_reset(sim));
  for (int step = 0; step < STEPS; ++step) {
    int32_t action[LANES];
    require(throng_sim_copy_seen(sim, seen));
    require(throng_sim_copy_preferences(sim, THRONG_PRESENT, &preference));
    for (int lane = 0; lane < LANES; ++lane)
      action[lane] = at_random ? rand() % ITEMS
                               : nearest(world, seen + lane * ITEMS, liked + lane * dim,
                                         disliked + lane * dim, dim);
    require(throng_sim_step(sim, action));
    throng_outcome outcome;  // of this step; lanes that ended have a new user by now
    require(throng_sim_outcome(sim, &outcome));
    for (int lane = 0; lane < LANES; ++lane) {
      if (outcome.ended[lane] == THRONG_END_NONE) continue;
      total += (double)outcome.final_return[lane];
      ++sessions;
    }
  }
  free(seen);
  free(liked);
  free(disliked);
  return total / sessions;
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "custom-policy-world.safetensors";
  throng_synth_def synth = throng_default_synth_def();
  synth.n_item = ITEMS;
  synth.n_user = 400;
  throng_world *world;
  require(throng_synth(&synth, path, NULL));
  require(throng_world_open(path, &world));
  throng_backend *backend;
  throng_backend_def anywhere = throng_default_backend_def();
  require(throng_backend_open(&anywhere, &backend));
  throng_sim *sim;
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.mask_seen = def.preferences = true;  // what sessions have shown, and what users prefer
  def.votes.rule = THRONG_RULE_LOGICAL;
  require(throng_sim_create(backend, world, NULL, &def, &sim));
  const double own = play(sim, world, false), random = play(sim, world, true);
  printf("likes a session: %.1f by this policy, %.1f at random\n", own, random);
  throng_sim_close(sim);
  throng_backend_close(backend);
  throng_world_close(world);
  return own > 2 * random ? 0 : 2;
}
