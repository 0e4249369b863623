/// Arrays without a copy: memory of the library, or a block's own, through the buffer protocol and
/// DLPack. An array keeps alive what its memory belongs to.
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "dlpack.h"

enum { MOST_DIM = THRONG_ARRAY_MOST_DIM };

static const struct {
  const char *format, *name;  // as in struct.unpack, as NumPy says it
  int size;
  uint8_t code;  // DLPack's
} elements[ELEMENT_COUNT] = {
    [ELEMENT_U8] = {"B", "uint8", 1, DL_UINT},     [ELEMENT_I32] = {"i", "int32", 4, DL_INT},
    [ELEMENT_U32] = {"I", "uint32", 4, DL_UINT},   [ELEMENT_I64] = {"q", "int64", 8, DL_INT},
    [ELEMENT_U64] = {"Q", "uint64", 8, DL_UINT},   [ELEMENT_F32] = {"f", "float32", 4, DL_FLOAT},
    [ELEMENT_F64] = {"d", "float64", 8, DL_FLOAT}, [ELEMENT_BOOL] = {"?", "bool", 1, DL_BOOL},
    [ELEMENT_I8] = {"b", "int8", 1, DL_INT},
};

int element_size(element type) { return elements[type].size; }

typedef struct array {
  PyObject_HEAD PyObject *hold;  // capsule that the memory lives as long as
  char *data;
  element type;
  int n_dim;
  int64_t shape[MOST_DIM];
  int64_t stride[MOST_DIM];     // in elements
  Py_ssize_t extent[MOST_DIM];  // shape and strides as the buffer protocol has them
  Py_ssize_t byte_stride[MOST_DIM];
  bool read_only;
  int device, device_number;
} array;
static PyTypeObject *array_type;

static PyObject *finish(array *a) {
  for (int d = 0; a && d < a->n_dim; ++d) {
    a->extent[d] = (Py_ssize_t)a->shape[d];
    a->byte_stride[d] = (Py_ssize_t)(a->stride[d] * elements[a->type].size);
  }
  return (PyObject *)a;
}

static array *fresh(PyObject *hold, void *data, element type, int n_dim, bool read_only) {
  array *a = PyObject_New(array, array_type);
  if (!a) return NULL;
  a->hold = Py_NewRef(hold);
  a->data = data;
  a->type = type;
  a->n_dim = n_dim;
  a->read_only = read_only;
  a->device = THRONG_DEVICE_CPU;
  a->device_number = 0;
  return a;
}

PyObject *array_of(PyObject *hold, const throng_array *from) {
  array *a = fresh(hold, from->data, (element)from->dtype, from->n_dim, from->read_only);
  if (!a) return NULL;
  memcpy(a->shape, from->shape, sizeof a->shape);
  memcpy(a->stride, from->stride, sizeof a->stride);
  a->device = from->device;
  a->device_number = from->device_number;
  return finish(a);
}

PyObject *array_new(PyObject *hold, void *data, element type, int n_dim, const int64_t *shape,
                    bool read_only) {
  array *a = fresh(hold, data, type, n_dim, read_only);
  int64_t step = 1;
  for (int d = n_dim - 1; a && d >= 0; --d) {
    a->shape[d] = shape[d];
    a->stride[d] = step;
    step *= shape[d];
  }
  return finish(a);
}

PyObject *array_make(element type, int n_dim, const int64_t *shape, void **data) {
  size_t bytes = (size_t)elements[type].size;
  for (int d = 0; d < n_dim; ++d) bytes *= (size_t)shape[d];
  PyObject *hold = block_new(bytes, data);
  PyObject *made = hold ? array_new(hold, *data, type, n_dim, shape, false) : NULL;
  Py_XDECREF(hold);
  return made;
}

// --- the buffer protocol -----------------------------------------------------------------------

static bool is_contiguous(const array *a) {
  int64_t step = 1;
  for (int d = a->n_dim - 1; d >= 0; --d) {
    if (a->shape[d] != 1 && a->stride[d] != step) return false;
    step *= a->shape[d];
  }
  return true;
}

static int buffer_error(const char *text) {
  PyErr_SetString(PyExc_BufferError, text);
  return -1;
}

