/// Playing and ranking: scratch memory for simulators of one shape, and what is done in it.
#include <stdlib.h>

#include "agent/network/softmax.h"
#include "agent/population.h"
#include "kernels/list.h"

struct agent_actor {
  throng_population *population;
  int64_t n_lane, agent_lanes;  // all, and one agent's
  int32_t history, slate, top;
  tensor_set scratch;
  network_pass pass;
  float *best_value;      // (n_lane, top)
  int32_t *best_item;     // (n_lane, top)
  int64_t *packed;        // see catalogue_best
  int32_t *rows;          // (n_agent) lanes that are scored, see rows_scored
  const int32_t *scored;  // the same, or NULL: all
};

throng_status agent_actor_create(throng_population *population, const throng_sim *sim, int32_t top,
                                 agent_actor **out) {
  *out = NULL;
  if (sim->n_lane % population->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.count: %d agents cannot play %d lanes evenly; the lanes must be a "
                       "multiple of it",
                       population->n_agent, sim->n_lane);
  if (sim->backend != population->backend)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent: it was made on another backend than the simulator");
  if (sim->world->n_item != population->net.n_item || sim->world->n_user != population->net.n_user)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent: it was made for %lld users and %lld items, the simulator has %lld "
                       "and %lld",
                       (long long)population->net.n_user, (long long)population->net.n_item,
                       (long long)sim->world->n_user, (long long)sim->world->n_item);
  if (population->net.asks_session && !sim->session)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent: it was trained with users who may come back, and sees which session "
                       "it is (users.features); the simulator's have one: users.sessions");
  if (top < 0 || top > population->net.n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT, "top: %d items asked of a catalogue of %lld", top,
                       (long long)population->net.n_item);
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(agent_actor), "actor"));
  agent_actor *actor = block;
  actor->population = population;
  actor->n_lane = sim->n_lane;
  actor->agent_lanes = actor->n_lane / population->n_agent;
  actor->history = sim->def.history;
  actor->slate = sim->def.slate_size;
  actor->top = top > actor->slate ? top : actor->slate;
  throng_status status;
  tensor_set *set = &actor->scratch;
  THRONG_TRY_GOTO(network_add_pass(&population->net, set, &actor->pass, actor->agent_lanes,
                                   actor->history, "actor"));
  THRONG_TRY_GOTO(tensors_add(set, &actor->best_value, TENSOR_F32,
                              TENSOR_SHAPE(actor->n_lane, actor->top), "best_value"));
  THRONG_TRY_GOTO(tensors_add(set, &actor->best_item, TENSOR_I32,
                              TENSOR_SHAPE(actor->n_lane, actor->top), "best_item"));
  if (catalogue_packed_size(&population->net, actor->agent_lanes, actor->top))
    THRONG_TRY_GOTO(tensors_add(
        set, &actor->packed, TENSOR_I64,
        TENSOR_SHAPE(catalogue_packed_size(&population->net, actor->agent_lanes, actor->top)),
        "packed"));
  THRONG_TRY_GOTO(
      tensors_add(set, &actor->rows, TENSOR_I32, TENSOR_SHAPE(population->n_agent), "rows"));
  THRONG_TRY_GOTO(tensors_allocate(set, population->backend, "actor of the agents"));
  *out = actor;
  return THRONG_OK;
done:
  agent_actor_free(actor);
  return status;
}

void agent_actor_free(agent_actor *actor) {
  if (!actor) return;
  tensors_free(&actor->scratch);
  free(actor);
}

const char *agent_title(const agent_actor *actor) { return actor->population->algorithm->title; }

bool agent_actor_fits(const agent_actor *actor, const throng_sim *sim) {
  return sim->backend == actor->population->backend &&
         sim->world->n_item == actor->population->net.n_item &&
         sim->world->n_user == actor->population->net.n_user && sim->n_lane == actor->n_lane &&
         sim->def.history == actor->history && sim->def.slate_size == actor->slate;
}

/// Where some agents show nothing, or random items whatever their scores, the lanes of the others
/// alone, as row_is_idle counts them. On a device all are scored: its steps read no host state.
static const int32_t *rows_scored(const throng_population *a, const agent_actor *actor,
                                  const throng_sim *sim, bool greedy) {
  int32_t idle = 0;
  if (!a->backend->host_memory || sim != a->sim) return NULL;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    const bool random = !greedy && a->host.state[i] != AGENT_LEARNING;
    actor->rows[i] = random || a->host.halted[i] ? 0 : (int32_t)actor->agent_lanes;
    idle += actor->rows[i] == 0;
  }
  return idle ? actor->rows : NULL;
}

throng_status agent_actor_look(agent_actor *actor, const throng_sim *sim) {
  return lane_states(sim, &actor->pass.state);
}

