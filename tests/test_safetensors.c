/// Tensor files: as the stock package writes and reads them, and nothing else.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/safetensors.h"
#include "throng_test.h"

#define STOCK TEST_SOURCE_DIR "/golden/stock.safetensors"

static const char *in_folder(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", throng_test_folder(), name);
  return path;
}

static char *read_bytes(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  char *bytes = malloc(65536);
  *length = file ? fread(bytes, 1, 65536, file) : 0;
  if (file) fclose(file);
  return bytes;
}

static void write_bytes(const char *path, const void *bytes, size_t length) {
  FILE *file = fopen(path, "wb");
  fwrite(bytes, 1, length, file);
  fclose(file);
}

/// A file with this header and `data` zero bytes behind it.
static const char *file_of(const char *header, size_t data) {
  char bytes[4096] = {0};
  uint64_t n = strlen(header);
  memcpy(bytes, &n, 8);
  memcpy(bytes + 8, header, n);
  const char *path = in_folder("t.safetensors");
  write_bytes(path, bytes, 8 + n + data);
  return path;
}

TEST(safetensors, what_the_stock_package_wrote_is_read_with_its_values) {
  safetensors_file *file;
  ASSERT_OK(safetensors_open(STOCK, &file));
  EXPECT_EQ(safetensors_count(file), 9);
  EXPECT_STREQ(safetensors_metadata(file, "format"), "a \"quoted\" value\n");
  EXPECT_TRUE(safetensors_metadata(file, "Format") == NULL);
  const safetensors_tensor *t;
  ASSERT_OK(safetensors_require(file, "zeta", TENSOR_F32, TENSOR_SHAPE(2, -1), &t));
  float *zeta;
  ASSERT_OK(safetensors_read_all(file, t, (void **)&zeta));
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(zeta[i], i / 4.0, 0);
  free(zeta);
  int32_t second;
  ASSERT_OK(safetensors_require(file, "item", TENSOR_I32, TENSOR_SHAPE(1, 2), &t));
  ASSERT_OK(safetensors_read(file, t, 4, &second, 4));
  EXPECT_EQ(second, 4);
  EXPECT_EQ(safetensors_read(file, t, 6, &second, 4), THRONG_ERROR_ARGUMENT);
  float *tenth;
  const safetensors_tensor *scalar = safetensors_find(file, "double");
  ASSERT_TRUE(scalar != NULL);
  EXPECT_EQ(scalar->rank, 0);
  ASSERT_OK(safetensors_read_float(file, scalar, &tenth));
  EXPECT_NEAR(tenth[0], 0.1, 1e-8);
  free(tenth);
  EXPECT_EQ(safetensors_find(file, "empty")->bytes, 0);
  safetensors_close(file);
}

TEST(safetensors, half_precision_is_read_as_the_same_floats) {
  safetensors_file *file;
  float *half;
  ASSERT_OK(safetensors_open(TEST_SOURCE_DIR "/golden/half.safetensors", &file));
  ASSERT_OK(safetensors_read_float(file, safetensors_find(file, "half"), &half));
  EXPECT_NEAR(half[0], 1.0, 0);
  EXPECT_NEAR(half[1], -0.333251953125, 0);
  EXPECT_NEAR(half[2], 65504.0, 0);
  EXPECT_NEAR(half[3], 5.960464477539063e-08, 0);
  EXPECT_TRUE(isinf(half[4]));
  free(half);
  safetensors_close(file);
}

