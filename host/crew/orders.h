/// What an owner and its workers say to each other, and how (deal/frame.h). First both see that
/// they would compute the same; then the owner orders and the worker answers, one order at a time.
#ifndef THRONG_CREW_ORDERS_H
#define THRONG_CREW_ORDERS_H

#include "crew/crew.h"
#include "crew/line.h"
#include "deal/deal.h"
#include "deal/frame.h"

enum crew_order {
  ORDER_HELLO = DEAL_FIRST_TYPE,  // worker: name, slots (0: any number), facts of its program
  ORDER_WELCOME,  // owner: slots of the sweep, its config, its world's and f_sta's files
  ORDER_READY,    // worker: facts of its world
  ORDER_TAKEN,    // owner: orders will come
  ORDER_REFUSED,  // owner: why; the worker goes
  ORDER_BYE,      // owner: the sweep is over
  ORDER_PART,     // both: of the file that the next order, or answer, is about
  ORDER_LINE,     // owner: slot, does it report, line; answered with the next order
  ORDER_GO,       // owner: train the lines
  ORDER_COPY,     // owner: slot, from, overrides
  ORDER_STOP,     // owner: slot
  ORDER_ROUND,    // owner
  ORDER_SAVE,     // owner: slot; the parts of its file come before the answer
  ORDER_REPORT,   // worker: a crew_report; before the answer to a round or lines
  ORDER_DONE,     // worker: the answer: a throng_status and its message
};

/// A fact is "name=value". The first of `mine` that `theirs` lacks or has otherwise, as text for
/// people; false: there is none.
bool facts_differ(const char *const *mine, const char *const *theirs, char *difference,
                  size_t size);

/// As bytes: both ends are the same program, which the hello has shown.
void report_put(wire_writer *w, const crew_report *report);
/// Errors: DATA.
throng_status report_get(const deal_message *message, int32_t n_slot, crew_report *out);

/// Send what was written and free it. Errors: those of writing and sending.
throng_status order_send(deal *d, int32_t peer, uint16_t order, wire_writer *w);

#endif
