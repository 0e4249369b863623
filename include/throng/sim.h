/// The simulator: B lanes, each one simulated user session, advancing together. A lane starts with
/// a real user and that user's history; each step shows it one item (or a slate), the user answers
/// by votes, and the pair is appended to the lane's history (arXiv 2412.16984, eq. 1-9).
#ifndef THRONG_SIM_H
#define THRONG_SIM_H

#include "array.h"
#include "base.h"
#include "sta.h"
#include "types.h"
#include "users.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Lanes on a backend. Threads: as its backend, from one at a time; simulators on different
/// backends may be stepped at the same time, over one world.
typedef struct throng_sim throng_sim;

/// How votes are made and joined.
typedef struct throng_votes_def {
  int32_t size, cookie;              ///< set by throng_default_votes_def(); do not touch
  throng_semantics semantics;        ///< the paper's equations
  throng_rule rule;                  ///< majority
  throng_similarity similarity;      ///< max
  throng_answer answer;              ///< draw; of the calibrated rule
  bool factors;                      ///< false; the calibrated vote weighs factors as well
  float weights[THRONG_VOTE_COUNT];  ///< by throng_vote_id; 1, 1, 1, and 0 for the further votes
  float weight_threshold;            ///< 1.5
  int64_t table_bytes;               ///< budget for the item-item table; 0: never build one. 4 GiB
} throng_votes_def;

/// Every field with its usual value.
THRONG_API throng_votes_def throng_default_votes_def(void);

/// How lanes are made and how their sessions go. Whom a lane simulates, and all that is drawn for
/// it, is a function of the seed and of the lane's number in the random stream, which is first_lane
/// + l for lane l: never of its place or of how many others there are. A population may give the
/// lanes of one agent other numbers (throng_population_begin).
typedef struct throng_sim_def {
  int32_t size, cookie;     ///< set by throng_default_sim_def(); do not touch
  int32_t lanes;            ///< 4,096; simulated users at once
  int32_t history;          ///< 64; entries that a lane remembers, newest kept
  float leave_probability;  ///< 0.025; after each step
  int32_t max_steps;        ///< 200; steps after which an episode is truncated
  int32_t slate_size;       ///< 1; items shown a step
  throng_mask mask;         ///< none; which items agents may not show
  bool mask_seen;           ///< false; true: mask is at least "session"
  bool preferences;         ///< false; keep preference vectors (always with similarity "mean")
  bool autoreset;           ///< true: an ended lane starts again on the same step
  uint32_t seed;            ///< 1; of starts, coins, leaving and drawn answers
  uint32_t first_lane;  ///< 0; number of this simulator's lane 0 in the random stream, see below
  /// session; the released environment's need the votes' semantics "published-code", rule
  /// "majority" and one item a step
  throng_environment environment;
  throng_votes_def votes;  ///< the default function's; how users answer
  throng_users_def users;  ///< the default function's; how they change and why they leave
} throng_sim_def;

/// What an agent may see. Arrays of host memory, valid until the next call on the simulator;
/// on CUDA they are copies made by the call that returns them.
typedef struct throng_observation {
  int32_t n_lane, n_history;  ///< sizes: throng_sim_def.lanes and .history
  const int32_t *user;        ///< (n_lane)
  const int32_t *length;      ///< (n_lane) entries in use
  const int32_t *item;        ///< (n_lane, n_history) oldest first, -1 after the last
  const int8_t *like;         ///< (n_lane, n_history) +1 liked, -1 disliked, 0 after the last
  const int32_t *step;        ///< (n_lane) steps taken in this episode
  const uint32_t *episode;    ///< (n_lane) episodes finished in this lane
} throng_observation;

