/// A line of options, "head flat, seed 1, ...", that a file carries to say what wrote it, compared
/// with what is to read it. The options are those of the Defs' tables but for FIELD_NOT_IDENTITY;
/// an option that the line lacks had its default when the file was written.
#ifndef THRONG_BASE_IDENTITY_H
#define THRONG_BASE_IDENTITY_H

#include "base/field.h"

typedef struct identity_part {
  const field_table *table;  // NULL after the last
  const void *def;
} identity_part;

/// What is no option and must be equal too: "items" of a world, the hash of weights.
typedef struct identity_fact {
  const char *name, *value;  // name NULL after the last; values without a comma
  const char *usual;         // what lines without it mean; NULL: they must have it
  bool leads;                // told before the options, whose usual values follow from it
} identity_fact;

typedef struct identity {
  const identity_part *part;
  const identity_fact *fact;
} identity;

/// "name value, name value, ...". Caller frees. Errors: MEMORY.
throng_status identity_text(const identity *mine, char **out);
/// OK where `found`, the line of the file `path`, says the same. Errors: DATA, with the first
/// option that differs, on both sides; `what` wrote the file ("agent").
throng_status identity_compare(const identity *mine, const char *path, const char *what,
                               const char *found);
/// The options that a line names into a Def of its table; the others, and what is no value of
/// theirs, have their defaults (so that comparing the Def with the line tells).
void identity_read(const field_table *table, const char *line, void *def);
/// Value of `name` in a line, up to the comma; NULL where it has none. `*length` is its length.
const char *identity_value(const char *line, const char *name, size_t *length);

#endif
