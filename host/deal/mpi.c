/// Peers that are the ranks of an MPI job. Only throng-mpi is linked with this (and with MPI): the
/// program itself has deal_mpi_open as NULL. A rank that dies takes the job with it (Open MPI 4 has
/// no other way): where machines come and go, sockets are the way.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "deal/deal.h"

enum { TAG_GOODBYE = 1 };  // below DEAL_FIRST_TYPE: the sender's end is closing

typedef struct ranks {
  deal base;
  int rank, n;
  int32_t announced;  // peers that have joined
  bool *gone;         // (n) peers that were let go, or have said goodbye
  uint8_t *in;
  size_t capacity;
} ranks;

static int rank_of(const ranks *r, int32_t peer) { return r->rank == 0 ? peer + 1 : 0; }
static int32_t peer_of(const ranks *r, int rank) { return r->rank == 0 ? rank - 1 : 0; }

static throng_status failed(int code, const char *what) {
  char text[MPI_MAX_ERROR_STRING] = "";
  int length;
  if (code == MPI_SUCCESS) return THRONG_OK;
  MPI_Error_string(code, text, &length);
  return throng_fail(THRONG_ERROR_IO, "MPI: %s: %s", what, text);
}

static throng_status ranks_send(deal *base, int32_t peer, uint16_t type, const void *data,
                                size_t size) {
  const ranks *r = (const ranks *)base;
  const int to = rank_of(r, peer);
  if (r->gone[to]) return throng_fail(THRONG_ERROR_IO, "MPI: rank %d is gone", to);
  return failed(MPI_Send(data, (int)size, MPI_BYTE, to, type, MPI_COMM_WORLD), "sending");
}

/// A message that is there.
static throng_status receive(ranks *r, MPI_Status *about, deal_event *event) {
  int size = 0;
  void *room = r->in;
  MPI_Get_count(about, MPI_BYTE, &size);
  if (size < 0 || size > DEAL_MOST_PAYLOAD)
    return throng_fail(THRONG_ERROR_IO, "MPI: a message of %d bytes, expected %d at most", size,
                       DEAL_MOST_PAYLOAD);
  THRONG_TRY(throng_grow(&room, &r->capacity, (size_t)size + 1, 1, "a message"));
  r->in = room;
  THRONG_TRY(failed(MPI_Recv(r->in, size, MPI_BYTE, about->MPI_SOURCE, about->MPI_TAG,
                             MPI_COMM_WORLD, MPI_STATUS_IGNORE),
                    "receiving"));
  event->peer = peer_of(r, about->MPI_SOURCE);
  event->message = (deal_message){(uint16_t)about->MPI_TAG, r->in, (size_t)size};
  event->kind = DEAL_MESSAGE;
  if (about->MPI_TAG >= DEAL_FIRST_TYPE) return THRONG_OK;
  event->kind = r->gone[about->MPI_SOURCE] ? DEAL_NOTHING : DEAL_LOST;
  r->gone[about->MPI_SOURCE] = true;
  snprintf(event->cause, sizeof event->cause, "rank %d has ended", about->MPI_SOURCE);
  return THRONG_OK;
}

/// MPI's own waiting would keep a processor busy.
static throng_status ranks_wait(deal *base, double seconds, deal_event *event) {
  ranks *r = (ranks *)base;
  const double end = clock_now() + seconds;
  *event = (deal_event){.kind = DEAL_NOTHING};
  if (r->rank == 0 && r->announced < r->n - 1) {
    event->kind = DEAL_JOINED;
    event->peer = r->announced++;
    return THRONG_OK;
  }
  for (long pause = 20000;; pause = pause < 1000000 ? 2 * pause : pause) {
    int there;
    MPI_Status about;
    THRONG_TRY(failed(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &about),
                      "looking for messages"));
    if (there) return receive(r, &about, event);
    if (clock_now() >= end) return THRONG_OK;
    nanosleep(&(struct timespec){0, pause}, NULL);
  }
}

/// Who does not live ends the job.
static void ranks_beat(deal *base) { (void)base; }

static void say_goodbye(ranks *r, int to) {
  if (!r->gone[to]) MPI_Send(NULL, 0, MPI_BYTE, to, TAG_GOODBYE, MPI_COMM_WORLD);
  r->gone[to] = true;
}

static void ranks_drop(deal *base, int32_t peer) {
  ranks *r = (ranks *)base;
  say_goodbye(r, rank_of(r, peer));
}

static void ranks_close(deal *base) {
  ranks *r = (ranks *)base;
  for (int k = 0; k < r->n; ++k)
    if (k != r->rank && (r->rank == 0 || k == 0)) say_goodbye(r, k);
  // What others said last must be heard, or neither end could finish.
  for (int there = 1; there;) {
    deal_event event;
    MPI_Status about;
    if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &about) != MPI_SUCCESS)
      break;
    if (there && receive(r, &about, &event) != THRONG_OK) break;
  }
  MPI_Finalize();
  free(r->gone);
  free(r->in);
  free(r);
}

static const deal_ops ops = {ranks_send, ranks_wait, ranks_beat, ranks_drop, ranks_close};

throng_status deal_mpi_open(int32_t *rank, int32_t *n, deal **out) {
  void *room;
  *out = NULL;
  int provided, me, all;
  THRONG_TRY(failed(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "beginning"));
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &me);
  MPI_Comm_size(MPI_COMM_WORLD, &all);
  THRONG_TRY(throng_alloc(&room, 1, sizeof(ranks), "ranks"));
  ranks *r = room;
  *r = (ranks){.base = {&ops}, .rank = me, .n = all};
  throng_status status = throng_alloc(&room, (size_t)all, sizeof(bool), "ranks");
  if (status != THRONG_OK) {
    free(r);
    return status;
  }
  r->gone = room;
  *rank = me;
  *n = all;
  *out = &r->base;
  return THRONG_OK;
}
