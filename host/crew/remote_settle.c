/// Slots and their hosts: who gets which, agents made where they are to be, and what is done about
/// a host that cannot.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew/hands.h"

/// Where one more agent would be done soonest, by what was measured; nobody has room: HOST_NOBODY.
static int32_t choose_host(crew_remote *m) {
  int32_t best = HOST_NOBODY, known = 0;
  double least = INFINITY, mean = 0;
  for (int32_t k = HOST_SELF; k < m->n_hand; ++k) {
    const double rate = host_of(m, k)->rate;
    if (rate > 0) mean += rate, ++known;
  }
  mean = known > 0 ? mean / known : 1;
  for (int32_t k = HOST_SELF; k < m->n_hand; ++k) {
    const hand *h = host_of(m, k);
    if (h->state != HAND_READY || h->held >= h->most) continue;
    const double cost = (h->held + 1) / (h->rate > 0 ? h->rate : mean);
    if (cost < least) least = cost, best = k;
  }
  return best;
}

throng_status remote_find_host(crew_remote *m, int32_t *out) {
  bool said = false;
  while ((*out = choose_host(m)) == HOST_NOBODY) {
    if (!said) throng_note(m->progress, "no worker has room for a slot: waiting for workers");
    said = true;
    THRONG_TRY(hands_listen(m, 1));
    // The caller's own progress: a round that waits for others is not waited for to its end.
    if (!throng_report(m->def.progress, "wait for workers", 0, 0, ""))
      return throng_cancelled("waiting for workers");
  }
  return THRONG_OK;
}

throng_status remote_tell_line(crew_remote *m, int32_t host, int32_t slot, const crew_line *line,
                               bool reports) {
  if (host == HOST_SELF) return seat_line(m->seat, slot, line, line->file, reports);
  wire_writer w = {0};
  if (line->file &&
      parcel_send(m->def.deal, m->hand[host].peer, ORDER_PART, line->file) != THRONG_OK) {
    if (access(line->file, R_OK) != 0) return throng_fail_context(THRONG_ERROR_IO, "slot %d", slot);
    hand_lose(m, host, throng_error_message());
    return THRONG_OK;
  }
  wire_put_u32(&w, (uint32_t)slot);
  wire_put_u32(&w, reports);
  line_put(&w, line);
  hand_order(m, host, ORDER_LINE, &w);
  return THRONG_OK;
}

void remote_take_own(crew_remote *m, int32_t n) {
  for (int32_t k = 0; k < n; ++k) {
    remote_slot *slot = &m->slot[m->report[k].slot];
    slot->report = m->report[k];
    slot->reported = true;
    ++slot->line.leg[slot->line.n - 1].rounds;
  }
}

/// Every slot that somebody is in and nobody trains is given to a host, which makes its agent.
static throng_status deal_slots(crew_remote *m, bool in_round, int32_t *dealt) {
  *dealt = 0;
  for (int32_t s = 0; s < m->base.n_slot; ++s) {
    remote_slot *slot = &m->slot[s];
    int32_t host;
    slot->settling = false;
    if (slot->line.n == 0 || slot->host != HOST_NOBODY) continue;
    THRONG_TRY(remote_find_host(m, &host));
    const bool reports = in_round && !slot->reported;
    slot_move(m, s, host);
    slot->settling = true;
    slot->line.leg[slot->line.n - 1].rounds += reports;
    throng_status status = remote_tell_line(m, host, s, &slot->line, reports);
    slot->line.leg[slot->line.n - 1].rounds -= reports;
    THRONG_TRY(status);
    ++*dealt;
  }
  return THRONG_OK;
}

static bool is_settling(const crew_remote *m, int32_t host) {
  for (int32_t s = 0; s < m->base.n_slot; ++s)
    if (m->slot[s].settling && m->slot[s].host == host) return true;
  return false;
}

/// A host could not make its agents, which have nobody now. Who is short of memory takes no more
/// than it has, if others have room; a broken worker is let go.
static throng_status refused(crew_remote *m, int32_t host, throng_status status,
                             const char *message) {
  hand *h = host_of(m, host);
  for (int32_t s = 0; s < m->base.n_slot; ++s)
    if (m->slot[s].settling && m->slot[s].host == host) slot_move(m, s, HOST_NOBODY);
  if (status == THRONG_ERROR_MEMORY) {
    h->most = h->held;
    if (choose_host(m) != HOST_NOBODY) return THRONG_OK;
  }
  if (host >= 0 && (status == THRONG_ERROR_BACKEND || status == THRONG_ERROR_IO)) {
    hand_refuse(m, host, message);
    return THRONG_OK;
  }
  return throng_fail(status, "%s", message);
}

throng_status remote_finish_lines(crew_remote *m) {
  for (int32_t k = 0; k < m->n_hand; ++k) {
    wire_writer w = {0};
    if (is_settling(m, k)) hand_order(m, k, ORDER_GO, &w);
  }
  if (is_settling(m, HOST_SELF)) {
    int32_t n;
    throng_status status = seat_go(m->seat, &m->own_progress, m->report, &n);
    if (status == THRONG_ERROR_CANCELLED) return status;
    if (status == THRONG_OK) remote_take_own(m, n);
    m->own.status = status;
    snprintf(m->own.message, sizeof m->own.message, "%s", throng_error_message());
  }
  for (int32_t k = 0; k < m->n_hand; ++k) THRONG_TRY(hands_await(m, k));
  for (int32_t k = HOST_SELF; k < m->n_hand; ++k) {
    hand *h = host_of(m, k);
    const throng_status status = h->status;
    h->status = THRONG_OK;
    if (h->state == HAND_READY && is_settling(m, k) && status != THRONG_OK)
      THRONG_TRY(refused(m, k, status, h->message));
  }
  for (int32_t s = 0; s < m->base.n_slot; ++s) m->slot[s].settling = false;
  return THRONG_OK;
}

throng_status remote_settle(crew_remote *m, bool in_round) {
  for (;;) {
    int32_t dealt;
    THRONG_TRY(deal_slots(m, in_round, &dealt));
    if (dealt == 0) return THRONG_OK;
    THRONG_TRY(remote_finish_lines(m));
  }
}
