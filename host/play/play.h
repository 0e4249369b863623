/// One session, step by step and with its reasons: an agent or a yardstick shows items, a simulated
/// user or a person answers. Session k is session k of an evaluation with the same seed: the same
/// user (where none is asked for), the same draws, the same rewards. A library room: it prints
/// nothing.
#ifndef THRONG_PLAY_PLAY_H
#define THRONG_PLAY_PLAY_H

#include "throng/evaluate.h"
#include "throng/explain.h"

typedef struct play_def {
  throng_population *population;         // of one agent, who plays greedily; NULL: the yardstick
  throng_yardstick yardstick;            // not a bandit: those learn before they play
  const throng_evaluation_def *planner;  // how far the planner looks; NULL: the usual
  uint32_t seed;                         // of users and draws
  bool person;  // a person answers: nobody leaves by chance, all else that ends sessions does
} play_def;

typedef struct play_item {
  int32_t item;
  throng_explanation *why;  // its votes' reasons, before the step; owned by the play
  throng_vote vote;         // as it fell; `like`: what the simulated user answers
  bool examined;            // does the simulated user look at it?
  uint8_t like;             // what was answered
} play_item;

typedef struct play_step {
  uint32_t session;
  int32_t user;
  int32_t step;  // from 1
  int32_t n_item;
  const play_item *item;  // (n_item) the slate
  // Once it is answered.
  double reward, total;  // likes, of this step and so far
  throng_end end;
  throng_leave left;  // why the user left, where the simulator tells (throng_outcome.left)
  int32_t returned;   // days after which another session of the user's begins, or 0
} play_step;

typedef struct play play;

/// A lane like those of `sim`. Everything handed in must outlive it. Errors: ARGUMENT (a bandit; a
/// population of more agents or another world; what the planner cannot plan), those of
/// throng_sim_create, MEMORY.
throng_status play_create(throng_backend *backend, const throng_world *world, const throng_sta *sta,
                          const throng_sim_def *sim, const play_def *def, play **out);
/// NULL is allowed.
void play_free(play *p);

/// Session number `session` begins, of `user` or (-1) of whom an evaluation meets in it, with the
/// user's real history. Errors: ARGUMENT (no such user), BACKEND.
throng_status play_begin(play *p, uint32_t session, int32_t user);
/// What is shown next, with the reasons for what the user would answer. Nothing has moved yet.
/// `*out` is valid until the next call. Errors: ARGUMENT (no session goes on), MEMORY, BACKEND.
throng_status play_show(play *p, const play_step **out);
/// The answer to what play_show showed: the simulated user's (`like` NULL) or `like` (n_item), 1 or
/// 0. `*out` as before, filled. Errors: ARGUMENT (nothing was shown; an answer that is neither),
/// MEMORY, BACKEND.
throng_status play_answer(play *p, const uint8_t *like, const play_step **out);

/// The user of the session, entries of the history that it began with, and likes among them.
int32_t play_user(const play *p);
int32_t play_history(const play *p, int32_t *likes);
/// Who shows: "DQN", "popular".
const char *play_title(const play *p);

#endif
