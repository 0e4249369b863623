/// The options of a Def as one table: name, kind, place, default, limits, meaning. Whatever knows
/// an option by its name reads it here: defaults, checks, config keys, schema, printing,
/// identities. A new option is a member of its Def and a row of its table. (Options that contradict
/// each other are their stage's business.)
#ifndef THRONG_BASE_FIELD_H
#define THRONG_BASE_FIELD_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/status.h"

typedef enum field_kind {
  FIELD_KIND_STRING,
  FIELD_KIND_PATH,   // a string; in a config ${NAME} and a leading ~/ stand for something
  FIELD_KIND_TEXTS,  // a NULL-terminated const char *const *
  FIELD_KIND_I32,
  FIELD_KIND_U32,
  FIELD_KIND_I64,
  FIELD_KIND_F32,
  FIELD_KIND_F64,
  FIELD_KIND_BOOL,
  FIELD_KIND_ENUM,
  FIELD_KIND_JSON,  // any JSON, kept as its text: whoever uses it knows its shape
} field_kind;

enum {
  FIELD_PER_AGENT = 1,     // every agent of a population may have its own: a number on the backend
  FIELD_SWEEPABLE = 2,     // a search for better settings may vary it
  FIELD_NOT_IDENTITY = 4,  // results do not depend on it, so files do not say what it was
  FIELD_FOLLOWS_SEED = 8,  // where it is not given itself, train.seed is
  FIELD_UNSAID = 64,       // files that say what an option was leave it out where it is usual
  FIELD_AUTO = 32,         // 0, which is below its limits, stands for "auto" in a config
  FIELD_UP_TO = 16,  // with FIELD_PER_AGENT: up to the population's own, which sizes its arrays
};

typedef struct field {
  const char *name;  // in its section: "gamma", "columns.user"
  field_kind kind;
  int count;      // elements; above 1 a value is an array of so many,
  int fewest;     // or of so many at least, the rest having their defaults; 0: count
  size_t offset;  // of the first element within the Def
  // Defaults: `count` numbers (booleans and enums too); a string; a list. NAN: null in a config.
  const double *initial;
  const char *text;
  const char *const *texts;
  double least, most;        // numbers, both ends included; compared in the field's own precision
  const char *const *names;  // NULL-terminated; enums by value, strings: what they may be
  unsigned flags;
  const char *help;  // one line, with unit and source
} field;

typedef struct field_table {
  const char *section;  // "agent", "train.evaluation": what stands before names
  const char *type;     // "throng_agent_def"; NULL: an inner Def, without size and cookie
  const field *row;
  int count;
  size_t size;  // of the Def
} field_table;

/// What every public Def begins with; its default function sets it.
typedef struct def_head {
  int32_t size, cookie;
} def_head;

// --- rows ------------------------------------------------------------------------------------
// FIELD_DEF is the Def's type: #define it before the rows of a table. A member of another type or
// length than its row's does not compile.

