/// Worlds: opened, made, looked at.
#include <stdlib.h>
#include <string.h>

#include "core.h"

enum { MOST_ARRAYS = 64 };

static PyObject *core_world_open(PyObject *self, PyObject *args) {
  (void)self;
  const char *path;
  if (!PyArg_ParseTuple(args, "s:world_open", &path)) return NULL;
  call c = {0};
  if (!call_begin(&c)) return NULL;
  throng_world *world = NULL;
  throng_status status = throng_world_open(path, &world);
  return call_made(&c, status, KIND_WORLD, world, false);
}

/// World and weights alike: a path to write to.
CORE_WITH_PATH(world_save, throng_world, KIND_WORLD, throng_world_save)

static PyObject *core_world_make(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *config, *progress;
  const char *path;
  if (!PyArg_ParseTuple(args, "OsO:world_make", &config, &path, &progress)) return NULL;
  call c = {0};
  throng_config *handle = call_use(&c, config, KIND_CONFIG);
  const throng_progress *to = call_progress(&c, progress);
  if (!handle || !call_begin(&c)) return call_close(&c, NULL);
  throng_world *world = NULL;
  throng_status status = throng_config_make_world(handle, path, to, &world);
  return call_made(&c, status, KIND_WORLD, world, false);
}

#define INFO(name, type) \
  { #name, offsetof(throng_world_info, name), type }
static const member world_info[] = {
    INFO(n_user, MEMBER_I64),        INFO(n_item, MEMBER_I64),
    INFO(n_category, MEMBER_I64),    INFO(n_keyword, MEMBER_I64),
    INFO(n_interaction, MEMBER_I64), INFO(n_like, MEMBER_I64),
    INFO(dim, MEMBER_I32),           INFO(n_cold, MEMBER_I64),
    INFO(has_time, MEMBER_BOOL),     INFO(like_threshold, MEMBER_F64),
    INFO(n_later, MEMBER_I64),       {0}};

static PyObject *core_world_info(PyObject *self, PyObject *world) {
  (void)self;
  call c = {0};
  throng_world *w = call_use(&c, world, KIND_WORLD);
  if (!w || !call_begin(&c)) return call_close(&c, NULL);
  const throng_world_info info = throng_world_get_info(w);
  const uint64_t hash = throng_world_hash(w);
  call_resume(&c, THRONG_OK);
  PyObject *dict = dict_of(world_info, &info);
  if (dict && !dict_put(dict, "hash", PyLong_FromUnsignedLongLong(hash))) Py_CLEAR(dict);
  return call_close(&c, dict);
}

static PyObject *core_world_arrays(PyObject *self, PyObject *world) {
  (void)self;
  call c = {0};
  throng_world *w = call_use(&c, world, KIND_WORLD);
  if (!w) return call_close(&c, NULL);
  throng_array array[MOST_ARRAYS];
  const int64_t n = throng_world_arrays(w, MOST_ARRAYS, array);
  PyObject *dict = PyDict_New();
  for (int64_t k = 0; dict && k < n && k < MOST_ARRAYS; ++k)
    if (!dict_put(dict, array[k].name, array_of(c.hold[0], &array[k]))) Py_CLEAR(dict);
  return call_close(&c, dict);
}

// --- texts -------------------------------------------------------------------------------------

typedef const char *text_at(const throng_world *world, int64_t index);
static const struct {
  const char *name;
  text_at *at;
} texts[] = {{"user", throng_world_user_id},
             {"item", throng_world_item_id},
             {"item_name", throng_world_item_name},
             {"keyword", throng_world_keyword},
             {"category", throng_world_category_name}};

/// Texts first .. last - 1 of a kind; fewer where there are not so many.
static PyObject *core_world_texts(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *world;
  const char *kind_of, *text;
  long long first, last;
  if (!PyArg_ParseTuple(args, "OsLL:world_texts", &world, &kind_of, &first, &last)) return NULL;
  call c = {0};
  throng_world *w = call_use(&c, world, KIND_WORLD);
  if (!w) return call_close(&c, NULL);
  text_at *at = NULL;
  for (size_t k = 0; k < sizeof texts / sizeof *texts; ++k)
    if (!strcmp(texts[k].name, kind_of)) at = texts[k].at;
  if (!at) return call_close(&c, fail_argument("world: it has no texts named %s", kind_of));
  PyObject *list = PyList_New(0);
  for (long long k = first; list && k < last && (text = at(w, k)); ++k) {
    PyObject *one = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    if (!one || PyList_Append(list, one) < 0) Py_CLEAR(list);
    Py_XDECREF(one);
  }
  return call_close(&c, list);
}

static PyObject *core_world_find(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *world;
  const char *user, *item;
  if (!PyArg_ParseTuple(args, "Ozz:world_find", &world, &user, &item)) return NULL;
  call c = {0};
  throng_world *w = call_use(&c, world, KIND_WORLD);
  if (!w) return call_close(&c, NULL);
  const int64_t found =
      user ? throng_world_find_user(w, user) : throng_world_find_item(w, item ? item : "");
  return call_close(&c, PyLong_FromLongLong(found));
}

static PyObject *core_world_split_users(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *world;
  unsigned int seed;
  double from, to;
  if (!PyArg_ParseTuple(args, "OIdd:world_split_users", &world, &seed, &from, &to)) return NULL;
  call c = {0};
  throng_world *w = call_use(&c, world, KIND_WORLD);
  if (!w) return call_close(&c, NULL);
  void *user;
  const int64_t n = throng_world_split_users(w, seed, from, to, NULL);
  PyObject *array = array_make(ELEMENT_I32, 1, &n, &user);
  if (array) throng_world_split_users(w, seed, from, to, user);
  return call_close(&c, array);
}

static PyObject *core_world_item_counts(PyObject *self, PyObject *world) {
  (void)self;
  call c = {0};
  throng_world *w = call_use(&c, world, KIND_WORLD);
  if (!w) return call_close(&c, NULL);
  void *count, *likes = NULL;
  const int64_t n = throng_world_get_info(w).n_item;
  PyObject *counts = array_make(ELEMENT_I64, 1, &n, &count);
  PyObject *liked = counts ? array_make(ELEMENT_I64, 1, &n, &likes) : NULL;
  if (liked) throng_world_item_counts(w, count, likes);
  PyObject *both = liked ? PyTuple_Pack(2, counts, liked) : NULL;
  Py_XDECREF(counts);
  Py_XDECREF(liked);
  return call_close(&c, both);
}

// --- from arrays -------------------------------------------------------------------------------

/// X(member, element, its length): arrays of one dimension whose length another one says, which is
/// asked before.
#define SOURCE_ARRAYS(X)                                                   \
  X(user_offset, I64, s.n_user + 1)                                        \
  X(history_item, I32, s.user_offset[s.n_user])                            \
  X(history_like, U8, s.user_offset[s.n_user])                             \
  X(history_time, I64, s.user_offset[s.n_user])                            \
  X(history_rating, F32, s.user_offset[s.n_user])                          \
  X(category_offset, I64, s.n_item + 1)                                    \
  X(category, I32, s.category_offset ? s.category_offset[s.n_item] : 0)    \
  X(liking_offset, I64, s.n_item + 1)                                      \
  X(liking, I32, s.liking_offset ? s.liking_offset[s.n_item] : 0)          \
  X(disliking_offset, I64, s.n_item + 1)                                   \
  X(disliking, I32, s.disliking_offset ? s.disliking_offset[s.n_item] : 0) \
  X(later_offset, I64, s.n_user + 1)                                       \
  X(later_item, I32, s.later_offset ? s.later_offset[s.n_user] : 0)        \
  X(later_like, U8, s.later_offset ? s.later_offset[s.n_user] : 0)         \
  X(later_rating, F32, s.later_offset ? s.later_offset[s.n_user] : 0)      \
  X(later_time, I64, s.later_offset ? s.later_offset[s.n_user] : 0)
/// X(member, rows): float (rows, dim).
#define SOURCE_EMBEDDINGS(X)        \
  X(keyword_embedding, s.n_keyword) \
  X(embedding_liking, s.n_item)     \
  X(embedding_disliking, s.n_item)
/// X(member, how many).
#define SOURCE_TEXTS(X)          \
  X(user_id, s.n_user)           \
  X(item_id, s.n_item)           \
  X(item_name, s.n_item)         \
  X(category_name, s.n_category) \
  X(keyword, s.n_keyword)

static PyObject *item_or_none(PyObject *dict, const char *name) {
  PyObject *found = PyDict_GetItemString(dict, name);
  return found ? found : Py_None;
}

/// The texts of a list, which keeps them; NULL for None.
static bool texts_of(PyObject *list, const char *what, int64_t n, const char ***out) {
  *out = NULL;
  if (list == Py_None) return true;
  if (!PyList_Check(list) || PyList_Size(list) != (Py_ssize_t)n) {
    fail_argument("%s: expected a list of %lld texts", what, (long long)n);
    return false;
  }
  const char **at = calloc((size_t)n + 1, sizeof *at);
  *out = at;
  if (!at) return PyErr_NoMemory() != NULL;
  for (int64_t k = 0; k < n; ++k)
    if (!(at[k] = whole_text(PyList_GetItem(list, (Py_ssize_t)k), what))) return false;
  return true;
}

static bool count_of(PyObject *dict, const char *name, int64_t *out) {
  PyObject *value = PyDict_GetItemString(dict, name);
  *out = value ? PyLong_AsLongLong(value) : 0;
  if (!PyErr_Occurred() && *out >= 0 && *out <= INT32_MAX) return true;
  PyErr_Clear();
  fail_argument("%s: expected a number in 0..%d, not %R", name, INT32_MAX, value);
  return false;
}

/// Offsets say how long lists are: they are looked at before the lists are.
static bool offsets_end(const int64_t *offset, int64_t n, const char *what) {
  if (!offset || (offset[n] >= 0 && offset[n] <= (int64_t)1 << 40)) return true;
  fail_argument("%s: ends with %lld, expected how many entries there are", what,
                (long long)offset[n]);
  return false;
}

static bool arrays_of(call *c, PyObject *dict, throng_world_source *out) {
  throng_world_source s = *out;
  int64_t dim = s.dim;
  void *at;
#define X(member, type, length)                                                                \
  {                                                                                            \
    int64_t shape[] = {(length)};                                                              \
    if (!call_array_or_none(c, item_or_none(dict, #member), #member, ELEMENT_##type, 1, shape, \
                            false, &at))                                                       \
      return false;                                                                            \
    s.member = at;                                                                             \
    if (!s.user_offset) return fail_argument("user_offset: missing") != NULL;                  \
    if (!offsets_end(s.user_offset, s.n_user, "user_offset") ||                                \
        !offsets_end(s.category_offset, s.n_item, "category_offset") ||                        \
        !offsets_end(s.liking_offset, s.n_item, "liking_offset") ||                            \
        !offsets_end(s.disliking_offset, s.n_item, "disliking_offset") ||                      \
        !offsets_end(s.later_offset, s.n_user, "later_offset"))                                \
      return false;                                                                            \
  }
  SOURCE_ARRAYS(X)
#undef X
#define X(member, rows)                                                                            \
  {                                                                                                \
    int64_t shape[] = {(rows), dim};                                                               \
    if (!call_array_or_none(c, item_or_none(dict, #member), #member, ELEMENT_F32, 2, shape, false, \
                            &at))                                                                  \
      return false;                                                                                \
    s.member = at;                                                                                 \
  }
  SOURCE_EMBEDDINGS(X)
#undef X
  *out = s;
  return true;
}

static bool source_of(call *c, PyObject *dict, throng_world_source *out) {
  throng_world_source s = throng_default_world_source();
  int64_t dim;
  if (!count_of(dict, "n_user", &s.n_user) || !count_of(dict, "n_item", &s.n_item) ||
      !count_of(dict, "n_category", &s.n_category) || !count_of(dict, "n_keyword", &s.n_keyword) ||
      !count_of(dict, "n_cold", &s.n_cold) || !count_of(dict, "dim", &dim))
    return false;
  s.dim = (int32_t)dim;
  PyObject *threshold = PyDict_GetItemString(dict, "like_threshold");
  if (threshold) s.like_threshold = PyFloat_AsDouble(threshold);
  PyObject *source = PyDict_GetItemString(dict, "source");
  if (source) s.source = whole_text(source, "source");
  if (PyErr_Occurred() || !arrays_of(c, dict, &s)) return false;
  *out = s;
  return true;
}

static PyObject *core_world_from_arrays(PyObject *self, PyObject *dict) {
  (void)self;
  if (!PyDict_Check(dict)) return fail_argument("expected a dict of arrays, not %R", dict);
  call c = {0};
  throng_world_source s;
  if (!source_of(&c, dict, &s)) return call_close(&c, NULL);
#define X(member, n) const char **member = NULL;
  SOURCE_TEXTS(X)
#undef X
  bool read = true;
#define X(member, n)                                                         \
  read = read && texts_of(item_or_none(dict, #member), #member, n, &member); \
  s.member = member;
  SOURCE_TEXTS(X)
#undef X
  PyObject *made = NULL;
  if (read && call_begin(&c)) {
    throng_world *world = NULL;
    throng_status status = throng_world_from_arrays(&s, &world);
    made = call_made(&c, status, KIND_WORLD, world, false);
  } else {
    call_close(&c, NULL);
  }
#define X(member, n) free((void *)(uintptr_t)member);
  SOURCE_TEXTS(X)
#undef X
  return made;
}

PyMethodDef world_methods[] = {
    METHOD(world_open, "world_open(path) -> Handle"),
    METHOD(world_save, "world_save(world, path)"),
    METHOD(world_make, "world_make(config, path, progress) -> Handle"),
    METHOD_OF_ONE(world_info, "world_info(world) -> dict"),
    METHOD_OF_ONE(world_arrays, "world_arrays(world) -> dict of arrays, read-only"),
    METHOD(world_texts, "world_texts(world, kind, first, last) -> list of str"),
    METHOD(world_find, "world_find(world, user or None, item) -> index or -1"),
    METHOD(world_split_users, "world_split_users(world, seed, from, to) -> array"),
    METHOD_OF_ONE(world_item_counts, "world_item_counts(world) -> (count, likes)"),
    METHOD_OF_ONE(world_from_arrays, "world_from_arrays(dict) -> Handle"),
    METHODS_END};
