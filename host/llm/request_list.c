/// The requests of a data set, in the order of its items.
#include "llm/request_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/numbers.h"

struct request_list {
  const llm_def *def;
  const dataset *data;
  training train;
  prompt objective, subjective;
  int64_t n_item;
  int64_t *offset[2];  // (n_item + 1) into review, by side: liked, disliked
  int64_t *review[2];  // rows of the data set
};

static const char *const names[] = {"facts", "reviews", "side", "least", "most", "form", NULL};
static const char *const objective_needs[] = {"facts", NULL};
static const char *const subjective_needs[] = {"reviews", NULL};

typedef struct ranked {
  uint64_t hash;
  int64_t row;
} ranked;

static int compare_ranked(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

/// The sampled reviews of one side, item by item.
static throng_status sample(request_list *p, int side) {
  const dataset *d = p->data;
  ranked *list = NULL;
  size_t capacity = 0, kept_capacity = 0, kept = 0;
  throng_status status = THRONG_OK;
  THRONG_TRY_GOTO(throng_alloc((void **)&p->offset[side], (size_t)p->n_item + 1, sizeof **p->offset,
                               "sampled reviews"));
  for (int64_t i = 0; i < p->n_item; ++i) {
    size_t n = 0;
    for (int64_t k = p->train.item_offset[i]; d->has_text && k < p->train.item_offset[i + 1]; ++k) {
      int64_t row = p->train.row[k];
      size_t length = strings_length(&d->text, row);
      if (d->like[row] != (side == 0) || length < REQUEST_LEAST_REVIEW) continue;
      THRONG_TRY_GOTO(throng_grow((void **)&list, &capacity, n + 1, sizeof *list, "reviews"));
      list[n++] = (ranked){hash64(strings_get(&d->text, row), length, (uint64_t)p->def->seed), row};
    }
    if (n > 1) qsort(list, n, sizeof *list, compare_ranked);
    if (n > (size_t)p->def->reviews_per_side) n = (size_t)p->def->reviews_per_side;
    THRONG_TRY_GOTO(throng_grow((void **)&p->review[side], &kept_capacity, kept + n + 1,
                                sizeof **p->review, "sampled reviews"));
    for (size_t k = 0; k < n; ++k) p->review[side][kept++] = list[k].row;
    p->offset[side][i + 1] = (int64_t)kept;
  }
done:
  free(list);
  return status;
}

throng_status request_list_open(const llm_def *def, const dataset *data, request_list **out) {
  THRONG_TRY(throng_alloc((void **)out, 1, sizeof **out, "requests"));
  request_list *p = *out;
  throng_status status;
  p->def = def;
  p->data = data;
  p->n_item = def->max_items > 0 && def->max_items < data->n_item ? def->max_items : data->n_item;
  THRONG_TRY_GOTO(
      prompt_open(def->objective_prompt, prompt_objective, names, objective_needs, &p->objective));
  THRONG_TRY_GOTO(prompt_open(def->subjective_prompt, prompt_subjective, names, subjective_needs,
                              &p->subjective));
  THRONG_TRY_GOTO(training_make(data, &p->train));
  THRONG_TRY_GOTO(sample(p, 0));
  THRONG_TRY_GOTO(sample(p, 1));
  return THRONG_OK;
done:
  request_list_close(p);
  *out = NULL;
  return status;
}

void request_list_close(request_list *p) {
  if (!p) return;
  prompt_free(&p->objective);
  prompt_free(&p->subjective);
  training_free(&p->train);
  for (int side = 0; side < 2; ++side) {
    free(p->offset[side]);
    free(p->review[side]);
  }
  free(p);
}

const dataset *request_list_data(const request_list *p) { return p->data; }

static bool has_facts(const request_list *p, int64_t i) {
  const dataset *d = p->data;
  return strings_length(&d->item_name, i) || (i < d->facts.n && strings_length(&d->facts, i)) ||
         (d->category_offset && d->category_offset[i] < d->category_offset[i + 1]) ||
         (d->attribute_offset && d->attribute_offset[i] < d->attribute_offset[i + 1]);
}

/// Requests of a stage of an item.
static int32_t stage_size(const request_list *p, int64_t item, int32_t stage) {
  if (stage == 0) return has_facts(p, item);
  int64_t n = p->offset[stage - 1][item + 1] - p->offset[stage - 1][item];
  int32_t each = p->def->reviews_per_request;
  return (int32_t)((n + each - 1) / each);
}

throng_status request_list_count(const request_list *p, int64_t *objective, int64_t *subjective) {
  *objective = *subjective = 0;
  for (int64_t i = 0; i < p->n_item; ++i) {
    *objective += stage_size(p, i, 0);
    *subjective += stage_size(p, i, 1) + stage_size(p, i, 2);
  }
  return THRONG_OK;
}

bool request_list_next(const request_list *p, request_place *place) {
  for (; place->item < p->n_item; ++place->item, place->stage = 0, place->part = 0)
    for (; place->stage < 3; ++place->stage, place->part = 0)
      if (place->part < stage_size(p, place->item, place->stage)) return true;
  return false;
}

static throng_status add_text(byte_buffer *out, const char *text) {
  return bytes_append(out, text, strlen(text));
}

static throng_status add_words(const request_list *p, const char *label, const int64_t *offset,
                               const int32_t *word, const string_table *name, int64_t item,
                               byte_buffer *out) {
  const size_t most = (size_t)p->def->facts_bytes;
  if (!offset || offset[item] == offset[item + 1] || out->length >= most) return THRONG_OK;
  THRONG_TRY(add_text(out, label));
  for (int64_t k = offset[item]; k < offset[item + 1] && out->length < most; ++k) {
    if (k > offset[item]) THRONG_TRY(add_text(out, ", "));
    THRONG_TRY(
        prompt_append_data(strings_get(name, word[k]), strings_length(name, word[k]), 200, out));
  }
  return add_text(out, "\n");
}

static throng_status add_facts(const request_list *p, int64_t item, byte_buffer *out) {
  const dataset *d = p->data;
  size_t most = (size_t)p->def->facts_bytes;
  if (strings_length(&d->item_name, item)) {
    THRONG_TRY(add_text(out, "Name: "));
    THRONG_TRY(prompt_append_data(strings_get(&d->item_name, item),
                                  strings_length(&d->item_name, item), 300, out));
    THRONG_TRY(add_text(out, "\n"));
  }
  THRONG_TRY(
      add_words(p, "Categories: ", d->category_offset, d->category, &d->category_name, item, out));
  THRONG_TRY(add_words(p, "Attributes: ", d->attribute_offset, d->attribute, &d->attribute_name,
                       item, out));
  if (item < d->facts.n && strings_length(&d->facts, item) && out->length < most) {
    THRONG_TRY(add_text(out, "Description: "));
    THRONG_TRY(prompt_append_data(strings_get(&d->facts, item), strings_length(&d->facts, item),
                                  most - out->length, out));
    THRONG_TRY(add_text(out, "\n"));
  }
  // The last line's end belongs to the prompt.
  if (out->length && out->data[out->length - 1] == '\n') out->data[--out->length] = '\0';
  return THRONG_OK;
}

static throng_status add_reviews(const request_list *p, const request_place *place,
                                 byte_buffer *out, byte_buffer *given) {
  NUMBERS_WITHOUT_LOCALE;
  const dataset *d = p->data;
  int side = place->stage - 1;
  int64_t from = p->offset[side][place->item] + (int64_t)place->part * p->def->reviews_per_request;
  int64_t end = p->offset[side][place->item + 1];
  if (end > from + p->def->reviews_per_request) end = from + p->def->reviews_per_request;
  for (int64_t k = from; k < end; ++k) {
    int64_t row = p->review[side][k];
    char head[64];
    snprintf(head, sizeof head, "%sReview %lld, rated %.3g:\n<<<\n", k > from ? "\n\n" : "",
             (long long)(k - from) + 1, (double)d->rating[row]);
    THRONG_TRY(add_text(out, head));
    size_t start = out->length;
    THRONG_TRY(prompt_append_data(strings_get(&d->text, row), strings_length(&d->text, row),
                                  (size_t)p->def->review_bytes, out));
    THRONG_TRY(bytes_append(given, out->data + start, out->length - start));
    THRONG_TRY(add_text(given, "\n\n"));
    THRONG_TRY(add_text(out, "\n>>>"));
  }
  return THRONG_OK;
}

typedef struct filling {
  byte_buffer facts, reviews, user, system;
} filling;

static throng_status fill(const request_list *p, const request_place *place,
                          const llm_dialect *dialect, chat_side side, filling *f,
                          llm_request *out) {
  const prompt *text = place->stage == 0 ? &p->objective : &p->subjective;
  char least[16], most[16];
  snprintf(least, sizeof least, "%d", p->def->reasons);
  snprintf(most, sizeof most, "%d", p->def->reasons + 2);
  THRONG_TRY(add_facts(p, place->item, &f->facts));
  THRONG_TRY(bytes_append(&out->given, bytes_text(&f->facts), f->facts.length));
  THRONG_TRY(add_text(&out->given, "\n\n"));
  if (place->stage) THRONG_TRY(add_reviews(p, place, &f->reviews, &out->given));
  const prompt_value value[] = {{"facts", bytes_text(&f->facts)},
                                {"reviews", bytes_text(&f->reviews)},
                                {"side", side == CHAT_DISLIKE ? "dislike" : "like"},
                                {"least", least},
                                {"most", most},
                                {"form", chat_form_text(dialect->form, side)}};
  THRONG_TRY(prompt_fill(text->system, value, 6, &f->system));
  THRONG_TRY(prompt_fill(text->user, value, 6, &f->user));
  if (dialect->no_system && f->system.length) {
    THRONG_TRY(add_text(&f->system, "\n\n"));
    THRONG_TRY(bytes_append(&f->system, bytes_text(&f->user), f->user.length));
    THRONG_TRY(chat_append_messages("", bytes_text(&f->system), &out->messages));
  } else {
    THRONG_TRY(chat_append_messages(bytes_text(&f->system), bytes_text(&f->user), &out->messages));
  }
  THRONG_TRY(chat_append_params(p->def, dialect, side, &out->params));
  THRONG_TRY(bytes_append(&out->body, "{", 1));
  THRONG_TRY(bytes_append(&out->body, bytes_text(&out->params), out->params.length));
  THRONG_TRY(add_text(&out->body, ",\"messages\":"));
  THRONG_TRY(bytes_append(&out->body, bytes_text(&out->messages), out->messages.length));
  return bytes_append(&out->body, "}", 1);
}

throng_status request_list_make(const request_list *p, const request_place *place,
                                const llm_dialect *dialect, llm_request *out) {
  chat_side side = place->stage == 0 ? CHAT_BOTH : place->stage == 1 ? CHAT_LIKE : CHAT_DISLIKE;
  byte_buffer *buffer[] = {&out->given, &out->messages, &out->params, &out->body};
  for (int i = 0; i < 4; ++i) bytes_clear(buffer[i]);
  out->kind = place->stage == 0 ? "objective" : "subjective";
  out->side = side;
  out->prompt = place->stage == 0 ? p->objective.hash : p->subjective.hash;
  filling f = {0};
  llm_dialect own = llm_dialect_of(p->def);
  throng_status status = fill(p, place, dialect, side, &f, out);
  if (status == THRONG_OK && llm_same_dialect(dialect, &own))
    status = sha256_text(out->body.data, out->body.length, out->id);
  bytes_free(&f.facts);
  bytes_free(&f.reviews);
  bytes_free(&f.user);
  bytes_free(&f.system);
  return status;
}

throng_status request_list_make_named(const request_list *p, const request_place *place,
                                      llm_request *out) {
  llm_dialect own = llm_dialect_of(p->def);
  return request_list_make(p, place, &own, out);
}

void llm_request_free(llm_request *request) {
  bytes_free(&request->given);
  bytes_free(&request->messages);
  bytes_free(&request->params);
  bytes_free(&request->body);
}
