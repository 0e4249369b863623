/// Tables of items; see item_table.h.
#include "data/item_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/numbers.h"
#include "data/csv_detect.h"
#include "data/csv_parser.h"
#include "data/json_line.h"
#include "data/number.h"
#include "data/python_literal.h"

enum { MAX_NAMED = 32, MAX_DEPTH = 4 };

bool item_table_is_wanted(const dataset_def *def) {
  return def->items_item || def->items_title || def->items_categories || def->items_text ||
         def->items_attributes;
}

// --- words in a field ----------------------------------------------------------------------------

/// The texts of a tree: strings, numbers, and of objects (TMDB's genres) what they are called.
static throng_status tree_words(const cJSON *value, int depth, item_word_fn *add, void *context) {
  NUMBERS_WITHOUT_LOCALE;
  if (depth > MAX_DEPTH) return THRONG_OK;
  if (cJSON_IsString(value)) return add(context, value->valuestring, strlen(value->valuestring));
  if (cJSON_IsNumber(value)) {
    char text[32];
    return add(context, text, number_word(value->valuedouble, 15, text));
  }
  if (cJSON_IsObject(value)) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(value, "name");
    return name ? tree_words(name, depth + 1, add, context) : THRONG_OK;
  }
  const cJSON *element;
  if (cJSON_IsArray(value)) {
    cJSON_ArrayForEach(element, value) THRONG_TRY(tree_words(element, depth + 1, add, context));
  }
  return THRONG_OK;
}

static throng_status literal_words(const char *text, size_t length, item_word_fn *add,
                                   void *context, bool *good) {
  cJSON *tree = cJSON_ParseWithLengthOpts(text, length + 1, NULL, true);
  throng_status status = THRONG_OK;
  if (!tree) status = python_literal_parse(text, length, "list", 1, &tree);
  if (status == THRONG_ERROR_DATA) {
    *good = false;
    return THRONG_OK;
  }
  if (status == THRONG_OK) status = tree_words(tree, 0, add, context);
  cJSON_Delete(tree);
  return status;
}

throng_status item_table_words(const char *text, size_t length, item_word_fn *add, void *context,
                               bool *good) {
  *good = true;
  while (length && *text == ' ') text++, length--;
  if (!length) return THRONG_OK;
  if (strchr("[({", *text)) return literal_words(text, length, add, context, good);
  char separator = memchr(text, '|', length) ? '|' : memchr(text, ';', length) ? ';' : ',';
  for (const char *at = text, *end = text + length;;) {
    const char *stop = memchr(at, separator, (size_t)(end - at));
    size_t n = stop ? (size_t)(stop - at) : (size_t)(end - at);
    while (n && *at == ' ') at++, n--;
    while (n && at[n - 1] == ' ') n--;
    if (n) THRONG_TRY(add(context, at, n));
    if (!stop) return THRONG_OK;
    at = stop + 1;
  }
}

throng_status item_table_figure(item_facts *facts, const char *column, const char *text,
                                size_t length, bool *taken) {
  static const double price_bound[] = {5, 10, 20, 50, 100, 200, 500};
  double value;
  char word[64];
  *taken = false;
  if (!number_parse(text, length, &value) || !isfinite(value)) return THRONG_OK;
  if (strcasestr(column, "year") && value >= 1000 && value < 10000) {
    *taken = true;
    snprintf(word, sizeof word, "%d0s", (int)value / 10);
    return item_facts_attribute(facts, "decade", word, strlen(word));
  }
  if (strcasecmp(column, "price") != 0) return THRONG_OK;
  *taken = true;
  bucket_word(value, price_bound, sizeof price_bound / sizeof price_bound[0], word);
  return item_facts_attribute(facts, "price", word, strlen(word));
}

// --- columns -------------------------------------------------------------------------------------

typedef enum role { ROLE_TITLE, ROLE_CATEGORIES, ROLE_TEXT, ROLE_ATTRIBUTE } role;

/// What is read of a record, column by column; `id` names the item.
typedef struct item_columns {
  char *names;  // the named columns' text, cut at commas
  const char *id;
  const char *name[MAX_NAMED];
  role as[MAX_NAMED];
  int place[MAX_NAMED], id_place;  // in the header; -1: not there (JSON lines have no header)
  int n;
} item_columns;

