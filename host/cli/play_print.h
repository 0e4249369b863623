/// A session for people, step by step.
#ifndef THRONG_CLI_PLAY_PRINT_H
#define THRONG_CLI_PLAY_PRINT_H

#include "play/play_json.h"

typedef struct play_words {
  const throng_world *world;
  const throng_sim_def *sim;
  const char *title;  // who shows
  bool person;        // a person answers
} play_words;

/// Who it is about, and who shows.
void play_print_begin(const play_words *w, const throng_play *p, uint32_t session);
/// What is shown: the item, or the slate.
void play_print_shown(const play_words *w, const throng_play_step *step);
/// What was answered, and why the simulated user does, did or would.
void play_print_answer(const play_words *w, const throng_play_step *step);
void play_print_end(const play_words *w, const throng_play_step *step, int32_t steps,
                    play_over over);

#endif
