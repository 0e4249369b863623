/// Rows of logged episodes as CSV (RFC 4180), RecBole's atomic files and a NumPy record array.
#include "episodes/episodes_file.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/csv_field.h"
#include "base/numbers.h"
#include "world/world.h"

enum { NPY_HEADER = 512 };  // bytes of magic, length and text: room for any number of rows

const char *const episodes_format_names[EPISODES_FORMAT_COUNT + 1] = {"csv", "recbole", "numpy",
                                                                      NULL};

struct episodes_file {
  const throng_world *world;
  episodes_format format;
  float epsilon, target_epsilon;
  bool history;
  atomic_file *rows, *item, *user;  // the last two of RecBole alone
  int64_t n_row;
  size_t user_width, item_width;
  char *record;
};

/// What a row says, of a session or of a history.
typedef struct file_row {
  int64_t session, time;
  int32_t step, user, item;
  int like, end;
  double propensity, target;  // NaN: none
} file_row;

// --- CSV and RecBole ---------------------------------------------------------------------------

static void put_number(FILE *out, char separator, double x) {
  NUMBERS_WITHOUT_LOCALE;
  fputc(separator, out);
  if (!isnan(x)) fprintf(out, "%.17g", x);
}

static void put_text_row(const episodes_file *f, const file_row *r) {
  NUMBERS_WITHOUT_LOCALE;
  FILE *out = atomic_file_stream(f->rows);
  const char separator = f->format == EPISODES_CSV ? ',' : '\t';
  const char *user = throng_world_user_id(f->world, r->user);
  const char *item = throng_world_item_id(f->world, r->item);
  if (f->format == EPISODES_CSV) {
    csv_write_field(out, user);
    fputc(separator, out);
    csv_write_field(out, item);
  } else {
    fprintf(out, "%s\t%s", user, item);
  }
  fprintf(out, "%c%d%c%" PRId64 "%c%" PRId64 "%c%d%c%d", separator, r->like, separator, r->time,
          separator, r->session, separator, r->step, separator, r->end);
  put_number(out, separator, r->propensity);
  if (f->target_epsilon >= 0) put_number(out, separator, r->target);
  fputc('\n', out);
}

static const char *header(const episodes_file *f) {
  const bool target = f->target_epsilon >= 0;
  if (f->format == EPISODES_CSV)
    return target ? "user,item,like,time,session,step,end,propensity,target_propensity\n"
                  : "user,item,like,time,session,step,end,propensity\n";
  return target ? "user_id:token\titem_id:token\tlabel:float\ttimestamp:float\tsession_id:token\t"
                  "step:float\tend:float\tpropensity:float\ttarget_propensity:float\n"
                : "user_id:token\titem_id:token\tlabel:float\ttimestamp:float\tsession_id:token\t"
                  "step:float\tend:float\tpropensity:float\n";
}

/// Tokens end at tabs and lines, and readers take a quotation mark for the begin of a quote.
static throng_status check_tokens(const string_table *ids, const char *what) {
  for (int64_t i = 0; i < ids->n; ++i)
    if (strpbrk(strings_get(ids, i), "\t\r\n\""))
      return throng_fail(THRONG_ERROR_DATA,
                         "%s %lld: its id holds a tab, a line end or a quotation mark, which "
                         "RecBole's atomic files cannot hold; write csv or numpy",
                         what, (long long)i);
  return THRONG_OK;
}

/// Free text as a token, or, where a sequence is divided at spaces, as one of its words.
static void put_token(FILE *out, const char *text, bool word) {
  for (; *text; ++text)
    fputc(strchr("\t\r\n", *text) ? ' '
          : *text == '"'          ? '\''
          : *text == ' ' && word  ? '_'
                                  : *text,
          out);
}

static throng_status write_items(const episodes_file *f) {
  const throng_world *w = f->world;
  FILE *out = atomic_file_stream(f->item);
  int64_t *count, *likes;
  THRONG_TRY(throng_alloc((void **)&count, (size_t)w->n_item, 2 * sizeof *count, "items"));
  likes = count + w->n_item;
  throng_world_item_counts(w, count, likes);
  fputs(
      "item_id:token\ttitle:token\tcategories:token_seq\titem_interactions:float\titem_likes:"
      "float\n",
      out);
  for (int64_t i = 0; i < w->n_item; ++i) {
    fprintf(out, "%s\t", throng_world_item_id(w, i));
    put_token(out, throng_world_item_name(w, i), false);
    for (int64_t k = w->category_offset[i]; k < w->category_offset[i + 1]; ++k) {
      fputc(k > w->category_offset[i] ? ' ' : '\t', out);
      put_token(out, throng_world_category_name(w, w->category[k]), true);
    }
    if (w->category_offset[i] == w->category_offset[i + 1]) fputc('\t', out);
    fprintf(out, "\t%" PRId64 "\t%" PRId64 "\n", count[i], likes[i]);
  }
  free(count);
  return THRONG_OK;
}