/// What the last step gave.
typedef struct throng_outcome {
  int32_t n_lane, slate_size;  ///< sizes
  const float *reward;         ///< (n_lane) likes in the slate
  const uint8_t *ended;        ///< (n_lane) throng_end
  const uint8_t *left;         ///< (n_lane) throng_leave; NULL where throng_sim_def.users is off
  const throng_vote *vote;     ///< (n_lane, slate_size)
  /// (n_lane, slate_size) did the user look at the item? One that was not has no answer: its `like`
  /// is 0, and no history has it. NULL where users look at all that they are shown
  /// (throng_users_def.choice, .position_bias).
  const uint8_t *examined;
  /// (n_lane) days after which the user came back: a session was over, and the next step begins
  /// another one of the same episode; 0: not so. NULL where throng_users_def.sessions is 1.
  const int32_t *returned;
  /// Scores of the votes that do not stand in throng_vote, by throng_vote_id -
  /// THRONG_VOTE_IN_RECORD, each (n_lane, slate_size); NULL where the rule does not ask the vote.
  const float *const *further;
  const float *final_return;    ///< (n_lane) the ended episode's return, where ended
  const int32_t *final_length;  ///< (n_lane) the ended episode's steps, where ended
} throng_outcome;

/// Every field with its usual value.
THRONG_API throng_sim_def throng_default_sim_def(void);

/// Make lanes on a backend and reset them. `sta` may be NULL where the rule asks no statistical
/// vote; then p_like is 0.5. What f_pop needs is fitted here, where the rule asks it, and what
/// f_cal needs where `sta` does not bring it (throng_calibrate). All memory is taken here. The
/// world, the backend and `sta` must outlive the simulator. Errors: ARGUMENT (a Def field; history
/// shorter than the window of `sta`; an `sta` of another world), DATA (a world without users or
/// items, or with answers of one kind alone where f_pop or f_cal is asked), MEMORY (with sizes),
/// BACKEND.
THRONG_API throng_status throng_sim_create(throng_backend *backend, const throng_world *world,
                                           const throng_sta *sta, const throng_sim_def *def,
                                           throng_sim **out);
/// Give everything back. NULL is allowed.
THRONG_API void throng_sim_close(throng_sim *sim);
/// The Def as it is now: as given, but for the seed after throng_sim_reseed().
THRONG_API throng_sim_def throng_sim_get_def(const throng_sim *sim);

/// Every lane starts episode 0 anew; deterministic in seed, starts, lane and episode.
/// Errors: BACKEND.
THRONG_API throng_status throng_sim_reset(throng_sim *sim);
/// Take another seed and reset: all that follows is what a simulator made with that seed does.
/// Errors: BACKEND.
THRONG_API throng_status throng_sim_reseed(throng_sim *sim, uint32_t seed);

/// Lanes whose `lane` (n_lane; host memory) is not 0 begin their next episode now, whether the one
/// before had ended or not; the others stay as they are. What a lane then does is what it would
/// have done by autoreset. For callers that step: not for lanes that a population learns on.
/// Errors: BACKEND.
THRONG_API throng_status throng_sim_restart(throng_sim *sim, const uint8_t *lane);

/// Which of the starts an episode takes.
typedef enum throng_start_order {
  THRONG_START_DRAWN = 0,  ///< each episode draws one, evenly
  THRONG_START_BY_LANE,    ///< lane l begins every episode with start (its number) % count
} throng_start_order;

/// Whom episodes begin with, from now on, and reset. A start is a user with a history; `count` 0
/// (the rest NULL) means every user of the world with the real history, as a new simulator does.
///   user (count), users may repeat; offset (count + 1), item and like (offset[count]): history k
///   is entries offset[k] .. offset[k+1]-1, oldest first, of which the newest sim.history are kept.
///   offset NULL: real histories. All host memory, copied.
/// What is drawn depends on the list, the seed, the lane and the episode alone. Populations learn
/// on real histories only (see throng_population_create). Lanes that are saved belong to a
/// simulator with the same starts.
/// Errors: ARGUMENT (a user, item or offset out of range; then nothing has changed), MEMORY,
/// BACKEND.
THRONG_API throng_status throng_sim_set_starts(throng_sim *sim, throng_start_order order,
                                               int32_t count, const int32_t *user,
                                               const int64_t *offset, const int32_t *item,
                                               const uint8_t *like);

