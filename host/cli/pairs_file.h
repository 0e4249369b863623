/// pairs.csv: user,item[,time] with raw ids, and the histories that they ask for.
#ifndef THRONG_CLI_PAIRS_FILE_H
#define THRONG_CLI_PAIRS_FILE_H

#include "world/world.h"

typedef struct pairs {
  int64_t n;
  int32_t *user, *item;  // (n)
  int64_t *offset;       // (n + 1) into the arrays below
  int32_t *past_item;    // histories, oldest first
  uint8_t *past_like;
  size_t user_capacity, item_capacity, offset_capacity, past_item_capacity, past_like_capacity;
} pairs;

/// "-" reads standard input. Errors: IO, DATA (file, line and what was expected), CANCELLED.
throng_status pairs_read(const throng_world *world, const char *path,
                         const throng_progress *progress, pairs *out);
void pairs_free(pairs *p);

#endif
