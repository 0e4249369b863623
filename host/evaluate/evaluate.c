/// The public evaluation: an evaluator made, used once and freed.
#include "evaluate/evaluator.h"

throng_status throng_evaluate_yardstick(throng_backend *backend, const throng_world *world,
                                        const throng_sta *sta, const throng_sim_def *sim,
                                        const throng_evaluation_def *def,
                                        throng_yardstick yardstick, const throng_progress *progress,
                                        throng_metrics *out) {
  evaluator *e;
  *out = (throng_metrics){0};
  if ((unsigned)yardstick >= THRONG_YARDSTICK_COUNT)
    return throng_fail(THRONG_ERROR_ARGUMENT, "yardstick: %d is none", (int)yardstick);
  THRONG_TRY(evaluator_create(backend, world, sta, sim, def, 1, true, &e));
  throng_status status = evaluator_play_yardstick(e, yardstick, progress, out);
  evaluator_free(e);
  return status;
}

throng_status throng_evaluate_population(throng_backend *backend, const throng_world *world,
                                         const throng_sta *sta, const throng_sim_def *sim,
                                         const throng_evaluation_def *def,
                                         throng_population *population,
                                         const throng_progress *progress, throng_metrics *each) {
  evaluator *e = NULL;
  agent_actor *actor = NULL;
  throng_metrics mean;
  throng_status status;
  const int32_t count = throng_population_get_def(population).count;
  THRONG_TRY_GOTO(evaluator_create(backend, world, sta, sim, def, count, false, &e));
  THRONG_TRY_GOTO(agent_actor_create(population, evaluator_sim(e), evaluator_top(e), &actor));
  THRONG_TRY_GOTO(evaluator_play_agents(e, actor, NULL, progress, each, &mean));
done:
  agent_actor_free(actor);
  evaluator_free(e);
  return status;
}
