/// Tests of reading compressed files, and of naming files that are no text.
#include <bzlib.h>
#include <lzma.h>
#include <zstd.h>

#include "base/foreign_file.h"
#include "data/line_reader.h"
#include "dataset_fixture.h"

typedef struct packed {
  const char *name;
  size_t n;
  char bytes[8192];
} packed;

enum { N_CODEC = 4 };

/// `text` as gzip, xz, zstd and bzip2 by their own libraries.
static void pack(const char *text, size_t length, packed out[N_CODEC]) {
  unsigned bz = sizeof out[3].bytes;
  size_t xz = 0;
  z_stream gzip = {0};
  deflateInit2(&gzip, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  gzip.next_in = (unsigned char *)(uintptr_t)text, gzip.avail_in = (unsigned)length;
  gzip.next_out = (unsigned char *)out[0].bytes, gzip.avail_out = sizeof out[0].bytes;
  deflate(&gzip, Z_FINISH);
  out[0].name = "gzip", out[0].n = gzip.total_out;
  deflateEnd(&gzip);
  lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, (const uint8_t *)text, length,
                          (uint8_t *)out[1].bytes, &xz, sizeof out[1].bytes);
  out[1].name = "xz", out[1].n = xz;
  ZSTD_CCtx *zstd = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
  out[2].name = "zstd";
  out[2].n = ZSTD_compress2(zstd, out[2].bytes, sizeof out[2].bytes, text, length);
  ZSTD_freeCCtx(zstd);
  BZ2_bzBuffToBuffCompress(out[3].bytes, &bz, (char *)(uintptr_t)text, (unsigned)length, 9, 0, 0);
  out[3].name = "bzip2", out[3].n = bz;
}

/// Lines that hold no pattern, so that they stay large when packed.
static size_t fill_text(char *text, size_t size) {
  uint32_t state = 1;
  for (size_t i = 0; i + 1 < size; i++) {
    state = state * 1664525u + 1013904223u;
    text[i] = i % 40 == 39 ? '\n' : (char)('a' + (state >> 24) % 26);
  }
  text[size - 1] = '\0';
  return size - 1;
}

/// All that the reader gives, a '\n' after each line; the status it ended with.
static throng_status read_all(const char *path, char *out, size_t size) {
  line_reader *reader;
  size_t used = 0;
  throng_status status = line_reader_open(path, "dataset.file", "read", NULL, &reader);
  out[0] = '\0';
  for (;;) {
    char *line = NULL;
    size_t length;
    if (status == THRONG_OK) status = line_reader_next(reader, &line, &length);
    if (status != THRONG_OK || !line) break;
    if (used + length + 2 > size) break;
    memcpy(out + used, line, length);
    out[used + length] = '\n';
    used += length + 1;
    out[used] = '\0';
  }
  line_reader_close(reader);
  return status;
}

TEST(unpack, gives_the_same_text_from_every_compression) {
  static char text[6000], back[8000];
  static packed p[N_CODEC];
  size_t n = fill_text(text, sizeof text);
  pack(text, n, p);
  for (int i = 0; i < N_CODEC; i++) {
    ASSERT_OK(read_all(fixture_bytes(p[i].name, p[i].bytes, p[i].n), back, sizeof back));
    EXPECT_EQ(strncmp(back, text, n), 0);
  }
}

TEST(unpack, joins_members_and_passes_over_zeros_between_and_after_them) {
  static packed p[N_CODEC];
  static char joined[1 << 15];
  char back[64];
  pack("one\n", 4, p);
  for (int i = 0; i < N_CODEC; i++) {
    size_t n = p[i].n, at = 0;
    memcpy(joined, p[i].bytes, n), at = n;
    memset(joined + at, 0, 8), at += 8;
    memcpy(joined + at, p[i].bytes, n), at += n;
    memset(joined + at, 0, 512), at += 512;
    ASSERT_OK(read_all(fixture_bytes(p[i].name, joined, at), back, sizeof back));
    EXPECT_STREQ(back, "one\none\n");
  }
}

