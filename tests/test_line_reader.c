/// Tests of streaming lines.
#include "data/line_reader.h"

#include <sys/stat.h>
#include <unistd.h>

#include "data/stream.h"
#include "dataset_fixture.h"

static throng_status open_file(const char *path, line_reader **out) {
  return line_reader_open(path, "dataset.file", "read", NULL, out);
}

TEST(line_reader, gives_the_same_lines_from_gzip_and_plain_files) {
  const char *text = "one\r\ntwo\n\nlast \xC3\xA9";
  const char *path[2] = {fixture_text("a.txt", text), fixture_gzip("a.gz", text, 0)};
  for (int i = 0; i < 2; i++) {
    static const char *const expected[] = {"one", "two", "", "last \xC3\xA9"};
    line_reader *reader;
    char *line;
    size_t length;
    ASSERT_OK(open_file(path[i], &reader));
    for (int k = 0; k < 4; k++) {
      ASSERT_OK(line_reader_next(reader, &line, &length));
      ASSERT_TRUE(line != NULL);
      EXPECT_STREQ(line, expected[k]);
      EXPECT_EQ(length, strlen(expected[k]));
      EXPECT_EQ(line_reader_number(reader), k + 1);
    }
    ASSERT_OK(line_reader_next(reader, &line, &length));
    EXPECT_TRUE(line == NULL);
    EXPECT_EQ(line_reader_bytes(reader), strlen(text));
    line_reader_close(reader);
  }
}

TEST(line_reader, skips_a_byte_order_mark) {
  line_reader *reader;
  char *line;
  size_t length;
  ASSERT_OK(open_file(fixture_text("a.txt", "\xEF\xBB\xBFuser\n\xEF\xBB\xBFx\n"), &reader));
  ASSERT_OK(line_reader_next(reader, &line, &length));
  EXPECT_STREQ(line, "user");
  ASSERT_OK(line_reader_next(reader, &line, &length));
  EXPECT_EQ(length, 4);
  line_reader_close(reader);
}

TEST(line_reader, gives_lines_longer_than_its_first_buffer) {
  size_t n = 3 << 20;
  char *text = malloc(n + 3);
  ASSERT_TRUE(text != NULL);
  memset(text, 'x', n);
  memcpy(text + n, "\ny\n", 3);
  const char *path = fixture_bytes("long.txt", text, n + 3);
  free(text);
  line_reader *reader;
  char *line;
  size_t length;
  ASSERT_OK(open_file(path, &reader));
  ASSERT_OK(line_reader_next(reader, &line, &length));
  EXPECT_EQ(length, n);
  ASSERT_OK(line_reader_next(reader, &line, &length));
  EXPECT_STREQ(line, "y");
  line_reader_close(reader);
}

TEST(line_reader, refuses_lines_without_end) {
  size_t n = (size_t)LINE_READER_MAX_LINE + 2;
  char *text = malloc(n);
  ASSERT_TRUE(text != NULL);
  memset(text, 'x', n);
  const char *path = fixture_bytes("long.txt", text, n);
  free(text);
  line_reader *reader;
  char *line;
  size_t length;
  ASSERT_OK(open_file(path, &reader));
  EXPECT_EQ(line_reader_next(reader, &line, &length), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "long.txt:1: line longer than 16 MiB");
  line_reader_close(reader);
}

TEST(line_reader, finds_every_truncation_of_a_gzip) {
  char text[4096];
  for (size_t i = 0; i < sizeof text - 1; i++)
    text[i] = i % 64 == 63 ? '\n' : (char)('a' + i * i % 26);
  text[sizeof text - 1] = '\0';
  const char *whole = fixture_gzip("whole.gz", text, 0);
  FILE *file = fopen(whole, "rb");
  ASSERT_TRUE(file != NULL);
  static char bytes[8192];
  size_t n = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  // One byte is no gzip yet; from two on, the format is known.
  for (size_t cut = 2; cut < n; cut++) {
    line_reader *reader;
    char *line = NULL;
    size_t length;
    throng_status status = open_file(fixture_bytes("cut.gz", bytes, cut), &reader);
    while (status == THRONG_OK) {
      status = line_reader_next(reader, &line, &length);
      if (!line) break;
    }
    EXPECT_EQ(status, THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), "cut.gz: truncated gzip after line");
    line_reader_close(reader);
  }
}

