/// A yardstick that looks ahead: what a user would answer to whole plans of items, by a beam search
/// over scratch lanes, of which it shows the first item and then plans anew (receding horizon).
///
/// It knows the simulator's votes and users exactly, as the myopic policy does, but none of its
/// draws: answers count by their chance, a plan goes on from the likelier answer (determinisation,
/// as in Yoon et al., FF-Replan, ICAPS 2007), and a user whom nothing drives away leaves with
/// sim.leave_probability. What users do because of what they were shown is played, not foretold:
/// the scratch lanes are lanes of a simulator.
#ifndef THRONG_EVALUATE_PLANNER_H
#define THRONG_EVALUATE_PLANNER_H

#include "sim/sim.h"
#include "throng/evaluate.h"

typedef struct planner planner;

/// Can sessions of such a simulator be planned? Errors: ARGUMENT (slates; users who may not look).
throng_status planner_check(const throng_sim_def *def);
/// Take memory to plan for the lanes of `sim`, which must outlive it, with the width, depth and
/// candidates of `def`. Errors: as planner_check, MEMORY.
throng_status planner_create(throng_sim *sim, const throng_evaluation_def *def, planner **out);
/// NULL is allowed.
void planner_free(planner *p);
/// Items a lane that planner_choose should be given, best first: its plans are made of some of
/// them.
int32_t planner_ranked(const planner *p);
/// `*chosen` (n_lane), on the backend, valid until the next call: the first item of the best plan
/// from each lane's present state, -1 where the lane stands. `ranked` (n_lane, n_ranked) lies on
/// the backend: what a myopic policy would show. Errors: MEMORY, BACKEND.
throng_status planner_choose(planner *p, const int32_t *ranked, int32_t n_ranked, int32_t **chosen);

/// A simulator like `sim`, of `lanes` lanes that do not begin anew, from whom nobody leaves by
/// chance alone, and whose draws are others: to play plans on. Errors: MEMORY, BACKEND.
throng_status planner_make_lanes(const throng_sim *sim, int32_t lanes, throng_sim **out);
/// Answer what stands in the `action` of these lanes, in expectation: `chance` (lanes) of a like.
/// The lanes go on as `answer` (lanes) says, or NULL: by the likelier one; the rest of the step is
/// sim_transition_on_backend and sim_advance_on_backend. Both on the backend. Errors: BACKEND.
throng_status planner_answer(throng_sim *sim, const uint8_t *answer, float *chance);

#endif
