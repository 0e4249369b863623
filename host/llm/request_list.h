/// Which requests there are for a data set, and the text of each: made one at a time, so that a
/// million of them take no more memory than one. Sends nothing.
///
/// An item has one objective request, on its facts, and a subjective one for every
/// `reviews_per_request` of its sampled reviews of a side. Reviews are sampled from the training
/// part alone (data/split.h): of each item and side the `reviews_per_side` with the least hash
/// of seed and text, among those of at least REQUEST_LEAST_REVIEW bytes. So a sample is random, the
/// same every time, and changes little when reviews are added.
#ifndef THRONG_LLM_REQUEST_LIST_H
#define THRONG_LLM_REQUEST_LIST_H

#include "data/training.h"
#include "llm/chat.h"
#include "llm/prompt.h"

enum { REQUEST_LEAST_REVIEW = 40 };  // bytes; "Great!" gives no reason

typedef struct request_list request_list;

/// The place of a request. Start from {0}.
typedef struct request_place {
  int64_t item;
  int32_t stage;  // 0: objective, 1: liked reviews, 2: disliked reviews
  int32_t part;   // of a stage's requests
} request_place;

typedef struct llm_request {
  const char *kind;      // "objective", "subjective"
  chat_side side;        // what is asked for
  const char *prompt;    // its hash
  byte_buffer given;     // the facts and reviews: where evidence must stand
  byte_buffer messages;  // JSON array
  byte_buffer params;    // JSON members without braces
  byte_buffer body;      // the whole request
  char id[SHA256_TEXT];  // of the body in the dialect of the settings; kept when made in another
} llm_request;

/// `data` and `def` must outlive the list. Errors: of the prompts' files.
throng_status request_list_open(const llm_def *def, const dataset *data, request_list **out);
void request_list_close(request_list *p);  ///< NULL is allowed

/// Requests in all; items that nothing is known of have none.
throng_status request_list_count(const request_list *p, int64_t *objective, int64_t *subjective);
/// Move to the next request, `place` itself included where `*place` was not visited yet (start).
/// False: there is none.
bool request_list_next(const request_list *p, request_place *place);
/// The request of a place. Its buffers are used again.
throng_status request_list_make(const request_list *p, const request_place *place,
                                const llm_dialect *dialect, llm_request *out);
/// The same in the settings' own dialect, which names it.
throng_status request_list_make_named(const request_list *p, const request_place *place,
                                      llm_request *out);
void llm_request_free(llm_request *request);

const dataset *request_list_data(const request_list *p);

#endif
