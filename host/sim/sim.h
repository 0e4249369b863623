/// The inside of a simulator: one list of lane arrays drives allocation, snapshots and hashing.
/// (Agents read these arrays on the backend; they never change them, `action` excepted.)
#ifndef THRONG_SIM_SIM_H
#define THRONG_SIM_SIM_H

#include <float.h>

#include "base/safetensors.h"
#include "kernels/sim/sim_sta.h"
#include "sim/published_env.h"
#include "sim/rule.h"
#include "sta/sta.h"
#include "throng/sim.h"
#include "world/world_device.h"

/// X(C type, tensor type, name, second dimension, third dimension, least, most), of simulator `s`
/// (nothing: only types and names are wanted): all start with n_lane. What a file may hold in them:
/// least .. most, and how they fit together (lanes_check.c).
#define SIM_ENTRY_MOST(s) (2.0 * (double)(s)->world->n_item - 1)  // packed: item * 2 + like
#define SIM_ITEM_MOST(s) ((double)(s)->world->n_item - 1)
#define SIM_USER_MOST(s) ((double)(s)->world->n_user - 1)
#define SIM_SHOWN_MOST(s) ((double)(s)->def.max_steps * (s)->def.slate_size)  // in an episode
#define SIM_COUNT_MOST(s) ((s)->def.history + SIM_SHOWN_MOST(s))
#define SIM_FINITE (double)FLT_MAX
#define SIM_ARRAYS(X, s)                                                                  \
  X(int32_t, I32, user, 1, 1, 0, SIM_USER_MOST(s))                                        \
  /* episodes finished: the counter's last word */                                        \
  X(uint32_t, U32, episode, 1, 1, 0, UINT32_MAX)                                          \
  /* steps taken in this episode */                                                       \
  X(int32_t, I32, step, 1, 1, 0, (s)->def.max_steps)                                      \
  /* entries ever written to the ring this episode, and of which from the real history */ \
  X(int32_t, I32, count, 1, 1, 0, SIM_COUNT_MOST(s))                                      \
  X(int32_t, I32, initial_count, 1, 1, 0, (s)->def.history)                               \
  /* ring of packed entries, see history.h */                                             \
  X(uint32_t, U32, history, (s)->def.history, 1, 0, SIM_ENTRY_MOST(s))                    \
  X(float, F32, running_return, 1, 1, 0, SIM_SHOWN_MOST(s))                               \
  X(int32_t, I32, action, (s)->def.slate_size, 1, 0, SIM_ITEM_MOST(s))                    \
  /* of the last step, ended as throng_end */                                             \
  X(float, F32, reward, 1, 1, 0, (s)->def.slate_size)                                     \
  X(uint8_t, U8, ended, 1, 1, 0, THRONG_END_TRUNCATED)                                    \
  X(throng_vote, U8, vote, (s)->def.slate_size, sizeof(throng_vote), 0, UINT8_MAX)        \
  /* the state in which the last episode ended */                                         \
  X(int32_t, I32, final_user, 1, 1, 0, SIM_USER_MOST(s))                                  \
  X(int32_t, I32, final_step, 1, 1, 0, (s)->def.max_steps)                                \
  X(int32_t, I32, final_count, 1, 1, 0, SIM_COUNT_MOST(s))                                \
  X(uint32_t, U32, final_history, (s)->def.history, 1, 0, SIM_ENTRY_MOST(s))              \
  X(float, F32, final_return, 1, 1, 0, SIM_SHOWN_MOST(s))                                 \
  /* bit an item that is masked: shown this session, or of the real history */            \
  X(uint32_t, U32, seen, (s)->n_seen_word, 1, 0, UINT32_MAX)                              \
  /* sta_cache, (window, layers, width) a lane */                                         \
  X(float, F32, sta_state, (s)->n_sta_cache, 1, -SIM_FINITE, SIM_FINITE)                  \
  X(int32_t, I32, sta_encoded, 1, 1, -1, SIM_COUNT_MOST(s))                               \
  X(float, F32, sta_query, (s)->n_sta_width, 1, -SIM_FINITE, SIM_FINITE)                  \
  /* (2, dim) sums a lane, see preference.h */                                            \
  X(int32_t, I32, preference, (s)->n_preference, 1, INT32_MIN, INT32_MAX)                 \
  X(uint32_t, U32, evicted, (s)->n_preference ? (s)->def.slate_size : 0, 1, 0, UINT32_MAX)

