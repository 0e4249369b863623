/// Which backends there are, and opening one by name.
#include "backends/backends.h"

#include <stdio.h>
#include <string.h>

#include "throng_test.h"

TEST(backends, every_one_opens_under_its_own_name_or_says_under_it_why_not) {
  int n_open = 0;
  for (const backend_kind *const *kind = backends; *kind; ++kind) {
    throng_backend_def def = throng_default_backend_def();
    def.name = (*kind)->name;
    throng_backend *backend;
    if (throng_backend_open(&def, &backend) == THRONG_OK) {
      EXPECT_STREQ(throng_backend_name(backend), (*kind)->name);
      throng_backend_close(backend);
      ++n_open;
    } else {
      EXPECT_TRUE(backend == NULL);
      EXPECT_CONTAINS(throng_error_message(), (*kind)->name);
    }
  }
  EXPECT_GE(n_open, 1);
}

TEST(backends, auto_opens_one_and_says_of_those_before_it_why_not) {
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend;
  ASSERT_OK(throng_backend_open(&def, &backend));
  for (const backend_kind *const *kind = backends; *kind; ++kind) {
    if (!strcmp((*kind)->name, throng_backend_name(backend))) break;
    char refused[64];
    snprintf(refused, sizeof refused, "; not %s: ", (*kind)->name);
    EXPECT_CONTAINS(throng_backend_describe(backend), refused);
  }
  throng_backend_close(backend);
}

TEST(backends, a_name_that_is_none_is_refused_with_all_that_there_are) {
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend;
  def.name = "gpu";
  EXPECT_EQ(throng_backend_open(&def, &backend), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "backend.name: expected auto, cuda or cpu, not \"gpu\"");
}

TEST(backends, every_backend_and_nothing_else_has_a_name_that_an_option_may_have) {
  const char *const *name = fields_find(&backend_fields, "name")->names;
  int n_name = 0, n_kind = 0;
  while (name[n_name]) ++n_name;
  EXPECT_STREQ(name[0], "auto");
  for (const backend_kind *const *kind = backends; *kind; ++kind, ++n_kind) {
    int found = 0;
    for (int k = 1; k < n_name; ++k) found += !strcmp(name[k], (*kind)->name);
    EXPECT_EQ(found, 1);
  }
  EXPECT_EQ(n_name, n_kind + 1);
}
