/// Status names, the thread's error message, progress helpers and checked allocation.
#include "base/status.h"
#include "base/numbers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_SIZE = 2048 };
static _Thread_local char message[MESSAGE_SIZE];

const char *throng_status_name(throng_status status) {
  switch (status) {
    case THRONG_OK: return "ok";
    case THRONG_ERROR_ARGUMENT: return "argument error";
    case THRONG_ERROR_CONFIG: return "configuration error";
    case THRONG_ERROR_DATA: return "data error";
    case THRONG_ERROR_IO: return "input/output error";
    case THRONG_ERROR_MEMORY: return "out of memory";
    case THRONG_ERROR_BACKEND: return "backend error";
    case THRONG_ERROR_CANCELLED: return "cancelled";
    case THRONG_ERROR_DIVERGED: return "learning diverged";
  }
  return "unknown status";
}

const char *throng_error_message(void) { return message; }

#define STRING_(x) #x
#define STRING(x) STRING_(x)
const char *throng_version(void) {
  return STRING(THRONG_VERSION_MAJOR) "." STRING(THRONG_VERSION_MINOR) "." STRING(
      THRONG_VERSION_PATCH);
}

throng_version_numbers throng_get_version(void) {
  return (throng_version_numbers){THRONG_VERSION_MAJOR, THRONG_VERSION_MINOR, THRONG_VERSION_PATCH};
}

bool throng_version_fits(int32_t major, int32_t minor) {
  if (major != THRONG_VERSION_MAJOR) return false;
  return THRONG_VERSION_MAJOR == 0 ? minor == THRONG_VERSION_MINOR : minor <= THRONG_VERSION_MINOR;
}

throng_status throng_fail(throng_status status, const char *format, ...) {
  NUMBERS_WITHOUT_LOCALE;
  char text[MESSAGE_SIZE];  // for the message before may be among the arguments
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  memcpy(message, text, sizeof message);
  return status;
}

throng_status throng_fail_context(throng_status status, const char *format, ...) {
  NUMBERS_WITHOUT_LOCALE;
  char prefix[512];
  char rest[MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(prefix, sizeof prefix, format, arguments);
  va_end(arguments);
  memcpy(rest, message, sizeof rest);
  int used = snprintf(message, sizeof message, "%s: ", prefix);
  size_t at = (size_t)used < sizeof message ? (size_t)used : sizeof message - 1;
  size_t room = sizeof message - at - 1;
  size_t length = strnlen(rest, sizeof rest);
  if (length > room) length = room;
  memcpy(message + at, rest, length);
  message[at + length] = '\0';
  return status;
}

bool throng_report(const throng_progress *progress, const char *stage, int64_t done, int64_t total,
                   const char *unit) {
  if (!progress || !progress->report) return true;
  return progress->report(progress->context, stage, done, total, unit);
}

void throng_note(const throng_progress *progress, const char *format, ...) {
  if (!progress || !progress->note) return;
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  {
    NUMBERS_WITHOUT_LOCALE;
    vsnprintf(text, sizeof text, format, arguments);
  }
  va_end(arguments);
  progress->note(progress->context, text);
}

throng_status throng_cancelled(const char *stage) {
  return throng_fail(THRONG_ERROR_CANCELLED, "%s: stopped on request", stage);
}

static _Thread_local size_t *counted;

void throng_count_memory(size_t *bytes) { counted = bytes; }

throng_status throng_alloc(void **out, size_t count, size_t size, const char *what) {
  *out = calloc(count ? count : 1, size ? size : 1);
  if (*out && counted) *counted += count * size;
  if (*out) return THRONG_OK;
  return throng_fail(THRONG_ERROR_MEMORY, "%s: %zu x %zu bytes could not be had", what, count,
                     size);
}

throng_status throng_grow(void **block, size_t *capacity, size_t needed, size_t size,
                          const char *what) {
  if (needed <= *capacity) return THRONG_OK;
  size_t grown = *capacity ? *capacity : 16;
  while (grown < needed) {
    if (grown > SIZE_MAX / 2 / size)
      return throng_fail(THRONG_ERROR_MEMORY, "%s: %zu x %zu bytes is too much", what, needed,
                         size);
    grown *= 2;
  }
  void *larger = realloc(*block, grown * size);
  if (!larger)
    return throng_fail(THRONG_ERROR_MEMORY, "%s: %zu x %zu bytes could not be had", what, grown,
                       size);
  if (counted) *counted += (grown - *capacity) * size;
  *block = larger;
  *capacity = grown;
  return THRONG_OK;
}
