/// Signatures of what people give in place of text; see foreign_file.h.
#include "base/foreign_file.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void foreign_file_quote(const char *path, char *text, size_t size) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,+=:@-";
  size_t used = 0;
  if (path[0] != '-' && path[0] && path[strspn(path, plain)] == '\0') {
    snprintf(text, size, "%s", path);
    return;
  }
  // A leading dash would be an option.
  const char *before = path[0] == '-' ? "'./" : "'";
  used = (size_t)snprintf(text, size, "%s", before);
  for (; *path && used + 6 < size; path++)
    used += (size_t)snprintf(text + used, size - used, *path == '\'' ? "'\\''" : "%c", *path);
  snprintf(text + used, size - used, "'");
}

typedef struct signature {
  const char *bytes;
  size_t n;
  bool binary;  // the bytes alone may begin a text: some control character must follow
  const char *what, *command;  // %s: the file
} signature;

#define BYTES(text) text, sizeof text - 1
#define GZIP "\x1F\x8B"
#define SQLITE "SQLite format 3\x00"
#define PANDAS "python3 -c \"import pandas; pandas."

static const signature signatures[] = {
    {BYTES("7z\xBC\xAF\x27\x1C"), false, "a 7z archive", "7z x %s"},
    {BYTES("Rar!\x1A\x07"), false, "a RAR archive", "unrar x %s"},
    {BYTES("\x04\x22\x4D\x18"), false, "compressed by lz4", "lz4 -dc %s > data.txt"},
    {BYTES("\xFF\x06\x00\x00sNaPpY"), false, "compressed by Snappy", "snzip -dc %s > data.txt"},
    {BYTES("LZIP\x01"), false, "compressed by lzip", "lzip -dc %s > data.txt"},
    {BYTES("\x5D\x00\x00"), false, "an old .lzma file", "xz -dc --format=lzma %s > data.txt"},
    {BYTES("\x1F\x9D"), false, "compressed by compress", "gzip -dc %s > data.txt"},
    {BYTES(GZIP), false, "compressed by gzip", "gzip -dc %s > data.txt"},
    {BYTES("\xFD"
           "7zXZ"),
     false, "compressed by xz", "xz -dc %s > data.txt"},
    {BYTES("\x28\xB5\x2F\xFD"), false, "compressed by zstd", "zstd -dc %s > data.txt"},
    {BYTES("BZh"), true, "compressed by bzip2", "bzip2 -dc %s > data.txt"},
    {BYTES("PAR1"), true, "a Parquet file",
     PANDAS "read_parquet('%s').to_csv('data.csv', index=False)\""},
    {BYTES("PARE"), true, "an encrypted Parquet file", NULL},
    {BYTES("ARROW1\x00\x00"), false, "an Arrow or Feather file",
     PANDAS "read_feather('%s').to_csv('data.csv', index=False)\""},
    {BYTES("FEA1"), true, "a Feather file",
     PANDAS "read_feather('%s').to_csv('data.csv', index=False)\""},
    {BYTES("\xFF\xFF\xFF\xFF"), true, "an Arrow stream",
     "python3 -c \"import pyarrow as a; "
     "a.ipc.open_stream('%s').read_pandas().to_csv('data.csv', index=False)\""},
    {BYTES("ORC"), true, "an ORC file", PANDAS "read_orc('%s').to_csv('data.csv', index=False)\""},
    {BYTES("Obj\x01"), false, "an Avro file", "fastavro --json %s > data.jsonl"},
    {BYTES(SQLITE), false, "an SQLite database",
     "sqlite3 -header -csv %s 'SELECT * FROM TABLE' > data.csv"},
    {BYTES("\x89HDF\r\n\x1A\n"), false, "an HDF5 file",
     PANDAS "read_hdf('%s').to_csv('data.csv', index=False)\""},
    {BYTES("\x93NUMPY"), false, "a NumPy array",
     "python3 -c \"import numpy; numpy.savetxt('data.csv', numpy.load('%s'), '%%s', ',')\""},
    {BYTES("MATLAB 5.0 MAT"), false, "a MATLAB file", NULL},
    {BYTES("<stata_dta>"), false, "a Stata file",
     PANDAS "read_stata('%s').to_csv('data.csv', index=False)\""},
    {BYTES("RDX2\n"), false, "an R workspace", NULL},
    {BYTES("RDX3\n"), false, "an R workspace", NULL},
    {BYTES("X\n\x00\x00\x00"), false, "an R object (.rds)",
     "Rscript -e \"write.csv(readRDS('%s'), 'data.csv', row.names=FALSE)\""},
    {BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), false, "an old Excel workbook",
     "ssconvert %s data.csv"},
    {BYTES("%PDF-"), false, "a PDF document", "pdftotext -layout %s data.txt"},
    {BYTES("{\\rtf"), false, "an RTF document", NULL},
    {BYTES("\x89PNG\r\n\x1A\n"), false, "a PNG picture", NULL},
    {BYTES("\xFF\xD8\xFF"), false, "a JPEG picture", NULL},
    {BYTES("\x7F"
           "ELF"),
     false, "a program", NULL},
    {BYTES("version https://git-lfs.github.com/"), false,
     "a Git LFS pointer, not the file that it stands for", "git lfs pull"},
};

