/// Messages between the process that owns a sweep and those that work for it, over whatever carries
/// them: sockets (tcp.c) or MPI (mpi.c). Knows peers and bytes, not what they are about.
#ifndef THRONG_DEAL_DEAL_H
#define THRONG_DEAL_DEAL_H

#include "base/status.h"

enum {
  DEAL_MOST_PAYLOAD = 8 << 20,  // bytes of a message
  DEAL_FIRST_TYPE = 16,         // of messages; those below are the carriers' own
};

typedef struct deal_message {
  uint16_t type;
  const uint8_t *data;  // (size) valid until the next call
  size_t size;
} deal_message;

typedef enum deal_event_kind {
  DEAL_NOTHING = 0,  // the time has passed
  DEAL_JOINED,       // a peer is there, and has the token
  DEAL_MESSAGE,
  DEAL_LOST,  // closed, silent for too long, or what it sent is no message: `cause`
} deal_event_kind;

typedef struct deal_event {
  deal_event_kind kind;
  int32_t peer;  // a number that a later peer may have again, once this one is lost
  deal_message message;
  char cause[256];
} deal_event;

typedef struct deal deal;

typedef struct deal_ops {
  /// Whole, or not: after an error the peer is lost, without an event. Errors: IO.
  throng_status (*send)(deal *, int32_t peer, uint16_t type, const void *data, size_t size);
  /// The next event, waiting for `seconds` at most. Errors: IO, MEMORY (of this side).
  throng_status (*wait)(deal *, double seconds, deal_event *event);
  /// A sign of life to all, where one is due. Cheap: for callbacks of long work.
  void (*beat)(deal *);
  /// Let a peer go, without an event.
  void (*drop)(deal *, int32_t peer);
  void (*close)(deal *);
} deal_ops;

struct deal {
  const deal_ops *ops;
};

/// What both ends must know to talk to each other.
enum { DEAL_LEAST_TOKEN = 16, DEAL_MOST_TOKEN = 4096 };
typedef struct deal_token {
  char text[DEAL_MOST_TOKEN + 1];
  size_t length;
} deal_token;

/// The first line of a file. Errors: IO, DATA (shorter than DEAL_LEAST_TOKEN, longer than
/// DEAL_MOST_TOKEN characters). Its text is in no message.
throng_status deal_token_read(const char *path, deal_token *out);
/// A new random one into a file that only its owner reads; one that is there is left as it is.
/// Errors: IO.
throng_status deal_token_make(const char *path);

/// Wait for peers at "ADDRESS:PORT", "[ADDRESS]:PORT" or "PORT" (then at 127.0.0.1); port 0: any
/// that is free. `silence`: seconds after which a peer that says nothing is lost. `where`
/// (DEAL_WHERE) becomes "ADDRESS:PORT" as it is. Errors: ARGUMENT, IO, MEMORY.
enum { DEAL_WHERE = 80 };
throng_status deal_listen(const char *address, const deal_token *token, double silence,
                          char where[DEAL_WHERE], deal **out);
/// The one peer, 0, at "HOST:PORT". `seconds`: how long to try where nobody answers. Errors:
/// ARGUMENT, IO (nobody there, another token on either side), CANCELLED.
throng_status deal_connect(const char *address, const deal_token *token, double seconds,
                           const throng_progress *progress, deal **out);

/// The ranks of an MPI job, where the program was linked with it (else NULL): rank 0's peers are
/// the others, theirs is 0. `*rank` and `*n` say who this is.
throng_status deal_mpi_open(int32_t *rank, int32_t *n, deal **out) __attribute__((weak));

#endif