/// Show `action` (n_lane, slate_size) item indices, host memory; or NULL: those that the caller has
/// written into the simulator's array "action" where it lies (throng_sim_arrays), on a device with
/// all its kernels done or told of (throng_backend_after). Without autoreset, ended lanes ignore
/// their action and stay as they are. Errors: ARGUMENT (an item out of range, with its lane;
/// nothing has moved then), BACKEND; MEMORY at the first NULL.
THRONG_API throng_status throng_sim_step(throng_sim *sim, const int32_t *action);
/// The same with answers from elsewhere: a person's, or those of a log (teacher forcing). `like`
/// (n_lane, slate_size), host memory, 1 or 0: it stands in histories, rewards and agents' states as
/// a simulated answer would, and in throng_outcome.vote's `like`, beside the votes as they are. Of
/// a slate every item counts as looked at. Users leave as ever, by chance too. Takes memory while
/// it lasts. Errors: as throng_sim_step; ARGUMENT (an answer that is neither, with its lane;
/// nothing has moved then), MEMORY.
THRONG_API throng_status throng_sim_step_answered(throng_sim *sim, const int32_t *action,
                                                  const uint8_t *like);
/// What agents may see now. Errors: BACKEND.
THRONG_API throng_status throng_sim_observe(throng_sim *sim, throng_observation *out);
/// The state in which lanes that ended on the last step ended; other lanes as in observe.
/// Errors: BACKEND.
THRONG_API throng_status throng_sim_observe_final(throng_sim *sim, throng_observation *out);
/// What the last step gave. Errors: BACKEND.
THRONG_API throng_status throng_sim_outcome(throng_sim *sim, throng_outcome *out);

/// Which state of a lane is meant.
typedef enum throng_moment {
  THRONG_PRESENT = 0,  ///< as it is now
  THRONG_FINAL,  ///< of lanes that ended on the last step, as they ended; of others, as they are
  THRONG_ENDED,  ///< of those that ended alone: what others have in the caller's memory stays
} throng_moment;

/// Host memory of the caller's, shapes as in throng_observation; what is NULL is left out.
typedef struct throng_observation_copy {
  int32_t *user, *length;  ///< (n_lane)
  int32_t *item;           ///< (n_lane, n_history)
  int8_t *like;            ///< (n_lane, n_history)
  int32_t *step;           ///< (n_lane)
  uint32_t *episode;       ///< (n_lane)
} throng_observation_copy;
/// throng_sim_observe(_final) into the caller's memory; allocates nothing. THRONG_ENDED costs what
/// the few lanes cost that ended. Errors: ARGUMENT (no such moment), BACKEND.
THRONG_API throng_status throng_sim_copy_observation(throng_sim *sim, throng_moment moment,
                                                     const throng_observation_copy *to);

/// What each session has shown, where the simulator masks it: seen (n_lane, n_item), 1 or 0; host
/// memory of the caller's. Errors: ARGUMENT where throng_sim_def.mask_seen is false; BACKEND.
THRONG_API throng_status throng_sim_copy_seen(throng_sim *sim, uint8_t *seen);
/// The same as bits: bits (n_lane, (n_item + 31) / 32), item i is bit i % 32 of word i / 32.
/// Errors: as throng_sim_copy_seen.
THRONG_API throng_status throng_sim_copy_seen_bits(throng_sim *sim, uint32_t *bits);

