/// What workers say, and what it means for the slots that they have.
#include "crew/hands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

hand *host_of(crew_remote *m, int32_t host) {
  return host == HOST_SELF ? &m->own : host >= 0 ? &m->hand[host] : NULL;
}

void slot_move(crew_remote *m, int32_t slot, int32_t host) {
  hand *from = host_of(m, m->slot[slot].host), *to = host_of(m, host);
  if (from) --from->held;
  if (to) ++to->held;
  m->slot[slot].host = host;
}

void hand_lose(crew_remote *m, int32_t k, const char *cause) {
  hand *h = &m->hand[k];
  if (h->state == HAND_GONE) return;
  const int32_t held = h->held;
  for (int32_t s = 0; s < m->base.n_slot; ++s)
    if (m->slot[s].host == k) slot_move(m, s, HOST_NOBODY);
  if (h->state == HAND_READY && held > 0) {
    throng_note(m->progress, "worker %s is lost: %s; what its %d slots trained is trained again",
                h->name, cause, held);
  } else {
    throng_note(m->progress, "worker %s is gone: %s", h->name, cause);
  }
  m->def.deal->ops->drop(m->def.deal, h->peer);
  parcel_reset(&h->incoming);
  *h = (hand){.incoming = {.fd = -1}};
}

void hand_refuse(crew_remote *m, int32_t k, const char *why) {
  wire_writer w = {0};
  wire_put_text(&w, why);
  if (m->hand[k].state == HAND_GONE) return;
  (void)order_send(m->def.deal, m->hand[k].peer, ORDER_REFUSED, &w);
  hand_lose(m, k, why);
}

void hand_order(crew_remote *m, int32_t k, uint16_t order, wire_writer *w) {
  hand *h = &m->hand[k];
  h->busy = order != ORDER_LINE;
  h->asked = order == ORDER_ROUND ? clock_now() : 0;
  if (order_send(m->def.deal, h->peer, order, w) != THRONG_OK)
    hand_lose(m, k, throng_error_message());
}

static throng_status hand_join(crew_remote *m, int32_t peer) {
  int32_t k = 0;
  while (k < m->n_hand && m->hand[k].state != HAND_GONE) ++k;
  void *room = m->hand;
  THRONG_TRY(throng_grow(&room, &m->hand_capacity, (size_t)k + 1, sizeof(hand), "workers"));
  m->hand = room;
  if (k == m->n_hand) ++m->n_hand;
  m->hand[k] = (hand){.state = HAND_GREETED, .peer = peer, .name = "?", .incoming = {.fd = -1}};
  return THRONG_OK;
}

/// Are these facts ours? Else the worker is sent away. Errors: MEMORY, DATA.
static throng_status compare(crew_remote *m, int32_t k, const char *const *mine, wire_reader *r,
                             bool *same) {
  const char **theirs;
  char why[400];
  THRONG_TRY(wire_get_texts(r, &theirs));
  throng_status status = wire_end(r, "a worker's facts");
  *same = status == THRONG_OK && !facts_differ(mine, theirs, why, sizeof why);
  if (status == THRONG_OK && !*same) hand_refuse(m, k, why);
  free(theirs);
  return status;
}

static throng_status take_hello(crew_remote *m, int32_t k, const deal_message *message) {
  hand *h = &m->hand[k];
  wire_reader r = {message->data, message->size, false};
  bool same;
  if (message->type != ORDER_HELLO) return throng_fail(THRONG_ERROR_DATA, "it did not say hello");
  snprintf(h->name, sizeof h->name, "%s", wire_get_text(&r));
  for (char *c = h->name; *c; ++c)
    if ((unsigned char)*c < ' ' || (unsigned char)*c > '~') *c = '?';
  const uint32_t slots = wire_get_u32(&r);
  const uint32_t all = (uint32_t)m->base.n_slot;
  h->most = (int32_t)(slots == 0 || slots > all ? all : slots);
  THRONG_TRY(compare(m, k, m->def.facts, &r, &same));
  if (!same) return THRONG_OK;
  wire_writer w = {0};
  wire_put_u32(&w, all);
  wire_put_text(&w, m->config);
  wire_put_text(&w, m->world);
  wire_put_text(&w, m->sta);
  h->state = HAND_PREPARING;
  hand_order(m, k, ORDER_WELCOME, &w);
  return THRONG_OK;
}

