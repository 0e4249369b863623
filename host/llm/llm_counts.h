/// What became of a language model's answers, as numbers: for notes, reports and the verdict.
#ifndef THRONG_LLM_LLM_COUNTS_H
#define THRONG_LLM_LLM_COUNTS_H

#include "base/status.h"

/// Why answers could not be read, most of all and one of them, in one line.
typedef struct llm_fault {
  const char *why;  // static
  int64_t n;
  char example[168];
} llm_fault;
enum { LLM_MAX_FAULTS = 10 };

/// How a language model's answers became keywords.
typedef struct llm_counts {
  int64_t requests, from_store, asked, failed;  // failed: no answer could be had
  int64_t refused, filtered, cut_off;           // answers: by the model, by a filter, by max_tokens
  int64_t answers;                              // in the store, of these requests
  int64_t empty;                                // answers that there is no reason
  int64_t unreadable;                           // answers in which none was found otherwise
  int64_t reread, recovered;                    // read again; of these, with reasons now alone
  int64_t reasons;                              // read from answers
  int64_t other_side, malformed;                // left out while reading
  int64_t keywords;                             // of the reasons
  int64_t unproven;                             // dropped: the evidence is not in the given text
  int64_t unusable;                             // dropped: no word left, or too many
  int64_t kept;                                 // (item, side, keyword), before they are joined
  int64_t items_both_sides;                     // items with keywords on both sides in the end
  int64_t prompt_tokens, completion_tokens;     // of this run
  double seconds, busy;                         // of this run; request-seconds in flight
  llm_fault fault[LLM_MAX_FAULTS];              // of the unreadable ones
} llm_counts;

#endif