/// What each lane's user prefers at present: the mean of e+ over the liked entries of the history
/// and of e- over the disliked ones, each kept up to date by the step to within 2^-20.
typedef struct throng_preference {
  int32_t n_lane, dim;        ///< sizes; dim is the world's
  const float *liked;         ///< (n_lane, dim); zeros where nothing was liked
  const float *disliked;      ///< (n_lane, dim)
  const int32_t *n_liked;     ///< (n_lane) entries behind the mean
  const int32_t *n_disliked;  ///< (n_lane)
} throng_preference;
/// Host memory, valid until the next call on the simulator. The first call of this or of
/// throng_sim_copy_preferences takes memory that is kept; later ones take none.
/// Errors: ARGUMENT where the simulator keeps none (throng_sim_def.preferences); MEMORY; BACKEND.
THRONG_API throng_status throng_sim_preferences(throng_sim *sim, throng_preference *out);
/// Host memory of the caller's, shapes as in throng_preference; what is NULL is left out.
typedef struct throng_preference_copy {
  float *liked, *disliked;        ///< (n_lane, dim)
  int32_t *n_liked, *n_disliked;  ///< (n_lane)
  float *both;                    ///< (n_lane, 2, dim): liked and disliked, one after the other
} throng_preference_copy;
/// The same into the caller's memory, of the present or of the final state.
/// Errors: as throng_sim_preferences; ARGUMENT (no such moment).
THRONG_API throng_status throng_sim_copy_preferences(throng_sim *sim, throng_moment moment,
                                                     const throng_preference_copy *to);
/// b+ - b- of similarity "mean" for every item and lane: score (n_lane, n_item), host memory; an
/// empty side counts as -1. Two products on the backend. Errors: as throng_sim_preferences.
THRONG_API throng_status throng_sim_preference_scores(throng_sim *sim, float *score);

/// Items by continuous queries: for each slot of each lane's slate the item with the largest
/// <query, e+(item)>, ties to the lower one. Items of one slate differ, and what is masked
/// (throng_sim_def.mask) is left out. query (n_lane, slate_size, dim), of any length; item (n_lane,
/// slate_size), -1 where none is left; host memory. A product on the backend, some lanes at a time.
/// Errors: ARGUMENT (a query that is no number, with its lane), MEMORY, BACKEND.
THRONG_API throng_status throng_sim_nearest(throng_sim *sim, const float *query, int32_t *item);

/// The simulator's arrays where they lie; fills at most `most` of `out` and returns how many there
/// are. All but `action` are read_only.
///   user, step, ended, reward, running_return, final_user, final_step, final_return (n_lane);
///   episode (n_lane) uint32; ended is throng_end; action (n_lane, slate_size)
///   count, initial_count (n_lane): entries ever written to the ring, of which from the start
///   history, final_history (n_lane, n_history) uint32: ring of item * 2 + like; the newest entry
///     is at (count - 1) % n_history, and min(count, n_history) are kept
///   vote.alpha_pos, ... one for each member of throng_vote (n_lane, slate_size), strided
///   f_pop (n_lane, slate_size) its score, where the rule asks it
///   left (n_lane) throng_leave, where throng_sim_def.users is not off
///   examined (n_lane, slate_size) uint8, chance of a like (n_lane, slate_size), and shown_at
///     (n_lane, n_history), the step that showed an entry of the ring, where a user need not look
///     at all of a slate
///   session, first_step, first_count, first_return, gap, returned (n_lane) where users may come
///     back: number of the present session in its episode; steps, entries and return before it;
///     days before it; the same where it has just begun, else 0
///   seen (n_lane, words) uint32 where mask_seen: as throng_sim_copy_seen_bits
///   preference (n_lane, 2, dim) int32 where kept: sums of e+ over liked, of e- over disliked
///     entries, in units of 2^-20
THRONG_API int64_t throng_sim_arrays(const throng_sim *sim, int64_t most, throng_array *out);

