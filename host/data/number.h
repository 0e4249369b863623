/// Numbers as raw files write them, whatever the locale. Not for configs.
#ifndef THRONG_DATA_NUMBER_H
#define THRONG_DATA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/// A decimal number ("4", "-1.5e3"; spaces around it, "nan" and "inf" allowed); false where the
/// text is anything else.
bool number_parse(const char *text, size_t length, double *out);

/// The number as a word of at most 31 bytes with so many significant digits, 17 at most; its
/// length.
size_t number_word(double value, int digits, char word[32]);

#endif
