/// The workers of a crew that is elsewhere, and its slots' places among them: the inside of
/// remote.c and hands.c.
#ifndef THRONG_CREW_HANDS_H
#define THRONG_CREW_HANDS_H

#include "crew/orders.h"
#include "crew/remote.h"
#include "deal/parcel.h"

enum { HOST_SELF = -1, HOST_NOBODY = -2 };

typedef enum hand_state {
  HAND_GONE = 0,
  HAND_GREETED,    // it is to say what program it is
  HAND_PREPARING,  // it opens the world
  HAND_READY,
} hand_state;

/// A worker.
typedef struct hand {
  hand_state state;
  int32_t peer;
  char name[64];
  int32_t most, held;  // slots
  double rate;         // agent-rounds a second; 0: not known yet
  bool busy;           // it owes an answer, which came to:
  throng_status status;
  char message[512];
  double asked;            // clock_now of a round's order; 0: of none
  const char *state_path;  // the file that it is to send, or NULL
  bool state_whole;
  parcel incoming;
} hand;

typedef struct remote_slot {
  crew_line line;  // n 0: free
  int32_t host;    // a hand's number, or HOST_SELF, HOST_NOBODY
  bool reported;   // in this round
  bool settling;   // its agent is being made there
  crew_report report;
} remote_slot;

typedef struct crew_remote {
  crew base;
  crew_remote_def def;
  char *config, *world, *sta;
  remote_slot *slot;  // (n_slot)
  hand *hand;         // (n_hand)
  int32_t n_hand;
  size_t hand_capacity;
  hand own;                         // this process: most, held, rate
  crew_seat *seat;                  // NULL: it trains nothing
  crew_report *report;              // (n_slot) room
  const throng_progress *progress;  // of the present call
  throng_progress own_progress;     // during this process's own training
} crew_remote;

/// Wait for something to happen, `seconds` at most, and take it in: who joins, answers, reports or
/// is lost; with 0 seconds, all that has happened. Errors: of this side alone (IO, MEMORY).
throng_status hands_listen(crew_remote *m, double seconds);
/// The same until hand k has answered or is gone. Errors: CANCELLED too.
throng_status hands_await(crew_remote *m, int32_t k);
/// Tell a hand to do something; where it cannot be told it is lost.
void hand_order(crew_remote *m, int32_t k, uint16_t order, wire_writer *w);
/// The worker is no more: its slots have nobody.
void hand_lose(crew_remote *m, int32_t k, const char *cause);
/// The same, and the worker is told why, so that it does not come back.
void hand_refuse(crew_remote *m, int32_t k, const char *why);
hand *host_of(crew_remote *m, int32_t host);  // NULL: nobody
void slot_move(crew_remote *m, int32_t slot, int32_t host);

// remote_settle.c
/// All slots in use have somebody who trains them. `in_round`: those that have not reported do.
throng_status remote_settle(crew_remote *m, bool in_round);
/// A host with room, waited for if need be. Errors: CANCELLED, and those of listening.
throng_status remote_find_host(crew_remote *m, int32_t *out);
/// Let the host begin a line with the next order to go; one that cannot be told is lost.
throng_status remote_tell_line(crew_remote *m, int32_t host, int32_t slot, const crew_line *line,
                               bool reports);
/// Lines that hosts were told are trained.
throng_status remote_finish_lines(crew_remote *m);
void remote_take_own(crew_remote *m, int32_t n);

// remote.c
/// Errors: ARGUMENT (no such slot; somebody is there, or nobody).
throng_status remote_require(const crew_remote *m, int32_t slot, bool in_use);

// remote_state.c: of crew_ops.
throng_status remote_save(crew *base, int32_t slot, const char *path);
throng_status remote_load(crew *base, int32_t slot, const crew_setup *setup, const char *path);
throng_status remote_copy(crew *base, int32_t slot, int32_t from, const crew_setup *setup);

#endif
