/// One session step by step and with its reasons: an agent or a yardstick shows items, a simulated
/// user or a person answers. Session k is session k of an evaluation with the same seed: the same
/// user (where none is asked for), the same draws, the same rewards.
#ifndef THRONG_PLAY_H
#define THRONG_PLAY_H

#include "agent.h"
#include "base.h"
#include "evaluate.h"
#include "explain.h"
#include "sim.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A lane that is stepped one slate at a time. Threads: as its backend, from one at a time.
typedef struct throng_play throng_play;

/// Who shows, and who answers.
typedef struct throng_play_def {
  int32_t size, cookie;  ///< set by throng_default_play_def(); do not touch
  /// Of one agent, who plays greedily (throng_trained_population); NULL: the yardstick.
  throng_population *population;
  throng_yardstick yardstick;            ///< not a bandit: those learn before they play
  const throng_evaluation_def *planner;  ///< how far the planner looks; NULL: the usual
  uint32_t seed;                         ///< 1,000,003, an evaluation's; of users and draws
  /// A person answers: nobody leaves by chance, all else that ends sessions does.
  bool person;
} throng_play_def;

/// One item of what is shown.
typedef struct throng_play_item {
  int32_t item;                   ///< its number
  const throng_explanation *why;  ///< its votes' reasons, before the step; the play's own
  throng_vote vote;               ///< as it fell; `like`: what the simulated user answers
  bool examined;                  ///< does the simulated user look at it?
  uint8_t like;                   ///< what was answered
} throng_play_item;

/// One step of a session.
typedef struct throng_play_step {
  uint32_t session;              ///< its number
  int32_t user;                  ///< whose it is
  int32_t step;                  ///< from 1
  int32_t n_item;                ///< items of the slate
  const throng_play_item *item;  ///< (n_item) the slate
  // Once it is answered.
  double reward, total;  ///< likes, of this step and so far
  throng_end end;        ///< how it ended, or that it goes on
  throng_leave left;     ///< why the user left, where the simulator tells (throng_outcome.left)
  int32_t returned;      ///< days after which another session of the user's begins, or 0
} throng_play_step;

/// The random yardstick, the evaluations' usual seed, simulated answers.
THRONG_API throng_play_def throng_default_play_def(void);

/// A lane like those of `sim`. Everything handed in must outlive it. Errors: ARGUMENT (a bandit; a
/// population of more agents or another world; what the planner cannot plan), as
/// throng_sim_create, MEMORY.
THRONG_API throng_status throng_play_create(throng_backend *backend, const throng_world *world,
                                            const throng_sta *sta, const throng_sim_def *sim,
                                            const throng_play_def *def, throng_play **out);
/// NULL is allowed.
THRONG_API void throng_play_close(throng_play *play);

/// Session number `session` begins, of `user` or (-1) of whom an evaluation meets in it, with the
/// user's real history. Errors: ARGUMENT (no such user), BACKEND.
THRONG_API throng_status throng_play_begin(throng_play *play, uint32_t session, int32_t user);
/// What is shown next, with the reasons for what the user would answer. Nothing has moved yet.
/// `*out` is valid until the next call. Errors: ARGUMENT (no session goes on), MEMORY, BACKEND.
THRONG_API throng_status throng_play_show(throng_play *play, const throng_play_step **out);
/// The answer to what throng_play_show showed: the simulated user's (`like` NULL) or `like`
/// (n_item), 1 or 0. `*out` as before, filled. Errors: ARGUMENT (nothing was shown; an answer that
/// is neither), MEMORY, BACKEND.
THRONG_API throng_status throng_play_answer(throng_play *play, const uint8_t *like,
                                            const throng_play_step **out);

/// The user of the session.
THRONG_API int32_t throng_play_user(const throng_play *play);
/// Entries of the history that the session began with, and likes among them.
THRONG_API int32_t throng_play_history(const throng_play *play, int32_t *likes);
/// Who shows: "DQN", "popular".
THRONG_API const char *throng_play_title(const throng_play *play);

#ifdef __cplusplus
}
#endif
#endif
