/// Yelp's open data set: reviews and businesses as JSON lines. A state, where given, keeps only its
/// businesses, and reviews of other businesses leave nothing behind in memory.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/ingest.h"
#include "data/json_line.h"
#include "data/stream.h"
#include "data/yelp_facts.h"

/// Businesses by their ids: those that are kept, and those of other states.
typedef struct listing {
  interner *kept, *elsewhere;
  interner *states;    // that were seen
  interner *unlisted;  // ids that reviews have and the file has not
} listing;

static void listing_free(listing *l) {
  interner_free(l->kept);
  interner_free(l->elsewhere);
  interner_free(l->states);
  interner_free(l->unlisted);
}

/// Releases to 2014 had one file of everything, told apart by "type".
static bool is_other_kind(const json_line_field *type, const char *wanted) {
  return type->kind == JSON_LINE_STRING &&
         (type->length != strlen(wanted) || memcmp(type->raw, wanted, type->length) != 0);
}

static throng_status no_business(const ingest *in, const listing *l) {
  char states[256] = "";
  const string_table *seen = interner_strings(l->states);
  for (int64_t i = 0; i < seen->n && strlen(states) < 200; i++)
    snprintf(states + strlen(states), sizeof states - strlen(states), "%s%.20s", i ? ", " : "",
             strings_get(seen, i));
  return throng_fail(THRONG_ERROR_DATA, "%s: no business%s%s, expected some; it has %s%s",
                     in->def->businesses, in->def->state ? " of dataset.state " : "",
                     in->def->state ? in->def->state : "", *states ? "those of " : "none", states);
}

static throng_status list_business(const ingest *in, const line_reader *reader, const char *line,
                                   size_t length, byte_buffer *text, listing *l) {
  json_line_field field[] = {{.key = "business_id"}, {.key = "state"}, {.key = "type"}};
  THRONG_TRY(line_reader_require_utf8(reader, line, length));
  THRONG_TRY(json_line_scan(reader, line, length, field, 3));
  // What has no id is counted when businesses are described.
  if (is_other_kind(&field[2], "business") || !json_line_is_text(&field[0])) return THRONG_OK;
  bytes_clear(text);
  if (field[1].kind == JSON_LINE_STRING) THRONG_TRY(json_line_text(&field[1], text));
  bool elsewhere = in->def->state && strcmp(bytes_text(text), in->def->state) != 0;
  if (text->length > 0)
    THRONG_TRY(interner_add(l->states, bytes_text(text), text->length, &(int64_t){0}, NULL));
  bytes_clear(text);
  THRONG_TRY(json_line_text(&field[0], text));
  return interner_add(elsewhere ? l->elsewhere : l->kept, bytes_text(text), text->length,
                      &(int64_t){0}, NULL);
}

static throng_status read_businesses(ingest *in, listing *l) {
  line_reader *reader;
  byte_buffer text = {0};
  throng_status status = THRONG_OK;
  THRONG_TRY(interner_create(&l->kept));
  THRONG_TRY(interner_create(&l->elsewhere));
  THRONG_TRY(interner_create(&l->states));
  THRONG_TRY(interner_create(&l->unlisted));
  THRONG_TRY(
      ingest_open(in, in->def->businesses, "dataset.businesses", "read businesses", &reader));
  for (;;) {
    char *line;
    size_t length;
    THRONG_TRY_GOTO(line_reader_next(reader, &line, &length));
    if (!line) break;
    if (length > 0) THRONG_TRY_GOTO(list_business(in, reader, line, length, &text, l));
  }
  if (interner_strings(l->kept)->n == 0) status = no_business(in, l);
done:
  bytes_free(&text);
  ingest_close(in, reader, false);
  return status;
}

