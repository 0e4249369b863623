/// Any bytes as a server's body and as a model's text give an error or reasons within their limits.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "llm/embed.h"
#include "llm/evidence.h"
#include "llm/keyword_reader.h"
#include "llm/lenient.h"
#include "llm/prompt.h"
#include "llm/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static throng_status check_keyword(void *context, chat_side side, const char *surface,
                                   const char *stem) {
  must(context && (side == CHAT_LIKE || side == CHAT_DISLIKE));
  must(*surface && *stem && utf8_valid_prefix(surface, strlen(surface)) == strlen(surface));
  return THRONG_OK;
}

/// The same tree, numbers apart.
static void must_agree(const cJSON *strict, const cJSON *lenient) {
  must((strict->type & 0xff) == (lenient->type & 0xff));
  if (cJSON_IsString(strict)) must(!strcmp(strict->valuestring, lenient->valuestring));
  if (cJSON_IsNumber(strict)) must(strict->valuedouble == lenient->valuedouble);
  const cJSON *a = strict->child, *b = lenient->child;
  for (; a && b; a = a->next, b = b->next) {
    if (a->string) must(b->string && !strcmp(a->string, b->string));
    must_agree(a, b);
  }
  must(!a && !b);
}

static int depth_of(const cJSON *tree) {
  int most = 0;
  for (const cJSON *c = tree->child; c; c = c->next) {
    int below = 1 + depth_of(c);
    if (below > most) most = below;
  }
  return most;
}

/// What a strict reader reads, the lenient one reads alike; it never gives texts that are no UTF-8.
static void check_lenient(const char *text, size_t length) {
  size_t used;
  bool cut;
  cJSON *lenient, *strict = NULL;
  must(lenient_parse(text, length, &used, &cut, &lenient) == THRONG_OK);
  must(used <= length);
  if (length && (*text == '{' || *text == '[') && length < 1000 &&
      json_parse("x", 1, text, length, JSON_DUPLICATES, &strict) == THRONG_OK &&
      depth_of(strict) < LENIENT_MAX_DEPTH - 1) {
    must(lenient && !cut);
    must_agree(strict, lenient);
  }
  cJSON_Delete(strict);
  char *printed = lenient ? cJSON_PrintUnformatted(lenient) : NULL;
  if (printed) must(utf8_valid_prefix(printed, strlen(printed)) == strlen(printed));
  cJSON_free(printed);
  cJSON_Delete(lenient);
}

/// The first bytes as a key and all as what a server sends back: nothing gets longer, and the key
/// does not stand there alone any more.
static void check_redact(char *text) {
  char key[SECRET_LEAST + 1], alone[SECRET_LEAST + 3];
  size_t length = strlen(text);
  secrets s = {0};
  if (length < SECRET_LEAST) return;
  for (int i = 0; i < SECRET_LEAST; ++i)
    if (text[i] <= ' ' || text[i] > '~') return;  // no header takes it
  memcpy(key, text, SECRET_LEAST);
  key[SECRET_LEAST] = '\0';
  must(secrets_add(&s, key, SECRET_LEAST) == THRONG_OK && s.n == 1);
  redact(&s, text);
  must(strlen(text) <= length);
  snprintf(alone, sizeof alone, " %s ", key);
  redact(&s, alone);
  must(!strcmp(alone, " *** "));
  secrets_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static keyword_reader *d;
  static const char given[] = "A soft piano, a lovely voice and a na\xc3\xafve plot.";
  if (!d) must(keyword_reader_create(&d) == THRONG_OK);
  const char *text = (const char *)data;
  chat_reply reply;
  throng_status status = chat_read(text, size, NULL, &reply);
  must(status == THRONG_OK || (status == THRONG_ERROR_DATA && *throng_error_message()));
  if (status == THRONG_OK) {
    must(reply.content && reply.finish);
    chat_reply_free(&reply);
  }
  char said[64];
  chat_error_text(text, size, NULL, said, sizeof said);
  must(strlen(said) < sizeof said);

  int32_t dim = 0;
  float *vector;
  embed_reply said_beside;
  status = embed_read(text, size, 2, NULL, &dim, &vector, &said_beside);
  must((status == THRONG_OK) == (vector != NULL));
  must(status != THRONG_OK || dim > 0);
  free(vector);

  // The model's text reaches the parser as a valid, NUL-terminated string.
  size_t valid = utf8_valid_prefix(text, size);
  char *copy = malloc(valid + 1);  // strict checks of strings refuse strndup of a bounded one
  must(copy != NULL);
  memcpy(copy, text, valid);
  copy[valid] = '\0';
  check_lenient(copy, strlen(copy));
  llm_counts counts = {0};
  for (int asked = CHAT_LIKE; asked <= CHAT_BOTH; ++asked)
    must(keyword_reader_read(d, copy, (chat_side)asked, given, sizeof given - 1, check_keyword,
                             &counts, &counts) == THRONG_OK);
  must(counts.reasons <= 3 * ANSWER_MAX_REASONS);
  must(counts.kept + counts.unproven + counts.unusable == counts.keywords);
  check_redact(copy);
  free(copy);
  byte_buffer folded = {0};
  must(evidence_fold(text, size, &folded) == THRONG_OK);
  must(utf8_valid_prefix(bytes_text(&folded), folded.length) == folded.length);
  bytes_clear(&folded);
  must(prompt_append_data(text, size, 1000, &folded) == THRONG_OK);
  must(utf8_valid_prefix(bytes_text(&folded), folded.length) == folded.length);
  must(!strstr(bytes_text(&folded), ">>") && !strstr(bytes_text(&folded), "<|"));
  bytes_free(&folded);
  return 0;
}