/// The `top` best items of every lane in `rows`, in best_item, or drawn where there is noise;
/// sums of the one item's softmax beside it where `beside` is not NULL.
static throng_status find_best(agent_actor *actor, const throng_sim *sim, int32_t top,
                               const int32_t *rows, const catalogue_noise *noise,
                               softmax_scores *beside) {
  throng_population *a = actor->population;
  if (!agent_actor_fits(actor, sim))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent: the actor was made for %lld lanes, history %d, slate %d; the "
                       "simulator has %d, %d, %d",
                       (long long)actor->n_lane, actor->history, actor->slate, sim->n_lane,
                       sim->def.history, sim->def.slate_size);
  THRONG_TRY(agent_actor_look(actor, sim));
  THRONG_TRY(population_refresh(a, NULL));
  const network n = network_of(&a->net, rows);
  THRONG_TRY(n.table->features(&n, &actor->pass));
  THRONG_TRY(n.table->forward(&n, &a->weight, &actor->pass));
  best_mask mask = {.seen = sim->def.mask_seen ? sim->seen : NULL, .n_seen_word = sim->n_seen_word};
  if (beside)
    return catalogue_draw_and_sums(&n, &a->catalogue, actor->pass.query, &mask, noise,
                                   actor->best_value, actor->best_item, beside);
  return catalogue_draw(&n, &a->catalogue, actor->pass.query, actor->agent_lanes, &mask, noise, top,
                        actor->packed, actor->best_value, actor->best_item);
}

throng_status agent_actor_act(agent_actor *actor, throng_sim *sim, bool greedy) {
  return actor->population->algorithm->choose(actor->population, actor, sim, greedy);
}

network_pass *agent_actor_pass(agent_actor *actor) { return &actor->pass; }

const int32_t *agent_actor_rows(const agent_actor *actor) { return actor->scored; }

/// By the scores with noise upon them (noise->seed NULL: without), or at random by `epsilon`.
static throng_status choose(throng_population *a, agent_actor *actor, throng_sim *sim, bool greedy,
                            const catalogue_noise *noise, const epsilon_schedule *epsilon,
                            softmax_scores *beside) {
  actor->scored = rows_scored(a, actor, sim, greedy);
  THRONG_TRY(find_best(actor, sim, actor->slate, actor->scored, noise, beside));
  choose_args choose = {
      .epsilon = *epsilon,
      .clock = a->clock,
      .agent_lanes = a->agent_lanes,
      .greedy = greedy,
      .agent_seed = a->option.seed,
      .step = sim->step,
      .episode = sim->episode,
      .number = sim->number,
      .halted = sim->halted,
      .best = actor->best_item,
      .seen = sim->def.mask_seen ? sim->seen : NULL,
      .action = sim->action,
      .actor_lanes = actor->agent_lanes,
      .n_seen_word = sim->n_seen_word,
      .n_item = (int32_t)a->net.n_item,
      .top = actor->slate,
      .slate = actor->slate,
  };
  return BACKEND_LAUNCH(a->backend, choose, actor->n_lane, &choose);
}

throng_status actor_choose_by_epsilon(throng_population *a, agent_actor *actor, throng_sim *sim,
                                      bool greedy) {
  const catalogue_noise none = {.seed = NULL};
  const epsilon_schedule epsilon = {a->option.epsilon_start, a->option.epsilon_end,
                                    a->option.epsilon_steps, a->option.epsilon};
  return choose(a, actor, sim, greedy, &none, &epsilon, NULL);
}

throng_status actor_choose_by_softmax(throng_population *a, agent_actor *actor, throng_sim *sim,
                                      bool greedy, softmax_scores *beside) {
  const catalogue_noise noise = {.seed = greedy ? NULL : a->option.seed,
                                 .step = sim->step,
                                 .number = sim->number,
                                 .episode = sim->episode};
  const epsilon_schedule none = {.kind = NULL};
  return choose(a, actor, sim, greedy, &noise, &none, beside);
}

/// Items without a rank, because no score is a number, follow in the order of the catalogue.
static void complete(int32_t top, int32_t *item) {
  int32_t next = 0;
  for (int32_t k = 0; k < top; ++k) {
    if (item[k] >= 0) continue;
    for (int32_t j = 0; j < k; ++j)
      if (item[j] == next) {
        ++next;
        j = -1;
      }
    item[k] = next++;
  }
}

throng_status agent_actor_rank(agent_actor *actor, throng_sim *sim, int32_t top, int32_t *item) {
  if (top < 1 || top > actor->top)
    return throng_fail(THRONG_ERROR_ARGUMENT, "top: %d is not in 1..%d", top, actor->top);
  const catalogue_noise none = {.seed = NULL};
  THRONG_TRY(find_best(actor, sim, top, NULL, &none, NULL));
  throng_backend *backend = actor->population->backend;
  THRONG_TRY(backend->ops->download(backend, item, actor->best_item,
                                    sizeof(int32_t) * (size_t)actor->n_lane * (size_t)top));
  for (int64_t lane = 0; lane < actor->n_lane; ++lane) complete(top, item + lane * top);
  return THRONG_OK;
}
