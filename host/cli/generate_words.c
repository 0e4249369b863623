/// Pieces of what shells complete by.
#include "cli/generate_words.h"

#include <stdio.h>

void generate_choices(const char *choices) {
  for (; *choices; ++choices) putchar(*choices == '|' ? ' ' : *choices);
}

void generate_keys(field_kind kind, const char *between) {
  config_key key;
  const char *before = "";
  for (int i = 0; config_key_at(i, &key); ++i) {
    if (key.field->kind != kind) continue;
    printf("%s%s", before, key.path);
    before = between;
  }
}
