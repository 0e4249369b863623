/// A user's past from a file: item,like or item,rating with raw ids, oldest first.
#ifndef THRONG_CLI_HISTORY_FILE_H
#define THRONG_CLI_HISTORY_FILE_H

#include "world/world.h"

typedef struct history_file {
  int64_t n;
  int32_t *item;  // (n)
  uint8_t *like;  // (n)
  size_t item_capacity, like_capacity;
} history_file;

/// "-" reads standard input. A rating is a like from the world's like_threshold on. Errors: IO,
/// DATA (file, line and what was expected), CANCELLED.
throng_status history_file_read(const throng_world *world, const char *path,
                                const throng_progress *progress, history_file *out);
void history_file_free(history_file *history);

#endif
