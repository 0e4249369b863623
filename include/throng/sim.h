/// The simulator: B lanes, each one simulated user session, advancing together. A lane starts with
/// a real user and that user's history; each step shows it one item (or a slate), the user answers
/// by three votes, and the pair is appended to the lane's history (arXiv 2412.16984, eq. 1-9).
#ifndef THRONG_SIM_H
#define THRONG_SIM_H

#include "base.h"
#include "sta.h"
#include "types.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct throng_sim throng_sim;

/// How votes are made and joined.
typedef struct throng_votes_def {
  throng_semantics semantics;
  throng_rule rule;
  throng_similarity similarity;
  float weights[THRONG_VOTE_COUNT];  ///< by throng_vote_id; 1, 1, 1, and 0 for the further votes
  float weight_threshold;            ///< 1.5
  int64_t table_bytes;               ///< budget for the item-item table; 0: never build one. 4 GiB
} throng_votes_def;

typedef struct throng_sim_def {
  int32_t lanes;            ///< 4,096
  int32_t history;          ///< 64; entries that a lane remembers, newest kept
  float leave_probability;  ///< 0.025; after each step
  int32_t max_steps;        ///< 200; steps after which an episode is truncated
  int32_t slate_size;       ///< 1; items shown a step
  bool mask_seen;           ///< false; agents may not repeat an item within a session
  bool preferences;         ///< false; keep preference vectors (always with similarity "mean")
  bool autoreset;           ///< true: an ended lane starts again on the same step
  uint32_t seed;            ///< 1
  uint32_t first_lane;      ///< 0; number of this simulator's lane 0 in the random stream
  throng_votes_def votes;
  int32_t cookie;  ///< set by throng_default_sim_def()
} throng_sim_def;

/// What an agent may see. Arrays of host memory, valid until the next call on the simulator;
/// on CUDA they are copies made by the call that returns them.
typedef struct throng_observation {
  int32_t n_lane, n_history;
  const int32_t *user;      ///< (n_lane)
  const int32_t *length;    ///< (n_lane) entries in use
  const int32_t *item;      ///< (n_lane, n_history) oldest first, -1 after the last
  const int8_t *like;       ///< (n_lane, n_history) +1 liked, -1 disliked, 0 after the last
  const int32_t *step;      ///< (n_lane) steps taken in this episode
  const uint32_t *episode;  ///< (n_lane) episodes finished in this lane
} throng_observation;

/// What the last step gave.
typedef struct throng_outcome {
  int32_t n_lane, slate_size;
  const float *reward;      ///< (n_lane) likes in the slate
  const uint8_t *ended;     ///< (n_lane) throng_end
  const throng_vote *vote;  ///< (n_lane, slate_size)
  /// Scores of the votes that do not stand in throng_vote, by throng_vote_id -
  /// THRONG_VOTE_IN_RECORD, each (n_lane, slate_size); NULL where the rule does not ask the vote.
  const float *const *further;
  const float *final_return;    ///< (n_lane) the ended episode's return, where ended
  const int32_t *final_length;  ///< (n_lane) the ended episode's steps, where ended
} throng_outcome;

THRONG_API throng_sim_def throng_default_sim_def(void);

/// Make lanes on a backend. `sta` may be NULL where the rule asks no statistical vote; then p_like
/// is 0.5. What f_pop needs is fitted here, where the rule asks it. All memory is taken here. The
/// world and `sta` must outlive the simulator.
/// Errors: ARGUMENT (a Def field; history shorter than the window of `sta`), DATA (f_pop is asked
/// and the world's answers are all of one kind), MEMORY (with sizes).
THRONG_API throng_status throng_sim_create(throng_backend *backend, const throng_world *world,
                                           const throng_sta *sta, const throng_sim_def *def,
                                           throng_sim **out);
/// NULL is allowed.
THRONG_API void throng_sim_close(throng_sim *sim);
THRONG_API throng_sim_def throng_sim_get_def(const throng_sim *sim);