/// Some arrays of every type, as tests/golden/stock.safetensors has them.
static void write_stock_arrays(const char *path) {
  const float zeta[] = {0, .25f, .5f, .75f, 1, 1.25f}, alpha[] = {-1.5f, 2.25f};
  const int64_t offset[] = {0, 2, 7};
  const uint64_t count = 9223372036854775813ull;
  const int32_t item[] = {-3, 4};
  const uint32_t word = 4294967295u;
  const double tenth = 0.1;
  const char *blob =
      "Gr\xc3\xbc\xc3\x9f"
      "e";
  safetensors_writer *w;
  ASSERT_OK(safetensors_writer_create(path, &w));
  size_t n[9];
  ASSERT_OK(safetensors_writer_metadata(w, "format", "a \"quoted\" value\n"));
  ASSERT_OK(safetensors_writer_declare(w, "zeta", TENSOR_F32, TENSOR_SHAPE(2, 3), &n[0]));
  ASSERT_OK(safetensors_writer_declare(w, "alpha", TENSOR_F32, TENSOR_SHAPE(2), &n[1]));
  ASSERT_OK(safetensors_writer_declare(w, "blob", TENSOR_U8, TENSOR_SHAPE(7), &n[2]));
  ASSERT_OK(safetensors_writer_declare(w, "offset", TENSOR_I64, TENSOR_SHAPE(3), &n[3]));
  ASSERT_OK(safetensors_writer_declare(w, "count", TENSOR_U64, TENSOR_SHAPE(1), &n[4]));
  ASSERT_OK(safetensors_writer_declare(w, "item", TENSOR_I32, TENSOR_SHAPE(1, 2), &n[5]));
  ASSERT_OK(safetensors_writer_declare(w, "word", TENSOR_U32, TENSOR_SHAPE(1), &n[6]));
  ASSERT_OK(safetensors_writer_declare(w, "double", TENSOR_F64, 0, NULL, &n[7]));
  ASSERT_OK(safetensors_writer_declare(w, "empty", TENSOR_F32, TENSOR_SHAPE(0, 4), &n[8]));
  ASSERT_OK(safetensors_writer_begin(w));
  ASSERT_OK(safetensors_writer_data(w, n[7], &tenth, 8));
  ASSERT_OK(safetensors_writer_data(w, n[0], zeta, 8));
  ASSERT_OK(safetensors_writer_data(w, n[1], alpha, 8));
  ASSERT_OK(safetensors_writer_data(w, n[0], zeta + 2, 16));
  ASSERT_OK(safetensors_writer_data(w, n[2], blob, 7));
  ASSERT_OK(safetensors_writer_data(w, n[3], offset, 24));
  ASSERT_OK(safetensors_writer_data(w, n[4], &count, 8));
  ASSERT_OK(safetensors_writer_data(w, n[5], item, 8));
  ASSERT_OK(safetensors_writer_data(w, n[6], &word, 4));
  ASSERT_OK(safetensors_writer_commit(w));
}

/// The checksum's member of a header of ours cut out, and the padding made anew.
static size_t without_sum(char *bytes, size_t length) {
  uint64_t n;
  memcpy(&n, bytes, 8);
  char *member = strstr(bytes + 8, "\"checksum\":\"xxh3 ");
  const size_t size = strlen("\"checksum\":\"xxh3 0123456789abcdef\",");
  if (!member) return 0;
  char *end = bytes + 8 + n, *brace = end;
  while (brace[-1] != '}') --brace;
  memmove(member, member + size, (size_t)(brace - member) - size);
  brace -= size;
  uint64_t shorter = (uint64_t)(brace - bytes - 8), padded = (shorter + 7) / 8 * 8;
  memset(brace, ' ', padded - shorter);
  memmove(bytes + 8 + padded, end, length - 8 - n);
  memcpy(bytes, &padded, 8);
  return length - n + padded;
}

TEST(safetensors, but_for_the_checksum_arrays_are_written_byte_for_byte_as_the_stock_package_does) {
  const char *path = in_folder("ours.safetensors");
  write_stock_arrays(path);
  size_t ours_length, stock_length;
  char *ours = read_bytes(path, &ours_length), *stock = read_bytes(STOCK, &stock_length);
  ours_length = without_sum(ours, ours_length);
  ASSERT_EQ(ours_length, stock_length);
  EXPECT_EQ(memcmp(ours, stock, stock_length), 0);
  free(ours);
  free(stock);
}

TEST(safetensors, a_file_of_ours_with_any_one_bit_turned_is_refused) {
  size_t length;
  const char *path = in_folder("ours.safetensors");
  safetensors_file *file;
  write_stock_arrays(path);
  ASSERT_OK(safetensors_open(path, &file));
  safetensors_close(file);
  char *bytes = read_bytes(path, &length);
  const char *turned = in_folder("turned.safetensors");
  int wrong = 0;
  // Every bit of the header's beginning, every seventh of the rest: one at least of each byte.
  for (size_t bit = 0; bit < 8 * length; bit += bit < 512 ? 1 : 7) {
    bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
    write_bytes(turned, bytes, length);
    wrong += safetensors_open(turned, &file) != THRONG_ERROR_DATA || file != NULL ||
             !strstr(throng_error_message(), "turned.safetensors");
    bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
  }
  EXPECT_EQ(wrong, 0);
  free(bytes);
}

