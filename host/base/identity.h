/// A line of options, "lanes 32, seed 1, ...", that a file carries to say what wrote it, compared
/// with the line of what is to read it.
#ifndef THRONG_BASE_IDENTITY_H
#define THRONG_BASE_IDENTITY_H

#include "base/status.h"

/// OK where both lines are equal. Errors: DATA, with the first option that differs, on both sides;
/// `what` wrote the file ("agent").
throng_status identity_compare(const char *path, const char *what, const char *found,
                               const char *mine);

#endif
