/// Slots of a crew that others may tell what to train: agents begin from texts and from the rounds
/// that they have behind them. What a worker and an owner with slots of its own have in common.
#ifndef THRONG_CREW_SEAT_H
#define THRONG_CREW_SEAT_H

#include "crew/crew.h"
#include "crew/line.h"

typedef struct crew_seat_def {
  throng_backend *backend;
  const throng_world *world;
  const throng_sta *sta;
  int32_t n_slot;
  /// From "key=value" over the sweep's config to what a slot trains; what it points to is `*owned`,
  /// which `release` frees. Errors: CONFIG, MEMORY.
  throng_status (*setup)(void *context, const char *const *overrides, crew_setup *out,
                         void **owned);
  void (*release)(void *owned);
  void *context;
  const char *folder;  // exists; for files on their way
} crew_seat_def;

typedef struct crew_seat crew_seat;

throng_status seat_create(const crew_seat_def *def, crew_seat **out);
/// NULL is allowed.
void seat_close(crew_seat *seat);

/// The slot is to have the agent of this line (its texts are copied), from `file` where it is not
/// NULL; seat_go makes it so. `reports`: its last round is one that is reported.
throng_status seat_line(crew_seat *seat, int32_t slot, const crew_line *line, const char *file,
                        bool reports);
/// Train all lines to their ends, side by side; slots that had somebody have the new one. `report`
/// has room for all slots; ordered as the lines were. After an error their slots are free. Errors:
/// those of the crew; CONFIG; IO, DATA (a file).
throng_status seat_go(crew_seat *seat, const throng_progress *progress, crew_report *report,
                      int32_t *n);
/// As crew_ops have it.
throng_status seat_copy(crew_seat *seat, int32_t slot, int32_t from, const char *const *overrides);
throng_status seat_stop(crew_seat *seat, int32_t slot);
throng_status seat_round(crew_seat *seat, const throng_progress *progress, crew_report *report,
                         int32_t *n);
throng_status seat_save(crew_seat *seat, int32_t slot, const char *path);

#endif