static void write_users(const episodes_file *f) {
  FILE *out = atomic_file_stream(f->user);
  fputs("user_id:token\tuser_interactions:float\tuser_likes:float\n", out);
  for (int64_t u = 0; u < f->world->n_user; ++u) {
    const uint8_t *like;
    int64_t likes = 0, n = throng_world_history(f->world, u, NULL, &like, NULL);
    for (int64_t k = 0; k < n; ++k) likes += like[k];
    fprintf(out, "%s\t%" PRId64 "\t%" PRId64 "\n", throng_world_user_id(f->world, u), n, likes);
  }
}

// --- NumPy -------------------------------------------------------------------------------------

static size_t longest(const string_table *ids) {
  size_t most = 1;
  for (int64_t i = 0; i < ids->n; ++i)
    if (strings_length(ids, i) > most) most = strings_length(ids, i);
  return most;
}

static size_t record_size(const episodes_file *f) {
  return f->user_width + f->item_width + 1 + 8 + 8 + 4 + 1 + 8 + (f->target_epsilon >= 0 ? 8 : 0);
}

/// Version 1.0 of numpy.lib.format: magic, length of the text, a Python literal padded with spaces.
static void make_npy_header(const episodes_file *f, char text[NPY_HEADER]) {
  memset(text, ' ', NPY_HEADER);
  memcpy(text, "\x93NUMPY\x01\x00", 8);
  text[8] = (char)((NPY_HEADER - 10) & 255);
  text[9] = (char)((NPY_HEADER - 10) >> 8);
  int n = snprintf(text + 10, NPY_HEADER - 11,
                   "{'descr': [('user', '|S%zu'), ('item', '|S%zu'), ('like', '|u1'), "
                   "('time', '<i8'), ('session', '<i8'), ('step', '<i4'), ('end', '|u1'), "
                   "('propensity', '<f8')%s], 'fortran_order': False, 'shape': (%" PRId64 ",), }",
                   f->user_width, f->item_width,
                   f->target_epsilon >= 0 ? ", ('target_propensity', '<f8')" : "", f->n_row);
  text[10 + n] = ' ';  // in place of the text's NUL
  text[NPY_HEADER - 1] = '\n';
}

/// Machines are little-endian, as tensor files and NumPy's '<' are.
static char *put_bytes(char *to, const void *from, size_t n) {
  memcpy(to, from, n);
  return to + n;
}

static throng_status put_record(episodes_file *f, const file_row *r) {
  const uint8_t like = (uint8_t)r->like, end = (uint8_t)r->end;
  const char *user = throng_world_user_id(f->world, r->user);
  const char *item = throng_world_item_id(f->world, r->item);
  char *to = f->record;
  memset(to, 0, f->user_width + f->item_width);
  (void)put_bytes(to, user, strlen(user));
  (void)put_bytes(to + f->user_width, item, strlen(item));
  to += f->user_width + f->item_width;
  to = put_bytes(to, &like, 1);
  to = put_bytes(to, &r->time, 8);
  to = put_bytes(to, &r->session, 8);
  to = put_bytes(to, &r->step, 4);
  to = put_bytes(to, &end, 1);
  to = put_bytes(to, &r->propensity, 8);
  if (f->target_epsilon >= 0) (void)put_bytes(to, &r->target, 8);
  return atomic_file_write(f->rows, f->record, record_size(f));
}

// --- all -----------------------------------------------------------------------------------------

static throng_status put_row(episodes_file *f, const file_row *r) {
  ++f->n_row;
  if (f->format == EPISODES_NUMPY) return put_record(f, r);
  put_text_row(f, r);
  return THRONG_OK;
}

static throng_status open_recbole(episodes_file *f, const char *path) {
  char name[PATH_MAX];
  THRONG_TRY(check_tokens(&f->world->user_id, "user"));
  THRONG_TRY(check_tokens(&f->world->item_id, "item"));
  if (strlen(path) + 8 > sizeof name)
    return throng_fail(THRONG_ERROR_IO, "%s: the path is too long", path);
  snprintf(name, sizeof name, "%s.item", path);
  THRONG_TRY(atomic_file_create(name, &f->item));
  snprintf(name, sizeof name, "%s.user", path);
  THRONG_TRY(atomic_file_create(name, &f->user));
  snprintf(name, sizeof name, "%s.inter", path);
  return atomic_file_create(name, &f->rows);
}

