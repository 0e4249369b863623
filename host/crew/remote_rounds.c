/// A crew elsewhere: its table of functions, and its rounds.
#include "crew/remote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "crew/hands.h"

static crew_remote *remote_of(crew *c) { return (crew_remote *)c; }

throng_status remote_require(const crew_remote *m, int32_t slot, bool in_use) {
  if (slot < 0 || slot >= m->base.n_slot)
    return throng_fail(THRONG_ERROR_ARGUMENT, "slot %d is not in 0..%d", slot, m->base.n_slot - 1);
  if (in_use == (m->slot[slot].line.n > 0)) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "slot %d: %s", slot,
                     in_use ? "nobody is there" : "somebody is there already");
}

/// During this process's own training: workers are heard, and the caller's progress goes on.
static bool own_progress(void *context, const char *stage, int64_t done, int64_t total,
                         const char *unit) {
  crew_remote *m = context;
  return hands_listen(m, 0) == THRONG_OK && throng_report(m->progress, stage, done, total, unit);
}

static void own_note(void *context, const char *text) {
  throng_note(((crew_remote *)context)->progress, "%s", text);
}

static throng_status remote_start(crew *base, int32_t slot, const crew_setup *setup) {
  crew_remote *m = remote_of(base);
  THRONG_TRY(remote_require(m, slot, false));
  m->progress = m->def.progress;
  THRONG_TRY(remote_settle(m, false));  // so that what goes wrong next is this agent's
  THRONG_TRY(line_add(&m->slot[slot].line, setup->overrides));
  throng_status status = remote_settle(m, false);
  if (status == THRONG_OK) return THRONG_OK;
  slot_move(m, slot, HOST_NOBODY);
  line_free(&m->slot[slot].line);
  return status;
}

static throng_status remote_stop(crew *base, int32_t slot) {
  crew_remote *m = remote_of(base);
  THRONG_TRY(remote_require(m, slot, true));
  m->progress = m->def.progress;
  const int32_t host = m->slot[slot].host;
  throng_status status = THRONG_OK;
  if (host == HOST_SELF) {
    status = seat_stop(m->seat, slot);
  } else if (host >= 0) {
    wire_writer w = {0};
    wire_put_u32(&w, (uint32_t)slot);
    hand_order(m, host, ORDER_STOP, &w);
    status = hands_await(m, host);
  }
  if (m->slot[slot].line.file) unlink(m->slot[slot].line.file);
  line_free(&m->slot[slot].line);
  slot_move(m, slot, HOST_NOBODY);
  return status;
}

/// This process's slots.
static throng_status train_own(crew_remote *m) {
  int32_t n;
  if (m->own.held == 0) return THRONG_OK;
  const double begun = clock_now();
  THRONG_TRY(seat_round(m->seat, &m->own_progress, m->report, &n));
  remote_take_own(m, n);
  m->own.rate = n / fmax(clock_now() - begun, 1e-6);
  return THRONG_OK;
}

/// A worker has answered: all of its slots have reported, or it is let go.
static throng_status round_answered(crew_remote *m, int32_t k) {
  hand *h = &m->hand[k];
  if (h->state != HAND_READY || h->held == 0) return THRONG_OK;
  const throng_status status = h->status;
  h->status = THRONG_OK;
  if (status != THRONG_OK && status != THRONG_ERROR_MEMORY && status != THRONG_ERROR_BACKEND &&
      status != THRONG_ERROR_IO)
    return throng_fail(status, "worker %s: %s", h->name, h->message);
  bool silent = status != THRONG_OK;
  for (int32_t s = 0; s < m->base.n_slot; ++s)
    silent |= m->slot[s].host == k && !m->slot[s].reported;
  if (silent) hand_refuse(m, k, status == THRONG_OK ? "not all of its slots reported" : h->message);
  return THRONG_OK;
}

