/// The worker's loop: orders come, are done, and are answered.
#include "crew/worker.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew/orders.h"
#include "deal/parcel.h"

enum { OWNER = 0 };

typedef struct worker {
  const worker_def *def;
  const throng_progress *progress;
  throng_progress beating;
  crew_seat *seat;
  const char *folder;
  int32_t n_slot;
  crew_report *report;  // (n_slot)
  parcel incoming;
  bool has_file;
  int32_t files;          // that lines wait for
  bool ended;             // the owner said goodbye
  bool lost;              // or is gone without
  throng_status pending;  // of the lines since the last seat_go
  char pending_message[512];
} worker;

static void file_path(const worker *w, int32_t number, char path[PATH_MAX]) {
  snprintf(path, PATH_MAX, "%s/incoming_%d_%d.safetensors", w->folder, (int)getpid(), number);
}

/// Progress of long work: signs of life to the owner, and an end where it is gone or wants one.
static bool beat(void *context, const char *stage, int64_t done, int64_t total, const char *unit) {
  worker *w = context;
  deal *d = w->def->deal;
  deal_event event;
  d->ops->beat(d);
  if (d->ops->wait(d, 0, &event) != THRONG_OK) return false;
  w->lost |= event.kind == DEAL_LOST;
  if (w->lost) return false;
  if (event.kind == DEAL_MESSAGE && event.message.type == ORDER_BYE) {
    w->ended = true;
    return false;
  }
  return throng_report(w->progress, stage, done, total, unit);
}

static void note(void *context, const char *text) {
  throng_note(((worker *)context)->progress, "%s", text);
}

/// The next message. Errors: IO, CANCELLED.
static throng_status hear(worker *w, deal_event *event) {
  deal *d = w->def->deal;
  for (;;) {
    THRONG_TRY(d->ops->wait(d, 1, event));
    if (event->kind == DEAL_MESSAGE) return THRONG_OK;
    w->lost = event->kind == DEAL_LOST;
    if (w->lost) return throng_fail(THRONG_ERROR_IO, "the sweep is gone: %s", event->cause);
    if (!throng_report(w->progress, "wait for orders", 0, 0, ""))
      return throng_cancelled("waiting for orders");
  }
}

/// To the owner; a failure means that it is gone.
static throng_status tell(worker *w, uint16_t order, wire_writer *said) {
  throng_status status = order_send(w->def->deal, OWNER, order, said);
  w->lost |= status == THRONG_ERROR_IO;
  return status;
}

static throng_status answer(worker *w, throng_status status) {
  wire_writer said = {0};
  wire_put_u32(&said, status);
  wire_put_text(&said, status == THRONG_OK ? "" : throng_error_message());
  return tell(w, ORDER_DONE, &said);
}

static throng_status send_reports(worker *w, int32_t n) {
  for (int32_t k = 0; k < n; ++k) {
    wire_writer said = {0};
    report_put(&said, &w->report[k]);
    THRONG_TRY(tell(w, ORDER_REPORT, &said));
  }
  return THRONG_OK;
}

/// A line is kept until the order to go; what is wrong with it is that order's answer.
static throng_status take_line(worker *w, wire_reader *r) {
  crew_line line;
  bool has_file;
  char path[PATH_MAX] = "";
  const int32_t slot = (int32_t)wire_get_u32(r);
  const bool reports = wire_get_u32(r) != 0;
  THRONG_TRY(line_get(r, &line, &has_file));
  throng_status status = wire_end(r, "a line");
  if (status == THRONG_OK && has_file != w->has_file)
    status = throng_fail(THRONG_ERROR_DATA, "a line whose file is missing, or not its own");
  if (status == THRONG_OK && has_file) {
    file_path(w, w->files++, path);
    w->has_file = false;
  }
  if (status == THRONG_OK)
    status = seat_line(w->seat, slot, &line, has_file ? path : NULL, reports);
  line_free(&line);
  return status;
}

static throng_status go(worker *w) {
  int32_t n = 0;
  throng_status status = w->pending == THRONG_OK
                             ? seat_go(w->seat, &w->beating, w->report, &n)
                             : throng_fail(w->pending, "%s", w->pending_message);
  for (; w->files > 0; --w->files) {
    char path[PATH_MAX];
    file_path(w, w->files - 1, path);
    unlink(path);
  }
  w->pending = THRONG_OK;
  if (status == THRONG_OK) THRONG_TRY(send_reports(w, n));
  return status == THRONG_ERROR_CANCELLED ? status : answer(w, status);
}

static throng_status train_round(worker *w) {
  int32_t n;
  throng_status status = seat_round(w->seat, &w->beating, w->report, &n);
  if (status == THRONG_OK) THRONG_TRY(send_reports(w, n));
  return status == THRONG_ERROR_CANCELLED ? status : answer(w, status);
}

static throng_status send_state(worker *w, int32_t slot) {
  char path[PATH_MAX];
  file_path(w, -1, path);
  throng_status status = seat_save(w->seat, slot, path);
  if (status == THRONG_OK) {
    status = parcel_send(w->def->deal, OWNER, ORDER_PART, path);
    unlink(path);
  }
  return answer(w, status);
}

static throng_status copy(worker *w, wire_reader *r) {
  const char **overrides;
  const int32_t slot = (int32_t)wire_get_u32(r), from = (int32_t)wire_get_u32(r);
  THRONG_TRY(wire_get_texts(r, &overrides));
  throng_status status = wire_end(r, "an order to copy");
  if (status == THRONG_OK) status = answer(w, seat_copy(w->seat, slot, from, overrides));
  free(overrides);
  return status;
}