/// How many of the reviewed businesses the file lists, those of other states aside.
static throng_status join_listing(ingest *in, const listing *l) {
  string_table ours = {0};
  uint8_t *found = NULL;
  const string_table *side[2] = {interner_strings(in->rows.items), interner_strings(l->unlisted)};
  throng_status status = THRONG_OK;
  if (side[0]->n + side[1]->n == 0) return THRONG_OK;  // thin() says why
  THRONG_TRY_GOTO(
      throng_alloc((void **)&found, (size_t)(side[0]->n + side[1]->n), 1, "reviewed businesses"));
  memset(found, 1, (size_t)side[0]->n);
  for (int k = 0; k < 2; k++)
    for (int64_t i = 0; i < side[k]->n; i++)
      THRONG_TRY_GOTO(strings_append(&ours, strings_get(side[k], i), strings_length(side[k], i)));
  join_def join = {.key = "dataset.businesses",
                   .file = stream_name(in->def->businesses),
                   .what = "items of",
                   .of = stream_name(in->def->reviews),
                   .ours = &ours,
                   .found = found,
                   .theirs = interner_strings(l->kept),
                   .needed = true};
  THRONG_TRY_GOTO(join_check(&join, in->progress, &in->counts.join[in->counts.n_join++]));
done:
  strings_free(&ours);
  free(found);
  return status;
}

typedef struct row_buffers {
  byte_buffer user, item, date;
} row_buffers;

static throng_status scan_review(ingest *in, const listing *l, const line_reader *reader,
                                 const char *line, size_t length, row_buffers *text) {
  enum { USER, BUSINESS, STARS, DATE, TYPE, N };
  json_line_field f[N] = {{.key = "user_id"},
                          {.key = "business_id"},
                          {.key = "stars"},
                          {.key = "date"},
                          {.key = "type"}};
  THRONG_TRY(line_reader_require_utf8(reader, line, length));
  THRONG_TRY(json_line_scan(reader, line, length, f, N));
  if (is_other_kind(&f[TYPE], "review")) {
    in->counts.other_kind++;
    return THRONG_OK;
  }
  THRONG_TRY(json_line_require_text(reader, &f[USER], "a string"));
  THRONG_TRY(json_line_require_text(reader, &f[BUSINESS], "a string"));
  bool rated = json_line_is_text(&f[STARS]);  // "5.0" is a number too
  if (f[STARS].kind != JSON_LINE_NULL && !in->implicit)
    THRONG_TRY(json_line_require_text(reader, &f[STARS], "a number"));
  THRONG_TRY(json_line_require_text(reader, &f[DATE], "\"YYYY-MM-DD HH:MM:SS\""));
  bytes_clear(&text->item);
  THRONG_TRY(json_line_text(&f[BUSINESS], &text->item));
  const char *item = bytes_text(&text->item);
  if (l->kept && interner_find(l->kept, item, text->item.length) < 0) {
    in->counts.unknown_item++;
    if (interner_find(l->elsewhere, item, text->item.length) >= 0) return THRONG_OK;
    return interner_add(l->unlisted, item, text->item.length, &(int64_t){0}, NULL);
  }
  bytes_clear(&text->user);
  bytes_clear(&text->date);
  THRONG_TRY(json_line_text(&f[USER], &text->user));
  THRONG_TRY(json_line_text(&f[DATE], &text->date));
  double stars;
  int64_t time;
  THRONG_TRY(ingest_parse_rating(in, reader, rated ? f[STARS].raw : "", rated ? f[STARS].length : 0,
                                 &stars, &rated));
  if (!rated) return THRONG_OK;
  THRONG_TRY(ingest_parse_time(in, reader, bytes_text(&text->date), text->date.length, &time));
  return ingest_add(in, reader, line_reader_number(reader), bytes_text(&text->user),
                    text->user.length, bytes_text(&text->item), text->item.length, stars, time);
}

