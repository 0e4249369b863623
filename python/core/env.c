/// One call a step for environments: actions taken, lanes stepped, ended lanes begun again as the
/// mode says, and buffers filled that were exported once.
#include "env.h"

#include <stdlib.h>
#include <string.h>

#include "core.h"

/// Gymnasium's AutoresetMode.
typedef enum mode { NEXT_STEP, SAME_STEP, DISABLED } mode;
/// What observations are made of, and what is made beside them.
enum { PART_PREFERENCES = 1, PART_HISTORY = 2, PART_MASK = 4, PART_QUERIES = 8 };

/// X(member, element, second dimension or 0, third or 0, is it there?)
#define ENV_BUFFERS(X)                                                                            \
  X(float, preferences, F32, 2, e->dim, e->parts &PART_PREFERENCES)                               \
  X(float, final_preferences, F32, 2, e->dim, e->parts &PART_PREFERENCES && e->mode == SAME_STEP) \
  X(int32_t, item, I32, e->history, 0, e->parts &PART_HISTORY)                                    \
  X(int32_t, final_item, I32, e->history, 0, e->parts &PART_HISTORY && e->mode == SAME_STEP)      \
  X(int8_t, like, I8, e->history, 0, e->parts &PART_HISTORY)                                      \
  X(int8_t, final_like, I8, e->history, 0, e->parts &PART_HISTORY && e->mode == SAME_STEP)        \
  X(bool, action_mask, BOOL, e->n_item, 0, e->parts &PART_MASK)                                   \
  X(double, reward, F64, 0, 0, true)                                                              \
  X(float, reward32, F32, 0, 0, true)                                                             \
  X(bool, terminated, BOOL, 0, 0, true)                                                           \
  X(bool, truncated, BOOL, 0, 0, true)                                                            \
  X(bool, ended, BOOL, 0, 0, true)                                                                \
  X(bool, begun, BOOL, 0, 0, true)                                                                \
  X(int32_t, shown, I32, e->slate, 0, true)                                                       \
  X(float, query, F32, e->slate, e->dim, e->parts &PART_QUERIES)

struct env {
  throng_sim *sim;
  mode mode;
  int parts;
  int64_t n, slate, history, n_item, dim;
  bool masked;              // the simulator keeps what was seen
  bool busy;                // in a step or a reset; guarded by the interpreter's lock
  bool fresh;               // no step and no reset yet: every lane begins its first episode
  const float *sim_reward;  // where they lie, on a CPU; else NULL
  const uint8_t *sim_ended;
#define X(type, name, element, d1, d2, there) type *name;
  ENV_BUFFERS(X)
#undef X
};

void env_free(env *e) {
#define X(type, name, element, d1, d2, there) free(e->name);
  ENV_BUFFERS(X)
#undef X
  free(e);
}

static void *buffer(size_t bytes) {
  bytes = (bytes + 64) / 64 * 64;
  void *at = aligned_alloc(64, bytes);
  if (at) memset(at, 0, bytes);
  return at;
}

static bool env_take(env *e) {
#define X(type, name, element, d1, d2, there)                                                \
  if (there) {                                                                               \
    e->name = buffer(sizeof(type) * (size_t)(e->n * ((d1) ? (d1) : 1) * ((d2) ? (d2) : 1))); \
    if (!e->name) return false;                                                              \
  }
  ENV_BUFFERS(X)
#undef X
  return true;
}

// --- filling -----------------------------------------------------------------------------------

static throng_status observe(env *e, throng_moment moment) {
  const bool final = moment == THRONG_ENDED;
  if (e->parts & PART_PREFERENCES) {
    const throng_preference_copy to = {.both = final ? e->final_preferences : e->preferences};
    throng_status status = throng_sim_copy_preferences(e->sim, moment, &to);
    if (status != THRONG_OK) return status;
  }
  if (e->parts & PART_HISTORY) {
    const throng_observation_copy to = {.item = final ? e->final_item : e->item,
                                        .like = final ? e->final_like : e->like};
    throng_status status = throng_sim_copy_observation(e->sim, moment, &to);
    if (status != THRONG_OK) return status;
  }
  return THRONG_OK;
}

/// 1: the item may be shown.
static throng_status fill_mask(env *e) {
  if (!(e->parts & PART_MASK)) return THRONG_OK;
  const size_t n = (size_t)(e->n * e->n_item);
  if (!e->masked) {
    memset(e->action_mask, 1, n);
    return THRONG_OK;
  }
  uint8_t *bytes = (uint8_t *)e->action_mask;
  throng_status status = throng_sim_copy_seen(e->sim, bytes);
  for (size_t k = 0; status == THRONG_OK && k < n; ++k) bytes[k] = !bytes[k];
  return status;
}

