/// Telling files apart by how they begin.
#include "base/file_kind.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/foreign_file.h"

enum { LOOK = 1 << 16 };  // bytes

/// What a person calls it, and what to do with it.
static const struct {
  const char *name, *hint;
} kinds[FILE_KIND_COUNT] = {
    [FILE_KIND_UNKNOWN] = {"text", NULL},
    [FILE_KIND_EMPTY] = {"empty", NULL},
    [FILE_KIND_FOLDER] = {"a folder", NULL},
    [FILE_KIND_RUN] = {"the folder of a run",
                       "it holds config.json, and where the run made them world.safetensors and "
                       "sta.safetensors; `throng train CONFIG --resume -o FOLDER` goes on with it"},
    [FILE_KIND_WORLD] = {"a world",
                         "`throng info WORLD` describes it; fit, votes, explain, evaluate and "
                         "bench take it too, and a config as world.file"},
    [FILE_KIND_STA] = {"weights of f_sta",
                       "--sta takes them beside their world, and a config as sta.file"},
    [FILE_KIND_CHECKPOINT] = {"a checkpoint of a training run",
                              "`throng train CONFIG --resume -o FOLDER` goes on from the newest "
                              "one in its folder"},
    [FILE_KIND_LANES] = {"a snapshot of a simulator's lanes", "throng_sim_restore takes it"},
    [FILE_KIND_TENSORS] = {"a tensor file that throng did not write",
                           "embedding.file takes embeddings of keywords"},
    [FILE_KIND_CONFIG] = {"a config",
                          "train, prepare, extract, synth and config take it; fit, votes, explain, "
                          "evaluate and info take it behind the world"},
    [FILE_KIND_JSON_LINES] = {"JSON lines",
                              "`throng prepare CONFIG -o WORLD` makes a world of such data, where "
                              "the config's section dataset names the file"},
    [FILE_KIND_TABLE] = {"a table of text",
                         "`throng prepare CONFIG -o WORLD` makes a world of such data, where the "
                         "config's section dataset names the file (configs/csv.json is one)"},
    [FILE_KIND_GZIP] = {"gzip", "only data sets and pairs are read so; gunzip unpacks it"},
    [FILE_KIND_SQLITE] = {"an SQLite database",
                          "`throng extract` keeps its answers in one; a config names it as "
                          "llm.store; of any other, sqlite3 -header -csv FILE 'SELECT * FROM "
                          "TABLE' > data.csv makes a table"},
    [FILE_KIND_UTF16] = {"UTF-16 text",
                         "iconv -f UTF-16 -t UTF-8 FILE makes it UTF-8 (UTF-16LE or UTF-16BE "
                         "where it does not begin with a mark)"},
};

static bool begins(const char *bytes, size_t n, const char *with, size_t length) {
  return n >= length && !memcmp(bytes, with, length);
}

static bool holds(const char *bytes, size_t n, const char *text) {
  return memmem(bytes, n, text, strlen(text)) != NULL;
}

/// Safetensors begin with the length of a JSON header; its metadata say who wrote it and why.
static file_kind tensor_kind(const char *bytes, size_t n) {
  uint64_t length;
  memcpy(&length, bytes, sizeof length);
  if (length > ((uint64_t)1 << 40) || bytes[8] != '{') return FILE_KIND_UNKNOWN;
  if (holds(bytes, n, "\"throng world\"")) return FILE_KIND_WORLD;
  if (holds(bytes, n, "\"throng.sta.")) return FILE_KIND_STA;
  if (holds(bytes, n, "\"agent\"")) return FILE_KIND_CHECKPOINT;
  if (holds(bytes, n, "\"simulator\"")) return FILE_KIND_LANES;
  return FILE_KIND_TENSORS;
}

/// `at` begins with a brace or a comment.
static file_kind json_kind(const char *at, const char *end) {
  const char *line = memchr(at, '\n', (size_t)(end - at));
  if (*at != '{' || !line) return FILE_KIND_CONFIG;
  const char *last = line > at && line[-1] == '\r' ? line - 2 : line - 1;
  return last > at + 1 && *last == '}' && line + 1 < end && line[1] == '{' ? FILE_KIND_JSON_LINES
                                                                           : FILE_KIND_CONFIG;
}