/// What is there, and named in files and hashes, only where users need not look at all of a slate
/// (n_examined, else 0) or may come back (n_session): X(C type, tensor type, name, elements a lane,
/// least, most). See sim_slates and sim_sessions of kernels/sim/sim_step.h.
#define SIM_SLATES_ARRAYS(X, s)                   \
  X(uint8_t, U8, examined, (s)->n_examined, 0, 1) \
  X(float, F32, chance, (s)->n_examined, 0, 1)    \
  X(int32_t, I32, shown_at, (s)->n_examined ? (s)->def.history : 0, 0, (s)->def.max_steps - 1)
#define SIM_SESSIONS_ARRAYS(X, s)                                          \
  X(int32_t, I32, session, (s)->n_session, 0, (s)->def.users.sessions - 1) \
  X(int32_t, I32, first_step, (s)->n_session, 0, (s)->def.max_steps)       \
  X(int32_t, I32, first_count, (s)->n_session, 0, SIM_COUNT_MOST(s))       \
  X(float, F32, first_return, (s)->n_session, 0, SIM_SHOWN_MOST(s))        \
  X(int32_t, I32, gap, (s)->n_session, 0, (s)->def.users.return_gap)       \
  X(int32_t, I32, returned, (s)->n_session, 0, (s)->def.users.return_gap)
#define SIM_USERS_ARRAYS(X, s) SIM_SLATES_ARRAYS(X, s) SIM_SESSIONS_ARRAYS(X, s)

/// Starts that the caller gave, on the backend, and what checks of lanes ask of them on the host.
typedef struct sim_starts {
  tensor_set set;
  sim_start_view view;
  int32_t *user, *length;  // (count) host
  uint64_t hash;           // of everything in them; 0: none given
} sim_starts;

struct throng_sim {
  throng_sim_def def;
  throng_backend *backend;
  const throng_world *world;
  const throng_sta *sta;  // NULL where the rule asks none
  int32_t n_lane;
  int64_t n_seen_word;  // (n_item + 31) / 32 where mask_seen, else 0
  int64_t n_sta_cache, n_sta_width;
  int64_t n_preference;  // 2 dim where preference vectors are kept, else 0
  int64_t n_examined;    // slate_size where users need not look at all of a slate, else 0
  int64_t n_session;     // 1 where users may come back, else 0
  world_device device;   // the world on the backend, and its item-item table where it fits
  tensor_set lanes;      // SIM_ARRAYS, and after them `further` and `left`
#define X(type, tensor_type, name, ...) type *name;
  SIM_ARRAYS(X, )
#undef X
  // Each lane's place in the random stream, and whether it stands still: what callers steer by,
  // between steps. A number is in files and identities only where it is not first_lane + lane.
  tensor_set steering;
  uint32_t *number;       // (n_lane)
  uint8_t *halted;        // (n_lane)
  uint8_t *chosen;        // (n_lane) which lanes throng_sim_restart was given
  uint32_t *host_number;  // (n_lane) host
  // Scores (n_lane, slate_size) of the further votes, by throng_vote_id - THRONG_VOTE_IN_RECORD.
  // An array is there, and named in files and hashes, only where the rule asks the vote (else
  // NULL): so a simulator without it has the lanes, the files and the hash that it had before there
  // was such a vote, and its step does no more than look at a pointer.
  float *further[THRONG_VOTE_FURTHER];
#define X(type, tensor_type, name, ...) type *name;
  SIM_USERS_ARRAYS(X, )
#undef X
  // Why the last step's user left (throng_leave); an array only where users are dynamic.
  uint8_t *left;            // (n_lane), or NULL
  vote_models models;       // of the further votes that the rule asks
  struct sim_host *host;    // copies for observe and outcome
  struct sim_means *means;  // preference vectors as callers see them, made when first asked for
  struct sim_action_check *action_check;  // made when actions are first given on the backend
  sim_starts starts;
  published_env published;  // empty in the usual environment
  int64_t generation;       // grows where sim_make_args changes: what was recorded with it is void
};

/// From now on nobody leaves by chance, only because of what was shown. No Def says so of users who
/// come back and leave by chance alone: it would have them stay for ever.
void sim_stop_leaving_by_chance(throng_sim *sim);

/// The stages of throng_sim_step, on actions already in `sim->action` on the backend.
throng_status sim_step_on_backend(throng_sim *sim);

/// Its first ones: votes, answers and rewards, after which nothing has moved yet.
throng_status sim_answer_on_backend(throng_sim *sim);
/// Its last stages, for answers and rewards that a caller has put into the lanes: histories grow
/// and users leave; then what the votes keep follows, which may be done for fewer lanes (those that
/// sim_gather_lanes took).
throng_status sim_transition_on_backend(throng_sim *sim);
throng_status sim_advance_on_backend(throng_sim *sim);

