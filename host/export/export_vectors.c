/// Items and users as matrices whose inner products are the scores: rows of items are [vector |
/// bias | 1], of users [query | 1 | value].
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/csv_field.h"
#include "export/export.h"
#include "world/world.h"

enum { NPY_HEADER = 128, USERS_AT_ONCE = 4096, FILES = 4 };

static throng_status write_header(atomic_file *file, int64_t rows, int64_t columns) {
  char text[NPY_HEADER];
  memset(text, ' ', sizeof text);
  memcpy(text, "\x93NUMPY\x01\x00", 8);
  text[8] = NPY_HEADER - 10;
  text[9] = 0;
  int n = snprintf(text + 10, sizeof text - 10,
                   "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld, %lld), }",
                   (long long)rows, (long long)columns);
  text[10 + n] = ' ';
  text[NPY_HEADER - 1] = '\n';
  return atomic_file_write(file, text, sizeof text);
}

static throng_status write_items(const export_agent *e, atomic_file *file) {
  const agent_copy *c = &e->network;
  const float one = 1.0f;
  THRONG_TRY(write_header(file, c->n_item, c->width + 2));
  for (int64_t i = 0; i < c->n_item; ++i) {
    THRONG_TRY(atomic_file_write(file, c->vector + i * c->width, sizeof(float) * (size_t)c->width));
    THRONG_TRY(atomic_file_write(file, &c->bias[i], sizeof(float)));
    THRONG_TRY(atomic_file_write(file, &one, sizeof one));
  }
  return THRONG_OK;
}

/// Rows of some users, after their whole history, when a session begins.
static throng_status write_some(const export_agent *e, int64_t first, int64_t n, float *query,
                                float *value, atomic_file *file) {
  const size_t width = (size_t)e->network.width;
  const float one = 1.0f;
  export_agent some = {.n = 0};  // their histories
  throng_status status = export_histories(e->world, first, n, 1, &some);
  const throng_states states = {n, some.user, some.offset, some.item, some.like, NULL};
  if (status == THRONG_OK)
    status = agent_look(e->population, e->agent, &states, NULL, query, value);
  for (int64_t k = 0; status == THRONG_OK && k < n; ++k) {
    status = atomic_file_write(file, query + (size_t)k * width, sizeof *query * width);
    if (status == THRONG_OK) status = atomic_file_write(file, &one, sizeof one);
    if (status == THRONG_OK) status = atomic_file_write(file, &value[k], sizeof *value);
  }
  export_end(&some);
  return status;
}

static throng_status write_queries(const export_agent *e, atomic_file *file,
                                   const throng_progress *progress) {
  const int64_t n_user = e->network.n_user;
  float *query = NULL, *value = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&query, USERS_AT_ONCE * (size_t)e->network.width,
                               sizeof *query, "queries"));
  THRONG_TRY_GOTO(throng_alloc((void **)&value, USERS_AT_ONCE, sizeof *value, "queries"));
  THRONG_TRY_GOTO(write_header(file, n_user, e->network.width + 2));
  for (int64_t first = 0; first < n_user; first += USERS_AT_ONCE) {
    const int64_t left = n_user - first;
    if (progress && progress->report &&
        !progress->report(progress->context, "queries", first, n_user, "users"))
      status = throng_fail(THRONG_ERROR_CANCELLED, "cancelled");
    if (status == THRONG_OK)
      status =
          write_some(e, first, left < USERS_AT_ONCE ? left : USERS_AT_ONCE, query, value, file);
    if (status != THRONG_OK) goto done;
  }
done:
  free(query);
  free(value);
  return status;
}

/// Which row is whose.
static void write_ids(FILE *to, const string_table *id, const string_table *name) {
  fputs(name ? "row,item,name\n" : "row,user\n", to);
  for (int64_t k = 0; k < id->n; ++k) {
    fprintf(to, "%lld,", (long long)k);
    csv_write_field(to, strings_get(id, k));
    if (name) putc(',', to);
    if (name) csv_write_field(to, strings_get(name, k));
    putc('\n', to);
  }
}

throng_status export_vectors(const export_agent *e, const char *path,
                             const throng_progress *progress) {
  static const char *const ending[FILES] = {".items.npy", ".queries.npy", ".items.csv",
                                            ".users.csv"};
  atomic_file *file[FILES] = {NULL};
  throng_status status = THRONG_OK;
  for (int k = 0; k < FILES; ++k) {
    char name[PATH_MAX + 16];
    if (strlen(path) >= PATH_MAX) return throng_fail(THRONG_ERROR_IO, "%s: too long a path", path);
    snprintf(name, sizeof name, "%s%s", path, ending[k]);
    THRONG_TRY_GOTO(atomic_file_create(name, &file[k]));
  }
  THRONG_TRY_GOTO(write_items(e, file[0]));
  THRONG_TRY_GOTO(write_queries(e, file[1], progress));
  write_ids(atomic_file_stream(file[2]), &e->world->item_id, &e->world->item_name);
  write_ids(atomic_file_stream(file[3]), &e->world->user_id, NULL);
  for (int k = 0; k < FILES; ++k) {
    atomic_file *whole = file[k];
    file[k] = NULL;
    THRONG_TRY_GOTO(atomic_file_commit(whole));
  }
done:
  for (int k = 0; k < FILES; ++k) atomic_file_abort(file[k]);
  return status;
}
