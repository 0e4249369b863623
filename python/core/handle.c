/// Handles: what closes the library's objects once nobody needs them any more.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "env.h"
#include "turn.h"

static const char *const kind_names[] = {"config",      "world",      "backend",        "weights",
                                         "simulator",   "population", "session",        "sweep",
                                         "environment", "run",        "played session", "array"};

// --- turns -----------------------------------------------------------------------------------

unsigned turn_generation;
static void was_forked(void) { turn_generation += 1; }

static turn *turn_new(void) {
  turn *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  pthread_mutex_init(&t->mutex, NULL);
  t->uses = 1;
  return t;
}
static void turn_drop(turn *t) {
  if (!t || --t->uses > 0) return;
  pthread_mutex_destroy(&t->mutex);
  free(t);
}

// --- owners ----------------------------------------------------------------------------------

static void close_library(owner *o) {
  if (o->borrowed) return;
  switch (o->kind) {
    case KIND_CONFIG: throng_config_close(o->pointer); break;
    case KIND_WORLD: throng_world_close(o->pointer); break;
    case KIND_BACKEND: throng_backend_close(o->pointer); break;
    case KIND_STA: throng_sta_close(o->pointer); break;
    case KIND_SIM: throng_sim_close(o->pointer); break;
    case KIND_POPULATION: throng_population_close(o->pointer); break;
    case KIND_SESSION: throng_session_close(o->pointer); break;
    case KIND_SWEEP: throng_sweep_close(o->pointer); break;
    case KIND_TRAINED: throng_trained_close(o->pointer); break;
    case KIND_PLAY: throng_play_close(o->pointer); break;
    case KIND_ENV: env_free(o->pointer); break;
    case KIND_BLOCK: free(o->pointer); break;
    case KIND_COUNT: break;
  }
}

/// With the turn ours, or none needed. Parents go after it.
static void owner_close(owner *o) {
  PyObject *parent[OWNER_PARENTS];
  memcpy(parent, o->parent, sizeof parent);
  close_library(o);
  turn_drop(o->turn);
  free(o);
  for (int k = 0; k < OWNER_PARENTS; ++k) Py_XDECREF(parent[k]);
}

void turn_close_waiting(turn *t) {
  while (t->waiting) {
    owner *o = t->waiting;
    t->waiting = o->next;
    owner_close(o);
  }
}

/// The interpreter's lock is ours, so nobody waits here: where a call is going on (another
/// thread's, or this one's, when its callback or a collection drops something) that call closes it
/// at its end.
static void capsule_end(PyObject *capsule) {
  owner *o = PyCapsule_GetPointer(capsule, "throng.owner");
  turn *t = o->turn;
  if (!t) {
    owner_close(o);
  } else if (pthread_mutex_trylock(&t->mutex) == 0) {
    t->uses += 1;
    owner_close(o);
    turn_close_waiting(t);
    pthread_mutex_unlock(&t->mutex);
    turn_drop(t);
  } else {
    o->next = t->waiting;
    t->waiting = o;
  }
}

owner *owner_of(PyObject *capsule) { return PyCapsule_GetPointer(capsule, "throng.owner"); }

/// A capsule that owns `pointer`; NULL with an exception, and `pointer` is closed then.
static PyObject *owner_new(kind k, void *pointer, bool borrowed, turn *t, PyObject *const *parent,
                           int n_parent) {
  owner *o = calloc(1, sizeof *o);
  if (!o) {
    owner lost = {.kind = k, .pointer = pointer, .borrowed = borrowed};
    close_library(&lost);
    turn_drop(t);
    return PyErr_NoMemory();
  }
  *o = (owner){.kind = k, .pointer = pointer, .borrowed = borrowed, .turn = t};
  for (int i = 0; i < n_parent; ++i) o->parent[i] = Py_NewRef(parent[i]);
  if (k == KIND_WORLD) {
    const throng_world_info info = throng_world_get_info(pointer);
    o->n_item = info.n_item;
    o->dim = info.dim;
  }
  PyObject *capsule = PyCapsule_New(o, "throng.owner", capsule_end);
  if (!capsule) owner_close(o);
  return capsule;
}

owner *owner_above(PyObject *capsule, kind k) {
  owner *o = owner_of(capsule), *found = NULL;
  if (o->kind == k) return o;
  for (int i = 0; i < OWNER_PARENTS && o->parent[i] && !found; ++i)
    found = owner_above(o->parent[i], k);
  return found;
}

bool owner_before(PyObject *capsule, uint64_t stream) {
  owner *backend = owner_above(capsule, KIND_BACKEND);
  if (!backend) return true;
  call c = {.turn = backend->turn};
  if (!call_begin(&c)) return false;
  PyObject *done = call_end(&c, throng_backend_before(backend->pointer, stream));
  Py_XDECREF(done);
  return done != NULL;
}

PyObject *block_new(size_t bytes, void **data) {
  bytes = (bytes + 64) / 64 * 64;  // never nothing
  *data = aligned_alloc(64, bytes);
  if (!*data) return PyErr_NoMemory();
  memset(*data, 0, bytes);
  return owner_new(KIND_BLOCK, *data, false, NULL, NULL, 0);
}

