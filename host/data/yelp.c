/// Yelp's open data set: reviews and businesses as JSON lines. A state, where given, keeps only its
/// businesses, and reviews of other businesses leave nothing behind in memory.
#include <string.h>

#include "data/ingest.h"
#include "data/json_line.h"
#include "data/python_literal.h"

/// The ids of the businesses that are kept.
static throng_status read_businesses(ingest *in, interner *kept) {
  line_reader *reader;
  byte_buffer text = {0};
  throng_status status = THRONG_OK;
  THRONG_TRY(
      ingest_open(in, in->def->businesses, "dataset.businesses", "read businesses", &reader));
  for (;;) {
    char *line;
    size_t length;
    THRONG_TRY_GOTO(line_reader_next(reader, &line, &length));
    if (!line) break;
    if (length == 0) continue;
    json_line_field field[] = {{.key = "business_id"}, {.key = "state"}};
    THRONG_TRY_GOTO(line_reader_require_utf8(reader, line, length));
    THRONG_TRY_GOTO(json_line_scan(reader, line, length, field, 2));
    THRONG_TRY_GOTO(json_line_require(reader, &field[0], JSON_LINE_STRING, "a string"));
    bytes_clear(&text);
    if (field[1].kind == JSON_LINE_STRING) THRONG_TRY_GOTO(json_line_text(&field[1], &text));
    if (in->def->state && strcmp(bytes_text(&text), in->def->state) != 0) continue;
    bytes_clear(&text);
    THRONG_TRY_GOTO(json_line_text(&field[0], &text));
    int64_t id;
    THRONG_TRY_GOTO(interner_add(kept, bytes_text(&text), text.length, &id, NULL));
  }
  if (interner_strings(kept)->n == 0)
    status = throng_fail(THRONG_ERROR_DATA, "%s: no business%s%s, expected some (\"MO\")",
                         in->def->businesses, in->def->state ? " of dataset.state " : "",
                         in->def->state ? in->def->state : "");
done:
  bytes_free(&text);
  ingest_close(in, reader, false);
  return status;
}

typedef struct row_buffers {
  byte_buffer user, item, date;
} row_buffers;