TEST(line_reader, tells_corruption_from_truncation) {
  const char *path = fixture_gzip("a.gz", "some text to be broken, some text\n", 0);
  FILE *file = fopen(path, "r+b");
  ASSERT_TRUE(file != NULL);
  fseek(file, -6, SEEK_END);  // in the checksum
  fputc(0x55, file);
  fclose(file);
  line_reader *reader;
  char *line;
  size_t length;
  ASSERT_OK(open_file(path, &reader));
  throng_status status;
  do status = line_reader_next(reader, &line, &length);
  while (status == THRONG_OK && line);
  EXPECT_EQ(status, THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "a.gz: corrupt gzip after line");
  line_reader_close(reader);
}

TEST(line_reader, refuses_folders_and_nothing) {
  line_reader *reader;
  EXPECT_EQ(open_file(throng_test_folder(), &reader), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "not a regular file");
  EXPECT_EQ(open_file("", &reader), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "dataset.file: no file given");
  EXPECT_EQ(open_file("/nowhere/at.all", &reader), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "dataset.file: /nowhere/at.all: No such file");
}

/// A pipe with `text` in it and nobody who writes any more, as /dev/fd/N.
static const char *pipe_with(const char *text, int *reading) {
  static char path[40];
  int end[2];
  if (pipe(end) != 0) abort();
  if (write(end[1], text, strlen(text)) != (ssize_t)strlen(text)) abort();
  close(end[1]);
  *reading = end[0];
  snprintf(path, sizeof path, "/dev/fd/%d", end[0]);
  return path;
}

static void expect_lines(const char *path, const char *const *expected, int n) {
  line_reader *reader;
  char *line;
  size_t length;
  ASSERT_OK(open_file(path, &reader));
  for (int k = 0; k < n; k++) {
    ASSERT_OK(line_reader_next(reader, &line, &length));
    ASSERT_TRUE(line != NULL);
    EXPECT_STREQ(line, expected[k]);
  }
  ASSERT_OK(line_reader_next(reader, &line, &length));
  EXPECT_TRUE(line == NULL);
  line_reader_close(reader);
}

TEST(line_reader, reads_a_pipe_twice_within_a_scope_and_only_once_without) {
  static const char *const lines[] = {"one", "two"};
  int reading;
  stream_scope outer, inner;
  const char *path = pipe_with("one\ntwo\n", &reading);
  stream_scope_begin(&outer, NULL);
  expect_lines(path, lines, 2);
  stream_scope_begin(&inner, NULL);
  expect_lines(path, lines, 2);
  stream_scope_end(&inner);
  expect_lines(path, lines, 2);
  stream_scope_end(&outer);
  expect_lines(path, lines, 0);
  close(reading);
}

TEST(line_reader, a_pipe_that_two_keys_name_is_refused_with_both) {
  int reading;
  stream_scope scope;
  const char *path = pipe_with("x\n", &reading);
  static const char *const lines[] = {"x"};
  stream_scope_begin(&scope, NULL);
  expect_lines(path, lines, 1);
  line_reader *reader;
  EXPECT_EQ(line_reader_open(path, "dataset.items", "read", NULL, &reader), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "dataset.items: /dev/fd/");
  EXPECT_CONTAINS(throng_error_message(), "was read already as dataset.file");
  stream_scope_end(&scope);
  close(reading);
}

static bool stop(void *context, const char *stage, int64_t done, int64_t total, const char *unit) {
  int *calls = context;
  EXPECT_CONTAINS(stage, "silent");
  EXPECT_EQ(done, 0);
  EXPECT_EQ(total, 0);
  EXPECT_STREQ(unit, "bytes");
  return ++*calls < 3;
}

