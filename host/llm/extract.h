/// Asking a language model for the reasons of every item: what the store lacks is asked, and every
/// answer goes into the store as it comes. Turning answers into keyword lists is keywords_llm.c.
#ifndef THRONG_LLM_EXTRACT_H
#define THRONG_LLM_EXTRACT_H

#include "llm/keyword_reader.h"
#include "llm/request_list.h"
#include "llm/store.h"

typedef struct extract_state {
  int64_t objective, subjective;  // requests in all
  int64_t answered, failed;       // by the store; failed ones are asked again
  int64_t missing;                // neither
  int64_t missing_bytes;          // of what is not answered, failed ones included: bodies
  double tokens_per_byte;         // of prompts, from what was answered; 0.25 before
  double completion_mean;         // tokens of an answer so far; 0: none yet
  store_totals totals;            // of this model, whatever the data set
} extract_state;

/// Look at every request without sending any. `*out` is right where there is no store yet.
throng_status extract_survey(const llm_def *def, const dataset *data,
                             const throng_progress *progress, extract_state *out);

/// Ask what is missing. `counts` gets requests, from_store, asked, failed, tokens and times;
/// answers are not counted here. Errors: CANCELLED where progress said stop or a budget is spent
/// (what was answered is in the store, and the next run goes on from there); IO where the server
/// refuses (key, address) or fails again and again; of the store.
throng_status extract_run(const llm_def *def, const request_list *requests, llm_store *store,
                          const throng_progress *progress, llm_counts *counts);

/// Visit the keywords of every answer in the store. `item` is the data set's number.
typedef throng_status extract_visitor(void *context, int64_t item, chat_side side,
                                      const char *surface, const char *stem);
throng_status extract_read(const request_list *requests, llm_store *store,
                           const throng_progress *progress, extract_visitor *visit, void *context,
                           llm_counts *counts);

/// Read again what the store has, with this version's reader, and ask nobody: rows are brought up
/// to date. `counts` gets requests, from_store, reread and recovered.
throng_status extract_reread(const request_list *requests, llm_store *store,
                             const throng_progress *progress, llm_counts *counts);

/// DATA where more than half of the answers could not be read, with the most common cause and an
/// example; for the end of a run, when what could be read is written.
throng_status extract_verdict(const llm_counts *counts, const char *store);
/// "7 of 9 answers could not be read, 5 of them: ...".
void extract_fault_text(const llm_counts *counts, char *text, size_t size);

#endif