static bool begins(const char *head, size_t n, const char *bytes, size_t length) {
  return n >= length && memcmp(head, bytes, length) == 0;
}

bool foreign_file_is_gzip(const char *head, size_t n) { return begins(head, n, BYTES(GZIP)); }

bool foreign_file_is_sqlite(const char *head, size_t n) { return begins(head, n, BYTES(SQLITE)); }

/// A control character that no text has.
static bool has_control(const char *head, size_t n) {
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)head[i] < 9) return true;
  return false;
}

typedef struct kind {
  const char *what, *command;
  char name[160];  // of an archive's first member, for the command; "" where none
} kind;

/// UTF-16 and UTF-32, marked or told by where their zero bytes are.
const char *foreign_file_encoding(const char *head, size_t n) {
  if (begins(head, n, BYTES("\xFF\xFE\x00\x00"))) return "UTF-32LE";
  if (begins(head, n, BYTES("\x00\x00\xFE\xFF"))) return "UTF-32BE";
  if (begins(head, n, BYTES("\xFF\xFE"))) return "UTF-16LE";
  if (begins(head, n, BYTES("\xFE\xFF"))) return "UTF-16BE";
  size_t zero[4] = {0}, most = n < 256 ? n / 4 : 64;
  for (size_t i = 0; i < 4 * most; i++) zero[i % 4] += head[i] == 0;
  if (most < 2) return NULL;
  bool z[4];
  for (int i = 0; i < 4; i++) {
    // Nearly always or never: most letters of most scripts' files are ASCII, separators at least.
    if (zero[i] * 10 > most && zero[i] * 10 < most * 4) return NULL;
    z[i] = zero[i] * 10 >= most * 4;
  }
  if (!z[0] && z[1] && z[2] && z[3]) return "UTF-32LE";
  if (z[0] && z[1] && z[2] && !z[3]) return "UTF-32BE";
  if (!z[0] && z[1] && !z[2] && z[3]) return "UTF-16LE";
  if (z[0] && !z[1] && z[2] && !z[3]) return "UTF-16BE";
  return NULL;
}

static void take_name(kind *k, const char *from, size_t length) {
  if (length >= sizeof k->name) return;
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)from[i] < ' ' || (unsigned char)from[i] >= 0x7F) return;
  memcpy(k->name, from, length);
  k->name[length] = '\0';
}

/// A header block of 512 bytes whose octal checksum holds; old archives have no other mark.
static bool is_tar(const char *head, size_t n, kind *k) {
  if (n < 512 || !head[0]) return false;
  long wanted = 0, sum = 0;
  int digits = 0;
  for (int i = 148; i < 156; i++) {
    if (head[i] >= '0' && head[i] <= '7')
      wanted = wanted * 8 + (head[i] - '0'), digits++;
    else if (head[i] != ' ' && head[i] != '\0')
      return false;
  }
  for (int i = 0; i < 512; i++) sum += i >= 148 && i < 156 ? ' ' : (unsigned char)head[i];
  if (digits == 0 || sum != wanted) return false;
  size_t length = strnlen(head, 100);
  if (length > 0 && head[length - 1] != '/') take_name(k, head, length);
  k->what = "a tar archive";
  k->command = k->name[0] ? "tar -xOf %s %s > data.txt" : "tar -xf %s";
  return true;
}

static bool is_zip(const char *head, size_t n, kind *k) {
  if (!begins(head, n, BYTES("PK\x03\x04")) && !begins(head, n, BYTES("PK\x05\x06"))) return false;
  k->what = "a zip archive";
  k->command = "unzip %s";
  if (head[2] == 5 || n < 30) return true;
  size_t length = (unsigned char)head[26] | (size_t)(unsigned char)head[27] << 8;
  const char *name = head + 30;
  if (length > n - 30) return true;
  if (begins(name, length, BYTES("[Content_Types].xml")) || begins(name, length, BYTES("xl/")) ||
      begins(name, length, BYTES("_rels/")) || begins(name, length, BYTES("docProps/"))) {
    k->what = "an Excel workbook or another Office document";
    k->command = PANDAS "read_excel('%s').to_csv('data.csv', index=False)\"";
  } else if (begins(name, length, BYTES("mimetype"))) {
    k->what = "an OpenDocument file";
    k->command = "libreoffice --convert-to csv %s";
  } else if (length > 4 && !memcmp(name + length - 4, ".npy", 4)) {
    k->what = "a NumPy archive (.npz)";
    k->command = NULL;
  } else if (length > 0 && name[length - 1] != '/') {
    take_name(k, name, length);
    if (k->name[0]) k->command = "unzip -p %s %s > data.txt";
  }
  return true;
}

