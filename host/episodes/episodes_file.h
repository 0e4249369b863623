/// Logged episodes as files that others read: CSV, RecBole's atomic files, one NumPy array. Written
/// session by session, whole or not at all; memory does not grow with them.
#ifndef THRONG_EPISODES_EPISODES_FILE_H
#define THRONG_EPISODES_EPISODES_FILE_H

#include "episodes/episodes.h"

typedef enum episodes_format {
  EPISODES_CSV = 0,
  EPISODES_RECBOLE,  // PATH.inter, PATH.item, PATH.user
  EPISODES_NUMPY,    // one array of records (.npy); not into a pipe
  EPISODES_FORMAT_COUNT
} episodes_format;

typedef struct episodes_file episodes_file;

/// `epsilon` is the logging policy's (episodes_epsilon), `target_epsilon` the target's; a negative
/// one: there is no target, and no column of its propensities. `history`: each session begins with
/// its user's real history, steps -n .. -1, propensity not a number. Errors: ARGUMENT (no such
/// format), IO; DATA (RecBole, whose tokens end at a tab: an id that holds one, or a line end or a
/// quotation mark).
throng_status episodes_file_create(const throng_world *world, episodes_format format,
                                   const char *path, float epsilon, float target_epsilon,
                                   bool history, episodes_file **out);
/// An episodes_take; `file` is the episodes_file.
throng_status episodes_file_session(void *file, const episodes_row *row, int32_t n);
int64_t episodes_file_rows(const episodes_file *file);
/// Put everything in its place. Releases the file whatever happens.
throng_status episodes_file_commit(episodes_file *file);
/// Throw everything away. NULL is allowed.
void episodes_file_abort(episodes_file *file);

/// "csv", "recbole", "numpy".
extern const char *const episodes_format_names[EPISODES_FORMAT_COUNT + 1];

#endif