TEST(line_reader, who_waits_for_a_pipe_that_nobody_writes_can_be_stopped) {
  char path[600];
  snprintf(path, sizeof path, "%s/silent", throng_test_folder());
  ASSERT_EQ(mkfifo(path, 0600), 0);
  int calls = 0;
  throng_progress progress = {.report = stop, .context = &calls};
  line_reader *reader;
  EXPECT_EQ(line_reader_open(path, "dataset.file", "read", &progress, &reader),
            THRONG_ERROR_CANCELLED);
  EXPECT_EQ(calls, 3);
  stream_scope scope;
  stream_scope_begin(&scope, &progress);  // asked where who opens the pipe has nobody to ask
  calls = 0;
  EXPECT_EQ(line_reader_open(path, "dataset.file", "read", NULL, &reader), THRONG_ERROR_CANCELLED);
  EXPECT_EQ(calls, 3);
  stream_scope_end(&scope);
}

TEST(line_reader, a_pipe_that_an_inner_scope_read_is_refused_to_another_key_of_the_outer) {
  int reading;
  stream_scope outer, inner;
  const char *path = pipe_with("x\n", &reading);
  static const char *const lines[] = {"x"};
  stream_scope_begin(&outer, NULL);
  stream_scope_begin(&inner, NULL);
  expect_lines(path, lines, 1);
  stream_scope_end(&inner);
  line_reader *reader;
  EXPECT_EQ(line_reader_open(path, "keywords.file", "read", NULL, &reader), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "was read already as dataset.file");
  expect_lines(path, lines, 0);
  stream_scope_end(&outer);
  close(reading);
}

TEST(line_reader, a_copy_of_a_pipe_that_has_no_room_says_how_to_go_on) {
  int reading;
  const char *path = pipe_with("x\n", &reading);
  char before[600];
  snprintf(before, sizeof before, "%s", getenv("TMPDIR") ? getenv("TMPDIR") : "");
  setenv("TMPDIR", "/nowhere", 1);
  line_reader *reader;
  EXPECT_EQ(open_file(path, &reader), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "is a pipe, and /nowhere takes no copy of it");
  EXPECT_CONTAINS(throng_error_message(), "set TMPDIR");
  if (*before)
    setenv("TMPDIR", before, 1);
  else
    unsetenv("TMPDIR");
  close(reading);
}

TEST(line_reader, devices_are_refused) {
  line_reader *reader;
  EXPECT_EQ(open_file("/dev/zero", &reader), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/dev/zero: a device, not a regular file or a pipe");
}

typedef struct seen {
  int calls;
  int64_t done, total;
} seen;

static bool watch(void *context, const char *stage, int64_t done, int64_t total, const char *unit) {
  seen *s = context;
  s->calls++;
  EXPECT_STREQ(stage, "read");
  EXPECT_STREQ(unit, "bytes");
  EXPECT_LE(s->done, done);
  s->done = done;
  s->total = total;
  return true;
}

TEST(line_reader, reports_progress_by_compressed_position) {
  size_t n = 9 << 20;
  char *text = malloc(n + 1);
  ASSERT_TRUE(text != NULL);
  memset(text, 'x', n);
  for (size_t i = 99; i < n; i += 100) text[i] = '\n';
  text[n] = '\0';
  const char *path = fixture_gzip("a.gz", text, 0);
  free(text);
  seen s = {0};
  throng_progress progress = {.report = watch, .context = &s};
  line_reader *reader;
  char *line;
  size_t length;
  ASSERT_OK(line_reader_open(path, "dataset.file", "read", &progress, &reader));
  do ASSERT_OK(line_reader_next(reader, &line, &length));
  while (line);
  line_reader_close(reader);
  EXPECT_EQ(s.calls, 3);
  EXPECT_LT(s.total, n / 50);
  EXPECT_EQ(s.done, s.total);
}