#define FIELD_OFFSET(member, element, n, type_)                                                  \
  (offsetof(FIELD_DEF, member) +                                                                 \
   0 * sizeof(struct {                                                                           \
     int unused;                                                                                 \
     _Static_assert(_Generic(((FIELD_DEF *)0)->element, type_ : 1, default : 0), #member);       \
     _Static_assert(sizeof(((FIELD_DEF *)0)->member) == (n) * sizeof(((FIELD_DEF *)0)->element), \
                    "elements of " #member);                                                     \
   }))
#define FIELD_NUMBERS(name_, kind_, type_, member, element, n, fewest_, least_, most_, flags_,    \
                      help_, ...)                                                                 \
  {                                                                                               \
    .name = name_, .kind = kind_, .count = n, .fewest = fewest_,                                  \
    .offset = FIELD_OFFSET(member, element, n, type_), .initial = (const double[n]){__VA_ARGS__}, \
    .least = least_, .most = most_, .flags = flags_, .help = help_                                \
  }
#define FIELD_NUMBER(name, kind, type, member, initial, least, most, flags, help) \
  FIELD_NUMBERS(name, kind, type, member, member, 1, 0, least, most, flags, help, initial)
#define FIELD_I32(name, member, initial, least, most, flags, help) \
  FIELD_NUMBER(name, FIELD_KIND_I32, int32_t, member, initial, least, most, flags, help)
#define FIELD_U32(name, member, initial, least, most, flags, help) \
  FIELD_NUMBER(name, FIELD_KIND_U32, uint32_t, member, initial, least, most, flags, help)
#define FIELD_I64(name, member, initial, least, most, flags, help) \
  FIELD_NUMBER(name, FIELD_KIND_I64, int64_t, member, initial, least, most, flags, help)
#define FIELD_F32(name, member, initial, least, most, flags, help) \
  FIELD_NUMBER(name, FIELD_KIND_F32, float, member, initial, least, most, flags, help)
#define FIELD_F64(name, member, initial, least, most, flags, help) \
  FIELD_NUMBER(name, FIELD_KIND_F64, double, member, initial, least, most, flags, help)
#define FIELD_BOOL(name, member, initial, flags, help) \
  FIELD_NUMBER(name, FIELD_KIND_BOOL, bool, member, initial, 0, 1, flags, help)
/// Arrays: the defaults of the elements come last, 0 for those that are not there.
#define FIELD_I32S(name, member, n, least, most, flags, help, ...)                                \
  FIELD_NUMBERS(name, FIELD_KIND_I32, int32_t, member, member[0], n, 0, least, most, flags, help, \
                __VA_ARGS__)
/// Of at least `fewest` elements.
#define FIELD_F32S_FROM(name, member, fewest, n, least, most, flags, help, ...)                \
  FIELD_NUMBERS(name, FIELD_KIND_F32, float, member, member[0], n, fewest, least, most, flags, \
                help, __VA_ARGS__)
#define FIELD_SEED(name, member, initial, flags, help) \
  FIELD_U32(name, member, initial, 0, UINT32_MAX, flags, help)
#define FIELD_ENUM(name_, type_, member, names_, initial_, flags_, help_)                     \
  {                                                                                           \
    .name = name_, .kind = FIELD_KIND_ENUM, .count = 1,                                       \
    .offset = FIELD_OFFSET(member, member, 1, type_), .initial = (const double[1]){initial_}, \
    .names = names_, .flags = flags_, .help = help_                                           \
  }
#define FIELD_TEXT(name_, kind_, member, text_, names_, flags_, help_)                       \
  {                                                                                          \
    .name = name_, .kind = kind_, .count = 1,                                                \
    .offset = FIELD_OFFSET(member, member, 1, const char *), .text = text_, .names = names_, \
    .flags = flags_, .help = help_                                                           \
  }
#define FIELD_STRING(name, member, text, help) \
  FIELD_TEXT(name, FIELD_KIND_STRING, member, text, NULL, FIELD_NOT_IDENTITY, help)
#define FIELD_PATH(name, member, text, help) \
  FIELD_TEXT(name, FIELD_KIND_PATH, member, text, NULL, FIELD_NOT_IDENTITY, help)
#define FIELD_JSON(name, member, help) \
  FIELD_TEXT(name, FIELD_KIND_JSON, member, NULL, NULL, FIELD_NOT_IDENTITY, help)
#define FIELD_TEXTS(name_, member, texts_, help_)                                    \
  {                                                                                  \
    .name = name_, .kind = FIELD_KIND_TEXTS, .count = 1,                             \
    .offset = FIELD_OFFSET(member, member, 1, const char *const *), .texts = texts_, \
    .flags = FIELD_NOT_IDENTITY, .help = help_                                       \
  }

#define FIELD_LARGE 1099511627776.0  // 2^40: steps, transitions, bytes; exact in a double

/// The table of a public Def, and of one that never leaves the library.
#define FIELD_TABLE(section_, type_, rows)                                                 \
  {                                                                                        \
    .section = section_, .type = #type_, .row = rows, .count = sizeof rows / sizeof *rows, \
    .size = sizeof(type_) +                                                                \
            0 * sizeof(struct {                                                            \
              int unused;                                                                  \
              _Static_assert(offsetof(type_, size) == offsetof(def_head, size) &&          \
                                 offsetof(type_, cookie) == offsetof(def_head, cookie),    \
                             "a public Def begins with size and cookie");                  \
            })                                                                             \
  }
#define FIELD_TABLE_INNER(section_, type_, rows) \
  { .section = section_, .row = rows, .count = sizeof rows / sizeof *rows, .size = sizeof(type_) }

// --- all rows of a Def -----------------------------------------------------------------------

/// Was the struct that begins with def_head made by its default function, and has it this library's
/// size? Errors: ARGUMENT. `type`: "throng_agent_def".
throng_status def_check(const void *def, size_t size, const char *type);
/// Fill the Def: zeros, every row's default, size and cookie.
void fields_default(const field_table *table, void *def);
/// Is the Def initialised, of this library's size, and every row within its limits? Errors:
/// ARGUMENT ("agent.gamma: expected a number in 0..1, not 1.5").
throng_status fields_check(const field_table *table, const void *def);
const field *fields_find(const field_table *table, const char *name);
/// The rows that have all of `flags`: the first after `after` (NULL: the first), NULL at the end.
///   for (const field *f = NULL; (f = fields_next(table, f, FIELD_PER_AGENT));) ...
const field *fields_next(const field_table *table, const field *after, unsigned flags);

// --- one option ------------------------------------------------------------------------------

/// Numbers, booleans (0, 1) and enums (their value); not for texts.
double field_get(const field *f, const void *def, int element);
/// Errors: ARGUMENT (out of range, not whole), and the Def is as it was.
throng_status field_set(const field_table *table, const field *f, void *def, int element, double x);
/// May an element be `x`?
bool field_holds(const field *f, double x);
/// field_set without the question: `x` holds.
void field_write(const field *f, void *def, int element, double x);
/// A string's, a path's or JSON's text, or NULL.
const char *field_text(const field *f, const void *def);
bool field_is_text(const field *f);  // a string or a path
/// Name of an enum's present value.
const char *field_name(const field *f, const void *def);
void field_reset(const field *f, void *def);
/// What an option takes: "an integer in 1..16777216".
void field_expectation(const field *f, char *buffer, size_t size);
/// The shortest decimal that reads back to the same number: 0.025, not 0.0250000004; NAN is null.
void field_number_text(double x, bool single, char *buffer, size_t size);

/// Put a value of JSON into the Def; null is the default. Texts are copied into `*owned`, which the
/// caller frees after the Def (NULL: nothing to free). `where` begins messages ("run.json:3:12:
/// sim.lanes"). Errors: CONFIG, MEMORY, and the Def is as it was.
throng_status field_assign(const field *f, void *def, const cJSON *value, const char *where,
                           void **owned);
/// The present value, as field_assign takes it to be the same again; NULL where memory is short.
cJSON *field_json(const field *f, const void *def);
/// Its JSON Schema (2020-12), with help, limits and default; NULL where memory is short.
cJSON *field_schema(const field *f);
/// A path as a config takes it to stand for itself: "${" is escaped, "~/" becomes "./~/".
cJSON *field_path_json(const char *path);
/// Hang `value` into `root` as "sim.lanes", making objects on the way; false, and `value` is
/// deleted, where memory is short.
bool field_put(cJSON *root, const char *path, cJSON *value);
/// Every option of the Def into `root`, under its section.
bool fields_put(const field_table *table, const void *def, cJSON *root);

#endif
