/// throng._core, the C library for Python in the limited API (CPython 3.11 and up): handles whose
/// memory lives as long as anybody needs it, calls that give the interpreter's lock away, arrays
/// that are exported without a copy. It adds no arithmetic. The classes that people use are Python
/// (python/throng), over these functions.
#ifndef THRONG_PYTHON_CORE_H
#define THRONG_PYTHON_CORE_H

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "throng/throng.h"

// --- errors ----------------------------------------------------------------------------------

/// ArgumentError with these words. Returns NULL.
PyObject *fail_argument(const char *format, ...);
/// The text of a str, which keeps it; NULL with an exception where it is none or holds a NUL, which
/// would cut it off.
const char *whole_text(PyObject *str, const char *what);
/// The library's last error as an exception of its class. Returns NULL.
PyObject *fail_status(throng_status status);
bool errors_add(PyObject *module);

// --- handles ---------------------------------------------------------------------------------

typedef enum kind {
  KIND_CONFIG,
  KIND_WORLD,
  KIND_BACKEND,
  KIND_STA,
  KIND_SIM,
  KIND_POPULATION,
  KIND_SESSION,
  KIND_SWEEP,
  KIND_ENV,
  KIND_TRAINED,
  KIND_PLAY,
  KIND_BLOCK,  // memory of an array's own
  KIND_COUNT
} kind;

/// Whose turn it is: what stands on one backend may be called from one thread at a time.
typedef struct turn turn;

enum { OWNER_PARENTS = 4 };

/// What closes a handle of the library, once nobody needs it any more: neither a Handle nor an
/// array nor what was made on it. A capsule of Python's counts who does.
typedef struct owner {
  kind kind;
  void *pointer;
  bool borrowed;        // a parent closes it
  turn *turn;           // NULL: any number of threads at once
  int64_t n_item, dim;  // of a world
  PyObject *parent[OWNER_PARENTS];
  struct owner *next;  // in the list of those that wait for their turn to be closed
} owner;

bool handles_add(PyObject *module);
/// Said of a kind of handle.
#define ONE_AT_A_TIME                                                                        \
  "%s: another call is stepping or resetting it (in another thread, or in the process that " \
  "forked this one): one at a time; give each thread its own, or take a lock"
/// The owner that a capsule keeps.
owner *owner_of(PyObject *capsule);
/// The owner of this kind that it stands on, or itself; NULL where there is none.
owner *owner_above(PyObject *capsule, kind k);
/// The stream's next work comes after all that its backend has queued; false with an exception.
bool owner_before(PyObject *capsule, uint64_t stream);
/// Memory of `bytes`, zeroed and aligned for any vector, in a capsule of its own; NULL with an
/// exception.
PyObject *block_new(size_t bytes, void **data);

// --- calls -----------------------------------------------------------------------------------

enum { CALL_HOLDS = OWNER_PARENTS, CALL_VIEWS = 24 };

/// One call into the library: what it uses is held until it ends, whatever other threads close.
typedef struct call {
  PyObject *hold[CALL_HOLDS];
  int n_hold;
  Py_buffer view[CALL_VIEWS];
  int n_view;
  turn *turn;
  bool running;          // the turn is ours
  PyThreadState *state;  // while the interpreter's lock is given away
  PyObject *callback;    // progress, or NULL
  bool raised;           // it has raised: that exception is the call's
  throng_progress progress;
} call;

/// The library's handle behind a Handle of this kind; NULL with an exception where it is another
/// one or was closed.
void *call_use(call *c, PyObject *handle, kind k);
/// The same, or NULL for None; false with an exception.
bool call_use_or_none(call *c, PyObject *handle, kind k, void **out);
/// Progress that goes to `callable` (None: nowhere) and stops at Ctrl-C.
const throng_progress *call_progress(call *c, PyObject *callable);
/// Wait for the turn and give the interpreter's lock away; false with an exception where this
/// thread is within such a call already.
bool call_begin(call *c);
/// Take the lock again, with the turn still ours: what the library lends may be looked at. False
/// with an exception where `status` is an error.
bool call_resume(call *c, throng_status status);
/// Give everything back. Returns `result`.
PyObject *call_close(call *c, PyObject *result);
/// call_resume and call_close: None, or NULL with an exception.
PyObject *call_end(call *c, throng_status status);
/// A Handle of what was made, which stands on the holds of this call; closes it where that fails.
PyObject *call_made(call *c, throng_status status, kind k, void *pointer, bool borrowed);