/// Every lane starts episode 0 anew; deterministic in seed, lane and episode.
THRONG_API throng_status throng_sim_reset(throng_sim *sim);
/// Show `action` (n_lane, slate_size) item indices, host memory. Without autoreset, ended lanes
/// ignore their action and stay as they are. Errors: ARGUMENT (an item out of range, with its lane;
/// nothing has moved then).
THRONG_API throng_status throng_sim_step(throng_sim *sim, const int32_t *action);
THRONG_API throng_status throng_sim_observe(throng_sim *sim, throng_observation *out);
/// The state in which lanes that ended on the last step ended; other lanes as in observe.
THRONG_API throng_status throng_sim_observe_final(throng_sim *sim, throng_observation *out);
THRONG_API throng_status throng_sim_outcome(throng_sim *sim, throng_outcome *out);

/// What each lane's user prefers at present: the mean of e+ over the liked entries of the history
/// and of e- over the disliked ones, each kept up to date by the step to within 2^-20.
typedef struct throng_preference {
  int32_t n_lane, dim;
  const float *liked;      ///< (n_lane, dim); zeros where nothing was liked
  const float *disliked;   ///< (n_lane, dim)
  const int32_t *n_liked;  ///< (n_lane) entries behind the mean
  const int32_t *n_disliked;
} throng_preference;
/// Host memory, valid until the next call on the simulator. Errors: ARGUMENT where the simulator
/// keeps none (throng_sim_def.preferences).
THRONG_API throng_status throng_sim_preferences(throng_sim *sim, throng_preference *out);
/// b+ - b- of similarity "mean" for every item and lane: score (n_lane, n_item), host memory; an
/// empty side counts as -1. Two products on the backend. Errors: ARGUMENT, MEMORY.
THRONG_API throng_status throng_sim_preference_scores(throng_sim *sim, float *score);

/// Write every lane as it is (safetensors, atomic), and take it back bit for bit. The restoring
/// simulator must have the same world, weights of f_sta and Def. Errors: IO; DATA (a damaged file,
/// or another simulator's, with the first option that differs), and then no lane has changed.
THRONG_API throng_status throng_sim_save(throng_sim *sim, const char *path);
THRONG_API throng_status throng_sim_restore(throng_sim *sim, const char *path);
/// 64-bit hash of all lanes; equal for equal trajectories whatever the number of threads.
THRONG_API throng_status throng_sim_hash(throng_sim *sim, uint64_t *out);

/// (user, candidate) pairs outside any lane, each after its own history: entries
/// offset[r] .. offset[r+1]-1 of `item` and `like`, oldest first.
typedef struct throng_pairs {
  int64_t n;
  const int32_t *user, *candidate;  ///< (n)
  const int64_t *offset;            ///< (n + 1), from 0
  const int32_t *item;              ///< (offset[n])
  const uint8_t *like;              ///< (offset[n])
} throng_pairs;

/// The votes on every pair: `vote` (n). Ties draw their coin from (seed, row). `further`: NULL, or
/// for each vote that does not stand in throng_vote (by throng_vote_id - THRONG_VOTE_IN_RECORD) an
/// array (n) for its score, asked whatever the rule, or NULL. All host memory.
/// Errors: ARGUMENT (a pair's user, item or history; a Def field; a rule without its f_sta), DATA
/// (f_pop is asked and the world's answers are all of one kind), MEMORY, BACKEND.
THRONG_API throng_status throng_votes_evaluate(throng_backend *backend, const throng_world *world,
                                               const throng_sta *sta, const throng_votes_def *def,
                                               uint32_t seed, const throng_pairs *pairs,
                                               throng_vote *vote, float *const *further);

/// "majority", "f_mat", ...: names as in configurations. NULL where there is no such rule.
THRONG_API const char *throng_rule_name(throng_rule rule);
/// "f_mat", ...; "keyword vote", ... NULL where there is no such vote.
THRONG_API const char *throng_vote_name(throng_vote_id vote);
THRONG_API const char *throng_vote_title(throng_vote_id vote);

#ifdef __cplusplus
}
#endif
#endif
