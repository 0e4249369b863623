/// Evaluation on fresh lanes, made once and used many times: every lane plays one episode from the
/// evaluation seed, so that whoever plays meets the same users.
#ifndef THRONG_EVALUATE_EVALUATOR_H
#define THRONG_EVALUATE_EVALUATOR_H

#include "agent/agent.h"
#include "throng/evaluate.h"

typedef struct evaluator evaluator;

/// Lanes like those of `sim`, without autoreset: `n_block` blocks of `def->episodes` that meet the
/// same users with the same random draws, one block an agent of a population. `yardsticks`: they
/// will play too, in the first block. All memory is taken here: n_block * episodes lanes, and 8 *
/// n_block * n_item bytes. Errors: ARGUMENT (a field out of range, with its key), MEMORY.
throng_status evaluator_create(throng_backend *backend, const throng_world *world,
                               const throng_sta *sta, const throng_sim_def *sim,
                               const throng_evaluation_def *def, int32_t n_block, bool yardsticks,
                               evaluator **out);
/// NULL is allowed.
void evaluator_free(evaluator *e);
/// The lanes, for making an actor of their shape; `evaluator_top` is how many it must rank.
throng_sim *evaluator_sim(evaluator *e);
int32_t evaluator_top(const evaluator *e);
const throng_evaluation_def *evaluator_def(const evaluator *e);
const throng_world *evaluator_world(const evaluator *e);
const throng_backend *evaluator_backend(const evaluator *e);
/// What its lanes are (sim_identity): caller frees. Errors: MEMORY, BACKEND.
throng_status evaluator_identity(const evaluator *e, char **out);
/// Do yardsticks that ask about the whole catalogue at every step take hours? So above 4,096 items
/// without an item-item table.
bool evaluator_searches_slowly(const evaluator *e);
/// Does this yardstick play where all do? Who asks for the planner or a bandit by name gets it all
/// the same.
bool evaluator_plays(const evaluator *e, throng_yardstick yardstick);

/// Let the agents of a population of `n_block` play greedily: `each` (n_block). `mean` is the mean
/// of those that `counts` (n_block; NULL: all), with the standard error over the users' means; its
/// `episodes` is 0 where none counts. Errors: CANCELLED, BACKEND.
throng_status evaluator_play_agents(evaluator *e, agent_actor *actor, const bool *counts,
                                    const throng_progress *progress, throng_metrics *each,
                                    throng_metrics *mean);
/// Standard errors of a mean over players: they share their users, so they are those over the
/// users' means. (Of likes a step: of what its expansion adds up, see ratio_with_error.) Each
/// player that counts is added to zeroed `likes` and `rest` (episodes) after it has played as
/// `block`, to metrics `m`; then the errors are set in `mean`, and both arrays are overwritten.
void evaluator_add_sessions(const evaluator *e, int32_t block, const throng_metrics *m,
                            double *likes, double *rest);
void evaluator_set_errors(int32_t n_player, int32_t n_episode, double *likes, double *rest,
                          throng_metrics *mean);
/// What each session of block `block` came to, (episodes) of them, when it was played last.
void evaluator_copy_returns(const evaluator *e, int32_t block, double *to);
int32_t evaluator_episodes(const evaluator *e);
/// How often each item was shown in it: (n_item), of sessions that lasted.
const int64_t *evaluator_exposure(const evaluator *e, int32_t block);

/// Somebody who looks on while sessions are played, and moves nothing. Either may be NULL.
typedef struct evaluator_watch {
  void *context;
  /// Before the answers: what every lane will be shown, shown (n_lane, slate_size), and which have
  /// ended already (n_lane).
  throng_status (*shown)(void *context, throng_sim *sim, const int32_t *shown,
                         const uint8_t *ended);
  /// After them; `ended` is as it was before.
  throng_status (*answered)(void *context, throng_sim *sim, const int32_t *shown,
                            const uint8_t *ended);
  bool keywords;  // count them (evaluator_hits): a download of a block's votes a step
} evaluator_watch;
/// From the next play on; NULL: nobody does.
void evaluator_set_watch(evaluator *e, const evaluator_watch *watch);
/// Of the first agent that counted when the agents played last: its block, -1 without one; and of
/// the items that its sessions were shown, how many had 0, 1, ... keywords in common with what the
/// user had liked (side 0) or disliked (side 1), the last one standing for all above it: zeros
/// where no watch asked for them.
enum { EVALUATOR_HITS = 64 };
int32_t evaluator_watched(const evaluator *e);
const int64_t *evaluator_hits(const evaluator *e, int side);
/// (episodes) The users that the sessions meet.
const int32_t *evaluator_users(const evaluator *e);
/// The planner takes its memory here, where it is none of those that all play. Errors: ARGUMENT (no
/// such yardstick; an evaluator without them; as planner_create), CANCELLED, MEMORY, BACKEND.
throng_status evaluator_play_yardstick(evaluator *e, throng_yardstick yardstick,
                                       const throng_progress *progress, throng_metrics *out);

#endif