TEST(unpack, finds_every_truncation_and_names_the_line) {
  static char text[3000], back[8000];
  static packed p[N_CODEC];
  pack(text, fill_text(text, sizeof text), p);
  for (int i = 0; i < N_CODEC; i++) {
    char expected[64];
    snprintf(expected, sizeof expected, "cut: truncated %s after line", p[i].name);
    for (size_t cut = 10; cut < p[i].n; cut += cut < p[i].n - 64 ? 37 : 1) {
      EXPECT_EQ(read_all(fixture_bytes("cut", p[i].bytes, cut), back, sizeof back),
                THRONG_ERROR_DATA);
      EXPECT_CONTAINS(throng_error_message(), expected);
    }
  }
}

TEST(unpack, finds_flipped_bits_and_what_follows_the_end) {
  static char text[3000], back[8000];
  static packed p[N_CODEC];
  size_t n = fill_text(text, sizeof text);
  pack(text, n, p);
  for (int i = 0; i < N_CODEC; i++) {
    char expected[64];
    for (size_t at = 16; at < p[i].n; at += 101) {
      p[i].bytes[at] ^= 0x10;
      throng_status status = read_all(fixture_bytes("flip", p[i].bytes, p[i].n), back, sizeof back);
      // Whatever passes must be the text itself: some bits of a header mean nothing.
      if (status == THRONG_OK)
        EXPECT_EQ(strncmp(back, text, n), 0);
      else
        EXPECT_EQ(status, THRONG_ERROR_DATA);
      p[i].bytes[at] ^= 0x10;
    }
    snprintf(expected, sizeof expected, "tail: corrupt %s after line 7", p[i].name);
    pack("1\n2\n3\n4\n5\n6\n7\n", 14, p);
    memcpy(p[i].bytes + p[i].n, "no member of anything", 21);
    EXPECT_EQ(read_all(fixture_bytes("tail", p[i].bytes, p[i].n + 21), back, sizeof back),
              THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), expected);
    pack(text, n, p);
  }
}

TEST(unpack, stops_a_small_file_that_unpacks_to_one_huge_line) {
  size_t n = (size_t)64 << 20, capacity = ZSTD_compressBound(n);
  char *zeros = malloc(n), *bomb = malloc(capacity), back[64];
  ASSERT_TRUE(zeros && bomb);
  memset(zeros, 'x', n);
  size_t size = ZSTD_compress(bomb, capacity, zeros, n, 1);
  const char *path = fixture_bytes("bomb.zst", bomb, size);
  free(zeros);
  free(bomb);
  EXPECT_LT(size, (size_t)1 << 20);
  EXPECT_EQ(read_all(path, back, sizeof back), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "bomb.zst:1: line longer than 16 MiB");
}

TEST(line_reader, reads_lines_that_end_with_CR_alone) {
  char back[64];
  ASSERT_OK(read_all(fixture_text("mac", "user,item\ra,b\r\rc,d"), back, sizeof back));
  EXPECT_STREQ(back, "user,item\na,b\n\nc,d\n");
  // Where there is a single LF, a CR within a line is part of it.
  ASSERT_OK(read_all(fixture_text("unix", "a\rb\nc\n"), back, sizeof back));
  EXPECT_STREQ(back, "a\rb\nc\n");
}

static void expect_named(const char *bytes, size_t n, const char *what, const char *command) {
  char back[64];
  EXPECT_EQ(read_all(fixture_bytes("a file", bytes, n), back, sizeof back), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), what);
  EXPECT_CONTAINS(throng_error_message(), command);
  EXPECT_STREQ(back, "");
}
#define NAMED(bytes, what, command) expect_named(bytes, sizeof(bytes) - 1, what, command)

