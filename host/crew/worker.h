/// A process that trains for a sweep that another owns.
#ifndef THRONG_CREW_WORKER_H
#define THRONG_CREW_WORKER_H

#include "crew/seat.h"
#include "deal/deal.h"

/// What a sweep needs of its worker before anything is trained.
typedef struct worker_welcome {
  int32_t n_slot;
  const char *config;       // text that overrides are put over
  const char *world, *sta;  // the files that the owner uses; "": none
} worker_welcome;

typedef struct worker_def {
  deal *deal;  // to the owner
  const char *name;
  int32_t slots;             // at most; 0: any number
  const char *const *facts;  // of the program, "name=value", NULL-terminated
  /// Open everything: all of `seat` but its n_slot, and facts of the world as above, which live as
  /// long as the seat. Errors: whatever opening comes to; the owner is told.
  throng_status (*prepare)(void *context, const worker_welcome *welcome,
                           const throng_progress *progress, crew_seat_def *seat,
                           const char *const **facts);
  void *context;
} worker_def;

/// Train what the owner says until it says goodbye: OK. `*lost`: the error is that the owner is
/// gone, who may come back. Errors: IO (it is gone), CONFIG (it refused this worker: why), DATA
/// (what it says makes no sense), CANCELLED, and those of prepare.
throng_status crew_work(const worker_def *def, const throng_progress *progress, bool *lost);

#endif
