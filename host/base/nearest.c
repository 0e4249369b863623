/// Edit distance with transpositions (optimal string alignment) over three rows.
#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 256 };

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c; }

size_t edit_distance(const char *a, const char *b, size_t limit) {
  size_t n = strlen(a), m = strlen(b);
  if (n > LONGEST || m > LONGEST) return limit + 1;
  if ((n > m ? n - m : m - n) > limit) return limit + 1;
  size_t rows[3][LONGEST + 1];
  size_t *before = rows[0], *last = rows[1], *row = rows[2];
  for (size_t j = 0; j <= m; ++j) last[j] = j;
  for (size_t i = 1; i <= n; ++i) {
    row[0] = i;
    for (size_t j = 1; j <= m; ++j) {
      size_t best = last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
      if (last[j] + 1 < best) best = last[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1]) && before[j - 2] + 1 < best)
        best = before[j - 2] + 1;
      row[j] = best;
    }
    size_t *oldest = before;
    before = last;
    last = row;
    row = oldest;
  }
  return last[m] <= limit ? last[m] : limit + 1;
}

size_t edit_limit(const char *name) {
  size_t length = strlen(name);
  return length < 4 ? 1 : length < 8 ? 2 : 3 + length / 8;
}
