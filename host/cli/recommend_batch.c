/// throng recommend --users: rows for many users, some thousand at a time through the agent.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/csv_field.h"
#include "base/json.h"
#include "base/numbers.h"
#include "cli/lookup.h"
#include "cli/recommend.h"
#include "data/line_reader.h"
#include "world/world.h"

enum { MOST_USERS = 4096 };

/// Users that are asked about together, and the answers.
typedef struct batch {
  const recommend_session *s;
  int64_t n, done;  // users of this batch, and before it
  int32_t *user;    // (MOST_USERS)
  int64_t *offset;  // (MOST_USERS + 1)
  int32_t *past;    // (offset[n]) histories
  uint8_t *like;
  size_t past_capacity, like_capacity;
  int32_t *item;   // (MOST_USERS, top)
  float *score;    // likewise
  double seconds;  // in the agent
} batch;

static throng_status batch_make(const recommend_session *s, batch *b) {
  const size_t most = MOST_USERS, all = most * (size_t)s->top;
  *b = (batch){.s = s};
  THRONG_TRY(throng_alloc((void **)&b->user, most, sizeof *b->user, "users"));
  THRONG_TRY(throng_alloc((void **)&b->offset, most + 1, sizeof *b->offset, "users"));
  THRONG_TRY(throng_alloc((void **)&b->item, all, sizeof *b->item, "items"));
  THRONG_TRY(throng_grow((void **)&b->past, &b->past_capacity, 1, sizeof *b->past, "histories"));
  THRONG_TRY(throng_grow((void **)&b->like, &b->like_capacity, 1, sizeof *b->like, "histories"));
  return throng_alloc((void **)&b->score, all, sizeof *b->score, "scores");
}

static void batch_free(batch *b) {
  free(b->user);
  free(b->offset);
  free(b->past);
  free(b->like);
  free(b->item);
  free(b->score);
}

static throng_status add_user(batch *b, int32_t user) {
  const throng_world *w = b->s->t.world;
  const int64_t first = w->user_offset[user], n = w->user_offset[user + 1] - first;
  const int64_t at = b->offset[b->n];
  const size_t all = (size_t)(at + n);
  THRONG_TRY(
      throng_grow((void **)&b->past, &b->past_capacity, all + 1, sizeof *b->past, "histories"));
  THRONG_TRY(
      throng_grow((void **)&b->like, &b->like_capacity, all + 1, sizeof *b->like, "histories"));
  for (int64_t k = 0; k < n; ++k) {
    b->past[at + k] = w->history_item[first + k];
    b->like[at + k] = w->history_like[first + k];
  }
  b->user[b->n++] = user;
  b->offset[b->n] = at + n;
  return THRONG_OK;
}

/// user,rank,item,name,score. Nine digits give every float back exactly.
static void write_csv(FILE *to, const batch *b, int64_t k) {
  const throng_world *w = b->s->t.world;
  for (int r = 0; r < b->s->top; ++r) {
    const int64_t at = k * b->s->top + r;
    if (b->item[at] < 0) return;
    csv_write_field(to, throng_world_user_id(w, b->user[k]));
    fprintf(to, ",%d,", r + 1);
    csv_write_field(to, throng_world_item_id(w, b->item[at]));
    putc(',', to);
    csv_write_field(to, throng_world_item_name(w, b->item[at]));
    fprintf(to, ",%.9g\n", (double)b->score[at]);
  }
}

static void write_json(FILE *to, const batch *b, int64_t k) {
  const throng_world *w = b->s->t.world;
  fputs("{\"user\":", to);
  json_write_string(to, throng_world_user_id(w, b->user[k]));
  fputs(",\"items\":[", to);
  for (int r = 0; r < b->s->top; ++r) {
    const int64_t at = k * b->s->top + r;
    if (b->item[at] < 0) break;
    fputs(r ? ",{\"item\":" : "{\"item\":", to);
    json_write_string(to, throng_world_item_id(w, b->item[at]));
    fputs(",\"name\":", to);
    json_write_string(to, throng_world_item_name(w, b->item[at]));
    fprintf(to, ",\"score\":%.9g}", (double)b->score[at]);
  }
  fputs("]}\n", to);
}

/// Ask the agent about the users that were read, and write.
static throng_status flush_batch(batch *b, bool json, FILE *to) {
  const recommend_session *s = b->s;
  const throng_states states = {b->n, b->user, b->offset, b->past, b->like, NULL};
  const double start = clock_now();
  THRONG_TRY(throng_population_recommend(s->t.population, 0, &states, s->top, s->exclude, b->item,
                                         b->score));
  b->seconds += clock_now() - start;
  for (int64_t k = 0; k < b->n; ++k) (json ? write_json : write_csv)(to, b, k);
  b->done += b->n;
  b->n = 0;
  return THRONG_OK;
}

static throng_status read_users(const cli_run *run, batch *b, line_reader *reader, FILE *to) {
  NUMBERS_WITHOUT_LOCALE;
  for (;;) {
    char *line;
    size_t length;
    int32_t user;
    THRONG_TRY(line_reader_next(reader, &line, &length));
    if (line && !length) continue;
    if (line) {
      throng_status status = lookup_user(b->s->t.world, line, &user);
      if (status != THRONG_OK && status != THRONG_ERROR_MEMORY)
        return throng_fail_context(THRONG_ERROR_DATA, "%s:%lld", line_reader_path(reader),
                                   (long long)line_reader_number(reader));
      THRONG_TRY(status);
      THRONG_TRY(add_user(b, user));
    }
    if (b->n == MOST_USERS || (!line && b->n)) THRONG_TRY(flush_batch(b, run->json, to));
    if (!line) return THRONG_OK;
  }
}

static throng_status write_all(const cli_run *run, batch *b, FILE *to) {
  line_reader *reader;
  THRONG_TRY(
      line_reader_open(cli_text(run, "users"), "--users", "read users", &run->progress, &reader));
  if (!run->json) fputs("user,rank,item,name,score\n", to);
  throng_status status = read_users(run, b, reader, to);
  line_reader_close(reader);
  return status;
}

int recommend_batch(const cli_run *run, recommend_session *s) {
  const char *path = cli_text(run, "output");
  const bool to_stdout = !path || cli_is_stdout(path);
  const double start = clock_now();
  batch b = {.s = s};
  atomic_file *file = NULL;
  throng_status status;
  THRONG_TRY_GOTO(batch_make(s, &b));
  if (!to_stdout) THRONG_TRY_GOTO(cli_check_output(path));
  if (!to_stdout) THRONG_TRY_GOTO(atomic_file_create(path, &file));
  if (to_stdout) cli_progress_clear();
  status = write_all(run, &b, to_stdout ? cli_data_stream() : atomic_file_stream(file));
  if (status == THRONG_OK && file)
    status = atomic_file_commit(file);
  else if (file)
    atomic_file_abort(file);
done:
  cli_progress_clear();
  if (status == THRONG_OK)
    throng_note(&run->progress,
                "%lld users in %.2f s (%.0f a second), of which %.2f s in the agent",
                (long long)b.done, clock_now() - start,
                (double)b.done / (clock_now() - start + 1e-9), b.seconds);
  batch_free(&b);
  return status == THRONG_OK ? CLI_DONE : cli_fail(run);
}
