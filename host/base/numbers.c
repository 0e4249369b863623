/// The "C" locale for the calling thread alone.
#include "base/numbers.h"

#include <stdatomic.h>

locale_t numbers_locale(void) {
  // glibc hands out one object for "C", so that two threads at once lose nothing.
  static _Atomic(locale_t) plain;
  locale_t found = atomic_load(&plain);
  if (!found) {
    found = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    atomic_store(&plain, found);
  }
  return found;
}

locale_t numbers_begin(void) { return uselocale(numbers_locale()); }

void numbers_end(const locale_t *before) { (void)uselocale(*before); }