static throng_status scan(ingest *in) {
  line_reader *reader = NULL;
  listing l = {0};
  row_buffers text = {0};
  throng_status status = THRONG_OK;
  in->has_time = in->has_text = true;
  if (in->def->state && !in->def->businesses)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "dataset.state is given without dataset.businesses, expected their file");
  if (in->def->businesses) THRONG_TRY_GOTO(read_businesses(in, &l));
  THRONG_TRY_GOTO(ingest_open(in, in->def->reviews, "dataset.reviews", "read reviews", &reader));
  while (!ingest_full(in)) {
    char *line;
    size_t length;
    int64_t before = line_reader_number(reader);
    status = line_reader_next(reader, &line, &length);
    if (status == THRONG_OK && !line) break;
    if (status == THRONG_OK && length > 0)
      status = scan_review(in, &l, reader, line, length, &text);
    THRONG_TRY_GOTO(ingest_end_row(in, reader, before, status));
  }
  if (l.kept) THRONG_TRY_GOTO(join_listing(in, &l));
done:
  listing_free(&l);
  bytes_free(&text.user);
  bytes_free(&text.item);
  bytes_free(&text.date);
  ingest_close(in, reader, true);
  return status;
}

static throng_status take_text(ingest *in, const line_reader *reader, const char *line,
                               size_t length) {
  json_line_field field = {.key = "text"};
  byte_buffer text = {0};
  THRONG_TRY(json_line_scan(reader, line, length, &field, 1));
  throng_status status = field.kind == JSON_LINE_STRING ? json_line_text(&field, &text) : THRONG_OK;
  if (status == THRONG_OK) status = ingest_text(in, "", 0, bytes_text(&text), text.length);
  bytes_free(&text);
  return status;
}

static throng_status texts(ingest *in) {
  return ingest_json_texts(in, in->def->reviews, "dataset.reviews", take_text);
}

// --- businesses ----------------------------------------------------------------------------------

static throng_status describe_line(ingest *in, const line_reader *reader, char *line, size_t length,
                                   byte_buffer *id) {
  json_line_field field[] = {{.key = "business_id"}, {.key = "state"}, {.key = "type"}};
  THRONG_TRY(json_line_scan(reader, line, length, field, 3));
  if (is_other_kind(&field[2], "business")) return THRONG_OK;
  if (!json_line_is_text(&field[0])) {
    ingest_odd_value(in, reader, "business_id", "no text");
    return THRONG_OK;
  }
  bytes_clear(id);
  if (field[1].kind == JSON_LINE_STRING) THRONG_TRY(json_line_text(&field[1], id));
  if (in->def->state && strcmp(bytes_text(id), in->def->state) != 0) return THRONG_OK;
  bytes_clear(id);
  THRONG_TRY(json_line_text(&field[0], id));
  int32_t item;
  THRONG_TRY(ingest_find_item(in, bytes_text(id), id->length, &item));
  if (item < 0 || !item_facts_begin(&in->facts, item)) return THRONG_OK;
  cJSON *tree;
  THRONG_TRY(json_line_tree(reader, line, length, &tree));
  throng_status status = yelp_describe(in, reader, tree);
  cJSON_Delete(tree);
  return status == THRONG_OK ? item_facts_end(&in->facts) : status;
}

static throng_status items(ingest *in) {
  line_reader *reader;
  byte_buffer id = {0};
  throng_status status = THRONG_OK;
  THRONG_TRY(
      ingest_open(in, in->def->businesses, "dataset.businesses", "read business facts", &reader));
  for (;;) {
    char *line;
    size_t length;
    THRONG_TRY_GOTO(line_reader_next(reader, &line, &length));
    if (!line) break;
    if (length > 0) THRONG_TRY_GOTO(describe_line(in, reader, line, length, &id));
  }
done:
  bytes_free(&id);
  ingest_close(in, reader, false);
  return status;
}

const dataset_reader yelp_reader = {.rating_min = 1,
                                    .rating_max = 5,
                                    .main = "dataset.reviews",
                                    .required = KEYS("dataset.businesses"),
                                    .uses = KEYS("dataset.businesses", "dataset.state"),
                                    .scan = scan,
                                    .texts = texts,
                                    .items = items,
                                    .items_key = "dataset.businesses"};
