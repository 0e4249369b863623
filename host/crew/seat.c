/// Slots by lines; see seat.h.
#include "crew/seat.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// A line that is being trained, in a crew apart from the others.
typedef struct waiting_line {
  crew_line line;
  int32_t slot;
  bool reports;
  int32_t next;       // leg
  int64_t begins_at;  // round of the line at which it begins
  void *owned;        // of its present setup
} waiting_line;

struct crew_seat {
  crew_seat_def def;
  crew *crew;
  void **owned;  // (n_slot) of the setups
  bool *used;    // (n_slot)
  waiting_line *waiting;
  int32_t n_waiting;
  size_t capacity;
};

throng_status seat_create(const crew_seat_def *def, crew_seat **out) {
  void *room;
  *out = NULL;
  THRONG_TRY(throng_alloc(&room, 1, sizeof(crew_seat), "slots"));
  crew_seat *seat = room;
  seat->def = *def;
  throng_status status =
      crew_local_create(def->backend, def->world, def->sta, def->n_slot, &seat->crew);
  if (status == THRONG_OK)
    status = throng_alloc((void **)&seat->owned, (size_t)def->n_slot, sizeof(void *), "slots");
  if (status == THRONG_OK)
    status = throng_alloc((void **)&seat->used, (size_t)def->n_slot, sizeof(bool), "slots");
  if (status == THRONG_OK) {
    *out = seat;
  } else {
    seat_close(seat);
  }
  return status;
}

static void forget_waiting(crew_seat *seat) {
  for (int32_t k = 0; k < seat->n_waiting; ++k) {
    line_free(&seat->waiting[k].line);
    if (seat->waiting[k].owned) seat->def.release(seat->waiting[k].owned);
  }
  seat->n_waiting = 0;
}

void seat_close(crew_seat *seat) {
  if (!seat) return;
  if (seat->crew) seat->crew->ops->close(seat->crew);
  for (int32_t k = 0; seat->owned && k < seat->def.n_slot; ++k)
    if (seat->owned[k]) seat->def.release(seat->owned[k]);
  forget_waiting(seat);
  free(seat->waiting);
  free(seat->owned);
  free(seat->used);
  free(seat);
}

static throng_status require(const crew_seat *seat, int32_t slot) {
  if (slot >= 0 && slot < seat->def.n_slot) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "slot %d is not in 0..%d", slot, seat->def.n_slot - 1);
}

/// The slot's agent has a setup that points to `owned`; that of the agent before goes.
static void hold(crew_seat *seat, int32_t slot, void *owned) {
  if (seat->owned[slot]) seat->def.release(seat->owned[slot]);
  seat->owned[slot] = owned;
  seat->used[slot] = true;
}

throng_status seat_stop(crew_seat *seat, int32_t slot) {
  THRONG_TRY(require(seat, slot));
  if (!seat->used[slot]) return THRONG_OK;
  throng_status status = seat->crew->ops->stop(seat->crew, slot);
  hold(seat, slot, NULL);
  seat->used[slot] = false;
  return status;
}

throng_status seat_copy(crew_seat *seat, int32_t slot, int32_t from, const char *const *overrides) {
  crew_setup setup;
  void *owned;
  THRONG_TRY(require(seat, slot));
  THRONG_TRY(require(seat, from));
  THRONG_TRY(seat->def.setup(seat->def.context, overrides, &setup, &owned));
  throng_status status = seat->crew->ops->copy(seat->crew, slot, from, &setup);
  if (status == THRONG_OK) {
    hold(seat, slot, owned);
  } else {
    seat->def.release(owned);
  }
  return status;
}

throng_status seat_round(crew_seat *seat, const throng_progress *progress, crew_report *report,
                         int32_t *n) {
  return seat->crew->ops->round(seat->crew, progress, report, n);
}

throng_status seat_save(crew_seat *seat, int32_t slot, const char *path) {
  THRONG_TRY(require(seat, slot));
  return seat->crew->ops->save(seat->crew, slot, path);
}

throng_status seat_line(crew_seat *seat, int32_t slot, const crew_line *line, const char *file,
                        bool reports) {
  THRONG_TRY(require(seat, slot));
  if (seat->n_waiting == seat->def.n_slot)
    return throng_fail(THRONG_ERROR_ARGUMENT, "more lines than slots");
  void *room = seat->waiting;
  THRONG_TRY(throng_grow(&room, &seat->capacity, (size_t)seat->n_waiting + 1, sizeof(waiting_line),
                         "agents to be trained again"));
  seat->waiting = room;
  waiting_line *w = &seat->waiting[seat->n_waiting];
  *w = (waiting_line){.slot = slot, .reports = reports};
  THRONG_TRY(line_copy(&w->line, line));
  free(w->line.file);
  w->line.file = file ? strdup(file) : NULL;
  ++seat->n_waiting;
  if (file && !w->line.file) return throng_fail(THRONG_ERROR_MEMORY, "a line: out of memory");
  return THRONG_OK;
}

