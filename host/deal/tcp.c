/// Peers over TCP. Nobody is a peer before both ends have shown that they have the token, and until
/// then what an end may send is short and is waited for briefly. What travels is neither secret nor
/// guarded against being changed on its way: for networks that are not trusted there is ssh.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/numbers.h"
#include "deal/frame.h"
#include "deal/socket.h"
#include "deal/token.h"

enum { BEAT = 1, CHALLENGE, PROOF, PROVEN, REFUSED };  // types below DEAL_FIRST_TYPE
enum { MOST_STRANGERS = 64, STRANGER_PAYLOAD = 256, READ_AT_ONCE = 1 << 18 };
static const double stranger_seconds = 10, beat_seconds = 2, send_seconds = 60;

typedef enum peer_state { PEER_NONE = 0, PEER_STRANGER, PEER_HERE } peer_state;

typedef struct peer {
  peer_state state;
  bool ended;  // it will say no more
  int fd;
  uint8_t challenge[TOKEN_CHALLENGE];  // that it is asked
  double heard;                        // clock_now
  uint8_t *in;                         // (used) bytes that it said
  size_t used, capacity, taken;        // `taken` of them are the last event's
} peer;

typedef struct tcp {
  deal base;
  int listener;  // -1: the worker's end
  deal_token token;
  double silence, said;
  peer *peer;  // (n)
  int32_t n, turn;
  size_t capacity, poll_capacity;
  struct pollfd *poll;  // (n + 1)
} tcp;

static void peer_close(peer *p) {
  if (p->state == PEER_NONE) return;
  close(p->fd);
  free(p->in);
  *p = (peer){.fd = -1};
}

/// The last event's message is no longer needed.
static void peer_forget(peer *p) {
  if (p->taken == 0) return;
  p->used -= p->taken;
  memmove(p->in, p->in + p->taken, p->used);
  p->taken = 0;
}

static bool peer_send(const peer *p, uint16_t type, const void *data, size_t size) {
  uint8_t header[FRAME_HEADER];
  frame_header(header, type, data, size);
  struct iovec parts[2] = {{header, sizeof header}, {(void *)data, size}};
  return socket_send(p->fd, parts, 2, p->state == PEER_HERE ? send_seconds : stranger_seconds);
}

static throng_status tcp_send(deal *base, int32_t k, uint16_t type, const void *data, size_t size) {
  tcp *t = (tcp *)base;
  if (k >= t->n || t->peer[k].state != PEER_HERE)
    return throng_fail(THRONG_ERROR_IO, "the connection is closed");
  if (peer_send(&t->peer[k], type, data, size)) return THRONG_OK;
  const int cause = errno;
  peer_close(&t->peer[k]);
  return throng_fail(THRONG_ERROR_IO, "the connection is closed: %s", strerror(cause));
}

static void tcp_beat(deal *base) {
  tcp *t = (tcp *)base;
  const double now = clock_now();
  if (now - t->said < beat_seconds) return;
  t->said = now;
  for (int32_t k = 0; k < t->n; ++k)
    if (t->peer[k].state == PEER_HERE && !peer_send(&t->peer[k], BEAT, NULL, 0))
      t->peer[k].ended = true;
}

static void tcp_drop(deal *base, int32_t k) {
  tcp *t = (tcp *)base;
  if (k < t->n) peer_close(&t->peer[k]);
}

static void tcp_close(deal *base) {
  tcp *t = (tcp *)base;
  for (int32_t k = 0; k < t->n; ++k) peer_close(&t->peer[k]);
  if (t->listener >= 0) close(t->listener);
  memset(&t->token, 0, sizeof t->token);
  free(t->peer);
  free(t->poll);
  free(t);
}

static throng_status peer_add(tcp *t, int fd, peer_state state, peer **out) {
  int32_t k = 0;
  while (k < t->n && t->peer[k].state != PEER_NONE) ++k;
  void *room = t->peer;
  THRONG_TRY(throng_grow(&room, &t->capacity, (size_t)k + 1, sizeof(peer), "peers"));
  t->peer = room;
  room = t->poll;
  THRONG_TRY(throng_grow(&room, &t->poll_capacity, (size_t)k + 2, sizeof *t->poll, "peers"));
  t->poll = room;
  if (k == t->n) ++t->n;
  t->peer[k] = (peer){.state = state, .fd = fd, .heard = clock_now()};
  socket_prepare(fd);
  *out = &t->peer[k];
  return THRONG_OK;
}

