/// Every request to a language model and what came of it, in one SQLite file: nothing is asked
/// twice, and a killed run goes on where it was. Reads in the plain `sqlite3` shell; see its view
/// `summary`. Knows nothing of how requests are made or sent.
#ifndef THRONG_LLM_STORE_H
#define THRONG_LLM_STORE_H

#include "base/status.h"

typedef struct llm_store llm_store;

/// One row of the table `request`. Texts may be NULL where there is nothing to say.
typedef struct store_row {
  const char *id;      // what names the request: SHA-256 of model and request
  const char *kind;    // "objective" or "subjective"
  const char *item;    // raw id
  const char *side;    // "like", "dislike" or "both"
  const char *prompt;  // SHA-256 of the prompt's text
  const char *model;
  const char *params;    // JSON: temperature, seed, token limit, form asked for
  const char *request;   // the messages
  const char *form;      // the form that the answer came in
  const char *answer;    // the model's text as it came; NULL: there is none
  const char *keywords;  // what was kept of it, JSON
  const char *finish;    // finish_reason
  const char *error;     // why there is no (usable) answer
  const char *body;      // what the server sent, where the answer is not plainly in it
  int64_t prompt_tokens, completion_tokens;
  double seconds;
  int32_t tries;
} store_row;

typedef struct store_totals {
  int64_t answered, failed;
  int64_t prompt_tokens, completion_tokens;
  double last_minutes_rate;  // answers a minute in the five minutes before the latest
} store_totals;

/// Open or make. `must_exist`: read only, and `*out` is NULL where there is no file. A store of an
/// earlier version becomes one of this when it is opened to be written. Errors: IO; DATA where the
/// file is no store, or one of a later version.
throng_status store_open(const char *path, bool must_exist, llm_store **out);
/// Commits what is not yet; NULL is allowed. Errors of the commit are lost: call store_commit
/// first.
void store_close(llm_store *store);

/// A row by its name; texts live until the next call on the store. Rows without an answer are found
/// as well: `row->answer` is NULL.
throng_status store_find(llm_store *store, const char *id, store_row *row, bool *found);
/// Put a row in, over one without an answer. Safe against a kill of the process once store_commit
/// has returned, against a power cut some seconds later (WAL, synchronous = NORMAL).
throng_status store_put(llm_store *store, const store_row *row);
/// What a row's answer was found to say, read again: answer, keywords, error and finish.
throng_status store_reread(llm_store *store, const store_row *row);
/// Vectors of texts, float32 (dim).
throng_status store_find_vector(llm_store *store, const char *model, const char *text,
                                const float **vector, int32_t *dim);  ///< *vector NULL: none
throng_status store_put_vector(llm_store *store, const char *model, const char *text,
                               const float *vector, int32_t dim);
/// Dimension of any vector of the model; 0: there is none.
throng_status store_vector_dim(llm_store *store, const char *model, int32_t *dim);

throng_status store_commit(llm_store *store);
/// Commit where 64 rows or 0.1 s wait for it.
throng_status store_commit_due(llm_store *store);
/// Rows committed since the store was opened.
int64_t store_committed(const llm_store *store);

throng_status store_sum(llm_store *store, const char *model, store_totals *out);

#endif
