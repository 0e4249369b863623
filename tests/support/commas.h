/// A locale with decimal commas, as a library's user may have asked for.
#ifndef THRONG_TEST_COMMAS_H
#define THRONG_TEST_COMMAS_H

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "throng_test.h"

/// Make "commas" from glibc's own sources and use it. False where there are none.
static bool use_commas(void) {
  char command[1024], path[512];
  const char *folder = throng_test_folder();
  snprintf(command, sizeof command,
           "localedef --no-warnings=ascii -i de_DE -f UTF-8 %s/commas >/dev/null 2>&1; "
           "test -e %s/commas/LC_NUMERIC",
           folder, folder);
  if (system(command) != 0) return false;
  snprintf(path, sizeof path, "%s", folder);
  setenv("LOCPATH", path, 1);
  return setlocale(LC_ALL, "commas") != NULL;
}

static bool commas_now(void) {
  char text[16];
  snprintf(text, sizeof text, "%.1f", 0.5);
  return !strcmp(text, "0,5");
}

#endif
