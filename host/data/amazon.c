/// Amazon reviews of 2014, 2018 and 2023 (McAuley's group), reviews or bare ratings, with or
/// without metadata: reviews are JSON lines, ratings CSV, metadata JSON lines or (2014) Python
/// literals.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "data/json_line.h"
#include "data/number.h"
#include "data/python_literal.h"
#include "data/table_rows.h"

enum { USER, ITEM, RATING, TIME, ROW_FIELDS };

typedef struct row_buffers {
  byte_buffer user, item;
} row_buffers;

/// A number or null; null stands for none.
static throng_status take_rating(ingest *in, const line_reader *reader, const json_line_field *f,
                                 double *rating, bool *rated) {
  if (f->kind == JSON_LINE_NULL || (in->implicit && f->kind == JSON_LINE_ABSENT))
    return ingest_parse_rating(in, reader, "", 0, rating, rated);
  if (f->kind != JSON_LINE_STRING)  // "5.0" is a number too
    THRONG_TRY(json_line_require(reader, f, JSON_LINE_NUMBER, "a number"));
  return ingest_parse_rating(in, reader, f->raw, f->length, rating, rated);
}

/// A number, a date as a string, or (2014, 2018) reviewTime alone: "09 1, 2012".
static throng_status take_time(ingest *in, const line_reader *reader, const json_line_field *f,
                               const json_line_field *written, int64_t *time) {
  int64_t milliseconds;
  char date[40];
  if (f->kind == JSON_LINE_STRING && f->length > 0)
    return ingest_parse_time(in, reader, f->raw, f->length, time);
  if (f->kind != JSON_LINE_NUMBER && written->kind == JSON_LINE_STRING &&
      time_parse_month_first(written->raw, written->length, &milliseconds)) {
    snprintf(date, sizeof date, "%lld", (long long)(milliseconds / 1000));
    return ingest_parse_time(in, reader, date, strlen(date), time);
  }
  in->fault = ROW_FAULT_TIME;
  THRONG_TRY(json_line_require(reader, f, JSON_LINE_NUMBER, "a number"));
  return ingest_parse_time(in, reader, f->raw, f->length, time);
}

/// One review of any year; 2023 calls its fields otherwise and joins on parent_asin.
static throng_status scan_review(ingest *in, const line_reader *reader, const char *line,
                                 size_t length, row_buffers *text) {
  json_line_field field[2 * ROW_FIELDS + 1] = {
      {.key = "reviewerID"},     {.key = "asin"},      {.key = "overall"},
      {.key = "unixReviewTime"}, {.key = "user_id"},   {.key = "parent_asin"},
      {.key = "rating"},         {.key = "timestamp"}, {.key = "reviewTime"},
  };
  THRONG_TRY(line_reader_require_utf8(reader, line, length));
  THRONG_TRY(json_line_scan(reader, line, length, field, 2 * ROW_FIELDS + 1));
  json_line_field *f = field;
  if (f[USER].kind == JSON_LINE_ABSENT) f = field + ROW_FIELDS;
  if (f[USER].kind == JSON_LINE_ABSENT)
    return line_reader_fail(
        reader, "neither \"reviewerID\" (2014, 2018) nor \"user_id\" (2023), expected a review");
  THRONG_TRY(json_line_require_text(reader, &f[USER], "a string"));
  THRONG_TRY(json_line_require_text(reader, &f[ITEM], "a string"));
  double rating;
  int64_t time;
  bool rated;
  THRONG_TRY(take_rating(in, reader, &f[RATING], &rating, &rated));
  if (!rated) return THRONG_OK;
  THRONG_TRY(take_time(in, reader, &f[TIME], &field[2 * ROW_FIELDS], &time));
  bytes_clear(&text->user);
  bytes_clear(&text->item);
  THRONG_TRY(json_line_text(&f[USER], &text->user));
  THRONG_TRY(json_line_text(&f[ITEM], &text->item));
  return ingest_add(in, reader, line_reader_number(reader), bytes_text(&text->user),
                    text->user.length, bytes_text(&text->item), text->item.length, rating, time);
}

/// The ratings of 2018 came item first; their first line tells: an ASIN is ten characters and
/// starts with a digit or B, a reviewer's id is longer and starts with A.
static bool is_item_first(const csv_parser *csv) {
  return csv->n_field == ROW_FIELDS && csv_length(csv, 0) == 10 &&
         strchr("0123456789B", *csv_field(csv, 0)) && csv_length(csv, 1) > 10 &&
         *csv_field(csv, 1) == 'A';
}