/// Rewards and ends of the step; how many lanes ended.
static throng_status take_outcome(env *e, int64_t *n_ended) {
  const float *reward = e->sim_reward;
  const uint8_t *ended = e->sim_ended;
  if (!reward) {
    throng_outcome o;
    throng_status status = throng_sim_outcome(e->sim, &o);
    if (status != THRONG_OK) return status;
    reward = o.reward;
    ended = o.ended;
  }
  *n_ended = 0;
  for (int64_t k = 0; k < e->n; ++k) {
    e->reward[k] = e->reward32[k] = reward[k];
    e->terminated[k] = ended[k] == THRONG_END_LEFT;
    e->truncated[k] = ended[k] == THRONG_END_TRUNCATED;
    e->ended[k] = ended[k] != THRONG_END_NONE;
    *n_ended += e->ended[k];
  }
  return THRONG_OK;
}

/// Lanes that ended on the step before begin now: Gymnasium's next-step mode.
static throng_status begin_again(env *e) {
  bool some = false;
  memcpy(e->begun, e->ended, (size_t)e->n);
  for (int64_t k = 0; k < e->n && !some; ++k) some = e->begun[k];
  return some ? throng_sim_restart(e->sim, (const uint8_t *)e->begun) : THRONG_OK;
}

static throng_status step(env *e, int64_t *n_ended) {
  throng_status status = THRONG_OK;
  if (e->parts & PART_QUERIES) status = throng_sim_nearest(e->sim, e->query, e->shown);
  if (status == THRONG_OK) status = throng_sim_step(e->sim, e->shown);
  if (status == THRONG_OK) e->fresh = false;
  if (status == THRONG_OK && e->mode == NEXT_STEP) status = begin_again(e);
  if (status == THRONG_OK) status = take_outcome(e, n_ended);
  if (status == THRONG_OK && e->mode == SAME_STEP && *n_ended > 0)
    status = observe(e, THRONG_ENDED);
  if (status == THRONG_OK) status = observe(e, THRONG_PRESENT);
  if (status == THRONG_OK) status = fill_mask(e);
  return status;
}

// --- actions -----------------------------------------------------------------------------------

/// Numbers of an action's buffer, whatever its strides: row k of the lane, column d.
typedef struct action_view {
  const char *at;
  Py_ssize_t lane, slot, number;  // strides in bytes
  bool is_signed;
  Py_ssize_t size;
} action_view;

static char format_of(const Py_buffer *v) {
  const char *f = v->format ? v->format : "B";
  if (*f == '=' || *f == '<' || *f == '@') ++f;
  return strlen(f) == 1 ? *f : '\0';
}

/// (lanes), (lanes, slate) of integers, or (lanes, dim), (lanes, slate, dim) of floats.
static bool view_action(const env *e, const Py_buffer *v, action_view *a) {
  const bool queries = e->parts & PART_QUERIES;
  const int inner = queries ? 1 : 0;
  const bool plain = v->ndim == 1 + inner && e->slate == 1;
  const char format = format_of(v);
  const bool typed = format && strchr(queries ? "fd" : "bBhHiIlLqQ", format);
  *a = (action_view){
      .at = v->buf, .is_signed = typed && strchr("bhilq", format), .size = v->itemsize};
  if (!typed || (!plain && v->ndim != 2 + inner)) return false;
  if (v->shape[0] != e->n || (!plain && v->shape[1] != e->slate)) return false;
  if (queries && v->shape[v->ndim - 1] != e->dim) return false;
  a->lane = v->strides[0];
  a->slot = plain ? 0 : v->strides[1];
  a->number = queries ? v->strides[v->ndim - 1] : 0;
  return true;
}

/// An element of any alignment: NumPy's arrays need have none.
static int64_t integer_at(const void *at, bool is_signed, Py_ssize_t size) {
  union {
    int8_t i1;
    uint8_t u1;
    int16_t i2;
    uint16_t u2;
    int32_t i4;
    uint32_t u4;
    int64_t i8;
  } v;
  memcpy(&v, at, (size_t)size);
  if (size == 1) return is_signed ? v.i1 : v.u1;
  if (size == 2) return is_signed ? v.i2 : v.u2;
  if (size == 8) return v.i8;  // from 2^63 on: below 0, and refused
  if (is_signed) return v.i4;
  return v.u4;
}

