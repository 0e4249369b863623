/// String tables, the interner, and the texts of errors.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/strings.h"
#include "throng_test.h"

TEST(strings, a_table_gives_back_what_was_appended_with_its_length) {
  string_table table = {0};
  EXPECT_OK(strings_append(&table, "one", 3));
  EXPECT_OK(strings_append(&table, "", 0));
  EXPECT_OK(strings_append(&table, "three and more", 5));
  ASSERT_EQ(table.n, 3);
  EXPECT_STREQ(strings_get(&table, 0), "one");
  EXPECT_STREQ(strings_get(&table, 1), "");
  EXPECT_STREQ(strings_get(&table, 2), "three");
  EXPECT_EQ(strings_length(&table, 1), 0);
  EXPECT_EQ(strings_length(&table, 2), 5);
  EXPECT_EQ(table.offset[3], 11);
  strings_free(&table);
  EXPECT_EQ(table.n, 0);
}

TEST(strings, an_interner_numbers_ten_thousand_strings_in_order_of_first_sight) {
  interner *in;
  ASSERT_OK(interner_create(&in));
  char text[32];
  int wrong = 0;
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 10000; ++i) {
      int length = snprintf(text, sizeof text, "user-%d", i * 7919);
      int64_t id;
      bool added;
      ASSERT_OK(interner_add(in, text, (size_t)length, &id, &added));
      wrong += id != i || added != (round == 0) || interner_find(in, text, (size_t)length) != i;
    }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(interner_find(in, "user-1", 6), -1);
  EXPECT_EQ(interner_strings(in)->n, 10000);
  string_table table = interner_release(in);
  EXPECT_STREQ(strings_get(&table, 1), "user-7919");
  strings_free(&table);
}

TEST(strings, an_interner_tells_a_string_from_its_prefix_and_from_the_empty_one) {
  interner *in;
  int64_t id;
  ASSERT_OK(interner_create(&in));
  EXPECT_EQ(interner_find(in, "", 0), -1);
  ASSERT_OK(interner_add(in, "ab", 2, &id, NULL));
  ASSERT_OK(interner_add(in, "ab", 1, &id, NULL));
  EXPECT_EQ(id, 1);
  ASSERT_OK(interner_add(in, "", 0, &id, NULL));
  EXPECT_EQ(id, 2);
  EXPECT_EQ(interner_find(in, "ab", 2), 0);
  interner_free(in);
}

TEST(strings, an_error_may_quote_the_one_before_it) {
  (void)throng_fail(THRONG_ERROR_DATA, "a.safetensors: %d bytes", 8);
  (void)throng_fail(THRONG_ERROR_DATA, "2 are damaged (%s)", throng_error_message());
  EXPECT_STREQ(throng_error_message(), "2 are damaged (a.safetensors: 8 bytes)");
}