/// "user,item,rating,timestamp" of 2023's header or of no header at all.
static throng_status begin_ratings(ingest *in, csv_parser *csv, row_columns *c) {
  static const char *const name[] = {"user_id", "parent_asin", "rating", "timestamp", NULL};
  bool more;
  *c = (row_columns){.user = USER, .item = ITEM, .rating = RATING, .time = TIME, .text = -1};
  THRONG_TRY(csv_next(csv, &more));
  csv->held = more;
  if (!more || csv->n_field < ROW_FIELDS || strcmp(csv_field(csv, 0), name[USER]) != 0) {
    if (more && csv->n_field != ROW_FIELDS)
      return line_reader_fail(csv->reader,
                              "%d fields, expected a JSON object or "
                              "user,item,rating,timestamp; dataset.format csv reads other tables",
                              csv->n_field);
    double number;
    if (more && !number_parse(csv_field(csv, RATING), csv_length(csv, RATING), &number))
      return line_reader_fail(
          csv->reader,
          "\"%.60s\" stands where the rating should, expected a JSON object, or "
          "user,item,rating,timestamp without a header or with that of 2023; "
          "dataset.format csv reads tables with other headers",
          csv_field(csv, RATING));
    if (more && is_item_first(csv)) {
      c->user = ITEM;
      c->item = USER;
      throng_note(in->progress, "%s: read as item,user,rating,timestamp",
                  line_reader_path(csv->reader));
    }
    // As the header would have it: every record has so many fields.
    for (int i = 0; more && i < ROW_FIELDS; i++)
      THRONG_TRY(strings_append(&csv->header, name[i], strlen(name[i])));
    return THRONG_OK;
  }
  THRONG_TRY(csv_read_header(csv));
  THRONG_TRY(csv_require_column(csv, name[USER], "ratings of 2023", &c->user));
  THRONG_TRY(csv_require_column(csv, name[ITEM], "ratings of 2023", &c->item));
  THRONG_TRY(csv_require_column(csv, name[RATING], "ratings of 2023", &c->rating));
  return csv_require_column(csv, name[TIME], "ratings of 2023", &c->time);
}

static throng_status scan_ratings(ingest *in, line_reader *reader) {
  csv_parser csv = {.reader = reader, .dialect = CSV_COMMAS};
  row_columns c;
  throng_status status = begin_ratings(in, &csv, &c);
  if (status == THRONG_OK) status = table_rows_scan(in, &csv, &c);
  csv_free(&csv);
  return status;
}

/// Whether the file holds JSON objects (reviews) or not (bare ratings).
static throng_status sniff(ingest *in, bool *reviews) {
  byte_buffer line = {0};
  throng_status status = ingest_first_line(in->def->reviews, "dataset.reviews", &line);
  if (status == THRONG_OK && line.length == 0)
    status = throng_fail(THRONG_ERROR_DATA,
                         "dataset.reviews: %s: the first line is empty, expected reviews as JSON "
                         "lines or user,item,rating,timestamp",
                         in->def->reviews);
  if (status == THRONG_OK) {
    char first = line.data[strspn(line.data, " \t")];
    *reviews = first == '{' || first == '[';  // an array is named as one when it is read
  }
  bytes_free(&line);
  return status;
}

static throng_status scan(ingest *in) {
  line_reader *reader = NULL;
  row_buffers text = {0};
  throng_status status;
  in->has_time = true;
  THRONG_TRY(sniff(in, &in->has_text));
  THRONG_TRY(ingest_open(in, in->def->reviews, "dataset.reviews", "read reviews", &reader));
  if (in->has_text) {
    while (!ingest_full(in)) {
      char *line;
      size_t length;
      int64_t before = line_reader_number(reader);
      status = line_reader_next(reader, &line, &length);
      if (status == THRONG_OK && !line) break;
      if (status == THRONG_OK && length > 0) status = scan_review(in, reader, line, length, &text);
      THRONG_TRY_GOTO(ingest_end_row(in, reader, before, status));
    }
  } else {
    THRONG_TRY_GOTO(scan_ratings(in, reader));
  }
  status = THRONG_OK;
done:
  bytes_free(&text.user);
  bytes_free(&text.item);
  ingest_close(in, reader, true);
  return status;
}

