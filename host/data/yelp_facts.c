/// Facts of Yelp's businesses; see yelp_facts.h. Releases to 2015 have attributes as JSON of any
/// depth and categories as a list; later ones attributes as strings that hold Python literals
/// ("u'free'", "{'street': True}"), bare words or nothing, and categories as one string.
#include "data/yelp_facts.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/numbers.h"
#include "data/item_table.h"
#include "data/number.h"
#include "data/python_literal.h"

enum { MAX_DEPTH = 4 };

typedef struct describer {
  ingest *in;
  const line_reader *reader;
} describer;

static throng_status odd(const describer *d, const char *what, const char *value) {
  ingest_odd_value(d->in, d->reader, what, value);
  return THRONG_OK;
}

/// "BusinessAcceptsCreditCards" to "business accepts credit cards", "RestaurantsPriceRange2" to
/// "restaurants price range", "Good For" to "good for".
static throng_status spell_out(const char *name, byte_buffer *out) {
  if (strcasecmp(name, "WiFi") == 0 || strcasecmp(name, "Wi-Fi") == 0)
    return bytes_append(out, "wifi", 4);
  for (const char *at = name; *at; at++) {
    if (*at >= '0' && *at <= '9') continue;
    bool upper = *at >= 'A' && *at <= 'Z';
    if (upper && at > name && at[-1] >= 'a' && at[-1] <= 'z') THRONG_TRY(bytes_append(out, " ", 1));
    char c = *at == '_' ? ' ' : upper ? (char)(*at + 'a' - 'A') : *at;
    THRONG_TRY(bytes_append(out, &c, 1));
  }
  return bytes_append(out, "", 0);
}

static throng_status add(const describer *d, const char *kind, const char *word) {
  return item_facts_attribute(&d->in->facts, kind, word, strlen(word));
}

static throng_status take_value(const describer *d, const char *kind, const cJSON *value,
                                int depth);

/// Members that hold are words ("business parking: street"); those that say more have a kind of
/// their own ("music dj: no" of a "no", "good for meal: ...").
static throng_status take_members(const describer *d, const char *kind, const cJSON *object,
                                  int depth) {
  const cJSON *member;
  byte_buffer deeper = {0};
  throng_status status = THRONG_OK;
  cJSON_ArrayForEach(member, object) {
    const char *name = member->string;
    if (cJSON_IsFalse(member) || cJSON_IsNull(member)) continue;
    if (cJSON_IsTrue(member)) {
      THRONG_TRY_GOTO(add(d, kind, name));
      continue;
    }
    bytes_clear(&deeper);
    THRONG_TRY_GOTO(bytes_append(&deeper, kind, strlen(kind)));
    THRONG_TRY_GOTO(bytes_append(&deeper, " ", 1));
    THRONG_TRY_GOTO(spell_out(name, &deeper));
    THRONG_TRY_GOTO(take_value(d, bytes_text(&deeper), member, depth + 1));
  }
done:
  bytes_free(&deeper);
  return status;
}

static bool says_nothing(const char *text) {
  static const char *const nothing[] = {"null", "nan", "n/a", "undefined"};
  for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
    if (strcasecmp(text, nothing[i]) == 0) return true;
  return !*text || strcmp(text, "None") == 0;
}

/// A text that is no literal is a word, unless it was meant to be a literal.
static bool is_word(const char *text) {
  return strlen(text) <= ITEM_FACTS_MAX_WORD && !text[strcspn(text, "{}[]()'\"\\<>")];
}

/// A literal of Python, or of JSON; `*out` is NULL where the text is neither.
static throng_status parse_literal(const char *text, cJSON **out) {
  *out = NULL;
  throng_status status = python_literal_parse(text, strlen(text), "attribute", 1, out);
  if (status != THRONG_ERROR_DATA) return status;
  *out = cJSON_ParseWithOpts(text, NULL, true);
  return THRONG_OK;
}

/// A string of the file: a literal, or a bare word.
static throng_status take_text(const describer *d, const char *kind, const char *text, int depth) {
  text += strspn(text, " \t");
  if (says_nothing(text)) return THRONG_OK;
  cJSON *parsed;
  throng_status status = parse_literal(text, &parsed);
  if (status == THRONG_OK && !parsed)
    return is_word(text) ? add(d, kind, text) : odd(d, kind, text);
  // A literal's text is what it says, and no further literal.
  if (status == THRONG_OK)
    status = cJSON_IsString(parsed)
                 ? says_nothing(parsed->valuestring) ? THRONG_OK : add(d, kind, parsed->valuestring)
                 : take_value(d, kind, parsed, depth);
  cJSON_Delete(parsed);
  return status;
}

