/// Keywords from a file of JSON lines, {"item", "categories", "pros", "cons"}: written by hand, by
/// a language model, by another program. What it says is taken as it is; what it says wrongly is an
/// error with its line.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "text/keyword_builder.h"
#include "text/keywords_file.h"

enum { N_KEY = 4 };
enum { KEY_ITEM, KEY_CATEGORIES, KEY_PROS, KEY_CONS };
static const char *const key_names[N_KEY] = {"item", "categories", "pros", "cons"};

typedef struct file_reader {
  const char *name;
  int64_t line;
  interner *item, *keyword, *category;
  int64_t *item_line;  // (n_item) where the item stands, 0: not yet
  keyword_builder keywords;
  keyword_builder categories;  // SIDE_POS alone
  interner *strangers;         // items that the data set does not have; JOIN_SAMPLE of them
  int64_t unknown;
} file_reader;

static throng_status fail(const file_reader *r, const char *cause, const char *detail) {
  return throng_fail(THRONG_ERROR_DATA, "%s:%lld: %s%s", r->name, (long long)r->line, cause,
                     detail);
}

/// Levenshtein distance, for words of up to 31 bytes; longer ones are far from everything.
static int distance(const char *a, const char *b) {
  size_t n = strlen(a), m = strlen(b);
  int row[32];
  if (n > 31 || m > 31) return 1000;
  for (size_t j = 0; j <= m; ++j) row[j] = (int)j;
  for (size_t i = 1; i <= n; ++i) {
    int corner = row[0];
    row[0] = (int)i;
    for (size_t j = 1; j <= m; ++j) {
      int best = corner + (a[i - 1] != b[j - 1]);
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      corner = row[j];
      row[j] = best;
    }
  }
  return row[m];
}

static throng_status unknown_key(const file_reader *r, const char *key) {
  int nearest = 0;
  for (int k = 1; k < N_KEY; ++k)
    if (distance(key, key_names[k]) < distance(key, key_names[nearest])) nearest = k;
  return throng_fail(THRONG_ERROR_DATA,
                     "%s:%lld: key \"%.40s\" is unknown; did you mean \"%s\"? "
                     "(expected item, categories, pros, cons)",
                     r->name, (long long)r->line, key, key_names[nearest]);
}

/// A keyword or category: not empty, and of one line, as vocabularies hold one a line.
static throng_status check_word(const file_reader *r, const char *key, const char *word) {
  bool space = true;
  for (const char *c = word; *c; ++c) {
    if ((unsigned char)*c < 0x20 || *c == 0x7f)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s:%lld: \"%s\" holds a text with a control character (byte %d); "
                         "expected one line of text",
                         r->name, (long long)r->line, key, (unsigned char)*c);
    space = space && *c == ' ';
  }
  if (!space) return THRONG_OK;
  return fail(r, "an empty text stands in ", key);
}

static throng_status take_list(file_reader *r, const char *key, const cJSON *list, int64_t item,
                               interner *names, keyword_builder *to, keyword_side side) {
  if (!cJSON_IsArray(list))
    return throng_fail(THRONG_ERROR_DATA, "%s:%lld: \"%s\" is no list; expected a list of texts",
                       r->name, (long long)r->line, key);
  const cJSON *word;
  int64_t place = 0;
  cJSON_ArrayForEach(word, list) {
    ++place;
    if (!cJSON_IsString(word))
      return throng_fail(THRONG_ERROR_DATA, "%s:%lld: entry %lld of \"%s\" is no text", r->name,
                         (long long)r->line, (long long)place, key);
    THRONG_TRY(check_word(r, key, word->valuestring));
    if (item < 0) continue;
    int64_t id;
    THRONG_TRY(interner_add(names, word->valuestring, strlen(word->valuestring), &id, NULL));
    THRONG_TRY(builder_add(to, side, item, id));
  }
  return THRONG_OK;
}

