/// Comparing lines of options.
#include "base/identity.h"

#include <string.h>

/// Options end at a comma and a space.
static int option_length(const char *option) {
  const char *end = strstr(option, ", ");
  return end ? (int)(end - option) : (int)strlen(option);
}

static const char *rest_of(const char *text, const char *other, size_t same, size_t begin) {
  if (!text[same] && !strncmp(other + same, ", ", 2)) return "no more options";
  if (!other[same] && !strncmp(text + same, ", ", 2)) return text + same + 2;
  return text + begin;
}

throng_status identity_compare(const char *path, const char *what, const char *found,
                               const char *mine) {
  if (!strcmp(found, mine)) return THRONG_OK;
  size_t same = 0, begin = 0;
  while (found[same] && found[same] == mine[same]) {
    ++same;
    if (same >= 2 && !strncmp(found + same - 2, ", ", 2)) begin = same;
  }
  // Where one line goes on after the other's end, the first option past it is what differs.
  const char *theirs = rest_of(found, mine, same, begin), *ours = rest_of(mine, found, same, begin);
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: written by another %s: it has %.*s, this one has %.*s; give the same "
                     "options and files as then, or start a new run",
                     path, what, option_length(theirs), theirs, option_length(ours), ours);
}