static float float_at(const void *at, Py_ssize_t size) {
  union {
    float f4;
    double f8;
  } v;
  memcpy(&v, at, (size_t)size);
  return size == 4 ? v.f4 : (float)v.f8;
}

static bool take_items(env *e, const action_view *a) {
  for (int64_t lane = 0; lane < e->n; ++lane)
    for (int64_t slot = 0; slot < e->slate; ++slot) {
      const int64_t item =
          integer_at(a->at + lane * a->lane + slot * a->slot, a->is_signed, a->size);
      if (item < 0 || item >= e->n_item) {
        fail_argument("action of lane %lld: item %lld is not in 0..%lld; no lane has moved",
                      (long long)lane, (long long)item, (long long)e->n_item - 1);
        return false;
      }
      e->shown[lane * e->slate + slot] = (int32_t)item;
    }
  return true;
}

static bool take_queries(env *e, const action_view *a) {
  for (int64_t lane = 0; lane < e->n; ++lane)
    for (int64_t slot = 0; slot < e->slate; ++slot)
      for (int64_t d = 0; d < e->dim; ++d) {
        const void *at = a->at + lane * a->lane + slot * a->slot + d * a->number;
        e->query[(lane * e->slate + slot) * e->dim + d] = float_at(at, a->size);
      }
  return true;
}

static PyObject *refuse_action(const env *e, const Py_buffer *v) {
  const bool queries = e->parts & PART_QUERIES;
  PyObject *got = PyTuple_New(v->ndim);
  for (int d = 0; got && d < v->ndim; ++d) PyTuple_SetItem(got, d, PyLong_FromSsize_t(v->shape[d]));
  if (!got) return NULL;
  if (queries)
    fail_argument("actions: expected floats of shape (%lld, %lld, %lld), not type '%s' of %R",
                  (long long)e->n, (long long)e->slate, (long long)e->dim,
                  v->format ? v->format : "B", got);
  else
    fail_argument("actions: expected integers of shape (%lld%s%lld), not type '%s' of %R",
                  (long long)e->n, ", ", (long long)e->slate, v->format ? v->format : "B", got);
  Py_DECREF(got);
  return NULL;
}

static bool take_action(env *e, PyObject *object) {
  Py_buffer v;
  action_view a;
  if (PyObject_GetBuffer(object, &v, PyBUF_STRIDES | PyBUF_FORMAT) < 0) {
    PyErr_Clear();
    fail_argument("actions: expected an array of numbers, not %R", object);
    return false;
  }
  const bool taken = view_action(e, &v, &a)
                         ? e->parts & PART_QUERIES ? take_queries(e, &a) : take_items(e, &a)
                         : refuse_action(e, &v) != NULL;
  PyBuffer_Release(&v);
  return taken;
}

/// Actions are taken before the turn on the backend is: a second thread's would take their place.
static bool begin(env *e) {
  if (e->busy) fail_argument(ONE_AT_A_TIME, "environment");
  return !e->busy;
}

static bool all_go_on(const env *e) {
  for (int64_t k = 0; e->mode == DISABLED && k < e->n; ++k)
    if (e->ended[k]) {
      fail_argument(
          "lane %lld has ended and was not reset: reset() first, or, of such lanes alone, "
          "reset(options={\"reset_mask\": terminated | truncated})",
          (long long)k);
      return false;
    }
  return true;
}

// --- for Python ----------------------------------------------------------------------------------

static PyObject *core_env_create(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim;
  int mode, parts;
  if (!PyArg_ParseTuple(args, "Oii:env_create", &sim, &mode, &parts)) return NULL;
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s) return call_close(&c, NULL);
  const throng_sim_def def = throng_sim_get_def(s);
  if (def.autoreset != (mode == SAME_STEP))
    return call_close(&c, fail_argument("autoreset: the simulator was made for another mode"));
  const owner *world = owner_above(c.hold[0], KIND_WORLD);
  env *e = calloc(1, sizeof *e);
  if (!e) return call_close(&c, PyErr_NoMemory());
  *e = (env){.sim = s,
             .mode = mode,
             .parts = parts,
             .n = def.lanes,
             .slate = def.slate_size,
             .history = def.history,
             .n_item = world->n_item,
             .dim = world->dim,
             .masked = def.mask != THRONG_MASK_NONE || def.mask_seen,
             .fresh = true};
  throng_array array[64];
  const int64_t n = throng_sim_arrays(s, 64, array);
  const throng_array *reward = throng_array_find(array, n < 64 ? n : 64, "reward");
  if (reward && reward->device == THRONG_DEVICE_CPU) {
    e->sim_reward = reward->data;
    e->sim_ended = throng_array_find(array, n < 64 ? n : 64, "ended")->data;
  }
  if (!env_take(e)) {
    env_free(e);
    return call_close(&c, PyErr_NoMemory());
  }
  return call_made(&c, THRONG_OK, KIND_ENV, e, false);
}

