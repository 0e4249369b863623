/// What the files of this room share while a space is made.
#ifndef THRONG_SPACE_PARTS_H
#define THRONG_SPACE_PARTS_H

#include "space/space.h"

/// Where a message begins: "sweep.json:3:12: sweep.space".
typedef struct space_reader {
  const char *where;
  const space_options *options;
  space *space;
} space_reader;

/// "where: name: cause", CONFIG.
throng_status space_wrong(const space_reader *r, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/// Zeroed memory that lives as long as the space.
throng_status space_keep(space *s, size_t count, size_t size, void **out);
/// Does a parameter apply where its parent is `at`?
bool space_holds(const space_parameter *p, double at);
/// The finest step of numbers, as a part of their size: single precision tells no finer ones apart.
#define SPACE_FINEST_STEP 1e-8
/// The end of a range as it is written: one from which its steps are counted the same again.
double space_end(const space_parameter *p);
/// The choice with this JSON, or -1; `value` is put into the option's own form first. What is wrong
/// with it is said of the condition of `name`.
throng_status space_choice_of(const space_reader *r, const char *name, const space_parameter *p,
                              const cJSON *value, int32_t *out);

/// Read every "when" of the JSON, and put the parameters in order, parents before children.
throng_status space_read_conditions(space_reader *r, const cJSON *json);

#endif