/// An id that was written as a number: 17, not 17.5, which could be written in several ways.
static bool is_whole(const cJSON *value, char text[32]) {
  if (!cJSON_IsNumber(value) || !(fabs(value->valuedouble) < 9e15) ||
      value->valuedouble != floor(value->valuedouble))
    return false;
  snprintf(text, 32, "%lld", (long long)value->valuedouble);
  return true;
}

static throng_status take_object(file_reader *r, const dataset *data, const cJSON *object) {
  const cJSON *value[N_KEY] = {0}, *field;
  if (!cJSON_IsObject(object))
    return fail(r, "no JSON object; expected {\"item\", \"categories\", \"pros\", \"cons\"}", "");
  cJSON_ArrayForEach(field, object) {
    int k = 0;
    while (k < N_KEY && strcmp(field->string, key_names[k])) ++k;
    if (k == N_KEY) return unknown_key(r, field->string);
    value[k] = field;
  }
  if (!value[KEY_ITEM]) return fail(r, "key \"item\" is missing", "");
  char number[32];
  const char *id = cJSON_GetStringValue(value[KEY_ITEM]);
  if (!id && !is_whole(value[KEY_ITEM], number))
    return fail(r, "\"item\" is no text; expected the item's raw id in quotes", "");
  if (!id) id = number;
  for (int k = KEY_PROS; k < N_KEY; ++k)
    if (!value[k])
      return throng_fail(THRONG_ERROR_DATA,
                         "%s:%lld: key \"%s\" is missing; expected a list, which may be empty",
                         r->name, (long long)r->line, key_names[k]);
  int64_t item = interner_find(r->item, id, strlen(id));
  if (item < 0) ++r->unknown;
  if (item < 0 && interner_strings(r->strangers)->n < JOIN_SAMPLE)
    THRONG_TRY(interner_add(r->strangers, id, strlen(id), &(int64_t){0}, NULL));
  if (item >= 0 && r->item_line[item])
    return throng_fail(THRONG_ERROR_DATA, "%s:%lld: item \"%.60s\" stood already on line %lld",
                       r->name, (long long)r->line, id, (long long)r->item_line[item]);
  if (item >= 0) r->item_line[item] = r->line;
  THRONG_TRY(take_list(r, "pros", value[KEY_PROS], item, r->keyword, &r->keywords, SIDE_POS));
  THRONG_TRY(take_list(r, "cons", value[KEY_CONS], item, r->keyword, &r->keywords, SIDE_NEG));
  if (value[KEY_CATEGORIES])
    return take_list(r, "categories", value[KEY_CATEGORIES], item, r->category, &r->categories,
                     SIDE_POS);
  if (item < 0 || !data->category_offset) return THRONG_OK;
  for (int64_t e = data->category_offset[item]; e < data->category_offset[item + 1]; ++e) {
    int64_t c;
    int32_t from = data->category[e];
    THRONG_TRY(interner_add(r->category, strings_get(&data->category_name, from),
                            strings_length(&data->category_name, from), &c, NULL));
    THRONG_TRY(builder_add(&r->categories, SIDE_POS, item, c));
  }
  return THRONG_OK;
}

static bool only_space(const char *text, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') return false;
  return true;
}

static throng_status read_lines(file_reader *r, const dataset *data, line_reader *lines) {
  cJSON *object = NULL;
  throng_status status = THRONG_OK;
  for (;;) {
    char *text;
    size_t length;
    THRONG_TRY_GOTO(line_reader_next(lines, &text, &length));
    if (!text) break;
    r->line = line_reader_number(lines);
    if (only_space(text, (int64_t)length)) continue;
    THRONG_TRY_GOTO(json_parse(r->name, r->line, text, length, JSON_STRICT, &object));
    THRONG_TRY_GOTO(take_object(r, data, object));
    cJSON_Delete(object);
    object = NULL;
  }
done:
  cJSON_Delete(object);
  return status;
}

