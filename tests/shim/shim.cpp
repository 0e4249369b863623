/// The C++ side of throng_test.h: the only C++ in the project's tests.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "throng_test.h"

namespace {

std::string &folder() {
  static std::string path;
  return path;
}

class CTest : public testing::Test {
 public:
  explicit CTest(void (*body)(void)) : body_(body) {}
  void TestBody() override { body_(); }
  void TearDown() override {
    if (!folder().empty() && !HasFailure()) std::filesystem::remove_all(folder());
    folder().clear();
  }

 private:
  void (*body_)(void);
};

}  // namespace

extern "C" {

void throng_test_register(const char *suite, const char *name, const char *file, int line,
                          void (*body)(void)) {
  testing::RegisterTest(suite, name, nullptr, nullptr, file, line,
                        [body]() -> testing::Test * { return new CTest(body); });
}

void throng_test_fail(const char *file, int line, const char *format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  ADD_FAILURE_AT(file, line) << text;
}

void throng_test_skip(const char *, int, const char *reason) {
  [reason]() { GTEST_SKIP() << reason; }();
}

const char *throng_test_folder(void) {
  if (folder().empty()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "throng-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    folder() = pattern;
  }
  return folder().c_str();
}

bool throng_test_int(const char *file, int line, const char *a, const char *b, const char *op,
                     bool holds, long long x, long long y) {
  if (!holds)
    ADD_FAILURE_AT(file, line) << a << " " << op << " " << b << ": " << x << " against " << y;
  return holds;
}

bool throng_test_number(const char *file, int line, const char *a, const char *b, const char *op,
                        bool holds, double x, double y) {
  if (!holds)
    ADD_FAILURE_AT(file, line) << a << " " << op << " " << b << ": " << x << " against " << y;
  return holds;
}

bool throng_test_float(const char *file, int line, const char *a, const char *b, double x, double y,
                       double tolerance) {
  bool holds = std::fabs(x - y) <= tolerance || x == y;
  if (!holds)
    ADD_FAILURE_AT(file, line) << a << " near " << b << ": " << x << " against " << y
                               << ", apart by " << std::fabs(x - y) << ", allowed " << tolerance;
  return holds;
}

bool throng_test_string(const char *file, int line, const char *a, const char *b, const char *x,
                        const char *y) {
  bool holds = x == y || (x != nullptr && y != nullptr && std::strcmp(x, y) == 0);
  if (!holds)
    ADD_FAILURE_AT(file, line) << a << " == " << b << ": \"" << (x ? x : "(null)")
                               << "\" against \"" << (y ? y : "(null)") << "\"";
  return holds;
}

bool throng_test_contains(const char *file, int line, const char *a, const char *x, const char *y) {
  bool holds = x != nullptr && std::strstr(x, y) != nullptr;
  if (!holds)
    ADD_FAILURE_AT(file, line) << a << " contains \"" << y << "\": it is \"" << (x ? x : "(null)")
                               << "\"";
  return holds;
}

bool throng_test_true(const char *file, int line, const char *a, bool expected, bool holds) {
  if (holds != expected) ADD_FAILURE_AT(file, line) << a << " is " << (holds ? "true" : "false");
  return holds == expected;
}

bool throng_test_ok(const char *file, int line, const char *a, int status, const char *message) {
  if (status != 0) ADD_FAILURE_AT(file, line) << a << " failed (" << status << "): " << message;
  return status == 0;
}

}  // extern "C"

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