static int array_getbuffer(PyObject *self, Py_buffer *view, int flags) {
  array *a = (array *)self;
  view->obj = NULL;
  if (a->device != THRONG_DEVICE_CPU)
    return buffer_error("this array lies on a device: take it with DLPack (torch.from_dlpack)");
  if ((flags & PyBUF_WRITABLE) && a->read_only) return buffer_error("this array is read-only");
  const bool strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES;
  if ((!strides || (flags & PyBUF_C_CONTIGUOUS) == PyBUF_C_CONTIGUOUS) && !is_contiguous(a))
    return buffer_error("this array is strided");
  view->buf = a->data;
  view->itemsize = elements[a->type].size;
  view->len = view->itemsize;
  for (int d = 0; d < a->n_dim; ++d) view->len *= a->extent[d];
  view->readonly = a->read_only;
  view->ndim = a->n_dim;
  view->format = flags & PyBUF_FORMAT ? (char *)(uintptr_t)elements[a->type].format : NULL;
  view->shape = flags & PyBUF_ND ? a->extent : NULL;
  view->strides = strides ? a->byte_stride : NULL;
  view->suboffsets = NULL;
  view->internal = NULL;
  view->obj = Py_NewRef(self);
  return 0;
}

// --- DLPack ------------------------------------------------------------------------------------

static void fill_tensor(const array *a, DLTensor *t) {
  *t = (DLTensor){.data = a->data,
                  .device = {a->device, a->device_number},
                  .ndim = a->n_dim,
                  .dtype = {elements[a->type].code, (uint8_t)(8 * elements[a->type].size), 1},
                  .shape = (int64_t *)(uintptr_t)a->shape,
                  .strides = (int64_t *)(uintptr_t)a->stride};
}

/// Consumers may be done with it on any thread.
static void let_go(void *context) {
  PyGILState_STATE state = PyGILState_Ensure();
  Py_DECREF((PyObject *)context);
  PyGILState_Release(state);
}
static void delete_old(DLManagedTensor *self) {
  let_go(self->manager_ctx);
  free(self);
}
static void delete_versioned(DLManagedTensorVersioned *self) {
  let_go(self->manager_ctx);
  free(self);
}
/// Of a capsule that nobody took.
static void end_old(PyObject *capsule) {
  if (!PyCapsule_IsValid(capsule, "dltensor")) return;
  delete_old(PyCapsule_GetPointer(capsule, "dltensor"));
}
static void end_versioned(PyObject *capsule) {
  if (!PyCapsule_IsValid(capsule, "dltensor_versioned")) return;
  delete_versioned(PyCapsule_GetPointer(capsule, "dltensor_versioned"));
}

static PyObject *export_versioned(array *a) {
  DLManagedTensorVersioned *m = calloc(1, sizeof *m);
  if (!m) return PyErr_NoMemory();
  m->version = (DLPackVersion){1, 1};
  m->flags = a->read_only ? DL_READ_ONLY : 0;
  m->deleter = delete_versioned;
  fill_tensor(a, &m->dl_tensor);
  m->manager_ctx = Py_NewRef((PyObject *)a);
  PyObject *capsule = PyCapsule_New(m, "dltensor_versioned", end_versioned);
  if (!capsule) delete_versioned(m);
  return capsule;
}

static PyObject *export_old(array *a) {
  if (a->read_only) {
    buffer_error("this array is read-only, which DLPack cannot say before version 1.0");
    return NULL;
  }
  DLManagedTensor *m = calloc(1, sizeof *m);
  if (!m) return PyErr_NoMemory();
  m->deleter = delete_old;
  fill_tensor(a, &m->dl_tensor);
  m->manager_ctx = Py_NewRef((PyObject *)a);
  PyObject *capsule = PyCapsule_New(m, "dltensor", end_old);
  if (!capsule) delete_old(m);
  return capsule;
}