/// An answer: what the order came to.
static throng_status take_answer(hand *h, const deal_message *message) {
  wire_reader r = {message->data, message->size, false};
  const uint32_t status = wire_get_u32(&r);
  snprintf(h->message, sizeof h->message, "%s", wire_get_text(&r));
  THRONG_TRY(wire_end(&r, "an answer"));
  if (!h->busy || status > THRONG_ERROR_DIVERGED)
    return throng_fail(THRONG_ERROR_DATA, "an answer that has no place here");
  h->status = (throng_status)status;
  h->busy = false;
  if (h->asked > 0 && h->status == THRONG_OK) {
    const double now = h->held / fmax(clock_now() - h->asked, 1e-6);
    h->rate = h->rate > 0 ? (h->rate + now) / 2 : now;
  }
  return THRONG_OK;
}

static throng_status take_ready(crew_remote *m, int32_t k, const deal_message *message) {
  hand *h = &m->hand[k];
  if (message->type == ORDER_DONE) {
    THRONG_TRY(take_answer(h, message));
    return throng_fail(THRONG_ERROR_DATA, "%s", h->message);
  }
  if (message->type != ORDER_READY) return throng_fail(THRONG_ERROR_DATA, "it is not ready");
  wire_reader r = {message->data, message->size, false};
  bool same;
  THRONG_TRY(compare(m, k, m->def.world_facts, &r, &same));
  if (!same) return THRONG_OK;
  wire_writer w = {0};
  h->state = HAND_READY;
  hand_order(m, k, ORDER_TAKEN, &w);
  h->busy = false;
  if (h->state == HAND_READY)
    throng_note(m->progress, "worker %s has joined, for %d slots", h->name, h->most);
  return THRONG_OK;
}

static throng_status take_report(crew_remote *m, int32_t k, const deal_message *message) {
  crew_report report;
  THRONG_TRY(report_get(message, m->base.n_slot, &report));
  remote_slot *slot = &m->slot[report.slot];
  if (slot->host != k || slot->reported)
    return throng_fail(THRONG_ERROR_DATA, "a report of slot %d, which it does not have",
                       report.slot);
  slot->report = report;
  slot->reported = true;
  ++slot->line.leg[slot->line.n - 1].rounds;
  return THRONG_OK;
}

/// Errors: DATA (it makes no sense: the worker is lost), or of this side.
static throng_status take_message(crew_remote *m, int32_t k, const deal_message *message) {
  hand *h = &m->hand[k];
  if (h->state == HAND_GREETED) return take_hello(m, k, message);
  if (h->state == HAND_PREPARING) return take_ready(m, k, message);
  if (message->type == ORDER_REPORT) return take_report(m, k, message);
  if (message->type == ORDER_DONE) return take_answer(h, message);
  if (message->type == ORDER_PART && h->state_path && !h->state_whole)
    return parcel_take(&h->incoming, message, h->state_path, &h->state_whole);
  return throng_fail(THRONG_ERROR_DATA, "a message that has no place here");
}

static throng_status take_event(crew_remote *m, const deal_event *event) {
  if (event->kind == DEAL_JOINED) return hand_join(m, event->peer);
  int32_t k = 0;
  while (k < m->n_hand && (m->hand[k].state == HAND_GONE || m->hand[k].peer != event->peer)) ++k;
  if (k == m->n_hand) return THRONG_OK;
  throng_status status = THRONG_OK;
  if (event->kind == DEAL_LOST) {
    hand_lose(m, k, event->cause);
  } else {
    status = take_message(m, k, &event->message);
  }
  if (status == THRONG_ERROR_DATA) {
    char cause[512];
    snprintf(cause, sizeof cause, "%s", throng_error_message());
    hand_refuse(m, k, cause);
    status = THRONG_OK;
  }
  return status;
}

throng_status hands_listen(crew_remote *m, double seconds) {
  deal_event event;
  do {
    THRONG_TRY(m->def.deal->ops->wait(m->def.deal, seconds, &event));
    if (event.kind != DEAL_NOTHING) THRONG_TRY(take_event(m, &event));
  } while (seconds == 0 && event.kind != DEAL_NOTHING);
  return THRONG_OK;
}

throng_status hands_await(crew_remote *m, int32_t k) {
  while (m->hand[k].state == HAND_READY && m->hand[k].busy) {
    int64_t reported = 0, all = 0;
    THRONG_TRY(hands_listen(m, 1));
    for (int32_t s = 0; s < m->base.n_slot; ++s) {
      reported += m->slot[s].line.n > 0 && m->slot[s].reported;
      all += m->slot[s].line.n > 0;
    }
    if (!throng_report(m->progress, "train", reported, all, "slots"))
      return throng_cancelled("waiting for a worker");
  }
  return THRONG_OK;
}
