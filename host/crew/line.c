/// Lines; see line.h.
#include "crew/line.h"

#include <stdlib.h>
#include <string.h>

/// The texts as one block.
static throng_status keep_texts(const char *const *texts, const char ***out) {
  size_t n = 0, bytes = 0;
  for (; texts && texts[n]; ++n) bytes += strlen(texts[n]) + 1;
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, (n + 1) * sizeof(char *) + bytes, "overrides of an agent"));
  const char **list = block;
  char *to = (char *)(list + n + 1);
  for (size_t k = 0; k < n; ++k) {
    list[k] = to;
    to = stpcpy(to, texts[k]) + 1;
  }
  *out = list;
  return THRONG_OK;
}

throng_status line_add(crew_line *line, const char *const *overrides) {
  void *room = line->leg;
  THRONG_TRY(throng_grow(&room, &line->capacity, (size_t)line->n + 1, sizeof(crew_leg),
                         "what an agent was"));
  line->leg = room;
  crew_leg *leg = &line->leg[line->n];
  leg->rounds = 0;
  THRONG_TRY(keep_texts(overrides, &leg->overrides));
  ++line->n;
  return THRONG_OK;
}

throng_status line_copy(crew_line *line, const crew_line *of) {
  crew_line copy = {0};
  throng_status status = THRONG_OK;
  for (int32_t k = 0; k < of->n && status == THRONG_OK; ++k) {
    status = line_add(&copy, of->leg[k].overrides);
    if (status == THRONG_OK) copy.leg[k].rounds = of->leg[k].rounds;
  }
  if (status == THRONG_OK && of->file && !(copy.file = strdup(of->file)))
    status = throng_fail(THRONG_ERROR_MEMORY, "what an agent was: out of memory");
  if (status != THRONG_OK) {
    line_free(&copy);
    return status;
  }
  line_free(line);
  *line = copy;
  return THRONG_OK;
}

throng_status line_begin_at(crew_line *line, const char *file) {
  char *kept = strdup(file);
  if (!kept) return throng_fail(THRONG_ERROR_MEMORY, "what an agent was: out of memory");
  free(line->file);
  line->file = kept;
  for (int32_t k = 0; k + 1 < line->n; ++k) free(line->leg[k].overrides);
  line->leg[0] = line->leg[line->n - 1];
  line->leg[0].rounds = 0;
  line->n = 1;
  return THRONG_OK;
}

void line_free(crew_line *line) {
  for (int32_t k = 0; k < line->n; ++k) free(line->leg[k].overrides);
  free(line->leg);
  free(line->file);
  *line = (crew_line){0};
}

int64_t line_rounds(const crew_line *line) {
  int64_t rounds = 0;
  for (int32_t k = 0; k < line->n; ++k) rounds += line->leg[k].rounds;
  return rounds;
}

void line_put(wire_writer *w, const crew_line *line) {
  wire_put_u32(w, line->file != NULL);
  wire_put_u32(w, (uint32_t)line->n);
  for (int32_t k = 0; k < line->n; ++k) {
    wire_put_i64(w, line->leg[k].rounds);
    wire_put_texts(w, line->leg[k].overrides);
  }
}

throng_status line_get(wire_reader *r, crew_line *out, bool *has_file) {
  enum { MOST_ROUNDS = 1 << 30 };
  *out = (crew_line){0};
  *has_file = wire_get_u32(r) != 0;
  const uint32_t n = wire_get_u32(r);
  if (n == 0 || n > r->left / 12) r->bad = true;  // a leg takes twelve bytes at least
  throng_status status = THRONG_OK;
  int64_t rounds = 0;
  for (uint32_t k = 0; k < n && !r->bad && status == THRONG_OK; ++k) {
    const char **texts;
    const int64_t own = wire_get_i64(r);
    status = wire_get_texts(r, &texts);
    if (status != THRONG_OK) break;
    if (own < 0 || own > MOST_ROUNDS || (rounds += own) > MOST_ROUNDS) r->bad = true;
    if (!r->bad) status = line_add(out, texts);
    if (!r->bad && status == THRONG_OK) out->leg[k].rounds = own;
    free(texts);
  }
  if (status == THRONG_OK && r->bad)
    status = throng_fail(THRONG_ERROR_DATA, "an agent's line that is none");
  if (status != THRONG_OK) line_free(out);
  return status;
}