/// Reset the lanes in blocks of `period` that meet the same users with the same random draws
/// (common random numbers): lane l stands in the random stream as first_lane + l % period, from now
/// on.
throng_status sim_reset_in_blocks(throng_sim *sim, int32_t period);
/// Lanes first .. first + n - 1 stand in the random stream as number, number + 1, .. from the next
/// draw on.
throng_status sim_number_lanes(throng_sim *sim, int32_t first, int32_t n, uint32_t number);
/// All lanes have the numbers that they were made with.
throng_status sim_number_usually(throng_sim *sim);
/// Lanes first .. first + n - 1 stand still from the next step on, whatever that step does to the
/// others; or move again.
throng_status sim_halt_lanes(throng_sim *sim, int32_t first, int32_t n, bool halted);

/// The lanes' numbers as files hold them: an array, or none where they are the usual ones (or, for
/// reading, where `file` has none). `prefix` stands before its name.
tensor_set sim_numbers_to_save(const throng_sim *sim);
tensor_set sim_numbers_in(const throng_sim *sim, const safetensors_file *file, const char *prefix);
/// Take what was read of it.
throng_status sim_numbers_taken(throng_sim *sim, const tensor_set *numbers);

/// Lanes first .. first + n - 1 start episode 0 anew, and nothing is left of what they were.
throng_status sim_reset_lanes(throng_sim *sim, int32_t first, int32_t n);
/// Lanes to .. to + n - 1 become as lanes from .. from + n - 1 are, but for their places in the
/// random stream.
throng_status sim_copy_lanes(throng_sim *sim, int32_t from, int32_t to, int32_t n);

/// Lane l of `to` becomes as lane index[l] of `from` is (below 0: it stays), but for its place in
/// the random stream. Both are of one backend, world and Def, but for the number of lanes; they are
/// not the same. `index` (lanes of `to`) lies on the backend.
throng_status sim_gather_lanes(throng_sim *to, const throng_sim *from, const int32_t *index);

/// The simulator's arrays and rules as its kernels take them.
sim_args sim_make_args(const throng_sim *sim);
sim_sta_args sim_make_sta_args(const throng_sim *sim);
/// The votes' rule of this simulator, as kernels take it.
vote_rule sim_make_rule(const throng_sim *sim);

/// Fingerprint: equal for two simulators exactly where restored lanes would continue identically.
/// Kept as metadata 'simulator' of whatever file holds lanes; compared before anything is restored.
/// Caller frees `*out`.
throng_status sim_identity(const throng_sim *sim, char **out);
throng_status sim_check_identity(const throng_sim *sim, const safetensors_file *file);
/// Lanes first .. first + n - 1 as a simulator of their own over the same memory, its first lane
/// having the number that they begin with: to be reset, named and checked. Not to be closed.
throng_sim sim_part(const throng_sim *sim, int32_t first, int32_t n);
/// Of lanes whose values are in range: do a lane's numbers fit together? `prefix` stands before the
/// arrays' names in the file. Errors: DATA, naming the lane.
throng_status sim_check_lanes(const throng_sim *sim, const safetensors_file *file,
                              const char *prefix);

/// (n_lane) entries of the ring that were written before the present session.
static inline const int32_t *sim_session_counts(const throng_sim *s) {
  return s->session ? s->first_count : s->initial_count;
}

/// Whom episodes begin with: what was given, else the world's users.
static inline sim_start_view sim_start(const throng_sim *s) {
  return s->starts.hash ? s->starts.view : (sim_start_view){.count = (int32_t)s->world->n_user};
}
void sim_starts_free(sim_starts *starts);
/// Errors: ARGUMENT.
throng_status sim_check_moment(throng_moment moment);
/// Can states be told from users and answers alone, as replays do? Errors: ARGUMENT.
throng_status sim_require_real_histories(const throng_sim *sim);

/// Is an item left to show after the last step, where `longest` is the longest history that a
/// session begins with? Errors: ARGUMENT.
throng_status sim_check_mask(const throng_sim_def *def, const throng_world *world, int64_t longest);

/// Does this simulator keep preference vectors?
bool sim_keeps_preferences(const throng_sim_def *def);

throng_status sim_host_create(throng_sim *sim);
void sim_host_free(struct sim_host *host);
void sim_means_free(struct sim_means *means);

/// Take actions (n_lane, slate_size) from the host; or check those that stand in sim->action.
/// Errors: ARGUMENT (an item out of range, with its lane), MEMORY, BACKEND.
throng_status sim_upload_action(throng_sim *sim, const int32_t *action);
throng_status sim_check_action(throng_sim *sim);
void sim_action_check_free(struct sim_action_check *check);

#endif