static throng_status refused(const deal_message *message) {
  wire_reader r = {message->data, message->size, false};
  return throng_fail(THRONG_ERROR_CONFIG, "the sweep refused this worker: %s", wire_get_text(&r));
}

/// One order. Errors: CANCELLED, IO, DATA; what an order itself comes to is its answer.
static throng_status obey(worker *w, const deal_message *message) {
  wire_reader r = {message->data, message->size, false};
  char path[PATH_MAX];
  switch (message->type) {
    case ORDER_PART:
      if (w->has_file)
        return throng_fail(THRONG_ERROR_DATA, "a part of a file that nobody has asked for");
      file_path(w, w->files, path);
      return parcel_take(&w->incoming, message, path, &w->has_file);
    case ORDER_LINE: {
      throng_status status = take_line(w, &r);
      if (status == THRONG_OK || status == THRONG_ERROR_DATA || w->pending != THRONG_OK)
        return status;
      w->pending = status;
      snprintf(w->pending_message, sizeof w->pending_message, "%s", throng_error_message());
      return THRONG_OK;
    }
    case ORDER_GO: return go(w);
    case ORDER_COPY: return copy(w, &r);
    case ORDER_STOP: {
      const int32_t slot = (int32_t)wire_get_u32(&r);
      THRONG_TRY(wire_end(&r, "an order to stop"));
      return answer(w, seat_stop(w->seat, slot));
    }
    case ORDER_ROUND: return train_round(w);
    case ORDER_SAVE: {
      const int32_t slot = (int32_t)wire_get_u32(&r);
      THRONG_TRY(wire_end(&r, "an order to save"));
      return send_state(w, slot);
    }
    case ORDER_REFUSED: return refused(message);
    case ORDER_BYE: w->ended = true; return THRONG_OK;
    default: return throng_fail(THRONG_ERROR_DATA, "an order that has no place here");
  }
}

/// A message of this kind, or the reason why the owner will have none of it.
static throng_status expect(worker *w, uint16_t type, deal_event *event) {
  THRONG_TRY(hear(w, event));
  if (event->message.type == type) return THRONG_OK;
  if (event->message.type == ORDER_BYE)
    return throng_fail(THRONG_ERROR_IO, "the sweep is over already");
  if (event->message.type == ORDER_REFUSED) return refused(&event->message);
  return throng_fail(THRONG_ERROR_DATA, "the sweep said what has no place here");
}

/// Both see that they would compute the same.
static throng_status introduce(worker *w) {
  wire_writer said = {0};
  deal_event event;
  wire_put_text(&said, w->def->name);
  wire_put_u32(&said, (uint32_t)w->def->slots);
  wire_put_texts(&said, w->def->facts);
  THRONG_TRY(tell(w, ORDER_HELLO, &said));
  THRONG_TRY(expect(w, ORDER_WELCOME, &event));
  wire_reader r = {event.message.data, event.message.size, false};
  worker_welcome welcome = {.n_slot = (int32_t)wire_get_u32(&r)};
  welcome.config = wire_get_text(&r);
  welcome.world = wire_get_text(&r);
  welcome.sta = wire_get_text(&r);
  THRONG_TRY(wire_end(&r, "a welcome"));
  if (welcome.n_slot < 1 || welcome.n_slot > 65535)
    return throng_fail(THRONG_ERROR_DATA, "a sweep of %d slots", welcome.n_slot);
  crew_seat_def seat = {.n_slot = w->n_slot = welcome.n_slot};
  const char *const *facts;
  throng_status status = w->def->prepare(w->def->context, &welcome, &w->beating, &seat, &facts);
  if (status == THRONG_OK) status = seat_create(&seat, &w->seat);
  if (status != THRONG_OK) {
    char *cause = strdup(throng_error_message());
    if (cause) (void)answer(w, status);
    status = throng_fail(status, "%s", cause ? cause : "out of memory");
    free(cause);
    return status;
  }
  w->folder = seat.folder;
  THRONG_TRY(throng_alloc((void **)&w->report, (size_t)w->n_slot, sizeof *w->report, "reports"));
  wire_put_texts(&said, facts);
  THRONG_TRY(tell(w, ORDER_READY, &said));
  return expect(w, ORDER_TAKEN, &event);
}

throng_status crew_work(const worker_def *def, const throng_progress *progress, bool *lost) {
  worker w = {.def = def, .progress = progress, .incoming = {.fd = -1}};
  w.beating = (throng_progress){.report = beat, .note = note, .context = &w};
  throng_status status = introduce(&w);
  if (status == THRONG_OK) throng_note(progress, "taken on");
  while (status == THRONG_OK && !w.ended) {
    deal_event event;
    status = hear(&w, &event);
    if (status == THRONG_OK) status = obey(&w, &event.message);
  }
  if (w.ended) status = THRONG_OK;
  if (status == THRONG_ERROR_CANCELLED && w.lost)
    status = throng_fail(THRONG_ERROR_IO, "the sweep is gone");
  *lost = status == THRONG_ERROR_IO && w.lost;
  parcel_reset(&w.incoming);
  for (int32_t k = 0; w.folder && k <= w.files; ++k) {
    char path[PATH_MAX];
    file_path(&w, k, path);
    unlink(path);
  }
  seat_close(w.seat);
  free(w.report);
  return status;
}
