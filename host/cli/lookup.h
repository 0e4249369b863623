/// From raw ids to the world's numbers, with suggestions where there is no such id, and the part of
/// a user's history that counts for a candidate.
#ifndef THRONG_CLI_LOOKUP_H
#define THRONG_CLI_LOOKUP_H

#include "world/world.h"

/// Errors: ARGUMENT, naming the nearest ids (or items of that name).
throng_status lookup_user(const throng_world *world, const char *id, int32_t *user);
throng_status lookup_item(const throng_world *world, const char *id, int32_t *item);

/// What a candidate is judged by: the user's interactions strictly before `time` (INT64_MAX: all),
/// without the candidate itself, oldest first. Appended at `*n` to arrays that have room for the
/// whole history.
void lookup_past(const throng_world *world, int32_t user, int32_t candidate, int64_t time,
                 int32_t *item, uint8_t *like, int64_t *n);

/// "1370000000", "2013-06-01", "2013-06-01 12:00" to the world's seconds. Errors: ARGUMENT.
throng_status lookup_time(const throng_world *world, const char *text, int64_t *seconds);

#endif
