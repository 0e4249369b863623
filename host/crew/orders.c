/// Orders; see orders.h.
#include "crew/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The value of a fact of this name, or NULL.
static const char *find_fact(const char *const *facts, const char *name, size_t length) {
  for (; *facts; ++facts)
    if (!strncmp(*facts, name, length) && (*facts)[length] == '=') return *facts + length + 1;
  return NULL;
}

bool facts_differ(const char *const *mine, const char *const *theirs, char *difference,
                  size_t size) {
  for (; *mine; ++mine) {
    const size_t length = strcspn(*mine, "=");
    const char *value = find_fact(theirs, *mine, length);
    if (value && !strcmp(value, *mine + length + 1)) continue;
    snprintf(difference, size, "its %.*s is %s, here it is %s", (int)length, *mine,
             value ? value : "not known", *mine + length + 1);
    return true;
  }
  return false;
}

void report_put(wire_writer *w, const crew_report *report) { wire_put(w, report, sizeof *report); }

throng_status report_get(const deal_message *message, int32_t n_slot, crew_report *out) {
  if (message->size == sizeof *out) {
    memcpy(out, message->data, sizeof *out);
    if (out->slot >= 0 && out->slot < n_slot && (unsigned)out->state <= THRONG_AGENT_DIVERGED &&
        memchr(out->cause, 0, sizeof out->cause))
      return THRONG_OK;
  }
  return throng_fail(THRONG_ERROR_DATA, "a report that is none");
}

throng_status order_send(deal *d, int32_t peer, uint16_t order, wire_writer *w) {
  throng_status status = wire_written(w);
  if (status == THRONG_OK) status = d->ops->send(d, peer, order, w->data, w->size);
  free(w->data);
  *w = (wire_writer){0};
  return status;
}