/// How often each separator stands in a line; false where the line is no text.
static bool count_separators(const char *at, const char *end, int64_t count[5]) {
  static const char separators[] = ",\t;|";
  for (; at < end; ++at) {
    if ((unsigned char)*at < 0x20 && *at != '\t' && *at != '\r') return false;
    const char *found = strchr(separators, *at);
    if (found) ++count[found - separators];
    if (*at == ':' && at + 1 < end && at[1] == ':') ++count[4];
  }
  return true;
}

/// Two lines with the same separator equally often.
static bool is_table(const char *at, const char *end) {
  int64_t first[5] = {0}, second[5] = {0};
  if (at >= end || *at == '[') return false;
  const char *line = memchr(at, '\n', (size_t)(end - at));
  if (!line) return false;
  const char *next = memchr(line + 1, '\n', (size_t)(end - line - 1));
  if (!count_separators(at, line, first) || !count_separators(line + 1, next ? next : end, second))
    return false;
  for (int k = 0; k < 5; ++k)
    if (first[k] && first[k] == second[k]) return true;
  return false;
}

file_kind file_kind_of_bytes(const char *bytes, size_t n) {
  const char *at = bytes, *end = bytes + n;
  if (n == 0) return FILE_KIND_EMPTY;
  if (foreign_file_is_gzip(bytes, n)) return FILE_KIND_GZIP;
  if (foreign_file_is_sqlite(bytes, n)) return FILE_KIND_SQLITE;
  const char *encoding = foreign_file_encoding(bytes, n);
  if (encoding && begins(encoding, strlen(encoding), "UTF-16", 6)) return FILE_KIND_UTF16;
  if (n > 8) {
    file_kind tensors = tensor_kind(bytes, n);
    if (tensors != FILE_KIND_UNKNOWN) return tensors;
  }
  if (begins(at, n, "\xef\xbb\xbf", 3)) at += 3;
  while (at < end && strchr(" \t\r\n", *at) && *at) ++at;
  bool comment = at + 1 < end && *at == '/' && (at[1] == '/' || at[1] == '*');
  if (at < end && (*at == '{' || comment)) return json_kind(at, end);
  return is_table(at, end) ? FILE_KIND_TABLE : FILE_KIND_UNKNOWN;
}

bool file_kind_is_run(file_kind kind) {
  return kind == FILE_KIND_RUN || kind == FILE_KIND_FOLDER || kind == FILE_KIND_CHECKPOINT;
}

file_kind file_kind_of(const char *path) {
  struct stat facts;
  if (stat(path, &facts) != 0) return FILE_KIND_UNKNOWN;
  if (S_ISDIR(facts.st_mode)) {
    char inside[PATH_MAX];
    int n = snprintf(inside, sizeof inside, "%s/metrics.jsonl", path);
    bool run = n > 0 && (size_t)n < sizeof inside && access(inside, F_OK) == 0;
    return run ? FILE_KIND_RUN : FILE_KIND_FOLDER;
  }
  int fd = S_ISREG(facts.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return FILE_KIND_UNKNOWN;
  char bytes[LOOK];
  ssize_t n = read(fd, bytes, sizeof bytes);
  close(fd);
  return n < 0 ? FILE_KIND_UNKNOWN : file_kind_of_bytes(bytes, (size_t)n);
}

throng_status file_kind_expect(const char *path, file_kind found, file_kind wanted,
                               throng_status status) {
  if (found == wanted || found == FILE_KIND_UNKNOWN) return THRONG_OK;
  // Whoever opens tensor files says better what this one lacks.
  if (found == FILE_KIND_TENSORS && wanted >= FILE_KIND_WORLD && wanted <= FILE_KIND_TENSORS)
    return THRONG_OK;
  const char *hint = kinds[found].hint;
  return throng_fail(status, "%s: is %s, not %s%s%s", path, kinds[found].name, kinds[wanted].name,
                     hint ? "; " : "", hint ? hint : "");
}

throng_status file_kind_require(const char *path, file_kind wanted) {
  return file_kind_expect(path, file_kind_of(path), wanted, THRONG_ERROR_DATA);
}