/// Somebody has come: he is asked for his proof.
static throng_status accept_stranger(tcp *t) {
  const int fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return THRONG_OK;  // gone again, or this process has too many files
  int32_t strangers = 0;
  for (int32_t k = 0; k < t->n; ++k) strangers += t->peer[k].state == PEER_STRANGER;
  peer *p = NULL;
  throng_status status =
      strangers < MOST_STRANGERS ? peer_add(t, fd, PEER_STRANGER, &p) : THRONG_OK;
  if (!p) {
    close(fd);
    return status;
  }
  THRONG_TRY(token_challenge(p->challenge));
  if (!peer_send(p, CHALLENGE, p->challenge, sizeof p->challenge)) peer_close(p);
  return THRONG_OK;
}

/// The owner's end of it: `*joined`, or the stranger is sent away.
static throng_status stranger_said(tcp *t, peer *p, const deal_message *said, bool *joined) {
  uint8_t expected[TOKEN_PROOF], mine[TOKEN_PROOF];
  *joined = said->type == PROOF && said->size == TOKEN_CHALLENGE + TOKEN_PROOF;
  if (*joined) {
    THRONG_TRY(token_proof(&t->token, "worker", p->challenge, said->data, expected));
    THRONG_TRY(token_proof(&t->token, "owner", p->challenge, said->data, mine));
    *joined = token_proof_equal(expected, said->data + TOKEN_CHALLENGE);
  }
  if (*joined && peer_send(p, PROVEN, mine, sizeof mine)) {
    p->state = PEER_HERE;
    return THRONG_OK;
  }
  *joined = false;
  peer_send(p, REFUSED, NULL, 0);
  peer_close(p);
  return THRONG_OK;
}

static void lost(tcp *t, int32_t k, deal_event *event, const char *cause) {
  event->kind = t->peer[k].state == PEER_HERE ? DEAL_LOST : DEAL_NOTHING;
  event->peer = k;
  snprintf(event->cause, sizeof event->cause, "%s", cause);
  peer_close(&t->peer[k]);
}

/// What peer k has said in whole: an event, or none.
static throng_status peer_event(tcp *t, int32_t k, deal_event *event) {
  peer *p = &t->peer[k];
  while (p->state != PEER_NONE) {
    size_t used;
    const size_t most = p->state == PEER_HERE ? DEAL_MOST_PAYLOAD : STRANGER_PAYLOAD;
    peer_forget(p);
    if (p->used == 0) break;
    if (frame_read(p->in, p->used, most, &event->message, &used) != THRONG_OK) {
      lost(t, k, event, throng_error_message());
      return THRONG_OK;
    }
    if (used == 0) break;
    p->taken = used;
    if (p->state == PEER_STRANGER) {
      bool joined;
      THRONG_TRY(stranger_said(t, p, &event->message, &joined));
      if (!joined) continue;
      event->kind = DEAL_JOINED;
      event->peer = k;
      return THRONG_OK;
    }
    if (event->message.type == BEAT) continue;
    if (event->message.type < DEAL_FIRST_TYPE) {
      lost(t, k, event, "a message that has no place here");
      return THRONG_OK;
    }
    event->kind = DEAL_MESSAGE;
    event->peer = k;
    return THRONG_OK;
  }
  if (p->state != PEER_NONE && p->ended) {
    lost(t, k, event, "the connection was closed");
  } else if (p->state != PEER_NONE && t->listener >= 0 &&
             clock_now() - p->heard > (p->state == PEER_HERE ? t->silence : stranger_seconds)) {
    NUMBERS_WITHOUT_LOCALE;
    char cause[64];
    snprintf(cause, sizeof cause, "silent for %d seconds", (int)(clock_now() - p->heard));
    lost(t, k, event, cause);
  }
  return THRONG_OK;
}

static throng_status peer_read(peer *p) {
  void *room = p->in;
  THRONG_TRY(throng_grow(&room, &p->capacity, p->used + READ_AT_ONCE, 1, "a message"));
  p->in = room;
  const ssize_t n = recv(p->fd, p->in + p->used, READ_AT_ONCE, 0);
  if (n > 0) p->used += (size_t)n, p->heard = clock_now();
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) p->ended = true;
  return THRONG_OK;
}

/// Wait until somebody has said something, `seconds` at most.
static throng_status listen_all(tcp *t, double seconds) {
  nfds_t n = 0;
  for (int32_t k = 0; k < t->n; ++k) {
    const bool here = t->peer[k].state != PEER_NONE && !t->peer[k].ended;
    t->poll[n++] = (struct pollfd){here ? t->peer[k].fd : -1, POLLIN, 0};
  }
  if (t->listener >= 0) t->poll[n++] = (struct pollfd){t->listener, POLLIN, 0};
  if (poll(t->poll, n, seconds > 0 ? (int)(seconds * 1000) + 1 : 0) <= 0) return THRONG_OK;
  const bool stranger = t->listener >= 0 && t->poll[n - 1].revents;
  for (int32_t k = 0; k < t->n; ++k)
    if (t->poll[k].revents) THRONG_TRY(peer_read(&t->peer[k]));
  return stranger ? accept_stranger(t) : THRONG_OK;
}

