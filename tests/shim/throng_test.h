/// GoogleTest for tests written in C. TEST(suite, name) registers a test before main; the EXPECT_
/// and ASSERT_ macros report through shim.cpp. ASSERT_ returns from the function it stands in.
/// Runner, filters, XML, sharding and exit codes are GoogleTest's own.
#ifndef THRONG_TEST_H
#define THRONG_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

void throng_test_register(const char *suite, const char *name, const char *file, int line,
                          void (*body)(void));
void throng_test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void throng_test_skip(const char *file, int line, const char *reason);
/// A folder of this test's own, empty, removed when the test passes. Valid within the test.
const char *throng_test_folder(void);

bool throng_test_int(const char *file, int line, const char *a, const char *b, const char *op,
                     bool holds, long long x, long long y);
bool throng_test_number(const char *file, int line, const char *a, const char *b, const char *op,
                        bool holds, double x, double y);
bool throng_test_float(const char *file, int line, const char *a, const char *b, double x, double y,
                       double tolerance);
bool throng_test_string(const char *file, int line, const char *a, const char *b, const char *x,
                        const char *y);
bool throng_test_contains(const char *file, int line, const char *a, const char *x, const char *y);
bool throng_test_true(const char *file, int line, const char *a, bool expected, bool holds);
bool throng_test_ok(const char *file, int line, const char *a, int status, const char *message);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus

#define TEST(suite, name)                                                           \
  static void test_##suite##_##name(void);                                          \
  __attribute__((constructor)) static void register_##suite##_##name(void) {        \
    throng_test_register(#suite, #name, __FILE__, __LINE__, test_##suite##_##name); \
  }                                                                                 \
  static void test_##suite##_##name(void)

/// Each side is evaluated once: tests compare the results of calls that do something. Compared as
/// double where either side is a fraction, else as long long.
#define TEST_WIDEST_(a, b)                                    \
  __typeof__(_Generic((a), float : 0.0, double : 0.0, default \
                      : _Generic((b), float : 0.0, double : 0.0, default : 0LL)))
#define TEST_COMPARE_(a, b, op)                                                                    \
  __extension__({                                                                                  \
    const TEST_WIDEST_(a, b) test_x_ = (TEST_WIDEST_(a, b))(a), test_y_ = (TEST_WIDEST_(a, b))(b); \
    _Generic(test_x_, double                                                                       \
             : throng_test_number, default                                                         \
             : throng_test_int)(__FILE__, __LINE__, #a, #b, #op, test_x_ op test_y_, test_x_,      \
                                test_y_);                                                          \
  })
#define EXPECT_EQ(a, b) ((void)TEST_COMPARE_(a, b, ==))
#define EXPECT_NE(a, b) ((void)TEST_COMPARE_(a, b, !=))
#define EXPECT_LT(a, b) ((void)TEST_COMPARE_(a, b, <))
#define EXPECT_LE(a, b) ((void)TEST_COMPARE_(a, b, <=))
#define EXPECT_GT(a, b) ((void)TEST_COMPARE_(a, b, >))
#define EXPECT_GE(a, b) ((void)TEST_COMPARE_(a, b, >=))
/// |a - b| <= tolerance; NaN fails.
#define EXPECT_NEAR(a, b, tolerance) \
  ((void)throng_test_float(__FILE__, __LINE__, #a, #b, (a), (b), (tolerance)))
#define EXPECT_STREQ(a, b) ((void)throng_test_string(__FILE__, __LINE__, #a, #b, (a), (b)))
/// `text` contains `part`.
#define EXPECT_CONTAINS(text, part) \
  ((void)throng_test_contains(__FILE__, __LINE__, #text, (text), (part)))
#define EXPECT_TRUE(a) ((void)throng_test_true(__FILE__, __LINE__, #a, true, (a)))
#define EXPECT_FALSE(a) ((void)throng_test_true(__FILE__, __LINE__, #a, false, (a)))
/// A throng_status is THRONG_OK; prints throng_error_message() otherwise.
#define EXPECT_OK(a) \
  ((void)throng_test_ok(__FILE__, __LINE__, #a, (int)(a), throng_error_message()))

#define ASSERT_EQ(a, b)                   \
  do {                                    \
    if (!TEST_COMPARE_(a, b, ==)) return; \
  } while (0)
#define ASSERT_TRUE(a)                                                \
  do {                                                                \
    if (!throng_test_true(__FILE__, __LINE__, #a, true, (a))) return; \
  } while (0)
#define ASSERT_OK(a)                                                                       \
  do {                                                                                     \
    if (!throng_test_ok(__FILE__, __LINE__, #a, (int)(a), throng_error_message())) return; \
  } while (0)
#define SKIP(reason)                                \
  do {                                              \
    throng_test_skip(__FILE__, __LINE__, (reason)); \
    return;                                         \
  } while (0)

#endif  // __cplusplus

#endif