/// The categories as CSR lists, through a keyword_sets whose liking side they are.
static throng_status finish_categories(file_reader *r, const dataset *data, keyword_sets *out) {
  // Items that the file does not name keep the dataset's categories.
  for (int64_t i = 0; data->category_offset && i < data->n_item; ++i) {
    if (r->item_line[i]) continue;
    for (int64_t e = data->category_offset[i]; e < data->category_offset[i + 1]; ++e) {
      int64_t c;
      int32_t from = data->category[e];
      THRONG_TRY(interner_add(r->category, strings_get(&data->category_name, from),
                              strings_length(&data->category_name, from), &c, NULL));
      THRONG_TRY(builder_add(&r->categories, SIDE_POS, i, c));
    }
  }
  keyword_sets lists = {0};
  throng_status status =
      builder_finish(&r->categories, interner_strings(r->category), data->n_item, &lists);
  if (status == THRONG_OK) {
    out->category = lists.keyword;
    out->category_offset = lists.pos_offset;
    out->category_id = lists.pos;
    lists.keyword = (string_table){0};
    lists.pos_offset = NULL;
    lists.pos = NULL;
  }
  keyword_sets_free(&lists);
  return status;
}

/// How many items have a line.
static throng_status join_items(const file_reader *r, const dataset *data,
                                const throng_progress *progress, join_count *out) {
  uint8_t *found;
  THRONG_TRY(throng_alloc((void **)&found, (size_t)data->n_item, 1, "items with a line"));
  for (int64_t i = 0; i < data->n_item; ++i) found[i] = r->item_line[i] != 0;
  join_def join = {.key = "keywords.file",
                   .file = r->name,
                   .what = "items of",
                   .of = "the data set",
                   .ours = &data->item_id,
                   .found = found,
                   .theirs = interner_strings(r->strangers),
                   .needed = true};
  throng_status status = join_check(&join, progress, out);
  free(found);
  return status;
}

throng_status keywords_read(line_reader *lines, const dataset *data,
                            const throng_progress *progress, keyword_sets *out) {
  const char *name = line_reader_path(lines);
  file_reader r = {.name = name};
  throng_status status;
  THRONG_TRY_GOTO(interner_create(&r.item));
  THRONG_TRY_GOTO(interner_create(&r.keyword));
  THRONG_TRY_GOTO(interner_create(&r.category));
  THRONG_TRY_GOTO(interner_create(&r.strangers));
  THRONG_TRY_GOTO(throng_alloc((void **)&r.item_line, (size_t)data->n_item, sizeof *r.item_line,
                               "lines of items"));
  for (int64_t i = 0; i < data->n_item; ++i) {
    int64_t id;  // ids are distinct, so numbers are the items'
    THRONG_TRY_GOTO(interner_add(r.item, strings_get(&data->item_id, i),
                                 strings_length(&data->item_id, i), &id, NULL));
  }
  THRONG_TRY_GOTO(read_lines(&r, data, lines));
  THRONG_TRY_GOTO(builder_finish(&r.keywords, interner_strings(r.keyword), data->n_item, out));
  THRONG_TRY_GOTO(finish_categories(&r, data, out));
  THRONG_TRY_GOTO(join_items(&r, data, progress, &out->join));
  if (r.unknown)
    throng_note(progress, "%s: %lld lines of items that the data set does not have, left out", name,
                (long long)r.unknown);
  throng_note(progress, "%s: %lld keywords, %lld categories", name, (long long)out->keyword.n,
              (long long)out->category.n);
done:
  interner_free(r.item);
  interner_free(r.keyword);
  interner_free(r.category);
  interner_free(r.strangers);
  free(r.item_line);
  builder_free(&r.keywords);
  builder_free(&r.categories);
  return status;
}

throng_status keywords_from_file(const keywords_def *def, const dataset *data,
                                 const throng_progress *progress, keyword_sets *out) {
  if (!def->file || !*def->file)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "keywords.file: missing; provider file reads JSON lines from it");
  line_reader *lines;
  THRONG_TRY(line_reader_open(def->file, "keywords.file", "read keywords", progress, &lines));
  throng_status status = keywords_read(lines, data, progress, out);
  line_reader_close(lines);
  return status;
}