static throng_status tcp_wait(deal *base, double seconds, deal_event *event) {
  tcp *t = (tcp *)base;
  const double end = clock_now() + seconds;
  for (double left = seconds;; left = end - clock_now()) {
    event->kind = DEAL_NOTHING;
    for (int32_t turn = 0; turn < t->n; ++turn) {
      t->turn = (t->turn + 1) % t->n;  // nobody is heard twice before all others
      THRONG_TRY(peer_event(t, t->turn, event));
      if (event->kind != DEAL_NOTHING) return THRONG_OK;
    }
    tcp_beat(base);
    if (left < 0) return THRONG_OK;
    THRONG_TRY(listen_all(t, left < 1 ? left : 1));
  }
}

static const deal_ops ops = {tcp_send, tcp_wait, tcp_beat, tcp_drop, tcp_close};

static throng_status tcp_create(const deal_token *token, double silence, tcp **out) {
  void *room;
  THRONG_TRY(throng_alloc(&room, 1, sizeof(tcp), "connections"));
  *out = room;
  (*out)->base.ops = &ops;
  (*out)->listener = -1;
  (*out)->token = *token;
  (*out)->silence = silence;
  room = NULL;
  throng_status status =
      throng_grow(&room, &(*out)->poll_capacity, 2, sizeof(struct pollfd), "peers");
  (*out)->poll = room;
  if (status != THRONG_OK) tcp_close(&(*out)->base);
  return status;
}

throng_status deal_listen(const char *address, const deal_token *token, double silence,
                          char where[DEAL_WHERE], deal **out) {
  int fd;
  tcp *t;
  *out = NULL;
  THRONG_TRY(socket_listen(address, where, &fd));
  throng_status status = tcp_create(token, silence, &t);
  if (status != THRONG_OK) {
    close(fd);
    return status;
  }
  t->listener = fd;
  *out = &t->base;
  return THRONG_OK;
}

/// The next message of the handshake.
static throng_status hear(tcp *t, peer *p, const char *address, uint16_t type, size_t size,
                          deal_message *out) {
  const double end = clock_now() + stranger_seconds;
  for (;;) {
    size_t used;
    peer_forget(p);
    if (p->used > 0) {
      throng_status status = frame_read(p->in, p->used, STRANGER_PAYLOAD, out, &used);
      if (status != THRONG_OK) return throng_fail_context(status, "%s", address);
      if (used > 0) {
        p->taken = used;
        if (out->type == type && out->size == size) return THRONG_OK;
        return throng_fail(THRONG_ERROR_IO, "%s: %s", address,
                           out->type == REFUSED ? "the sweep there has another token"
                                                : "an answer that has no place here");
      }
    }
    if (p->ended || clock_now() >= end)
      return throng_fail(THRONG_ERROR_IO, "%s: %s", address,
                         p->ended ? "the connection was closed" : "no answer");
    THRONG_TRY(listen_all(t, end - clock_now()));
  }
}

static throng_status introduce(tcp *t, const char *address) {
  uint8_t said[TOKEN_CHALLENGE + TOKEN_PROOF], expected[TOKEN_PROOF];
  peer *p = &t->peer[0];
  deal_message message;
  THRONG_TRY(hear(t, p, address, CHALLENGE, TOKEN_CHALLENGE, &message));
  THRONG_TRY(token_challenge(said));
  THRONG_TRY(token_proof(&t->token, "worker", message.data, said, said + TOKEN_CHALLENGE));
  THRONG_TRY(token_proof(&t->token, "owner", message.data, said, expected));
  if (!peer_send(p, PROOF, said, sizeof said))
    return throng_fail(THRONG_ERROR_IO, "%s: the connection was closed", address);
  THRONG_TRY(hear(t, p, address, PROVEN, TOKEN_PROOF, &message));
  if (!token_proof_equal(expected, message.data))
    return throng_fail(THRONG_ERROR_IO, "%s: who listens there has another token", address);
  return THRONG_OK;
}

throng_status deal_connect(const char *address, const deal_token *token, double seconds,
                           const throng_progress *progress, deal **out) {
  int fd;
  tcp *t;
  peer *p;
  *out = NULL;
  THRONG_TRY(socket_connect(address, seconds, progress, &fd));
  throng_status status = tcp_create(token, 0, &t);
  if (status != THRONG_OK) {
    close(fd);
    return status;
  }
  status = peer_add(t, fd, PEER_HERE, &p);
  if (status != THRONG_OK) {
    close(fd);
  } else {
    status = introduce(t, address);
  }
  if (status != THRONG_OK) {
    tcp_close(&t->base);
    return status;
  }
  *out = &t->base;
  return THRONG_OK;
}