static throng_status remote_round(crew *base, const throng_progress *progress, crew_report *report,
                                  int32_t *n) {
  crew_remote *m = remote_of(base);
  *n = 0;
  m->progress = progress ? progress : m->def.progress;
  for (int32_t s = 0; s < base->n_slot; ++s) m->slot[s].reported = false;
  THRONG_TRY(hands_listen(m, 0));
  THRONG_TRY(remote_settle(m, false));
  for (int32_t k = 0; k < m->n_hand; ++k) {
    wire_writer w = {0};
    if (m->hand[k].state == HAND_READY && m->hand[k].held > 0) hand_order(m, k, ORDER_ROUND, &w);
  }
  THRONG_TRY(train_own(m));
  for (int32_t k = 0; k < m->n_hand; ++k) THRONG_TRY(hands_await(m, k));
  for (int32_t k = 0; k < m->n_hand; ++k) THRONG_TRY(round_answered(m, k));
  THRONG_TRY(remote_settle(m, true));
  for (int32_t s = 0; s < base->n_slot; ++s)
    if (m->slot[s].line.n > 0) report[(*n)++] = m->slot[s].report;
  return THRONG_OK;
}

static void remote_close(crew *base) {
  crew_remote *m = remote_of(base);
  for (int32_t k = 0; k < m->n_hand; ++k) {
    wire_writer w = {0};
    if (m->hand[k].state != HAND_GONE)
      (void)order_send(m->def.deal, m->hand[k].peer, ORDER_BYE, &w);
    parcel_reset(&m->hand[k].incoming);
  }
  if (m->def.deal) m->def.deal->ops->close(m->def.deal);
  for (int32_t s = 0; m->slot && s < base->n_slot; ++s) {
    if (m->slot[s].line.file) unlink(m->slot[s].line.file);
    line_free(&m->slot[s].line);
  }
  seat_close(m->seat);
  free(m->hand);
  free(m->slot);
  free(m->report);
  free(m->config);
  free(m->world);
  free(m->sta);
  free(m);
}

static const crew_ops ops = {.start = remote_start,
                             .copy = remote_copy,
                             .stop = remote_stop,
                             .round = remote_round,
                             .save = remote_save,
                             .load = remote_load,
                             .close = remote_close};

static throng_status keep_text(const char *text, char **out) {
  *out = strdup(text ? text : "");
  return *out ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "a crew: out of memory");
}

static throng_status fill(crew_remote *m, const crew_remote_def *def) {
  const int32_t n = m->base.n_slot;
  if (n < 1 || def->own_slots < 0)
    return throng_fail(THRONG_ERROR_ARGUMENT, "a crew of %d slots, %d of them its own", n,
                       def->own_slots);
  THRONG_TRY(throng_alloc((void **)&m->slot, (size_t)n, sizeof *m->slot, "slots"));
  THRONG_TRY(throng_alloc((void **)&m->report, (size_t)n, sizeof *m->report, "slots"));
  for (int32_t s = 0; s < n; ++s) m->slot[s].host = HOST_NOBODY;
  THRONG_TRY(keep_text(def->config, &m->config));
  THRONG_TRY(keep_text(def->world, &m->world));
  THRONG_TRY(keep_text(def->sta, &m->sta));
  if (def->own_slots > 0) THRONG_TRY(seat_create(&def->seat, &m->seat));
  return THRONG_OK;
}

throng_status crew_remote_create(const crew_remote_def *def, crew **out) {
  void *room;
  *out = NULL;
  throng_status status = throng_alloc(&room, 1, sizeof(crew_remote), "crew");
  if (status != THRONG_OK) {
    def->deal->ops->close(def->deal);
    return status;
  }
  crew_remote *m = room;
  m->base = (crew){&ops, def->seat.n_slot};
  m->def = *def;
  m->progress = def->progress;
  m->own = (hand){.state = HAND_READY, .name = "this process", .most = def->own_slots};
  m->own_progress = (throng_progress){.report = own_progress, .note = own_note, .context = m};
  status = fill(m, def);
  if (status == THRONG_OK) {
    *out = &m->base;
  } else {
    remote_close(&m->base);
  }
  return status;
}

throng_status crew_remote_gather(crew *c, int32_t n) {
  crew_remote *m = remote_of(c);
  for (;;) {
    int32_t ready = 0;
    for (int32_t k = 0; k < m->n_hand; ++k) ready += m->hand[k].state == HAND_READY;
    if (ready >= n) return THRONG_OK;
    if (!throng_report(m->progress, "wait for workers", ready, n, "workers"))
      return throng_cancelled("waiting for workers");
    THRONG_TRY(hands_listen(m, 1));
  }
}