TEST(safetensors, a_file_that_another_program_rewrote_opens_only_without_the_old_checksum) {
  size_t length;
  const char *path = in_folder("ours.safetensors");
  safetensors_file *file;
  write_stock_arrays(path);
  char *bytes = read_bytes(path, &length);
  bytes[length - 1] ^= 1;
  write_bytes(path, bytes, length);
  EXPECT_EQ(safetensors_open(path, &file), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "damaged since it was written");
  EXPECT_CONTAINS(throng_error_message(), "leave 'checksum' out of the metadata");
  length = without_sum(bytes, length);
  write_bytes(path, bytes, length);
  ASSERT_OK(safetensors_open(path, &file));
  safetensors_close(file);
  free(bytes);
}

TEST(safetensors, what_says_nothing_about_the_file_is_no_damage) {
  const char *path = in_folder("t.safetensors");
  safetensors_file *file;
  EXPECT_EQ(safetensors_open(path, &file), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "No such file");
  ASSERT_EQ(mkfifo(path, 0600), 0);  // nobody writes to it: it must not be waited for
  EXPECT_EQ(safetensors_open(path, &file), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "is not a file");
  EXPECT_EQ(safetensors_open(throng_test_folder(), &file), THRONG_ERROR_IO);
  write_stock_arrays(in_folder("ours.safetensors"));
  struct rlimit before, none;
  getrlimit(RLIMIT_NOFILE, &before);
  none = before;
  none.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &none);
  throng_status status = safetensors_open(in_folder("ours.safetensors"), &file);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(status, THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "Too many open files");
}

TEST(safetensors, a_writer_refuses_too_much_too_little_and_twice_the_same) {
  safetensors_writer *w;
  size_t n;
  const char *path = in_folder("w.safetensors");
  ASSERT_OK(safetensors_writer_create(path, &w));
  ASSERT_OK(safetensors_writer_declare(w, "a", TENSOR_F32, TENSOR_SHAPE(2), &n));
  EXPECT_EQ(safetensors_writer_data(w, n, "1234", 4), THRONG_ERROR_ARGUMENT);
  ASSERT_OK(safetensors_writer_begin(w));
  EXPECT_EQ(safetensors_writer_data(w, n, "123456789", 9), THRONG_ERROR_ARGUMENT);
  ASSERT_OK(safetensors_writer_data(w, n, "1234", 4));
  EXPECT_EQ(safetensors_writer_commit(w), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "'a' got 4 of 8 bytes");
  EXPECT_TRUE(fopen(path, "rb") == NULL);
  ASSERT_OK(safetensors_writer_create(path, &w));
  ASSERT_OK(safetensors_writer_declare(w, "a", TENSOR_F32, TENSOR_SHAPE(2), NULL));
  ASSERT_OK(safetensors_writer_declare(w, "a", TENSOR_F32, TENSOR_SHAPE(2), NULL));
  EXPECT_EQ(safetensors_writer_begin(w), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "'a' is declared twice");
  EXPECT_EQ(safetensors_writer_declare(w, "b", TENSOR_F64, TENSOR_SHAPE(INT64_MAX, 2), NULL),
            THRONG_ERROR_ARGUMENT);
  safetensors_writer_abort(w);
}

TEST(safetensors, a_file_cut_at_any_byte_is_refused_with_its_name) {
  size_t length;
  char *bytes = read_bytes(STOCK, &length);
  const char *path = in_folder("cut.safetensors");
  int wrong = 0;
  write_bytes(path, bytes, length);
  for (off_t cut = (off_t)length - 1; cut >= 0; --cut) {
    safetensors_file *file;
    ASSERT_EQ(truncate(path, cut), 0);
    wrong += safetensors_open(path, &file) != THRONG_ERROR_DATA || file ||
             !strstr(throng_error_message(), "cut.safetensors");
  }
  EXPECT_EQ(wrong, 0);
  free(bytes);
}

