/// Words for a dialect's characters; see csv_dialect.h.
#include "data/csv_dialect.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void csv_character_name(const char *separator, char *text, size_t size) {
  if (!strcmp(separator, "\t"))
    snprintf(text, size, "tab");
  else if (!strcmp(separator, " "))
    snprintf(text, size, "space");
  else if ((unsigned char)separator[0] < ' ')
    snprintf(text, size, "'\\x%02x'", (unsigned)separator[0]);
  else
    snprintf(text, size, "'%s'", separator);
}

bool csv_is_separator_line(const char *line, size_t length, char *separator) {
  if (length >= 2 && line[0] == '"' && line[length - 1] == '"') line++, length -= 2;
  if (length != 5 || strncasecmp(line, "sep=", 4) != 0 || strchr("\"\\", line[4])) return false;
  if (separator) separator[0] = line[4], separator[1] = '\0';
  return true;
}
