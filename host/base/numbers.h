/// Numbers as text without the caller's locale: what a library writes must be read again anywhere,
/// and a program that calls it may have asked for decimal commas.
#ifndef THRONG_BASE_NUMBERS_H
#define THRONG_BASE_NUMBERS_H

#include <locale.h>

/// From here to the end of the block this thread formats, parses and compares text as "C" does; the
/// caller's locale is back afterwards, however the block is left. Every function of the library
/// that prints or reads a fraction has this in front; call nothing of the caller's within it.
#define NUMBERS_WITHOUT_LOCALE \
  __attribute__((cleanup(numbers_end), unused)) const locale_t numbers_before_ = numbers_begin()

locale_t numbers_begin(void);
void numbers_end(const locale_t *before);
/// The "C" locale, for the functions that take one (strncasecmp_l).
locale_t numbers_locale(void);

#endif
