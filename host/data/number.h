/// Numbers as raw files write them, whatever the locale. Not for configs.
#ifndef THRONG_DATA_NUMBER_H
#define THRONG_DATA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/// A decimal number ("4", "-1.5e3"; spaces around it, "nan" and "inf" allowed); false where the
/// text is anything else.
bool number_parse(const char *text, size_t length, double *out);

#endif