// --- Handle ----------------------------------------------------------------------------------

typedef struct handle {
  PyObject_HEAD PyObject *capsule;  // NULL once closed
  kind kind;
  bool entered;  // within a "with" of it
} handle;
static PyTypeObject *handle_type;

static void handle_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  Py_CLEAR(((handle *)self)->capsule);
  ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}
static PyObject *handle_close(PyObject *self, PyObject *unused) {
  (void)unused;
  Py_CLEAR(((handle *)self)->capsule);
  Py_RETURN_NONE;
}
static PyObject *handle_closed(PyObject *self, void *unused) {
  (void)unused;
  return PyBool_FromLong(((handle *)self)->capsule == NULL);
}
/// "with" of a handle: one at a time. Python's own part of a step, which copies what the library
/// has written, is held together with the call by it; nothing interrupts between entering and the
/// block, as something would between a call and a "try".
static PyObject *handle_enter(PyObject *self, PyObject *unused) {
  (void)unused;
  handle *h = (handle *)self;
  if (h->entered) return fail_argument(ONE_AT_A_TIME, kind_names[h->kind]);
  h->entered = true;
  return Py_NewRef(self);
}
static PyObject *handle_exit(PyObject *self, PyObject *unused) {
  (void)unused;
  ((handle *)self)->entered = false;
  Py_RETURN_NONE;
}
/// What pickle and copy ask for.
static PyObject *handle_reduce(PyObject *self, PyObject *unused) {
  (void)unused;
  PyErr_Format(PyExc_TypeError,
               "cannot pickle or copy a Handle of the library (%s): another process opens what it "
               "needs from paths; what has a state keeps it by save",
               kind_names[((const handle *)self)->kind]);
  return NULL;
}
static PyObject *handle_repr(PyObject *self) {
  const handle *h = (const handle *)self;
  return PyUnicode_FromFormat("<throng %s%s>", kind_names[h->kind], h->capsule ? "" : ", closed");
}

bool handles_add(PyObject *module) {
  if (pthread_atfork(NULL, NULL, was_forked) != 0) return PyErr_NoMemory() != NULL;
  static PyMethodDef methods[] = {
      {"close", handle_close, METH_NOARGS,
       "Let go of it. Its memory is given back once nothing stands on it any more."},
      {"__enter__", handle_enter, METH_NOARGS, "One caller at a time: refused within another's."},
      {"__exit__", handle_exit, METH_VARARGS, "The next one may enter."},
      {"__reduce__", handle_reduce, METH_NOARGS, "Raises TypeError."},
      METHODS_END};
  static PyGetSetDef properties[] = {{"closed", handle_closed, NULL, "Was close() called?", NULL},
                                     {NULL, NULL, NULL, NULL, NULL}};
  static PyType_Slot slots[] = {{Py_tp_dealloc, handle_dealloc},
                                {Py_tp_methods, methods},
                                {Py_tp_getset, properties},
                                {Py_tp_repr, handle_repr},
                                {Py_tp_doc, "An object of the C library."},
                                {0, NULL}};
  static PyType_Spec spec = {.name = "throng._core.Handle",
                             .basicsize = sizeof(handle),
                             .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                             .slots = slots};
  handle_type = (PyTypeObject *)PyType_FromSpec(&spec);
  return handle_type && PyModule_AddType(module, handle_type) == 0;
}

// --- of a call ---------------------------------------------------------------------------------

void *call_use(call *c, PyObject *object, kind k) {
  if (Py_TYPE(object) != handle_type || ((handle *)object)->kind != k)
    return fail_argument("expected a %s, not %R", kind_names[k], object);
  PyObject *capsule = ((handle *)object)->capsule;
  if (!capsule) return fail_argument("%s: it was closed", kind_names[k]);
  owner *o = owner_of(capsule);
  c->hold[c->n_hold++] = Py_NewRef(capsule);
  if (!c->turn) c->turn = o->turn;
  return o->pointer;
}

bool call_use_or_none(call *c, PyObject *object, kind k, void **out) {
  *out = NULL;
  return object == Py_None || (*out = call_use(c, object, k));
}

PyObject *call_made(call *c, throng_status status, kind k, void *pointer, bool borrowed) {
  if (!call_resume(c, status)) {
    owner lost = {.kind = k, .pointer = status == THRONG_OK ? pointer : NULL, .borrowed = borrowed};
    if (lost.pointer) close_library(&lost);
    return call_close(c, NULL);
  }
  turn *t = c->turn;
  if (t)
    t->uses += 1;
  else if (k != KIND_WORLD)
    t = turn_new();
  PyObject *capsule = owner_new(k, pointer, borrowed, t, c->hold, c->n_hold);
  handle *h = capsule ? PyObject_New(handle, handle_type) : NULL;
  if (h) {
    h->capsule = Py_NewRef(capsule);
    h->kind = k;
    h->entered = false;
  }
  Py_XDECREF(capsule);
  return call_close(c, (PyObject *)h);
}
