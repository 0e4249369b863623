/// What a file is that is no text and none of ours: archives, tables in binary form, other
/// encodings. The owner of other programs' signatures; ours are file_kind.h's. For error messages;
/// nothing is unpacked here.
#ifndef THRONG_BASE_FOREIGN_FILE_H
#define THRONG_BASE_FOREIGN_FILE_H

#include <stdbool.h>
#include <stddef.h>

enum { FOREIGN_FILE_HEAD = 512 };  // bytes that are enough to tell

/// True where the first bytes of `path` (after unpacking by `codec`, NULL: plain) are no text:
/// `text` then says what they are and gives a command that makes lines of them. Commands are meant
/// to be pasted: the file's name is quoted for a shell where it must be.
bool foreign_file_describe(const char *head, size_t n, const char *path, const char *codec,
                           char *text, size_t size);

/// "UTF-16LE", "UTF-32BE": the encoding of text in which ASCII has zero bytes, by its mark or by
/// where they stand; NULL: none such.
const char *foreign_file_encoding(const char *head, size_t n);
bool foreign_file_is_gzip(const char *head, size_t n);
bool foreign_file_is_sqlite(const char *head, size_t n);

/// `path` as one word of a shell's command.
void foreign_file_quote(const char *path, char *text, size_t size);

#endif
