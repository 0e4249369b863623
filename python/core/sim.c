/// Simulators.
#include <stdlib.h>

#include "core.h"

enum { MOST_ARRAYS = 64 };

static PyObject *core_sim_create(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *backend, *world, *sta, *config, *autoreset;
  if (!PyArg_ParseTuple(args, "OOOOO:sim_create", &backend, &world, &sta, &config, &autoreset))
    return NULL;
  call c = {0};
  void *weights;
  throng_backend *b = call_use(&c, backend, KIND_BACKEND);
  throng_world *w = b ? call_use(&c, world, KIND_WORLD) : NULL;
  throng_config *handle = w ? call_use(&c, config, KIND_CONFIG) : NULL;
  if (!handle || !call_use_or_none(&c, sta, KIND_STA, &weights) || !call_begin(&c))
    return call_close(&c, NULL);
  throng_sim_def def = throng_config_get_sim_def(handle);
  def.autoreset = autoreset == Py_True;
  throng_sim *sim = NULL;
  throng_status status = throng_sim_create(b, w, weights, &def, &sim);
  return call_made(&c, status, KIND_SIM, sim, false);
}

static PyObject *core_sim_reset(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim, *seed;
  if (!PyArg_ParseTuple(args, "OO:sim_reset", &sim, &seed)) return NULL;
  const unsigned long n = seed == Py_None ? 0 : PyLong_AsUnsignedLong(seed);
  if (PyErr_Occurred() || n > UINT32_MAX) {
    PyErr_Clear();
    return fail_argument("seed: expected an integer in 0..4294967295, not %R", seed);
  }
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  return call_end(&c, seed == Py_None ? throng_sim_reset(s) : throng_sim_reseed(s, (uint32_t)n));
}

static PyObject *core_sim_step(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim, *action, *like;
  if (!PyArg_ParseTuple(args, "OOO:sim_step", &sim, &action, &like)) return NULL;
  call c = {0};
  void *items, *likes;
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s) return call_close(&c, NULL);
  const throng_sim_def def = throng_sim_get_def(s);
  int64_t shape[] = {def.lanes, def.slate_size};
  if (!call_array_or_none(&c, action, "action", ELEMENT_I32, 2, shape, false, &items) ||
      !call_array_or_none(&c, like, "likes", ELEMENT_U8, 2, shape, false, &likes) ||
      !call_begin(&c))
    return call_close(&c, NULL);
  return call_end(&c,
                  likes ? throng_sim_step_answered(s, items, likes) : throng_sim_step(s, items));
}

static PyObject *core_sim_restart(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim, *lane;
  if (!PyArg_ParseTuple(args, "OO:sim_restart", &sim, &lane)) return NULL;
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  int64_t n = s ? throng_sim_get_def(s).lanes : 0;
  void *chosen = s ? call_array(&c, lane, "lanes", ELEMENT_BOOL, 1, &n, false) : NULL;
  if (!chosen || !call_begin(&c)) return call_close(&c, NULL);
  return call_end(&c, throng_sim_restart(s, chosen));
}

static PyObject *core_sim_set_starts(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim, *user, *offset, *item, *like;
  int by_lane;
  if (!PyArg_ParseTuple(args, "OiOOOO:sim_set_starts", &sim, &by_lane, &user, &offset, &item,
                        &like))
    return NULL;
  call c = {0};
  void *users = NULL, *offsets = NULL, *items = NULL, *likes = NULL;
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  int64_t n = -1, entries = -1;
  if (!s || !call_array_or_none(&c, user, "users", ELEMENT_I32, 1, &n, false, &users))
    return call_close(&c, NULL);
  if (n > INT32_MAX) return call_close(&c, fail_argument("users: more than %d", INT32_MAX));
  int64_t ends = n + 1;
  if (users && offset != Py_None) {
    offsets = call_array(&c, offset, "offset", ELEMENT_I64, 1, &ends, false);
    items = offsets ? call_array(&c, item, "item", ELEMENT_I32, 1, &entries, false) : NULL;
    likes = items ? call_array(&c, like, "like", ELEMENT_U8, 1, &entries, false) : NULL;
    if (!likes) return call_close(&c, NULL);
    if (((int64_t *)offsets)[n] != entries)
      return call_close(&c, fail_argument("offset: ends with %lld, but there are %lld entries",
                                          (long long)((int64_t *)offsets)[n], (long long)entries));
  }
  if (!call_begin(&c)) return call_close(&c, NULL);
  return call_end(&c, throng_sim_set_starts(s, by_lane ? THRONG_START_BY_LANE : THRONG_START_DRAWN,
                                            users ? (int32_t)n : 0, users, offsets, items, likes));
}