TEST(foreign_file, names_what_is_no_text_and_the_command_that_makes_it_readable) {
  NAMED("PK\x03\x04\x14\0\0\0\0\0aaaabbbbccccdddd\x05\0\0\0d.csvxxxx", "a zip archive, expected",
        "unzip -p ");
  NAMED("PK\x03\x04\x14\0\0\0\0\0aaaabbbbccccdddd\x13\0\0\0[Content_Types].xmlxxxx",
        "an Excel workbook", "read_excel('");
  NAMED("7z\xBC\xAF\x27\x1C\0\x04", "a 7z archive", "7z x '");
  NAMED("PAR1\x15\x04\x15\x20", "a Parquet file", "read_parquet('");
  NAMED("ARROW1\0\0\xFF", "an Arrow or Feather file", "read_feather('");
  NAMED("SQLite format 3\0\x10", "an SQLite database", "sqlite3 -header -csv ");
  NAMED("\x80\x04\x95\x10\0\0", "a Python pickle", "read_pickle('");
  NAMED("\x89HDF\r\n\x1A\n\0", "an HDF5 file", "read_hdf('");
  NAMED("\n<!DOCTYPE HTML><p>Please log in", "an HTML page", "expected UTF-8 text");
  NAMED("%PDF-1.7\n", "a PDF document", "pdftotext");
  NAMED("version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer", "git lfs pull");
  NAMED("\xFF\xFEu\0s\0e\0r\0\n\0", "text in UTF-16LE", "iconv -f UTF-16LE -t UTF-8 '");
  NAMED("u\0s\0e\0r\0,\0i\0t\0e\0m\0", "text in UTF-16LE", "iconv -f UTF-16LE");
  NAMED("\0u\0s\0e\0r\0,\0i\0t\0e\0m", "text in UTF-16BE", "iconv -f UTF-16BE");
  NAMED("u\0\0\0s\0\0\0e\0\0\0r\0\0\0", "text in UTF-32LE", "iconv -f UTF-32LE");
  NAMED("\x10\x01\0\0\0\0\0\0{\"__metadata__\":{}}", "a tensor file", "not text");
}

/// A header block as tar writes it.
static void tar_block(const char *name, char block[1024]) {
  unsigned sum = 0;
  memset(block, 0, 1024);
  snprintf(block, 100, "%s", name);
  memcpy(block + 124, "00000000004", 11);
  memset(block + 148, ' ', 8);
  for (int i = 0; i < 512; i++) sum += (unsigned char)block[i];
  snprintf(block + 148, 8, "%06o", sum);
  memcpy(block + 512, "a,b\n", 4);
}

TEST(foreign_file, sees_a_tar_within_gzip_and_names_its_first_file) {
  static char block[1024], back[64];
  static packed p[N_CODEC];
  tar_block("ml/ratings.csv", block);
  expect_named(block, sizeof block, "a tar archive, expected", "tar -xOf '");
  pack(block, sizeof block, p);
  EXPECT_EQ(read_all(fixture_bytes("a.tgz", p[0].bytes, p[0].n), back, sizeof back),
            THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "a tar archive within gzip");
  EXPECT_CONTAINS(throng_error_message(), "a.tgz ml/ratings.csv > data.txt");
}

TEST(foreign_file, another_encoding_within_gzip_comes_with_a_command_that_unpacks_it_too) {
  static const char wide[] = "\xff\xfeu\0,\0i\0\n\0";
  static packed p[N_CODEC];
  char back[64];
  pack(wide, sizeof wide - 1, p);
  EXPECT_EQ(read_all(fixture_bytes("w.gz", p[0].bytes, p[0].n), back, sizeof back),
            THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "make it readable with: gzip -dc ");
  EXPECT_CONTAINS(throng_error_message(), "w.gz | iconv -f UTF-16LE -t UTF-8 > data.txt");
}

TEST(foreign_file, lets_texts_pass_that_begin_like_something_else) {
  static const char *const text[] = {"PAR1,user\n", "ORC_id;x\n", "BZh9,b\n", "FEA1\n",
                                     "<user>\n",    "%id,x\n",    "PK\n",     "x\n"};
  char back[64];
  for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
    ASSERT_OK(read_all(fixture_text("text", text[i]), back, sizeof back));
    EXPECT_STREQ(back, text[i]);
  }
}

TEST(foreign_file, quotes_a_path_for_a_shell) {
  char text[64];
  foreign_file_quote("data/a.csv", text, sizeof text);
  EXPECT_STREQ(text, "data/a.csv");
  foreign_file_quote("my data's.csv", text, sizeof text);
  EXPECT_STREQ(text, "'my data'\\''s.csv'");
  foreign_file_quote("-x", text, sizeof text);
  EXPECT_STREQ(text, "'./-x'");
}