static throng_status take_value(const describer *d, const char *kind, const cJSON *value,
                                int depth) {
  NUMBERS_WITHOUT_LOCALE;
  char number[32];
  const cJSON *element;
  if (depth > MAX_DEPTH) return odd(d, kind, "nested too deep");
  if (cJSON_IsBool(value)) return add(d, kind, cJSON_IsTrue(value) ? "yes" : "no");
  if (cJSON_IsString(value)) return take_text(d, kind, value->valuestring, depth + 1);
  if (cJSON_IsNumber(value)) {
    if (!isfinite(value->valuedouble)) return odd(d, kind, "not a finite number");
    number_word(value->valuedouble, 6, number);
    return add(d, kind, number);
  }
  if (cJSON_IsObject(value)) return take_members(d, kind, value, depth);
  if (cJSON_IsArray(value)) {
    cJSON_ArrayForEach(element, value) THRONG_TRY(take_value(d, kind, element, depth + 1));
  }
  return THRONG_OK;
}

static throng_status take_attributes(const describer *d, const cJSON *attributes) {
  const cJSON *value;
  byte_buffer kind = {0};
  throng_status status = THRONG_OK;
  cJSON_ArrayForEach(value, attributes) {
    bytes_clear(&kind);
    THRONG_TRY_GOTO(spell_out(value->string, &kind));
    THRONG_TRY_GOTO(take_value(d, bytes_text(&kind), value, 0));
  }
done:
  bytes_free(&kind);
  return status;
}

/// The whole object as a string, as tables converted from JSON have it.
static throng_status attributes_of(const describer *d, const cJSON *attributes) {
  if (cJSON_IsObject(attributes)) return take_attributes(d, attributes);
  if (!attributes || cJSON_IsNull(attributes)) return THRONG_OK;
  const char *text = cJSON_GetStringValue(attributes);
  if (!text) return odd(d, "attributes", "no object");
  if (says_nothing(text)) return THRONG_OK;
  cJSON *parsed;
  throng_status status = parse_literal(text, &parsed);
  if (status == THRONG_OK)
    status = cJSON_IsObject(parsed) ? take_attributes(d, parsed) : odd(d, "attributes", text);
  cJSON_Delete(parsed);
  return status;
}

static throng_status take_category(const describer *d, const cJSON *value) {
  if (cJSON_IsNull(value)) return THRONG_OK;
  const char *text = cJSON_GetStringValue(value);
  if (!text) return odd(d, "categories", "no text");
  THRONG_TRY(item_facts_text(&d->in->facts, text, strlen(text)));
  return item_facts_category(&d->in->facts, text, strlen(text));
}

/// One category of a string; `context` is the describer.
static throng_status add_category(void *context, const char *word, size_t length) {
  const describer *d = context;
  return item_facts_category(&d->in->facts, word, length);
}

/// "Diners, Breakfast & Brunch": some categories hold a comma, which no space follows.
static throng_status split_categories(const describer *d, const char *text) {
  const char *separator = strstr(text, ", ") ? ", " : ",";
  for (const char *at = text; at;) {
    const char *comma = strstr(at, separator);
    THRONG_TRY(item_facts_category(&d->in->facts, at, comma ? (size_t)(comma - at) : strlen(at)));
    at = comma ? comma + strlen(separator) : NULL;
  }
  return THRONG_OK;
}

static throng_status categories_of(describer *d, const cJSON *categories) {
  const cJSON *element;
  if (!categories || cJSON_IsNull(categories)) return THRONG_OK;
  if (cJSON_IsArray(categories)) {
    cJSON_ArrayForEach(element, categories) THRONG_TRY(take_category(d, element));
    return THRONG_OK;
  }
  const char *text = cJSON_GetStringValue(categories);
  if (!text) return odd(d, "categories", "neither a list nor a text");
  if (says_nothing(text)) return THRONG_OK;
  THRONG_TRY(item_facts_text(&d->in->facts, text, strlen(text)));
  if (*text != '[') return split_categories(d, text);
  bool good;
  THRONG_TRY(item_table_words(text, strlen(text), add_category, d, &good));
  return good ? THRONG_OK : odd(d, "categories", text);
}

throng_status yelp_describe(ingest *in, const line_reader *reader, const cJSON *business) {
  describer d = {in, reader};
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(business, "name");
  const cJSON *city = cJSON_GetObjectItemCaseSensitive(business, "city");
  if (cJSON_IsString(name)) {
    THRONG_TRY(item_facts_name(&in->facts, name->valuestring, strlen(name->valuestring)));
    THRONG_TRY(item_facts_text(&in->facts, name->valuestring, strlen(name->valuestring)));
  } else if (name && !cJSON_IsNull(name)) {
    THRONG_TRY(odd(&d, "name", "no text"));
  }
  if (cJSON_IsString(city)) {
    THRONG_TRY(add(&d, "city", city->valuestring));
  } else if (city && !cJSON_IsNull(city)) {
    THRONG_TRY(odd(&d, "city", "no text"));
  }
  THRONG_TRY(categories_of(&d, cJSON_GetObjectItemCaseSensitive(business, "categories")));
  return attributes_of(&d, cJSON_GetObjectItemCaseSensitive(business, "attributes"));
}