static throng_status take_text(ingest *in, const line_reader *reader, const char *line,
                               size_t length) {
  json_line_field field[] = {
      {.key = "summary"}, {.key = "reviewText"}, {.key = "title"}, {.key = "text"}};
  THRONG_TRY(json_line_scan(reader, line, length, field, 4));
  int first = field[1].kind == JSON_LINE_STRING || field[0].kind == JSON_LINE_STRING ? 0 : 2;
  byte_buffer title = {0}, body = {0};
  throng_status status = THRONG_OK;
  if (field[first].kind == JSON_LINE_STRING) status = json_line_text(&field[first], &title);
  if (status == THRONG_OK && field[first + 1].kind == JSON_LINE_STRING)
    status = json_line_text(&field[first + 1], &body);
  if (status == THRONG_OK)
    status = ingest_text(in, bytes_text(&title), title.length, bytes_text(&body), body.length);
  bytes_free(&title);
  bytes_free(&body);
  return status;
}

static throng_status texts(ingest *in) {
  return ingest_json_texts(in, in->def->reviews, "dataset.reviews", take_text);
}

// --- metadata ------------------------------------------------------------------------------------

static throng_status fact_line(item_facts *facts, const cJSON *value) {
  if (cJSON_IsString(value))
    return item_facts_text(facts, value->valuestring, strlen(value->valuestring));
  const cJSON *element;
  if (cJSON_IsArray(value)) {
    cJSON_ArrayForEach(element, value) {
      if (cJSON_IsString(element))
        THRONG_TRY(item_facts_text(facts, element->valuestring, strlen(element->valuestring)));
    }
  }
  return THRONG_OK;
}

/// Every level of a category path but the root, which the whole file shares.
static throng_status category_path(item_facts *facts, const cJSON *path) {
  const cJSON *level = path->child ? path->child->next : NULL;
  for (; level; level = level->next)
    if (cJSON_IsString(level))
      THRONG_TRY(item_facts_category(facts, level->valuestring, strlen(level->valuestring)));
  return THRONG_OK;
}

/// A list of paths (2014) or one path (2018, 2023).
static throng_status category_paths(item_facts *facts, const cJSON *value) {
  if (!cJSON_IsArray(value) || !value->child) return THRONG_OK;
  if (!cJSON_IsArray(value->child)) return category_path(facts, value);
  const cJSON *path;
  cJSON_ArrayForEach(path, value) {
    if (cJSON_IsArray(path)) THRONG_TRY(category_path(facts, path));
  }
  return THRONG_OK;
}

/// 85.0, "$85.00", "$1,085.00 - $1,200.00" (the lower); what is no price says nothing.
static bool parse_price(const cJSON *value, double *price) {
  if (cJSON_IsNumber(value)) {
    *price = value->valuedouble;
  } else {
    if (!cJSON_IsString(value)) return false;
    const char *at = value->valuestring;
    if (*at == '$') at++;
    char digits[32];
    size_t n = 0;
    for (; (*at >= '0' && *at <= '9') || *at == '.' || *at == ','; at++) {
      if (*at == ',') continue;
      if (n == sizeof digits) return false;
      digits[n++] = *at;
    }
    if ((*at && *at != ' ') || !number_parse(digits, n, price)) return false;
  }
  return isfinite(*price) && *price >= 0;
}

static throng_status describe(item_facts *facts, const cJSON *meta) {
  static const double price_bound[] = {5, 10, 20, 50, 100, 200, 500};
  const cJSON *title = cJSON_GetObjectItemCaseSensitive(meta, "title");
  // Some titles of 2018 are a page's script instead.
  if (cJSON_IsString(title) && !strstr(title->valuestring, "getTime(")) {
    THRONG_TRY(item_facts_name(facts, title->valuestring, strlen(title->valuestring)));
    THRONG_TRY(fact_line(facts, title));
  }
  const cJSON *brand = cJSON_GetObjectItemCaseSensitive(meta, "brand");
  if (!brand) brand = cJSON_GetObjectItemCaseSensitive(meta, "store");
  if (cJSON_IsString(brand)) {
    THRONG_TRY(
        item_facts_attribute(facts, "brand", brand->valuestring, strlen(brand->valuestring)));
    THRONG_TRY(fact_line(facts, brand));
  }
  const cJSON *department = cJSON_GetObjectItemCaseSensitive(meta, "main_cat");
  if (!department) department = cJSON_GetObjectItemCaseSensitive(meta, "main_category");
  if (cJSON_IsString(department))
    THRONG_TRY(item_facts_attribute(facts, "department", department->valuestring,
                                    strlen(department->valuestring)));
  double price;
  if (parse_price(cJSON_GetObjectItemCaseSensitive(meta, "price"), &price)) {
    char word[64];
    bucket_word(price, price_bound, sizeof price_bound / sizeof price_bound[0], word);
    THRONG_TRY(item_facts_attribute(facts, "price", word, strlen(word)));
  }
  static const char *const free_text[] = {"feature", "features", "description"};
  for (size_t i = 0; i < sizeof free_text / sizeof free_text[0]; i++)
    THRONG_TRY(fact_line(facts, cJSON_GetObjectItemCaseSensitive(meta, free_text[i])));
  THRONG_TRY(category_paths(facts, cJSON_GetObjectItemCaseSensitive(meta, "category")));
  return category_paths(facts, cJSON_GetObjectItemCaseSensitive(meta, "categories"));
}

