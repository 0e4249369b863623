/// Numbers and dates as raw files write them, whatever the locale. Not for configs.
#ifndef THRONG_DATA_NUMBER_H
#define THRONG_DATA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A decimal number ("4", "-1.5e3"; spaces around it, "nan" and "inf" allowed); false where the
/// text is anything else.
bool number_parse(const char *text, size_t length, double *out);
/// Seconds, or milliseconds where 1e11 or more in magnitude (in seconds that is the year 5138), or
/// "YYYY-MM-DD[ HH:MM[:SS]]" in UTC, to milliseconds since 1970. False for anything else and for
/// years outside 1 .. 9999.
bool time_parse(const char *text, size_t length, int64_t *milliseconds);
bool time_from_number(double value, int64_t *milliseconds);

#endif
