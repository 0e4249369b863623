/// Answers to keywords.
#include "llm/keyword_reader.h"

#include <stdlib.h>
#include <string.h>

#include "data/entities.h"
#include "llm/evidence.h"

struct keyword_reader {
  tokenizer *tokens;
  byte_buffer given, scratch, surface, stem, plain;
  keyword_visitor *visit;
  void *context;
  llm_counts *counts;
  answer_shape shape;
};

throng_status keyword_reader_create(keyword_reader **out) {
  THRONG_TRY(throng_alloc((void **)out, 1, sizeof **out, "answers"));
  throng_status status = tokenizer_create(&(*out)->tokens);
  if (status == THRONG_OK) return THRONG_OK;
  free(*out);
  *out = NULL;
  return status;
}

void keyword_reader_free(keyword_reader *d) {
  if (!d) return;
  tokenizer_free(d->tokens);
  bytes_free(&d->given);
  bytes_free(&d->scratch);
  bytes_free(&d->surface);
  bytes_free(&d->stem);
  bytes_free(&d->plain);
  free(d);
}

/// A text with its HTML entities resolved, as those of the reviews were before they were shown.
static throng_status resolve(keyword_reader *d, const char *text, const char **out) {
  const char *entity = strchr(text, '&');
  *out = text;
  if (!entity || !strchr(entity, ';')) return THRONG_OK;
  bytes_clear(&d->plain);
  THRONG_TRY(text_clean_line(&d->plain, text, strlen(text)));
  *out = bytes_text(&d->plain);
  return THRONG_OK;
}

static throng_status take_reason(void *context, const answer_reason *reason) {
  keyword_reader *d = context;
  bool proven;
  d->counts->keywords += reason->n_keyword;
  proven = false;
  for (int32_t k = 0; k < reason->n_evidence && !proven; ++k) {
    const char *evidence;
    THRONG_TRY(resolve(d, reason->evidence[k], &evidence));
    THRONG_TRY(evidence_found(bytes_text(&d->given), evidence, &d->scratch, &proven));
  }
  if (!proven) {
    d->counts->unproven += reason->n_keyword;
    return THRONG_OK;
  }
  for (int32_t k = 0; k < reason->n_keyword; ++k) {
    bool usable;
    const char *keyword;
    THRONG_TRY(resolve(d, reason->keyword[k], &keyword));
    THRONG_TRY(keyword_fold(d->tokens, keyword, &d->surface, &d->stem, &usable));
    if (!usable) {
      ++d->counts->unusable;
      continue;
    }
    ++d->counts->kept;
    THRONG_TRY(d->visit(d->context, reason->side, bytes_text(&d->surface), bytes_text(&d->stem)));
  }
  return THRONG_OK;
}

throng_status keyword_reader_read(keyword_reader *d, const char *answer, chat_side asked,
                                  const char *given, size_t length, keyword_visitor *visit,
                                  void *context, llm_counts *counts) {
  d->visit = visit;
  d->context = context;
  d->counts = counts;
  bytes_clear(&d->given);
  THRONG_TRY(evidence_fold(given, length, &d->given));
  THRONG_TRY(answer_read(answer, asked, take_reason, d, &d->shape));
  counts->reasons += d->shape.reasons;
  counts->other_side += d->shape.other_side;
  counts->malformed += d->shape.malformed;
  counts->empty += d->shape.reasons == 0 && d->shape.empty;
  return THRONG_OK;
}

const answer_shape *keyword_reader_shape(const keyword_reader *d) { return &d->shape; }