/// All legs of w that begin at this round of the line, in `crew`'s slot.
static throng_status begin_legs(const crew_seat *seat, crew *crew, int32_t slot, waiting_line *w,
                                int64_t round) {
  while (w->next < w->line.n && w->begins_at == round) {
    const crew_leg *leg = &w->line.leg[w->next];
    crew_setup setup;
    void *owned;
    THRONG_TRY(seat->def.setup(seat->def.context, leg->overrides, &setup, &owned));
    throng_status status = w->next > 0     ? crew->ops->copy(crew, slot, slot, &setup)
                           : !w->line.file ? crew->ops->start(crew, slot, &setup)
                                           : crew->ops->load(crew, slot, &setup, w->line.file);
    if (status != THRONG_OK) {
      seat->def.release(owned);
      return status;
    }
    if (w->owned) seat->def.release(w->owned);
    w->owned = owned;
    ++w->next;
    w->begins_at += leg->rounds;
  }
  return THRONG_OK;
}

/// Every line in a slot of `apart`, so that all end with the same round; reports of the last.
static throng_status train_apart(crew_seat *seat, crew *apart, const throng_progress *progress,
                                 crew_report *report, int32_t *n) {
  int64_t most = 0;
  *n = 0;
  for (int32_t k = 0; k < seat->n_waiting; ++k) {
    const int64_t rounds = line_rounds(&seat->waiting[k].line);
    if (rounds > most) most = rounds;
  }
  for (int64_t round = 0; round <= most; ++round) {
    for (int32_t k = 0; k < seat->n_waiting; ++k) {
      waiting_line *w = &seat->waiting[k];
      const int64_t own = round - (most - line_rounds(&w->line));
      if (own >= 0) THRONG_TRY(begin_legs(seat, apart, k, w, own));
    }
    if (round < most) THRONG_TRY(apart->ops->round(apart, progress, report, n));
  }
  int32_t kept = 0;
  for (int32_t k = 0; k < *n; ++k) {
    if (!seat->waiting[report[k].slot].reports) continue;
    report[kept] = report[k];
    report[kept].slot = seat->waiting[report[k].slot].slot;
    ++kept;
  }
  *n = kept;
  return THRONG_OK;
}

/// From the crew apart into its slot.
static throng_status move_in(crew_seat *seat, crew *apart, int32_t k) {
  waiting_line *w = &seat->waiting[k];
  char path[PATH_MAX];
  crew_setup setup;
  void *owned;
  snprintf(path, sizeof path, "%s/moving_%d.safetensors", seat->def.folder, (int)getpid());
  THRONG_TRY(apart->ops->save(apart, k, path));
  throng_status status = apart->ops->stop(apart, k);
  if (status == THRONG_OK) {
    const char **overrides = w->line.leg[w->line.n - 1].overrides;
    status = seat->def.setup(seat->def.context, overrides, &setup, &owned);
  }
  if (status == THRONG_OK) {
    status = seat->crew->ops->load(seat->crew, w->slot, &setup, path);
    if (status == THRONG_OK) {
      hold(seat, w->slot, owned);
    } else {
      seat->def.release(owned);
    }
  }
  unlink(path);
  return status;
}

throng_status seat_go(crew_seat *seat, const throng_progress *progress, crew_report *report,
                      int32_t *n) {
  crew *apart = NULL;
  int64_t rounds = 0;
  throng_status status = THRONG_OK;
  *n = 0;
  for (int32_t k = 0; k < seat->n_waiting; ++k) {
    rounds += line_rounds(&seat->waiting[k].line);
    THRONG_TRY_GOTO(seat_stop(seat, seat->waiting[k].slot));
  }
  if (rounds > 0) {
    THRONG_TRY_GOTO(crew_local_create(seat->def.backend, seat->def.world, seat->def.sta,
                                      seat->n_waiting, &apart));
    THRONG_TRY_GOTO(train_apart(seat, apart, progress, report, n));
    for (int32_t k = 0; k < seat->n_waiting; ++k) THRONG_TRY_GOTO(move_in(seat, apart, k));
  }
  for (int32_t k = 0; k < seat->n_waiting && rounds == 0; ++k) {
    waiting_line *w = &seat->waiting[k];
    status = begin_legs(seat, seat->crew, w->slot, w, 0);
    if (w->next > 0) hold(seat, w->slot, w->owned);
    if (w->next > 0) w->owned = NULL;
    THRONG_TRY_GOTO(status);
  }
done:
  if (apart) apart->ops->close(apart);
  for (int32_t k = 0; k < seat->n_waiting && status != THRONG_OK; ++k) {
    char *message = strdup(throng_error_message());
    seat_stop(seat, seat->waiting[k].slot);
    status = throng_fail(status, "%s", message ? message : "out of memory");
    free(message);
  }
  forget_waiting(seat);
  return status;
}