/// What the columns are called where the config does not say.
static const char *const usual_id[] = {
    "item",        "item_id",  "itemId", "id",   "movieId", "parent_asin", "asin",
    "business_id", "anime_id", "MAL_ID", "ISBN", "book_id", NULL};
static const char *const usual_title[] = {"title",      "name",       "item_name", "movie_title",
                                          "book-title", "book_title", NULL};
static const char *const usual_categories[] = {"categories", "category", "genres", "genre", NULL};
static const char *const usual_text[] = {"text", "description", NULL};

static throng_status add_column(item_columns *c, const char *name, role as) {
  if (c->n == MAX_NAMED)
    return throng_fail(THRONG_ERROR_CONFIG, "dataset.item_columns: more than %d columns",
                       MAX_NAMED);
  c->name[c->n] = name;
  c->as[c->n++] = as;
  return THRONG_OK;
}

/// Columns named by the config, separated by commas; `*text` moves on in c->names.
static throng_status add_named(item_columns *c, const char *wanted, role as, char **text) {
  if (!wanted) return THRONG_OK;
  char *copy = *text, *save = NULL;
  *text += snprintf(copy, strlen(wanted) + 1, "%s", wanted) + 1;
  for (char *name = strtok_r(copy, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
    name += strspn(name, " ");
    size_t n = strlen(name);
    while (n && name[n - 1] == ' ') name[--n] = '\0';
    if (n) THRONG_TRY(add_column(c, name, as));
  }
  return THRONG_OK;
}

static size_t room(const char *text) { return text ? strlen(text) + 1 : 0; }

static throng_status name_columns(const dataset_def *def, item_columns *c) {
  size_t size = room(def->items_title) + room(def->items_categories) + room(def->items_text) +
                room(def->items_attributes) + 1;
  THRONG_TRY(throng_alloc((void **)&c->names, size, 1, "item columns"));
  char *text = c->names;
  c->id = def->items_item ? def->items_item : def->column_item;
  THRONG_TRY(add_named(c, def->items_title, ROLE_TITLE, &text));
  THRONG_TRY(add_named(c, def->items_categories, ROLE_CATEGORIES, &text));
  THRONG_TRY(add_named(c, def->items_text, ROLE_TEXT, &text));
  return add_named(c, def->items_attributes, ROLE_ATTRIBUTE, &text);
}

static int find_usual(const csv_parser *csv, const char *const usual[]) {
  for (int k = 0; usual[k]; k++)
    for (int64_t i = 0; i < csv->header.n; i++)
      if (strcasecmp(strings_get(&csv->header, i), usual[k]) == 0) return (int)i;
  return -1;
}

/// The usual column of a role that the config says nothing of, where the header has it.
static throng_status add_usual(const csv_parser *csv, item_columns *c, const char *wanted, role as,
                               const char *const usual[]) {
  int place = wanted ? -1 : find_usual(csv, usual);
  return place < 0 ? THRONG_OK : add_column(c, strings_get(&csv->header, place), as);
}

static throng_status place_columns(const dataset_def *def, const csv_parser *csv, item_columns *c) {
  // The interactions' name of the column is a guess here, and the items' own is not.
  c->id_place = c->id ? csv_find_column(csv, c->id) : -1;
  if (c->id_place < 0 && !def->items_item) c->id_place = find_usual(csv, usual_id);
  if (c->id_place < 0)
    THRONG_TRY(csv_require_column(csv, c->id ? c->id : usual_id[0], "dataset.item_columns.item",
                                  &c->id_place));
  THRONG_TRY(add_usual(csv, c, def->items_title, ROLE_TITLE, usual_title));
  THRONG_TRY(add_usual(csv, c, def->items_categories, ROLE_CATEGORIES, usual_categories));
  THRONG_TRY(add_usual(csv, c, def->items_text, ROLE_TEXT, usual_text));
  static const char *const key[] = {
      [ROLE_TITLE] = "dataset.item_columns.title",
      [ROLE_CATEGORIES] = "dataset.item_columns.categories",
      [ROLE_TEXT] = "dataset.item_columns.text",
      [ROLE_ATTRIBUTE] = "dataset.item_columns.attributes",
  };
  for (int k = 0; k < c->n; k++)
    THRONG_TRY(csv_require_column(csv, c->name[k], key[c->as[k]], &c->place[k]));
  if (c->n > 0) return THRONG_OK;
  byte_buffer names = {0};
  throng_status status = csv_describe_header(csv, &names);
  if (status == THRONG_OK)
    status = line_reader_fail(csv->reader,
                              "no column of titles, categories or texts, name some by "
                              "dataset.item_columns; the header has: %.400s",
                              names.data);
  bytes_free(&names);
  return status;
}

// --- records -------------------------------------------------------------------------------------

typedef struct word_target {
  item_facts *facts;
  const char *column;
  bool category;
} word_target;

/// A category is an attribute too, which is what keywords are made of where there are no texts.
static throng_status take_word(void *context, const char *word, size_t length) {
  const word_target *t = context;
  bool taken = false;
  if (t->category) THRONG_TRY(item_facts_category(t->facts, word, length));
  if (!t->category) THRONG_TRY(item_table_figure(t->facts, t->column, word, length, &taken));
  return taken ? THRONG_OK : item_facts_attribute(t->facts, t->column, word, length);
}

/// One field of an item; `tree` in place of text where it is a list or an object of JSON.
static throng_status take_field(ingest *in, const line_reader *reader, role as, const char *column,
                                const char *text, size_t length, const cJSON *tree) {
  item_facts *facts = &in->facts;
  word_target target = {facts, column, as == ROLE_CATEGORIES};
  bool good = true;
  switch (as) {
    case ROLE_TITLE:
      THRONG_TRY(item_facts_name(facts, text, length));
      return item_facts_text(facts, text, length);
    case ROLE_TEXT: return item_facts_text(facts, text, length);
    case ROLE_CATEGORIES:
    case ROLE_ATTRIBUTE:
      if (tree) return tree_words(tree, 0, take_word, &target);
      THRONG_TRY(item_table_words(text, length, take_word, &target, &good));
      if (!good) ingest_odd_value(in, reader, column, text);
  }
  return THRONG_OK;
}

static throng_status read_records(ingest *in, csv_parser *csv, item_columns *c) {
  THRONG_TRY(csv_read_header(csv));
  THRONG_TRY(place_columns(in->def, csv, c));
  for (;;) {
    bool more;
    int32_t item;
    THRONG_TRY(csv_next(csv, &more));
    if (!more) return THRONG_OK;
    THRONG_TRY(
        ingest_find_item(in, csv_field(csv, c->id_place), csv_length(csv, c->id_place), &item));
    if (item < 0 || !item_facts_begin(&in->facts, item)) continue;
    for (int k = 0; k < c->n; k++)
      THRONG_TRY(take_field(in, csv->reader, c->as[k], c->name[k], csv_field(csv, c->place[k]),
                            csv_length(csv, c->place[k]), NULL));
    THRONG_TRY(item_facts_end(&in->facts));
  }
}

/// The first member of a usual name, or NULL.
static const cJSON *usual_member(const cJSON *object, const char *const usual[]) {
  for (int k = 0; usual[k]; k++) {
    const cJSON *member = cJSON_GetObjectItem(object, usual[k]);
    if (member) return member;
  }
  return NULL;
}

static throng_status take_member(ingest *in, const line_reader *reader, role as,
                                 const cJSON *value) {
  NUMBERS_WITHOUT_LOCALE;
  char number[32];
  if (!value || cJSON_IsNull(value)) return THRONG_OK;
  if (cJSON_IsNumber(value)) {
    size_t n = number_word(value->valuedouble, 15, number);
    return take_field(in, reader, as, value->string, number, n, NULL);
  }
  if (cJSON_IsString(value))
    return take_field(in, reader, as, value->string, value->valuestring, strlen(value->valuestring),
                      NULL);
  if (cJSON_IsBool(value))
    return take_field(in, reader, as, value->string, cJSON_IsTrue(value) ? "yes" : "no",
                      cJSON_IsTrue(value) ? 3 : 2, NULL);
  if (as == ROLE_TITLE) {
    ingest_odd_value(in, reader, value->string, "a list");
    return THRONG_OK;
  }
  const cJSON *element;
  if (as != ROLE_TEXT) return take_field(in, reader, as, value->string, "", 0, value);
  cJSON_ArrayForEach(element, value) {
    if (cJSON_IsString(element))
      THRONG_TRY(item_facts_text(&in->facts, element->valuestring, strlen(element->valuestring)));
  }
  return THRONG_OK;
}

static throng_status describe_object(ingest *in, const line_reader *reader, const item_columns *c,
                                     const cJSON *object) {
  NUMBERS_WITHOUT_LOCALE;
  const dataset_def *def = in->def;
  const cJSON *id = c->id ? cJSON_GetObjectItemCaseSensitive(object, c->id) : NULL;
  if (!id && !def->items_item) id = usual_member(object, usual_id);
  char number[32];
  if (cJSON_IsNumber(id)) number_word(id->valuedouble, 15, number);
  const char *text = cJSON_IsNumber(id) ? number : cJSON_GetStringValue(id);
  if (!text)
    return line_reader_fail(reader, "no \"%.60s\" (dataset.item_columns.item), expected an item",
                            c->id ? c->id : usual_id[0]);
  int32_t item;
  THRONG_TRY(ingest_find_item(in, text, strlen(text), &item));
  if (item < 0 || !item_facts_begin(&in->facts, item)) return THRONG_OK;
  for (int k = 0; k < c->n; k++)
    THRONG_TRY(
        take_member(in, reader, c->as[k], cJSON_GetObjectItemCaseSensitive(object, c->name[k])));
  if (!def->items_title)
    THRONG_TRY(take_member(in, reader, ROLE_TITLE, usual_member(object, usual_title)));
  if (!def->items_categories)
    THRONG_TRY(take_member(in, reader, ROLE_CATEGORIES, usual_member(object, usual_categories)));
  if (!def->items_text)
    THRONG_TRY(take_member(in, reader, ROLE_TEXT, usual_member(object, usual_text)));
  return item_facts_end(&in->facts);
}

static throng_status read_objects(ingest *in, line_reader *reader, const item_columns *c) {
  for (;;) {
    char *line;
    size_t length;
    THRONG_TRY(line_reader_next(reader, &line, &length));
    if (!line) return THRONG_OK;
    if (length == 0) continue;
    cJSON *tree;
    THRONG_TRY(line_reader_require_utf8(reader, line, length));
    THRONG_TRY(json_line_scan(reader, line, length, NULL, 0));
    THRONG_TRY(json_line_tree(reader, line, length, &tree));
    throng_status status = describe_object(in, reader, c, tree);
    cJSON_Delete(tree);
    THRONG_TRY(status);
  }
}

/// How the table is written, as its first lines tell; the wishes of dataset.csv are for the
/// interactions.
static throng_status find_dialect(const char *path, const item_columns *c, csv_dialect *out) {
  static const char *const usual[] = {"item",  "item_id", "id",       "movieId",    "title", "name",
                                      "genre", "genres",  "category", "categories", NULL};
  const char *named[MAX_NAMED + 2] = {0};
  int n = 0;
  if (c->id) named[n++] = c->id;
  for (int k = 0; k < c->n; k++) named[n++] = c->name[k];
  char say[160];
  return csv_detect(path, "dataset.items", &(csv_wishes){0}, n ? named : usual, CSV_COMMAS, out,
                    say, sizeof say);
}

throng_status item_table_is_json(const dataset_def *def, bool *json) {
  byte_buffer first = {0};
  throng_status status = ingest_first_line(def->items, "dataset.items", &first);
  const char *text = bytes_text(&first);
  *json = text[strspn(text, " \t")] == '{';
  bytes_free(&first);
  return status;
}

throng_status item_table_read(ingest *in) {
  const char *path = in->def->items;
  line_reader *reader = NULL;
  byte_buffer first = {0};
  item_columns columns = {0};
  csv_parser csv = {0};
  throng_status status;
  THRONG_TRY_GOTO(ingest_first_line(path, "dataset.items", &first));
  THRONG_TRY_GOTO(name_columns(in->def, &columns));
  const char *text = bytes_text(&first);
  bool objects = text[strspn(text, " \t")] == '{';
  if (!objects) THRONG_TRY_GOTO(find_dialect(path, &columns, &csv.dialect));
  THRONG_TRY_GOTO(ingest_open(in, path, "dataset.items", "read items", &reader));
  if (objects) {
    status = read_objects(in, reader, &columns);
  } else {
    csv.reader = reader;
    status = read_records(in, &csv, &columns);
  }
done:
  csv_free(&csv);
  bytes_free(&first);
  free(columns.names);
  ingest_close(in, reader, false);
  return status;
}