/// The arrays of a simulator or of a population where they lie.
static PyObject *arrays_dict(PyObject *capsule, const throng_array *array, int64_t n) {
  PyObject *dict = PyDict_New();
  for (int64_t k = 0; dict && k < n; ++k)
    if (!dict_put(dict, array[k].name, array_of(capsule, &array[k]))) Py_CLEAR(dict);
  return dict;
}

static PyObject *core_sim_arrays(PyObject *self, PyObject *sim) {
  (void)self;
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s) return call_close(&c, NULL);
  throng_array array[MOST_ARRAYS];
  const int64_t n = throng_sim_arrays(s, MOST_ARRAYS, array);
  return call_close(&c, arrays_dict(c.hold[0], array, n < MOST_ARRAYS ? n : MOST_ARRAYS));
}

static PyObject *core_population_arrays(PyObject *self, PyObject *population) {
  (void)self;
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  if (!p) return call_close(&c, NULL);
  const int64_t n = throng_population_arrays(p, 0, NULL);
  throng_array *array = calloc((size_t)n + 1, sizeof *array);
  if (!array) return call_close(&c, PyErr_NoMemory());
  throng_population_arrays(p, n, array);
  PyObject *dict = arrays_dict(c.hold[0], array, n);
  free(array);
  return call_close(&c, dict);
}

CORE_WITH_PATH(sim_save, throng_sim, KIND_SIM, throng_sim_save)
CORE_WITH_PATH(sim_restore, throng_sim, KIND_SIM, throng_sim_restore)

static PyObject *core_sim_hash(PyObject *self, PyObject *sim) {
  (void)self;
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  uint64_t hash = 0;
  throng_status status = throng_sim_hash(s, &hash);
  return call_close(&c, call_resume(&c, status) ? PyLong_FromUnsignedLongLong(hash) : NULL);
}

/// Everything that a caller may see of the lanes, in memory of the caller's: a dict of arrays.
static PyObject *core_sim_observe(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim;
  int final;
  if (!PyArg_ParseTuple(args, "Oi:sim_observe", &sim, &final)) return NULL;
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s) return call_close(&c, NULL);
  const throng_sim_def def = throng_sim_get_def(s);
  const int64_t shape[] = {def.lanes, def.history};
  PyObject *dict = PyDict_New();
  void *user, *length, *item, *like, *step, *episode;
  const bool made = dict && dict_put(dict, "user", array_make(ELEMENT_I32, 1, shape, &user)) &&
                    dict_put(dict, "length", array_make(ELEMENT_I32, 1, shape, &length)) &&
                    dict_put(dict, "item", array_make(ELEMENT_I32, 2, shape, &item)) &&
                    dict_put(dict, "like", array_make(ELEMENT_I8, 2, shape, &like)) &&
                    dict_put(dict, "step", array_make(ELEMENT_I32, 1, shape, &step)) &&
                    dict_put(dict, "episode", array_make(ELEMENT_U32, 1, shape, &episode));
  if (!made || !call_begin(&c)) {
    Py_XDECREF(dict);
    return call_close(&c, NULL);
  }
  const throng_observation_copy to = {
      .user = user, .length = length, .item = item, .like = like, .step = step, .episode = episode};
  if (!call_resume(&c, throng_sim_copy_observation(s, final ? THRONG_FINAL : THRONG_PRESENT, &to)))
    Py_CLEAR(dict);
  return call_close(&c, dict);
}

/// (n_lane, 2, dim) preferences, (n_lane, n_item) scores or (n_lane, n_item) what was seen.
static PyObject *core_sim_preferences(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim;
  int final;
  if (!PyArg_ParseTuple(args, "Oi:sim_preferences", &sim, &final)) return NULL;
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s) return call_close(&c, NULL);
  throng_preference now;
  if (!call_begin(&c)) return call_close(&c, NULL);
  throng_status status = throng_sim_preferences(s, &now);  // its sizes; refuses where none are kept
  if (!call_resume(&c, status)) return call_close(&c, NULL);
  void *both;
  PyObject *array = array_make(ELEMENT_F32, 3, (int64_t[]){now.n_lane, 2, now.dim}, &both);
  if (!array) return call_close(&c, NULL);
  const throng_preference_copy to = {.both = both};
  c.state = PyEval_SaveThread();
  status = throng_sim_copy_preferences(s, final ? THRONG_FINAL : THRONG_PRESENT, &to);
  if (!call_resume(&c, status)) Py_CLEAR(array);
  return call_close(&c, array);
}

