/// Evaluation of one policy on fresh lanes, made once and used many times: every lane plays one
/// episode from the evaluation seed, so that policies meet the same users.
#ifndef THRONG_EVALUATE_EVALUATOR_H
#define THRONG_EVALUATE_EVALUATOR_H

#include "agent/agent.h"
#include "base/field.h"
#include "throng/train.h"

extern const field_table evaluation_fields;

typedef struct evaluator evaluator;

/// Lanes like those of `sim`, without autoreset, `def->episodes` of them, rounded up to a multiple
/// of `multiple` (the agents of a population share lanes evenly). All memory is taken here.
/// Errors: ARGUMENT (a field out of range), MEMORY.
throng_status evaluator_create(throng_backend *backend, const throng_world *world,
                               const throng_sta *sta, const throng_sim_def *sim,
                               const throng_evaluation_def *def, int32_t multiple, evaluator **out);
/// NULL is allowed.
void evaluator_free(evaluator *e);
/// The lanes, for making an actor of their shape; `evaluator_top` is how many it must rank.
throng_sim *evaluator_sim(evaluator *e);
int32_t evaluator_top(const evaluator *e);
/// Play `policy`; `actor` is for THRONG_POLICY_AGENT alone.
throng_status evaluator_run(evaluator *e, throng_policy policy, agent_actor *actor,
                            const throng_progress *progress, throng_metrics *out);

#endif