static PyObject *array_dlpack(PyObject *self, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"stream", "max_version", "dl_device", "copy", NULL};
  array *a = (array *)self;
  PyObject *stream = Py_None, *version = Py_None, *device = Py_None, *copy = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$OOOO:__dlpack__", names, &stream, &version,
                                   &device, &copy))
    return NULL;
  if (copy == Py_True) {
    buffer_error("throng hands out no copies: copy what you were given");
    return NULL;
  }
  if ((device != Py_None && !PyTuple_Check(device)) ||
      (version != Py_None && !PyTuple_Check(version))) {
    PyErr_SetString(PyExc_TypeError, "max_version and dl_device: expected a pair of integers");
    return NULL;
  }
  if (device != Py_None) {
    int type, number;
    if (!PyArg_ParseTuple(device, "ii:dl_device", &type, &number)) return NULL;
    if (type != a->device || number != a->device_number) {
      buffer_error("this array lies on another device");
      return NULL;
    }
  }
  // -1: the consumer sees to the order itself; None: CUDA's legacy default stream, which is 1.
  const long long to = stream == Py_None ? 1 : PyLong_AsLongLong(stream);
  if (to == -1 && PyErr_Occurred()) return NULL;
  if (stream != Py_None && a->device == THRONG_DEVICE_CPU) {
    buffer_error("stream: memory of the CPU has none, expected None");
    return NULL;
  }
  if (to < -1)
    return fail_argument("stream: expected None, -1 or the number of a CUDA stream, not %lld", to);
  int major = 0, minor = 0;
  if (version != Py_None && !PyArg_ParseTuple(version, "ii:max_version", &major, &minor))
    return NULL;
  if (a->device != THRONG_DEVICE_CPU && to != -1 && !owner_before(a->hold, (uint64_t)to))
    return NULL;
  return major >= 1 ? export_versioned(a) : export_old(a);
}

static PyObject *array_dlpack_device(PyObject *self, PyObject *unused) {
  (void)unused;
  return Py_BuildValue("ii", ((array *)self)->device, ((array *)self)->device_number);
}

// --- looking at it -----------------------------------------------------------------------------

static PyObject *array_shape(PyObject *self, void *unused) {
  (void)unused;
  const array *a = (const array *)self;
  PyObject *shape = PyTuple_New(a->n_dim);
  for (int d = 0; shape && d < a->n_dim; ++d)
    PyTuple_SetItem(shape, d, PyLong_FromLongLong((long long)a->shape[d]));
  return shape;
}
static PyObject *array_dtype(PyObject *self, void *unused) {
  (void)unused;
  return PyUnicode_FromString(elements[((array *)self)->type].name);
}
static PyObject *array_address(PyObject *self, void *unused) {
  (void)unused;
  return PyLong_FromVoidPtr(((array *)self)->data);
}
static PyObject *array_readonly(PyObject *self, void *unused) {
  (void)unused;
  return PyBool_FromLong(((array *)self)->read_only);
}
static PyObject *array_repr(PyObject *self) {
  const array *a = (const array *)self;
  PyObject *shape = array_shape(self, NULL);
  PyObject *text =
      shape ? PyUnicode_FromFormat("<throng array %R %s on %s>", shape, elements[a->type].name,
                                   a->device == THRONG_DEVICE_CPU ? "cpu" : "cuda")
            : NULL;
  Py_XDECREF(shape);
  return text;
}
static void array_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  Py_CLEAR(((array *)self)->hold);
  ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

bool arrays_add(PyObject *module) {
  static PyMethodDef methods[] = {
      {"__dlpack__", (PyCFunction)(void (*)(void))array_dlpack, METH_VARARGS | METH_KEYWORDS,
       "A DLPack capsule of this memory. On a device, what `stream` does next comes after what the "
       "library has queued: None or 1 is CUDA's legacy default stream, 2 the thread's own, another "
       "number a stream's address; -1 orders nothing."},
      {"__dlpack_device__", array_dlpack_device, METH_NOARGS,
       "(1, 0): CPU; (2, n): CUDA device n."},
      METHODS_END};
  static PyGetSetDef properties[] = {
      {"shape", array_shape, NULL, "Elements along each dimension.", NULL},
      {"dtype", array_dtype, NULL, "Type of an element as NumPy names it.", NULL},
      {"address", array_address, NULL, "Where its first element lies.", NULL},
      {"readonly", array_readonly, NULL, "May it not be written?", NULL},
      {NULL, NULL, NULL, NULL, NULL}};
  static PyType_Slot slots[] = {
      {Py_tp_dealloc, array_dealloc},
      {Py_tp_methods, methods},
      {Py_tp_getset, properties},
      {Py_tp_repr, array_repr},
      {Py_bf_getbuffer, array_getbuffer},
      {Py_tp_doc,
       "Memory of the library, for numpy.asarray and torch.from_dlpack: no copy is made."},
      {0, NULL}};
  static PyType_Spec spec = {.name = "throng._core.Array",
                             .basicsize = sizeof(array),
                             .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                             .slots = slots};
  array_type = (PyTypeObject *)PyType_FromSpec(&spec);
  return array_type && PyModule_AddType(module, array_type) == 0;
}

