/// The public evaluation of one policy: an evaluator made, used once and freed.
#include "agent/population.h"
#include "evaluate/evaluator.h"
#include "report/table.h"

throng_status throng_evaluate_policy(throng_backend *backend, const throng_world *world,
                                     const throng_sta *sta, const throng_sim_def *sim,
                                     const throng_evaluation_def *def, throng_policy policy,
                                     throng_population *agent, throng_metrics *out) {
  *out = (throng_metrics){0};
  if ((unsigned)policy >= THRONG_POLICY_COUNT)
    return throng_fail(THRONG_ERROR_ARGUMENT, "policy: %d is none", (int)policy);
  if ((policy == THRONG_POLICY_AGENT) != (agent != NULL))
    return throng_fail(THRONG_ERROR_ARGUMENT, "policy %s: %s", policy_key(policy),
                       agent ? "a yardstick takes no agent" : "an agent must be given");
  evaluator *e = NULL;
  agent_actor *actor = NULL;
  throng_status status;
  THRONG_TRY_GOTO(
      evaluator_create(backend, world, sta, sim, def, agent ? agent->def.count : 1, &e));
  if (agent) THRONG_TRY_GOTO(agent_actor_create(agent, evaluator_sim(e), evaluator_top(e), &actor));
  THRONG_TRY_GOTO(evaluator_run(e, policy, actor, NULL, out));
done:
  agent_actor_free(actor);
  evaluator_free(e);
  return status;
}