// --- arrays ----------------------------------------------------------------------------------

/// Types of elements: those of throng_dtype, and what environments have beside them.
typedef enum element {
  ELEMENT_U8 = THRONG_DTYPE_U8,
  ELEMENT_I32,
  ELEMENT_U32,
  ELEMENT_I64,
  ELEMENT_U64,
  ELEMENT_F32,
  ELEMENT_F64,
  ELEMENT_BOOL,
  ELEMENT_I8,
  ELEMENT_COUNT
} element;

int element_size(element type);
bool arrays_add(PyObject *module);
/// An array of the library where it lies; `hold` is the capsule that its memory lives as long as.
PyObject *array_of(PyObject *hold, const throng_array *a);
/// `n_dim` dimensions, C-contiguous, in host memory.
PyObject *array_new(PyObject *hold, void *data, element type, int n_dim, const int64_t *shape,
                    bool read_only);
/// New memory that is the array's own, zeroed; `*data` is its first element.
PyObject *array_make(element type, int n_dim, const int64_t *shape, void **data);

/// An argument's memory: C-contiguous, of this type and as many dimensions. A shape below 0 is any,
/// and is set to what there is. NULL with an exception that names `what`. None is NULL without one
/// where `optional`.
void *call_array(call *c, PyObject *object, const char *what, element type, int n_dim,
                 int64_t *shape, bool writable);
bool call_array_or_none(call *c, PyObject *object, const char *what, element type, int n_dim,
                        int64_t *shape, bool writable, void **out);

// --- reports as dicts --------------------------------------------------------------------------

/// One member of a report: its name, place and type.
typedef struct member {
  const char *name;
  size_t offset;
  enum { MEMBER_I32, MEMBER_I64, MEMBER_U64, MEMBER_F64, MEMBER_BOOL, MEMBER_TERCILE } type;
} member;
PyObject *dict_of(const member *members, const void *report);
PyObject *metrics_dict(const throng_metrics *m);
PyObject *metrics_list(const throng_metrics *each, int32_t n);
/// Of a name, or -1 with an exception that lists them.
int yardstick_of(const char *name);
/// {"random": {...}, "myopic": {...}}.
PyObject *comparison_dict(const throng_comparison *c);
/// "agent", "agent_against" and "yardsticks" of a report; false with an exception.
bool players_put(PyObject *dict, const throng_train_report *report);
/// Put and drop the reference; false with an exception where `value` is NULL or memory is short.
bool dict_put(PyObject *dict, const char *key, PyObject *value);
PyObject *text_or_none(const char *text);
PyObject *explanation_dict(const throng_explanation *e);

/// A list of texts as the library takes overrides, to be freed; NULL for None, and with an
/// exception and `*failed` where it is neither.
const char **overrides_of(PyObject *list, bool *failed);

// --- the functions of each area ----------------------------------------------------------------

extern PyMethodDef config_methods[], world_methods[], sta_methods[], sim_methods[],
    population_methods[], session_methods[], sweep_methods[], env_methods[], trained_methods[];

/// core_NAME(handle, path): `function` of the handle's object and the path. None.
#define CORE_WITH_PATH(name, type, kind, function)                         \
  static PyObject *core_##name(PyObject *self, PyObject *args) {           \
    (void)self;                                                            \
    PyObject *handle;                                                      \
    const char *path;                                                      \
    if (!PyArg_ParseTuple(args, "Os:" #name, &handle, &path)) return NULL; \
    call c = {0};                                                          \
    type *object = call_use(&c, handle, kind);                             \
    if (!object || !call_begin(&c)) return call_close(&c, NULL);           \
    return call_end(&c, function(object, path));                           \
  }

#define METHOD(name, help) \
  { #name, core_##name, METH_VARARGS, help }
/// Of a function whose one argument is what it is about.
#define METHOD_OF_ONE(name, help) \
  { #name, core_##name, METH_O, help }
#define METHODS_END \
  { NULL, NULL, 0, NULL }

#endif