/// Which lanes have ended is read by the next step; all else may be written by who has it, as by a
/// normaliser of observations.
static bool read_again(const env *e, const void *data) { return data == e->ended; }

static PyObject *core_env_buffers(PyObject *self, PyObject *handle) {
  (void)self;
  call c = {0};
  env *e = call_use(&c, handle, KIND_ENV);
  if (!e) return call_close(&c, NULL);
  PyObject *dict = PyDict_New();
#define X(type, name, element, d1, d2, there)                      \
  if (dict && (there)) {                                           \
    const int64_t shape[] = {e->n, (d1), (d2)};                    \
    if (!dict_put(dict, #name,                                     \
                  array_new(c.hold[0], e->name, ELEMENT_##element, \
                            (d2)   ? 3                             \
                            : (d1) ? 2                             \
                                   : 1,                            \
                            shape, read_again(e, e->name))))       \
      Py_CLEAR(dict);                                              \
  }
  ENV_BUFFERS(X)
#undef X
  return call_close(&c, dict);
}

/// Returns how many lanes ended.
static PyObject *core_env_step(PyObject *self, PyObject *const *args, Py_ssize_t n_arg) {
  (void)self;
  if (n_arg != 2) return fail_argument("env_step: expected an environment and actions");
  call c = {0};
  int64_t n_ended = 0;
  env *e = call_use(&c, args[0], KIND_ENV);
  if (!e || !begin(e)) return call_close(&c, NULL);
  e->busy = true;
  bool done = all_go_on(e) && take_action(e, args[1]) && call_begin(&c);
  if (done) done = call_resume(&c, step(e, &n_ended));
  e->busy = false;
  return call_close(&c, done ? PyLong_FromLongLong(n_ended) : NULL);
}

/// What every lane's next step begins with. `how`: 0: the simulator was reset just now; 1: all
/// lanes begin their next episode, or their first one where none has begun; 2: those of `lanes`.
static PyObject *core_env_reset(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *handle, *lanes;
  int how;
  if (!PyArg_ParseTuple(args, "OiO:env_reset", &handle, &how, &lanes)) return NULL;
  call c = {0};
  void *chosen = NULL;
  env *e = call_use(&c, handle, KIND_ENV);
  if (!e || !begin(e) ||
      !call_array_or_none(&c, lanes, "reset_mask", ELEMENT_BOOL, 1, &(int64_t){e->n}, false,
                          &chosen))
    return call_close(&c, NULL);
  if (how == 2 && !chosen) return call_close(&c, fail_argument("reset_mask: missing"));
  e->busy = true;
  if (!call_begin(&c)) {
    e->busy = false;
    return call_close(&c, NULL);
  }
  const uint8_t *which = chosen;
  for (int64_t k = 0; k < e->n; ++k) {
    const bool fresh = how != 2 || which[k];
    e->begun[k] = fresh;
    if (!fresh) continue;
    e->reward[k] = e->reward32[k] = 0;
    e->terminated[k] = e->truncated[k] = e->ended[k] = false;
  }
  throng_status status = THRONG_OK;
  if (how == 2 || (how == 1 && !e->fresh))
    status = throng_sim_restart(e->sim, (const uint8_t *)e->begun);
  e->fresh = false;
  if (status == THRONG_OK) status = observe(e, THRONG_PRESENT);
  if (status == THRONG_OK) status = fill_mask(e);
  const bool done = call_resume(&c, status);
  e->busy = false;
  return call_close(&c, done ? Py_NewRef(Py_None) : NULL);
}

PyMethodDef env_methods[] = {METHOD(env_create, "env_create(sim, mode, parts) -> Handle"),
                             METHOD_OF_ONE(env_buffers, "env_buffers(env) -> dict of arrays"),
                             METHOD(env_reset, "env_reset(env, how, lanes)"),
                             {"env_step", (PyCFunction)(void (*)(void))core_env_step, METH_FASTCALL,
                              "env_step(env, actions) -> how many lanes ended"},
                             METHODS_END};