// --- arguments ---------------------------------------------------------------------------------

/// The element that a format of the buffer protocol says, or -1.
static int element_of(const Py_buffer *v) {
  const char *format = v->format ? v->format : "B";
  if (*format == '=' || *format == '<' || *format == '@') ++format;
  if (strlen(format) != 1) return -1;
  if (*format == '?') return ELEMENT_BOOL;
  if (strchr("bhilq", *format))
    return v->itemsize == 1   ? ELEMENT_I8
           : v->itemsize == 4 ? ELEMENT_I32
           : v->itemsize == 8 ? ELEMENT_I64
                              : -1;
  if (strchr("BHILQ", *format))
    return v->itemsize == 1   ? ELEMENT_U8
           : v->itemsize == 4 ? ELEMENT_U32
           : v->itemsize == 8 ? ELEMENT_U64
                              : -1;
  if (strchr("fd", *format)) return v->itemsize == 4 ? ELEMENT_F32 : ELEMENT_F64;
  return -1;
}

static bool fits(const Py_buffer *v, element type, int n_dim, const int64_t *shape) {
  const int found = element_of(v);
  const bool same = found == (int)type || (type == ELEMENT_U8 && found == ELEMENT_BOOL) ||
                    (type == ELEMENT_BOOL && found == ELEMENT_U8);
  if (!same || v->ndim != n_dim) return false;
  for (int d = 0; d < n_dim; ++d)
    if (shape[d] >= 0 && v->shape[d] != shape[d]) return false;
  return true;
}

static void shape_text(char *text, size_t size, int n_dim, const Py_ssize_t *found,
                       const int64_t *shape) {
  size_t used = 0;
  text[0] = '\0';
  for (int d = 0; d < n_dim && used < size; ++d) {
    const long long n = found ? (long long)found[d] : (long long)shape[d];
    if (n < 0)
      used += (size_t)PyOS_snprintf(text + used, size - used, "%sn", d ? ", " : "");
    else
      used += (size_t)PyOS_snprintf(text + used, size - used, "%s%lld", d ? ", " : "", n);
  }
}

void *call_array(call *c, PyObject *object, const char *what, element type, int n_dim,
                 int64_t *shape, bool writable) {
  Py_buffer *v = &c->view[c->n_view];
  const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
  char expected[128], got[128];
  shape_text(expected, sizeof expected, n_dim, NULL, shape);
  if (PyObject_GetBuffer(object, v, flags) < 0) {
    PyErr_Clear();
    return fail_argument("%s: expected an array of %s (%s), C-contiguous%s, not %R", what,
                         elements[type].name, expected, writable ? " and writable" : "",
                         (PyObject *)Py_TYPE(object));
  }
  c->n_view += 1;
  if (fits(v, type, n_dim, shape) && (uintptr_t)v->buf % (size_t)v->itemsize != 0)
    return fail_argument("%s: expected an array that lies at a multiple of its elements' size",
                         what);
  if (fits(v, type, n_dim, shape)) {
    for (int d = 0; d < n_dim; ++d) shape[d] = v->shape[d];
    static char nothing[64];  // an empty array may have no address
    return v->buf ? v->buf : nothing;
  }
  shape_text(got, sizeof got, v->ndim > 8 ? 8 : v->ndim, v->shape, NULL);
  const int found = element_of(v);
  return fail_argument("%s: expected %s (%s), not %s (%s)", what, elements[type].name, expected,
                       found < 0 ? v->format : elements[found].name, got);
}

bool call_array_or_none(call *c, PyObject *object, const char *what, element type, int n_dim,
                        int64_t *shape, bool writable, void **out) {
  *out = NULL;
  return object == Py_None || (*out = call_array(c, object, what, type, n_dim, shape, writable));
}
