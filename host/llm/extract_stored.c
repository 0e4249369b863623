/// Reading the store without asking anybody: how far a run is, and what its answers say.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llm/extract.h"
#include "llm/extract_row.h"

enum { REPORT_EVERY = 256 };

static throng_status look_at(const request_list *requests, llm_store *store,
                             const throng_progress *progress, extract_state *out,
                             llm_request *request) {
  int64_t total = out->objective + out->subjective, done = 0, bytes = 0, prompt = 0, answers = 0;
  for (request_place place = {0}; request_list_next(requests, &place); ++place.part, ++done) {
    store_row row = {0};
    bool found = false;
    if (done % REPORT_EVERY == 0 &&
        !throng_report(progress, "look at the store", done, total, "requests"))
      return throng_cancelled("look at the store");
    THRONG_TRY(request_list_make_named(requests, &place, request));
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

throng_status extract_survey(const llm_def *def, const dataset *data,
                             const throng_progress *progress, extract_state *out) {
  *out = (extract_state){0};
  request_list *requests = NULL;
  llm_store *store = NULL;
  llm_request request = {0};
  throng_status status;
  THRONG_TRY_GOTO(llm_check(def));
  THRONG_TRY_GOTO(store_open(def->store, true, &store));
  THRONG_TRY_GOTO(request_list_open(def, data, &requests));
  THRONG_TRY_GOTO(request_list_count(requests, &out->objective, &out->subjective));
  THRONG_TRY_GOTO(look_at(requests, store, progress, out, &request));
  if (store) THRONG_TRY_GOTO(store_sum(store, def->model, &out->totals));
done:
  llm_request_free(&request);
  request_list_close(requests);
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

static throng_status read_answers(const request_list *requests, llm_store *store,
                                  const throng_progress *progress, reader *r, keyword_reader *d,
                                  llm_request *request, llm_counts *counts) {
  int64_t done = 0;
  for (request_place place = {0}; request_list_next(requests, &place); ++place.part, ++done) {
    store_row row;
    bool found;
    if (done % REPORT_EVERY == 0 &&
        !throng_report(progress, "read answers", done, counts->requests, "answers"))
      return throng_cancelled("read answers");
    THRONG_TRY(request_list_make_named(requests, &place, request));
    THRONG_TRY(store_find(store, request->id, &row, &found));
    if (!found || !row.answer) continue;
    const char *finish = row.finish ? row.finish : "";
    counts->refused += !strcmp(finish, "refusal");
    counts->filtered += !strcmp(finish, "content_filter");
    counts->cut_off += !strcmp(finish, "length");
    r->item = place.item;
    THRONG_TRY(keyword_reader_read(d, row.answer, request->side, bytes_text(&request->given),
                                   request->given.length, pass_on, r, counts));
    ++counts->answers;
    const char *fault = extract_row_fault(row.answer, finish, keyword_reader_shape(d));
    if (fault) row_count_fault(counts, fault, row.answer);
  }
  return THRONG_OK;
}

throng_status extract_read(const request_list *requests, llm_store *store,
                           const throng_progress *progress, extract_visitor *visit, void *context,
                           llm_counts *counts) {
  reader r = {.visit = visit, .context = context};
  keyword_reader *d = NULL;
  llm_request request = {0};
  THRONG_TRY(keyword_reader_create(&d));
  throng_status status = read_answers(requests, store, progress, &r, d, &request, counts);
  llm_request_free(&request);
  keyword_reader_free(d);
  return status;
}

/// A copy of what is stored, since the store's own texts live until its next call.
typedef struct stored {
  char *answer, *finish, *error, *body;
} stored;

static void stored_free(stored *s) {
  free(s->answer);
  free(s->finish);
  free(s->error);
  free(s->body);
}

static throng_status copy_text(const char *text, char **out) {
  *out = text ? strdup(text) : NULL;
  return text && !*out ? throng_fail(THRONG_ERROR_MEMORY, "an answer: out of memory") : THRONG_OK;
}

static throng_status copy_row(const store_row *row, stored *out) {
  *out = (stored){0};
  THRONG_TRY(copy_text(row->answer, &out->answer));
  THRONG_TRY(copy_text(row->finish, &out->finish));
  THRONG_TRY(copy_text(row->error, &out->error));
  return copy_text(row->body, &out->body);
}

/// What a row says today: its body where there is one (it is kept where the answer is not plainly
/// in it), else its answer. False in `*any`: nothing.
static throng_status read_stored(const stored *s, chat_reply *reply, bool *any) {
  *any = true;
  if (s->body && chat_read(s->body, strlen(s->body), NULL, reply) == THRONG_OK &&
      (*reply->content || reply->refusal))
    return THRONG_OK;
  if (s->body) chat_reply_free(reply);
  *reply = (chat_reply){.content = "", .finish = s->finish ? s->finish : ""};
  *any = s->answer != NULL;
  if (!*any) return THRONG_OK;
  reply->content = s->answer;
  if (!strcmp(reply->finish, "refusal")) reply->refusal = s->answer, reply->content = "";
  return THRONG_OK;
}

/// The first version kept no bodies: of what was not plainly in the message it kept nothing at all.
static bool is_lost(const stored *s) {
  static const char *const ends[] = {"content_filter", "refusal", "length"};
  if (s->body || !s->answer || *s->answer) return false;
  for (size_t i = 0; s->finish && i < sizeof ends / sizeof *ends; ++i)
    if (!strcmp(s->finish, ends[i])) return false;
  return true;
}

static throng_status reread_row(llm_store *store, row_maker *maker, const llm_request *request,
                                llm_counts *counts) {
  store_row row;
  bool found, any = false;
  stored before = {0};
  chat_reply reply = {.content = "", .finish = ""};
  throng_status status;
  THRONG_TRY(store_find(store, request->id, &row, &found));
  if (!found) return THRONG_OK;
  THRONG_TRY_GOTO(copy_row(&row, &before));
  THRONG_TRY_GOTO(read_stored(&before, &reply, &any));
  if (!any) goto done;
  row = (store_row){.id = request->id};
  THRONG_TRY_GOTO(row_read(maker, request, &reply, &row));
  ++counts->reread;
  // Of an answer that was cut off or lost, what it gave before is not known: only its error is.
  bool had =
      before.answer && (!before.error || !strncmp(before.error, "cut off at the token limit", 26));
  counts->recovered += !had && !answer_fault(&maker->shape);
  if (is_lost(&before)) {
    row.answer = NULL;  // the next run asks
    ++counts->failed;
  }
  THRONG_TRY_GOTO(store_reread(store, &row));
  THRONG_TRY_GOTO(store_commit_due(store));
done:
  chat_reply_free(&reply);
  stored_free(&before);
  return status;
}

throng_status extract_reread(const request_list *requests, llm_store *store,
                             const throng_progress *progress, llm_counts *counts) {
  row_maker maker;
  llm_request request = {0};
  int64_t objective, subjective, done_so_far = 0;
  THRONG_TRY(request_list_count(requests, &objective, &subjective));
  counts->requests = objective + subjective;
  THRONG_TRY(row_maker_open(&maker));
  throng_status status = THRONG_OK;
  for (request_place place = {0}; request_list_next(requests, &place);
       ++place.part, ++done_so_far) {
    if (done_so_far % REPORT_EVERY == 0 &&
        !throng_report(progress, "read again", done_so_far, counts->requests, "answers"))
      THRONG_TRY_GOTO(throng_cancelled("read again"));
    THRONG_TRY_GOTO(request_list_make_named(requests, &place, &request));
    THRONG_TRY_GOTO(reread_row(store, &maker, &request, counts));
  }
  THRONG_TRY_GOTO(store_commit(store));
  counts->from_store = counts->reread;
done:
  llm_request_free(&request);
  row_maker_close(&maker);
  return status;
}

throng_status extract_verdict(const llm_counts *c, const char *store) {
  char text[600];
  if (2 * c->unreadable <= c->answers) return THRONG_OK;
  extract_fault_text(c, text, sizeof text);
  return throng_fail(
      THRONG_ERROR_DATA,
      "%s; what could be read was kept. Another model, llm.form or prompt may do "
      "better; %s keeps every answer, and `throng extract --reread` reads them again "
      "without asking",
      text, store);
}

void extract_fault_text(const llm_counts *c, char *text, size_t size) {
  const llm_fault *most = &c->fault[0];
  for (int i = 1; i < LLM_MAX_FAULTS; ++i)
    if (c->fault[i].n > most->n) most = &c->fault[i];
  snprintf(text, size,
           "%lld of %lld answers could not be read, %lld of them: %s; one of these: \"%s\"",
           (long long)c->unreadable, (long long)c->answers, (long long)most->n,
           most->why ? most->why : "", most->example);
}
