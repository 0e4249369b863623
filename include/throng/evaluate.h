/// Measuring agents and yardsticks in whole sessions: A.Rwd, T.Rwd, Liking% (arXiv 2412.16984) and
/// what stands beside them. Everybody meets the same users with the same random draws (common
/// random numbers), so that differences are the players' and not their users'.
#ifndef THRONG_EVALUATE_H
#define THRONG_EVALUATE_H

#include "agent.h"
#include "base.h"
#include "sim.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/// "random", "popular", "most_similar", "myopic", "planner", "linucb", "thompson", as in
/// metrics.jsonl; "unknown" for other numbers.
THRONG_API const char *throng_yardstick_name(throng_yardstick yardstick);

/// How many likes a session more one player earned than another one, over pairs of sessions:
/// session k of both meets the same user with the same draws, so that what users and draws are
/// worth, the length of a session above all, falls out of the difference.
typedef struct throng_paired {
  int64_t sessions;  ///< pairs; 0: there was nobody to compare with, and the rest is 0
  double mean;       ///< likes a session
  double sem;        ///< standard error of mean over the pairs (n - 1); NaN for a single one
  double low, high;  ///< 95 % interval of mean, by Student's t; NaN for a single pair
} throng_paired;
/// A player against two yardsticks; empty against one that was not played, and against itself.
typedef struct throng_comparison {
  throng_paired random;  ///< its average_reward minus that of random
  throng_paired myopic;  ///< its average_reward minus that of the myopic policy
} throng_comparison;

/// What one player's sessions came to. A session (episode) is a lane's from a user's arrival until
/// the user leaves or max_steps; its return is the plain sum of its rewards, that is its likes.
typedef struct throng_metrics {
  /// Sessions played; 0: nothing was measured.
  int64_t episodes;
  /// A.Rwd: mean return of a session, in likes; 0 .. max_steps * slate_size.
  double average_reward;
  /// Standard error of average_reward over the sessions (n - 1); NaN for a single one. Mostly it is
  /// the spread of session lengths, which all players share: compare players by reward_per_step and
  /// in pairs (throng_comparison).
  double average_reward_sem;
  /// T.Rwd: the returns' sum, in likes; average_reward * episodes.
  double total_reward;
  /// Liking%: of the `top` items that the player ranks first at a session's start, what percentage
  /// the user would like, asked as one slate; mean over the sessions, 0 .. 100.
  double liking;
  /// Share of the catalogue that was shown at least once in these sessions, 0 .. 1.
  double coverage;
  /// Gini coefficient of how often each item of the catalogue was shown: 0 all alike, towards 1
  /// only one.
  double gini;
  /// Mean of 1 - <e+, e+> over the pairs of the `top` items ranked first (intra-list diversity):
  /// 0 all alike, 1 unrelated.
  double diversity;
  /// Mean steps of a session.
  double session_length;
  // Over the sessions of the least active, middle and most active third of the world's users, by
  // the length of their real histories; NaN for a third whose users none of the sessions met.
  double tercile_reward[3];  ///< average_reward
  double tercile_liking[3];  ///< liking
  double tercile_length[3];  ///< session_length
  /// Likes a step: those of all sessions over the steps of all sessions; 0 .. slate_size.
  double reward_per_step;
  /// Its standard error over the sessions, as that of a ratio of means; NaN for a single one.
  double reward_per_step_sem;
  // In a released environment (throng_sim_def.environment), of the items shown; else NaN.
  double other_user_share;  ///< whose first row another user wrote than the session's, 0 .. 1
  double coin_share;        ///< about which a coin answered, 0 .. 1
} throng_metrics;

/// When the planner plays among the yardsticks: it costs some hundred times what the others do.
typedef enum throng_planner {
  THRONG_PLANNER_AUTO = 0,  ///< where users change with what they are shown (throng_users_def)
  THRONG_PLANNER_ON,        ///< always
  THRONG_PLANNER_OFF,       ///< only where it is asked for by name
} throng_planner;

/// What an evaluation plays.
typedef struct throng_evaluation_def {
  int32_t size, cookie;    ///< set by throng_default_evaluation_def(); do not touch
  int32_t episodes;        ///< 512; sessions that every player plays, 1 .. 2^20
  uint32_t seed;           ///< 1,000,003; of users and draws, apart from training's
  int32_t top;             ///< 10; items that Liking% asks about, 1 .. 1000; no more than there are
  throng_planner planner;  ///< auto; does it play where all yardsticks do?
  int32_t planner_width;   ///< 8; plans that its beam keeps, 1 .. 64
  int32_t planner_depth;   ///< 6; steps that it looks ahead, 1 .. 64
  int32_t planner_candidates;  ///< 16; items that a plan is made of, 1 .. 64
  bool bandits;          ///< false; do LinUCB and Thompson sampling play where all yardsticks do?
  int64_t bandit_steps;  ///< 20,000; user-steps that each learns from before it plays
  float bandit_alpha;    ///< 0.5; deviations by which LinUCB is optimistic and Thompson draws
} throng_evaluation_def;

/// 512 sessions, seed 1,000,003, the ten best items; a planner of width 8, depth 6, 16 candidates.
THRONG_API throng_evaluation_def throng_default_evaluation_def(void);

/// Play a yardstick on `episodes` fresh lanes like those of `sim`. `progress` or NULL: episodes
/// over. Errors: ARGUMENT (no such yardstick, a field out of range, those of throng_sim_create),
/// MEMORY, CANCELLED.
THRONG_API throng_status throng_evaluate_yardstick(
    throng_backend *backend, const throng_world *world, const throng_sta *sta,
    const throng_sim_def *sim, const throng_evaluation_def *def, throng_yardstick yardstick,
    const throng_progress *progress, throng_metrics *out);

/// Let every agent of a population play greedily, all of them at once and all with the same users
/// that a yardstick would meet: what agent k gets does not depend on the others. `each` (count).
/// `progress` or NULL: episodes over.
/// Takes memory for count * episodes lanes while it lasts (a lane's bytes: `throng info`), and
/// 8 bytes an agent and item. Errors: ARGUMENT (also: a population of another backend or of a world
/// of another size; more than 2^24 lanes), MEMORY, CANCELLED.
THRONG_API throng_status throng_evaluate_population(
    throng_backend *backend, const throng_world *world, const throng_sta *sta,
    const throng_sim_def *sim, const throng_evaluation_def *def, throng_population *population,
    const throng_progress *progress, throng_metrics *each);

#ifdef __cplusplus
}
#endif
#endif