static throng_status open_numpy(episodes_file *f, const char *path) {
  char text[NPY_HEADER];
  f->user_width = longest(&f->world->user_id);
  f->item_width = longest(&f->world->item_id);
  THRONG_TRY(throng_alloc((void **)&f->record, record_size(f), 1, "a row"));
  THRONG_TRY(atomic_file_create(path, &f->rows));
  make_npy_header(f, text);
  return atomic_file_write(f->rows, text, sizeof text);
}

throng_status episodes_file_create(const throng_world *world, episodes_format format,
                                   const char *path, float epsilon, float target_epsilon,
                                   bool history, episodes_file **out) {
  *out = NULL;
  if ((unsigned)format >= EPISODES_FORMAT_COUNT)
    return throng_fail(THRONG_ERROR_ARGUMENT, "format: %d is none", (int)format);
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(episodes_file), "episodes"));
  episodes_file *f = block;
  *f = (episodes_file){.world = world,
                       .format = format,
                       .epsilon = epsilon,
                       .target_epsilon = target_epsilon,
                       .history = history};
  throng_status status;
  if (format == EPISODES_RECBOLE)
    THRONG_TRY_GOTO(open_recbole(f, path));
  else if (format == EPISODES_NUMPY)
    THRONG_TRY_GOTO(open_numpy(f, path));
  else
    THRONG_TRY_GOTO(atomic_file_create(path, &f->rows));
  if (format == EPISODES_RECBOLE) {
    THRONG_TRY_GOTO(write_items(f));
    write_users(f);
  }
  if (format != EPISODES_NUMPY) fputs(header(f), atomic_file_stream(f->rows));
  *out = f;
  f = NULL;
  status = THRONG_OK;
done:
  episodes_file_abort(f);
  return status;
}

/// The user's real history, as steps -n .. -1 of the session.
static throng_status put_history(episodes_file *f, const episodes_row *first) {
  const int32_t *item;
  const uint8_t *like;
  const int64_t *time;
  const int64_t n = throng_world_history(f->world, first->user, &item, &like, &time);
  for (int64_t k = 0; k < n; ++k) {
    const file_row row = {.session = first->session,
                          .time = time[k],
                          .step = (int32_t)(k - n),
                          .user = first->user,
                          .item = item[k],
                          .like = like[k],
                          .propensity = NAN,
                          .target = NAN};
    THRONG_TRY(put_row(f, &row));
  }
  return THRONG_OK;
}

throng_status episodes_file_session(void *file, const episodes_row *row, int32_t n) {
  episodes_file *f = file;
  if (f->history) THRONG_TRY(put_history(f, row));
  const int64_t *time;
  const int64_t length = throng_world_history(f->world, row->user, NULL, NULL, &time);
  // A step a second after all that the user really did: in order, and no claim about gaps.
  const int64_t last = length > 0 ? time[length - 1] : 0;
  for (int32_t k = 0; k < n; ++k) {
    const episodes_row *r = &row[k];
    const file_row out = {
        .session = r->session,
        .time = (int64_t)((uint64_t)last + 1 + (uint64_t)r->step),
        .step = r->step,
        .user = r->user,
        .item = r->item,
        .like = r->like,
        .end = r->end,
        .propensity = episodes_propensity(r->item, r->best, r->eligible, f->epsilon),
        .target = episodes_propensity(r->item, r->target_best, r->eligible, f->target_epsilon),
    };
    THRONG_TRY(put_row(f, &out));
  }
  return THRONG_OK;
}

int64_t episodes_file_rows(const episodes_file *file) { return file->n_row; }

/// NumPy's header again, with the number of rows: the stream is rewound, not written out of order.
static throng_status finish_header(episodes_file *f) {
  char text[NPY_HEADER];
  FILE *out = atomic_file_stream(f->rows);
  if (fflush(out) != 0 || fseeko(out, 0, SEEK_SET) != 0)
    return throng_fail(THRONG_ERROR_IO, "episodes: the file's header cannot be written");
  make_npy_header(f, text);
  return atomic_file_write(f->rows, text, sizeof text);
}

throng_status episodes_file_commit(episodes_file *f) {
  throng_status status = f->format == EPISODES_NUMPY ? finish_header(f) : THRONG_OK;
  atomic_file **const part[] = {&f->item, &f->user, &f->rows};  // the rows last
  for (int k = 0; k < 3 && status == THRONG_OK; ++k) {
    if (!*part[k]) continue;
    status = atomic_file_commit(*part[k]);
    *part[k] = NULL;
  }
  episodes_file_abort(f);
  return status;
}

void episodes_file_abort(episodes_file *f) {
  if (!f) return;
  atomic_file_abort(f->rows);
  atomic_file_abort(f->item);
  atomic_file_abort(f->user);
  free(f->record);
  free(f);
}
