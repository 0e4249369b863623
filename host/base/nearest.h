/// Which known name a mistyped one was meant to be, by edit distance. For error messages only.
#ifndef THRONG_BASE_NEAREST_H
#define THRONG_BASE_NEAREST_H

#include <stddef.h>

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`, ASCII case ignored.
/// Counted up to `limit`; anything farther is `limit + 1`.
size_t edit_distance(const char *a, const char *b, size_t limit);

/// Edits within which a name of this length still counts as a misspelling.
size_t edit_limit(const char *name);

#endif