/// Write every lane as it is (safetensors, atomic).
/// Errors: IO, MEMORY, BACKEND; DATA (a value that no simulator makes; nothing is written then).
THRONG_API throng_status throng_sim_save(throng_sim *sim, const char *path);
/// Take lanes back bit for bit. The simulator must have the same world, weights of f_sta, Def and
/// starts. Errors: IO, MEMORY, BACKEND; DATA (a damaged file, or another simulator's, with the
/// first option that differs), and then no lane has changed.
THRONG_API throng_status throng_sim_restore(throng_sim *sim, const char *path);
/// 64-bit hash of all lanes; equal for equal trajectories whatever the number of threads.
/// Errors: MEMORY, BACKEND.
THRONG_API throng_status throng_sim_hash(throng_sim *sim, uint64_t *out);

/// (user, candidate) pairs outside any lane, each after its own history: entries
/// offset[r] .. offset[r+1]-1 of `item` and `like`, oldest first.
typedef struct throng_pairs {
  int64_t n;                        ///< pairs
  const int32_t *user, *candidate;  ///< (n)
  const int64_t *offset;            ///< (n + 1), from 0
  const int32_t *item;              ///< (offset[n])
  const uint8_t *like;              ///< (offset[n]) 1 liked, 0 disliked
} throng_pairs;

/// The votes on every pair: `vote` (n). Ties draw their coin from (seed, row). `further`: NULL, or
/// for each vote that does not stand in throng_vote (by throng_vote_id - THRONG_VOTE_IN_RECORD) an
/// array (n) for its score, asked whatever the rule, or NULL. All host memory.
/// Errors: ARGUMENT (a pair's user, item or history; a Def field; a rule without its f_sta, or
/// with another world's), DATA (f_pop or f_cal is asked and the world's answers are all of one
/// kind), MEMORY, BACKEND.
THRONG_API throng_status throng_votes_evaluate(throng_backend *backend, const throng_world *world,
                                               const throng_sta *sta, const throng_votes_def *def,
                                               uint32_t seed, const throng_pairs *pairs,
                                               throng_vote *vote, float *const *further);

/// What fits f_cal, the calibrated vote, to a world: p(like) = sigmoid(intercept
/// + mat logit((a+ + k m) / (a+ + a- + k)) + sim tanh(3 (b+ - b-)) + sta logit(p of f_sta)
/// + item (effect of the item) + user (effect of the user) + factors <f_user, f_item>), k being
/// `smoothing` and m the share of likes in the world.
typedef struct throng_calibration {
  double intercept, mat, sim, sta, item, user;  ///< weights, by penalised logistic regression; none
                                                ///< but the intercept is below 0
  double smoothing;                             ///< keywords that the prior of f_mat's share weighs
  double user_variance;                         ///< of users' effects in log-odds, were they normal
  double threshold;  ///< probability that as many answers reach as really are likes
  double factors;    ///< weight, as those above; 0 without throng_votes_def.factors
} throng_calibration;
/// Fit f_cal on each user's last interaction but one, for votes of this semantics and similarity,
/// and keep it with the weights: throng_sta_save writes it, and simulators with such votes take it.
/// (Without it, or with other votes, they fit it when they are made, to the same numbers.) `out`
/// may be NULL. Errors: ARGUMENT (a Def field; another world), DATA (nobody with two
/// interactions, or answers of one kind alone: nothing to fit on), MEMORY, BACKEND; the weights
/// then have the calibration that they had.
THRONG_API throng_status throng_calibrate(throng_sta *sta, const throng_world *world,
                                          const throng_votes_def *votes, throng_calibration *out);

/// "majority", "f_mat", ...: names as in configurations. NULL where there is no such rule.
THRONG_API const char *throng_rule_name(throng_rule rule);
/// "f_mat", ...; NULL where there is no such vote.
THRONG_API const char *throng_vote_name(throng_vote_id vote);
/// "keyword vote", ...; NULL where there is no such vote.
THRONG_API const char *throng_vote_title(throng_vote_id vote);

#ifdef __cplusplus
}
#endif
#endif
