/// A crew whose slots are trained by workers elsewhere, and by this process if it likes: round by
/// round, to the same bits whoever trains what. Workers come and go; what a lost one had is trained
/// again by others up to the present round.
#ifndef THRONG_CREW_REMOTE_H
#define THRONG_CREW_REMOTE_H

#include "crew/seat.h"
#include "deal/deal.h"

typedef struct crew_remote_def {
  deal *deal;               // taken over, whatever comes of it
  crew_seat_def seat;       // n_slot and folder; the rest for slots of this process
  int32_t own_slots;        // that this process trains at most
  const char *config;       // what workers put overrides over
  const char *world, *sta;  // the files that this process uses; NULL: none
  // "name=value", NULL-terminated, that workers must have alike: of the program, of the world.
  const char *const *facts, *const *world_facts;
  const throng_progress *progress;  // for notes, and to be cancelled while workers are waited for
} crew_remote_def;

/// Texts are copied; folder, facts and what `seat` points to outlive the crew. Errors: ARGUMENT,
/// MEMORY.
throng_status crew_remote_create(const crew_remote_def *def, crew **out);
/// Wait until so many workers are there. Errors: CANCELLED, IO.
throng_status crew_remote_gather(crew *c, int32_t n);

#endif