static PyObject *of_items(PyObject *args, const char *format, element type) {
  PyObject *sim;
  if (!PyArg_ParseTuple(args, format, &sim)) return NULL;
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s) return call_close(&c, NULL);
  const int64_t shape[] = {throng_sim_get_def(s).lanes, owner_above(c.hold[0], KIND_WORLD)->n_item};
  void *out;
  PyObject *array = array_make(type, 2, shape, &out);
  if (!array || !call_begin(&c)) {
    Py_XDECREF(array);
    return call_close(&c, NULL);
  }
  if (!call_resume(&c, type == ELEMENT_F32 ? throng_sim_preference_scores(s, out)
                                           : throng_sim_copy_seen(s, out)))
    Py_CLEAR(array);
  return call_close(&c, array);
}
static PyObject *core_sim_preference_scores(PyObject *self, PyObject *args) {
  (void)self;
  return of_items(args, "O:sim_preference_scores", ELEMENT_F32);
}
static PyObject *core_sim_seen(PyObject *self, PyObject *args) {
  (void)self;
  return of_items(args, "O:sim_seen", ELEMENT_BOOL);
}

static PyObject *core_sim_nearest(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim, *query;
  if (!PyArg_ParseTuple(args, "OO:sim_nearest", &sim, &query)) return NULL;
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s) return call_close(&c, NULL);
  const throng_sim_def def = throng_sim_get_def(s);
  int64_t shape[] = {def.lanes, def.slate_size, owner_above(c.hold[0], KIND_WORLD)->dim};
  void *from = call_array(&c, query, "query", ELEMENT_F32, 3, shape, false), *out;
  PyObject *array = from ? array_make(ELEMENT_I32, 2, shape, &out) : NULL;
  if (!array || !call_begin(&c)) {
    Py_XDECREF(array);
    return call_close(&c, NULL);
  }
  if (!call_resume(&c, throng_sim_nearest(s, from, out))) Py_CLEAR(array);
  return call_close(&c, array);
}

static PyObject *core_sim_explain(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim;
  int lane, item;
  if (!PyArg_ParseTuple(args, "Oii:sim_explain", &sim, &lane, &item)) return NULL;
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  throng_explanation *e = NULL;
  PyObject *dict =
      call_resume(&c, throng_sim_explain(s, lane, item, &e)) ? explanation_dict(e) : NULL;
  throng_explanation_free(e);
  return call_close(&c, dict);
}

PyMethodDef sim_methods[] = {
    METHOD(sim_create, "sim_create(backend, world, sta, config, autoreset) -> Handle"),
    METHOD(sim_reset, "sim_reset(sim, seed)"),
    METHOD(sim_step, "sim_step(sim, action, likes)"),
    METHOD(sim_restart, "sim_restart(sim, lanes)"),
    METHOD(sim_set_starts, "sim_set_starts(sim, by_lane, users, offset, item, like)"),
    METHOD_OF_ONE(sim_arrays, "sim_arrays(sim) -> dict of arrays where they lie"),
    METHOD_OF_ONE(population_arrays,
                  "population_arrays(population) -> dict of arrays where they lie"),
    METHOD(sim_save, "sim_save(sim, path)"),
    METHOD(sim_restore, "sim_restore(sim, path)"),
    METHOD_OF_ONE(sim_hash, "sim_hash(sim) -> int"),
    METHOD(sim_observe, "sim_observe(sim, final) -> dict of arrays"),
    METHOD(sim_preferences, "sim_preferences(sim, final) -> array"),
    METHOD(sim_preference_scores, "sim_preference_scores(sim) -> array"),
    METHOD(sim_seen, "sim_seen(sim) -> array"),
    METHOD(sim_nearest, "sim_nearest(sim, query) -> array"),
    METHOD(sim_explain, "sim_explain(sim, lane, item) -> dict"),
    METHODS_END};
