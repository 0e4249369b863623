/// How an error travels: throng_fail(status, "file:line: cause, expected X") sets the thread's
/// message and yields the status; THRONG_TRY passes it on.
#ifndef THRONG_BASE_STATUS_H
#define THRONG_BASE_STATUS_H

#include "throng/base.h"

/// Record the message (printf style) and return `status`.
throng_status throng_fail(throng_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// Put "prefix: " before the present message (for adding a file name on the way up).
throng_status throng_fail_context(throng_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define THRONG_TRY(expression)                                      \
  do {                                                              \
    throng_status throng_try_status_ = (expression);                \
    if (throng_try_status_ != THRONG_OK) return throng_try_status_; \
  } while (0)

/// The same where memory must be released at the label `done`, with `status` declared before.
#define THRONG_TRY_GOTO(expression)     \
  do {                                  \
    status = (expression);              \
    if (status != THRONG_OK) goto done; \
  } while (0)

#define THRONG_COOKIE 0x7468726e  // "thrn": a Def that came from its default function

/// False where the callback asked to stop. NULL progress and NULL report are allowed.
bool throng_report(const throng_progress *progress, const char *stage, int64_t done, int64_t total,
                   const char *unit);
void throng_note(const throng_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
throng_status throng_cancelled(const char *stage);

/// From now on throng_alloc and throng_grow of this thread add what they take to `*bytes` (what is
/// given back is not taken off); NULL: no longer. For plans of memory.
void throng_count_memory(size_t *bytes);

/// calloc/realloc that fail with THRONG_ERROR_MEMORY and the size. `*out` is NULL on failure.
throng_status throng_alloc(void **out, size_t count, size_t size, const char *what);
throng_status throng_grow(void **block, size_t *capacity, size_t needed, size_t size,
                          const char *what);

#endif
