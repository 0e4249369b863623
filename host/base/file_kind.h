/// What a file is, by its first bytes: so that one given in another's place is named as what it is,
/// with the command that takes it. Says nothing of whether the file is whole or right; what other
/// programs write is foreign_file.h's to tell.
#ifndef THRONG_BASE_FILE_KIND_H
#define THRONG_BASE_FILE_KIND_H

#include "base/status.h"

typedef enum file_kind {
  FILE_KIND_UNKNOWN = 0,  // also: cannot be read, is a pipe
  FILE_KIND_EMPTY,
  FILE_KIND_FOLDER,
  FILE_KIND_RUN,  // the folder of a training run
  FILE_KIND_WORLD,
  FILE_KIND_STA,
  FILE_KIND_CHECKPOINT,
  FILE_KIND_LANES,
  FILE_KIND_TENSORS,  // safetensors that throng did not write
  FILE_KIND_CONFIG,
  FILE_KIND_JSON_LINES,
  FILE_KIND_TABLE,
  FILE_KIND_GZIP,
  FILE_KIND_SQLITE,
  FILE_KIND_UTF16,
  FILE_KIND_COUNT,
} file_kind;

file_kind file_kind_of(const char *path);
/// The same of the beginning of a file that was read already.
file_kind file_kind_of_bytes(const char *bytes, size_t n);
/// May a trained run be there: its folder, some folder, or a checkpoint in one?
bool file_kind_is_run(file_kind kind);
/// `status` with "PATH: is a config, not a world; ..." where `found` is surely not `wanted`, else
/// THRONG_OK.
throng_status file_kind_expect(const char *path, file_kind found, file_kind wanted,
                               throng_status status);
/// Before `path` is opened as `wanted`. Errors: DATA.
throng_status file_kind_require(const char *path, file_kind wanted);

#endif
