/// Writing a field of CSV.
#include "base/csv_field.h"

#include <string.h>

void csv_write_field(FILE *to, const char *text) {
  if (!strpbrk(text, ",\"\r\n")) {
    fputs(text, to);
    return;
  }
  putc('"', to);
  for (; *text; ++text) {
    if (*text == '"') putc('"', to);
    putc(*text, to);
  }
  putc('"', to);
}