static bool is_page(const char *head, size_t n, kind *k) {
  size_t at = 0;
  if (begins(head, n, BYTES("\xEF\xBB\xBF"))) at = 3;
  while (at < n && strchr(" \t\r\n", head[at]) && head[at]) at++;
  if (n - at >= 9 &&
      (!strncasecmp(head + at, "<!doctype", 9) || !strncasecmp(head + at, "<html", 5)))
    k->what = "an HTML page, perhaps of a login or an error, saved in place of the file";
  else if (n - at >= 5 && !strncmp(head + at, "<?xml", 5))
    k->what = "an XML document";
  return k->what != NULL;
}

/// Python's pickle of protocol 2 to 5, and our own worlds and weights.
static bool is_object(const char *head, size_t n, kind *k) {
  if (n > 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5) {
    k->what = "a Python pickle";
    k->command = PANDAS "read_pickle('%s').to_csv('data.csv', index=False)\"";
  } else if (n > 10 && head[8] == '{' && head[9] == '"' && has_control(head, 8) && !head[7]) {
    k->what = "a safetensors file, as worlds and weights are";
  }
  return k->what != NULL;
}

static bool is_listed(const char *head, size_t n, kind *k) {
  for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
    const signature *s = &signatures[i];
    if (!begins(head, n, s->bytes, s->n)) continue;
    if (s->binary && !has_control(head, n)) continue;
    k->what = s->what;
    k->command = s->command;
    return true;
  }
  return false;
}

/// `format` with the first %s replaced by the file and a second by the member. Within a program's
/// own quotes the path stands bare.
static void fill_in(const char *format, const char *path, const char *member, char *text,
                    size_t size) {
  char quoted[1024], within[400] = "";
  size_t used = 0;
  const char *begin = format;
  foreign_file_quote(path, quoted, sizeof quoted);
  if (member[0]) foreign_file_quote(member, within, sizeof within);
  const char *next = quoted;
  for (; *format && used + 1 < size; format++) {
    const char *word = NULL;
    if (format[0] == '%' && format[1] == 's') word = next;
    if (word) {
      if (format > begin && format[-1] == '\'') word = path;
      used += (size_t)snprintf(text + used, size - used, "%s", word);
      next = within;
    }
    if (word || (format[0] == '%' && format[1] == '%')) format++;
    if (!word) text[used++] = *format;
  }
  text[used < size ? used : size - 1] = '\0';
}

bool foreign_file_describe(const char *head, size_t n, const char *path, const char *codec,
                           char *text, size_t size) {
  kind k = {0};
  char command[1800] = "", wide[160];
  if (n > FOREIGN_FILE_HEAD) n = FOREIGN_FILE_HEAD;
  const char *encoding = NULL;
  if (!is_zip(head, n, &k) && !is_listed(head, n, &k) && !is_tar(head, n, &k) &&
      !is_page(head, n, &k) && !is_object(head, n, &k)) {
    encoding = foreign_file_encoding(head, n);
    if (!encoding) return false;
    if (codec)
      snprintf(wide, sizeof wide, "%s -dc %%s | iconv -f %s -t UTF-8 > data.txt", codec, encoding);
    else
      snprintf(wide, sizeof wide, "iconv -f %s -t UTF-8 %%s > data.txt", encoding);
    k.what = "text in";
    k.command = wide;
  }
  if (k.command) fill_in(k.command, path, k.name, command, sizeof command);
  char form[64] = "";
  if (codec) snprintf(form, sizeof form, " within %s", codec);
  size_t used = (size_t)snprintf(text, size, "%s%s%s%s, expected UTF-8 text of one record a line",
                                 k.what, encoding ? " " : "", encoding ? encoding : "", form);
  if (!command[0] || used >= size) return true;
  // tar sees through compression, and one layer we unpack ourselves; others must be unpacked first.
  bool direct =
      !codec || encoding || !strncmp(command, "tar ", 4) || !strncmp(k.what, "compressed", 10);
  snprintf(text + used, size - used, "; %smake it readable with: %s",
           direct ? "" : "unpack it, then ", command);
  return true;
}