TEST(safetensors, a_header_cut_at_any_byte_with_its_length_made_to_fit_is_refused) {
  size_t length;
  char *bytes = read_bytes(STOCK, &length);
  uint64_t header;
  memcpy(&header, bytes, 8);
  const char *path = in_folder("cut.safetensors");
  int wrong = 0;
  // Cutting only the padding leaves a good file.
  while (bytes[8 + header - 1] == ' ') --header;
  for (uint64_t cut = 0; cut < header; ++cut) {
    safetensors_file *file;
    memcpy(bytes, &cut, 8);
    write_bytes(path, bytes, 8 + cut);
    wrong += safetensors_open(path, &file) != THRONG_ERROR_DATA || file != NULL;
  }
  EXPECT_EQ(wrong, 0);
  free(bytes);
}

TEST(safetensors, every_broken_promise_of_a_header_is_refused_with_tensor_and_expectation) {
#define A "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"
  static const struct {
    const char *header;
    size_t data;
    const char *cause;
  } cases[] = {
      {"[]", 0, "does not begin with '{'"},
      {" {}", 0, "does not begin with '{'"},
      {"{" A "}", 7, "promises"},
      {"{" A "}", 9, "promises"},
      {"{" A "," A "}", 8, "'a' stands twice"},
      {"{" A ",\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", 8, "overlaps"},
      {"{" A ",\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[9,13]}}", 13, "hole"},
      {"{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[1,5]}}", 5, "expected 0"},
      {"{\"b\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,4]}}", 4, "'b'"},
      {"{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,0]}}", 4, "begin <= end"},
      {"{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0]}}", 4, "begin <= end"},
      {"{\"b\":{\"dtype\":\"U8\",\"shape\":[-4],\"data_offsets\":[0,4]}}", 4, "whole numbers"},
      {"{\"b\":{\"dtype\":\"U8\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", 4, "whole numbers"},
      {"{\"b\":{\"dtype\":\"U8\",\"shape\":4,\"data_offsets\":[0,4]}}", 4, "no list 'shape'"},
      {"{\"b\":{\"dtype\":\"F99\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, "'F99' is not known"},
      {"{\"b\":{\"dtype\":\"U8\",\"shape\":[4]}}", 4, "expected an object of dtype"},
      {"{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offset\":[0,4]}}", 4, "data_offsets"},
      {"{\"b\":{\"dtype\":\"F64\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
       "larger than any file"},
      {"{\"b\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1,
       "more than 8 dimensions"},
      {"{\"__metadata__\":{\"k\":1}}", 0, "expected a string"},
      {"{\"__metadata__\":[]}", 0, "not an object"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    safetensors_file *file;
    const char *path = file_of(cases[i].header, cases[i].data);
    EXPECT_EQ(safetensors_open(path, &file), THRONG_ERROR_DATA);
    EXPECT_TRUE(file == NULL);
    EXPECT_CONTAINS(throng_error_message(), "t.safetensors");
    EXPECT_CONTAINS(throng_error_message(), cases[i].cause);
  }
  safetensors_file *file;
  ASSERT_OK(safetensors_open(file_of("{" A "}  ", 8), &file));
  safetensors_close(file);
}

TEST(safetensors, a_header_longer_than_the_limit_or_the_file_is_refused) {
  safetensors_file *file;
  uint64_t n = SAFETENSORS_MAX_HEADER + 1ull;
  const char *path = in_folder("n.safetensors");
  write_bytes(path, &n, 8);
  EXPECT_EQ(safetensors_open(path, &file), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "100000001 bytes, expected at most 100000000");
  n = 10;
  write_bytes(path, &n, 8);
  EXPECT_EQ(safetensors_open(path, &file), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "only 0 are left");
}

TEST(safetensors, a_wrong_type_or_shape_is_refused_with_both_the_found_and_the_expected) {
  safetensors_file *file;
  const safetensors_tensor *t;
  ASSERT_OK(safetensors_open(STOCK, &file));
  EXPECT_EQ(safetensors_require(file, "zeta", TENSOR_F32, TENSOR_SHAPE(3, 2), &t),
            THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'zeta' is F32 [2, 3], expected F32 [3, 2]");
  EXPECT_EQ(safetensors_require(file, "none", TENSOR_I64, TENSOR_SHAPE(-1), &t), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'none' is missing, expected I64 [?]");
  float *floats;
  EXPECT_EQ(safetensors_read_float(file, safetensors_find(file, "item"), &floats),
            THRONG_ERROR_DATA);
  safetensors_close(file);
}