static throng_status scan_review(ingest *in, const interner *kept, const line_reader *reader,
                                 const char *line, size_t length, row_buffers *text) {
  enum { USER, BUSINESS, STARS, DATE, N };
  json_line_field f[N] = {
      {.key = "user_id"}, {.key = "business_id"}, {.key = "stars"}, {.key = "date"}};
  THRONG_TRY(line_reader_require_utf8(reader, line, length));
  THRONG_TRY(json_line_scan(reader, line, length, f, N));
  THRONG_TRY(json_line_require(reader, &f[USER], JSON_LINE_STRING, "a string"));
  THRONG_TRY(json_line_require(reader, &f[BUSINESS], JSON_LINE_STRING, "a string"));
  bool rated = f[STARS].kind == JSON_LINE_NUMBER;
  if (f[STARS].kind != JSON_LINE_NULL && !in->implicit)
    THRONG_TRY(json_line_require(reader, &f[STARS], JSON_LINE_NUMBER, "a number"));
  THRONG_TRY(json_line_require(reader, &f[DATE], JSON_LINE_STRING, "\"YYYY-MM-DD HH:MM:SS\""));
  bytes_clear(&text->item);
  THRONG_TRY(json_line_text(&f[BUSINESS], &text->item));
  if (kept && interner_find(kept, bytes_text(&text->item), text->item.length) < 0) {
    in->counts.unknown_item++;
    return THRONG_OK;
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
  interner *kept = NULL;
  row_buffers text = {0};
  throng_status status = THRONG_OK;
  in->has_time = in->has_text = true;
  if (in->def->state && !in->def->businesses)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "dataset.state is given without dataset.businesses, expected their file");
  if (in->def->businesses) {
    THRONG_TRY_GOTO(interner_create(&kept));
    THRONG_TRY_GOTO(read_businesses(in, kept));
  }
  THRONG_TRY_GOTO(ingest_open(in, in->def->reviews, "dataset.reviews", "read reviews", &reader));
  while (!ingest_full(in)) {
    char *line;
    size_t length;
    int64_t before = line_reader_number(reader);
    status = line_reader_next(reader, &line, &length);
    if (status == THRONG_OK && !line) break;
    if (status == THRONG_OK && length > 0)
      status = scan_review(in, kept, reader, line, length, &text);
    THRONG_TRY_GOTO(ingest_end_row(in, reader, before, status));
  }
done:
  if (kept) interner_free(kept);
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

/// "BusinessAcceptsCreditCards" to "business accepts credit cards", "RestaurantsPriceRange2" to
/// "restaurants price range".
static throng_status spell_out(const char *name, byte_buffer *out) {
  if (strcmp(name, "WiFi") == 0) return bytes_append(out, "wifi", 4);
  for (const char *at = name; *at; at++) {
    if (*at >= '0' && *at <= '9') continue;
    bool upper = *at >= 'A' && *at <= 'Z';
    if (upper && at > name && at[-1] >= 'a' && at[-1] <= 'z') THRONG_TRY(bytes_append(out, " ", 1));
    char c = *at == '_' ? ' ' : upper ? (char)(*at + 'a' - 'A') : *at;
    THRONG_TRY(bytes_append(out, &c, 1));
  }
  return bytes_append(out, "", 0);
}

/// One attribute as words: "outdoor seating: yes", "wifi: free", and of a group of answers those
/// that hold: "business parking: street".
static throng_status attribute_words(item_facts *facts, const char *kind, const cJSON *value) {
  if (cJSON_IsBool(value)) {
    const char *word = cJSON_IsTrue(value) ? "yes" : "no";
    return item_facts_attribute(facts, kind, word, strlen(word));
  }
  if (cJSON_IsString(value))
    return item_facts_attribute(facts, kind, value->valuestring, strlen(value->valuestring));
  if (cJSON_IsNumber(value)) {
    char word[64];
    // A level such as the price range, 1 to 4: a bucket of its own.
    bucket_word(value->valuedouble, (const double[]){1, 2, 3, 4}, 4, word);
    return item_facts_attribute(facts, kind, word, strcspn(word, " "));
  }
  const cJSON *member;
  if (cJSON_IsObject(value)) {
    cJSON_ArrayForEach(member, value) {
      if (cJSON_IsTrue(member))
        THRONG_TRY(item_facts_attribute(facts, kind, member->string, strlen(member->string)));
    }
  }
  return THRONG_OK;
}

static bool is_bare_word(const char *text) {
  return *text &&
         text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_- ")] == '\0';
}

/// Values are strings that hold Python literals; early releases have plain values and bare words.
static throng_status attribute(item_facts *facts, const line_reader *reader, const cJSON *value) {
  byte_buffer kind = {0};
  cJSON *parsed = NULL;
  throng_status status = spell_out(value->string, &kind);
  if (status == THRONG_OK && cJSON_IsString(value)) {
    const char *text = value->valuestring;
    status = python_literal_parse(text, strlen(text), value->string, 1, &parsed);
    if (status == THRONG_ERROR_DATA && is_bare_word(text)) {
      status = THRONG_OK;
    } else if (status != THRONG_OK) {
      status = throng_fail_context(status, "%s:%lld: attribute", line_reader_path(reader),
                                   (long long)line_reader_number(reader));
    }
  }
  if (status == THRONG_OK)
    status = attribute_words(facts, bytes_text(&kind), parsed ? parsed : value);
  cJSON_Delete(parsed);
  bytes_free(&kind);
  return status;
}

static throng_status describe(item_facts *facts, const line_reader *reader, const cJSON *business) {
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(business, "name");
  if (cJSON_IsString(name)) {
    THRONG_TRY(item_facts_name(facts, name->valuestring, strlen(name->valuestring)));
    THRONG_TRY(item_facts_text(facts, name->valuestring, strlen(name->valuestring)));
  }
  const cJSON *city = cJSON_GetObjectItemCaseSensitive(business, "city");
  if (cJSON_IsString(city))
    THRONG_TRY(item_facts_attribute(facts, "city", city->valuestring, strlen(city->valuestring)));
  const cJSON *categories = cJSON_GetObjectItemCaseSensitive(business, "categories");
  if (cJSON_IsString(categories)) {
    THRONG_TRY(item_facts_text(facts, categories->valuestring, strlen(categories->valuestring)));
    for (const char *at = categories->valuestring; at;) {
      const char *comma = strstr(at, ", ");
      THRONG_TRY(item_facts_category(facts, at, comma ? (size_t)(comma - at) : strlen(at)));
      at = comma ? comma + 2 : NULL;
    }
  }
  const cJSON *value, *attributes = cJSON_GetObjectItemCaseSensitive(business, "attributes");
  if (cJSON_IsObject(attributes)) {
    cJSON_ArrayForEach(value, attributes) THRONG_TRY(attribute(facts, reader, value));
  }
  return THRONG_OK;
}

static throng_status describe_line(ingest *in, const line_reader *reader, char *line, size_t length,
                                   byte_buffer *id) {
  json_line_field field = {.key = "business_id"};
  THRONG_TRY(json_line_scan(reader, line, length, &field, 1));
  THRONG_TRY(json_line_require(reader, &field, JSON_LINE_STRING, "a string"));
  bytes_clear(id);
  THRONG_TRY(json_line_text(&field, id));
  int32_t item = ingest_find_item(in, bytes_text(id), id->length);
  if (item < 0 || !item_facts_begin(&in->facts, item)) return THRONG_OK;
  cJSON *tree;
  THRONG_TRY(json_line_tree(reader, line, length, &tree));
  throng_status status = describe(&in->facts, reader, tree);
  cJSON_Delete(tree);
  return status == THRONG_OK ? item_facts_end(&in->facts) : status;
}

static throng_status items(ingest *in) {
  if (!in->def->businesses) return THRONG_OK;
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

const dataset_reader yelp_reader = {"yelp", 1, 5, scan, texts, items};