/// The item's number, from "parent_asin" (2023) or "asin".
static throng_status item_of(ingest *in, const line_reader *reader, const char *id, int32_t *item) {
  if (!id || !id[0])
    return line_reader_fail(reader, "no \"asin\" or \"parent_asin\", expected an item's metadata");
  return ingest_find_item(in, id, strlen(id), item);
}

/// A line of metadata as a tree, or NULL where its item is not kept.
static throng_status metadata_tree(ingest *in, const line_reader *reader, char *line, size_t length,
                                   byte_buffer *id, int32_t *item, cJSON **tree) {
  *tree = NULL;
  char *brace = line + strspn(line, " \t");
  char *quote = *brace == '{' ? brace + 1 + strspn(brace + 1, " \t") : brace;
  if (*quote == '"') {
    json_line_field field[] = {{.key = "parent_asin"}, {.key = "asin"}};
    THRONG_TRY(json_line_scan(reader, line, length, field, 2));
    const json_line_field *key = json_line_is_text(&field[0]) ? &field[0] : &field[1];
    bytes_clear(id);
    if (json_line_is_text(key)) THRONG_TRY(json_line_text(key, id));
    THRONG_TRY(item_of(in, reader, bytes_text(id), item));
    return *item < 0 ? THRONG_OK : json_line_tree(reader, line, length, tree);
  }
  cJSON *parsed;
  THRONG_TRY(python_literal_parse(line, length, line_reader_path(reader),
                                  line_reader_number(reader), &parsed));
  throng_status status;
  if (!cJSON_IsObject(parsed)) {
    status = line_reader_fail(reader, "a literal that is no dict, expected an item's metadata");
  } else {
    const cJSON *asin = cJSON_GetObjectItemCaseSensitive(parsed, "asin");
    char number[32] = "";
    int64_t whole;
    if (json_integer(asin, &whole)) snprintf(number, sizeof number, "%lld", (long long)whole);
    status = item_of(in, reader, *number ? number : cJSON_GetStringValue(asin), item);
  }
  if (status == THRONG_OK && *item >= 0) {
    *tree = parsed;
  } else {
    cJSON_Delete(parsed);
  }
  return status;
}

static throng_status items(ingest *in) {
  line_reader *reader;
  byte_buffer id = {0};
  throng_status status = THRONG_OK;
  THRONG_TRY(ingest_open(in, in->def->metadata, "dataset.metadata", "read metadata", &reader));
  for (;;) {
    char *line;
    size_t length;
    THRONG_TRY_GOTO(line_reader_next(reader, &line, &length));
    if (!line) break;
    if (length == 0) continue;
    THRONG_TRY_GOTO(line_reader_require_utf8(reader, line, length));
    int32_t item = -1;
    cJSON *tree;
    THRONG_TRY_GOTO(metadata_tree(in, reader, line, length, &id, &item, &tree));
    if (tree && item_facts_begin(&in->facts, item)) {
      status = describe(&in->facts, tree);
      if (status == THRONG_OK) status = item_facts_end(&in->facts);
    }
    cJSON_Delete(tree);
    if (status != THRONG_OK) goto done;
  }
done:
  bytes_free(&id);
  ingest_close(in, reader, false);
  return status;
}

const dataset_reader amazon_reader = {.rating_min = 1,
                                      .rating_max = 5,
                                      .main = "dataset.reviews",
                                      .uses = KEYS("dataset.metadata"),
                                      .scan = scan,
                                      .texts = texts,
                                      .items = items,
                                      .items_key = "dataset.metadata"};
