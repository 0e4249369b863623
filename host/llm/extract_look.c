/// Reading the store without asking anybody: how far a run is, and what its answers say.
#include <string.h>

#include "llm/extract.h"

enum { REPORT_EVERY = 256 };

static throng_status look_at(const plan *requests, llm_store *store, llm_form form,
                             const throng_progress *progress, extract_state *out,
                             plan_request *request) {
  int64_t total = out->objective + out->subjective, done = 0, bytes = 0, prompt = 0, answers = 0;
  for (plan_place place = {0}; plan_next(requests, &place); ++place.part, ++done) {
    store_row row = {0};
    bool found = false;
    if (done % REPORT_EVERY == 0 &&
        !throng_report(progress, "look at the store", done, total, "requests"))
      return throng_cancelled("look at the store");
    THRONG_TRY(plan_make(requests, &place, form, request));
    if (store) THRONG_TRY(store_find(store, request->id, &row, &found));
    bool answered = found && row.answer;
    out->answered += answered;
    out->failed += found && !answered;
    out->missing += !found;
    if (!answered) out->missing_bytes += (int64_t)request->messages.length;
    if (answered && row.prompt_tokens > 0) {
      bytes += (int64_t)strlen(row.request);
      prompt += row.prompt_tokens;
      out->completion_mean += (double)row.completion_tokens;
      ++answers;
    }
  }
  out->tokens_per_byte = bytes > 0 ? (double)prompt / (double)bytes : 0.25;
  if (answers) out->completion_mean /= (double)answers;
  return THRONG_OK;
}

throng_status extract_look(const llm_def *def, const dataset *data, const throng_progress *progress,
                           extract_state *out) {
  *out = (extract_state){0};
  plan *requests = NULL;
  llm_store *store = NULL;
  plan_request request = {0};
  throng_status status;
  THRONG_TRY_GOTO(llm_check(def));
  THRONG_TRY_GOTO(store_open(def->store, true, &store));
  THRONG_TRY_GOTO(plan_open(def, data, &requests));
  THRONG_TRY_GOTO(plan_count(requests, &out->objective, &out->subjective));
  THRONG_TRY_GOTO(look_at(requests, store, def->form, progress, out, &request));
  if (store) THRONG_TRY_GOTO(store_sum(store, def->model, &out->totals));
done:
  plan_request_free(&request);
  plan_close(requests);
  store_close(store);
  return status;
}

typedef struct reader {
  extract_visitor *visit;
  void *context;
  int64_t item;
} reader;

static throng_status pass_on(void *context, chat_side side, const char *surface, const char *stem) {
  reader *r = context;
  return r->visit(r->context, r->item, side, surface, stem);
}

static throng_status read_answers(const llm_def *def, const plan *requests, llm_store *store,
                                  const throng_progress *progress, reader *r, distiller *d,
                                  plan_request *request, llm_counts *counts) {
  int64_t done = 0;
  for (plan_place place = {0}; plan_next(requests, &place); ++place.part, ++done) {
    store_row row;
    bool found;
    if (done % REPORT_EVERY == 0 &&
        !throng_report(progress, "read answers", done, counts->requests, "answers"))
      return throng_cancelled("read answers");
    THRONG_TRY(plan_make(requests, &place, def->form, request));
    THRONG_TRY(store_find(store, request->id, &row, &found));
    if (!found || !row.answer) continue;
    const char *finish = row.finish ? row.finish : "";
    counts->refused += !strcmp(finish, "refusal");
    counts->filtered += !strcmp(finish, "content_filter");
    counts->cut_off += !strcmp(finish, "length");
    r->item = place.item;
    THRONG_TRY(distil(d, row.answer, request->side, bytes_text(&request->given),
                      request->given.length, pass_on, r, counts));
  }
  return THRONG_OK;
}

throng_status extract_read(const llm_def *def, const plan *requests, llm_store *store,
                           const throng_progress *progress, extract_visitor *visit, void *context,
                           llm_counts *counts) {
  reader r = {.visit = visit, .context = context};
  distiller *d = NULL;
  plan_request request = {0};
  THRONG_TRY(distiller_create(&d));
  throng_status status = read_answers(def, requests, store, progress, &r, d, &request, counts);
  plan_request_free(&request);
  distiller_free(d);
  return status;
}
