/// Configurations, and the backend and the run that they ask for.
#include <stdlib.h>

#include "core.h"

enum { MOST_OVERRIDES = 1024 };

const char **overrides_of(PyObject *list, bool *failed) {
  *failed = false;
  if (list == Py_None) return NULL;
  *failed = true;
  const Py_ssize_t n = PyList_Check(list) ? PyList_Size(list) : -1;
  if (n < 0 || n > MOST_OVERRIDES) {
    fail_argument("overrides: expected a list of at most %d texts", MOST_OVERRIDES);
    return NULL;
  }
  const char **texts = calloc((size_t)n + 1, sizeof *texts);
  if (!texts) PyErr_NoMemory();
  for (Py_ssize_t k = 0; texts && k < n; ++k) {
    texts[k] = whole_text(PyList_GetItem(list, k), "overrides");
    if (texts[k]) continue;
    free((void *)(uintptr_t)texts);
    return NULL;
  }
  *failed = texts == NULL;
  return texts;
}

static PyObject *core_config_read(PyObject *self, PyObject *args) {
  (void)self;
  const char *text, *name;
  PyObject *list;
  bool failed;
  if (!PyArg_ParseTuple(args, "ssO:config_read", &text, &name, &list)) return NULL;
  const char **overrides = overrides_of(list, &failed);
  if (failed) return NULL;
  throng_config *config = NULL;
  throng_status status = throng_config_read(text, name, overrides, &config);
  free((void *)(uintptr_t)overrides);
  call c = {0};
  return call_made(&c, status, KIND_CONFIG, config, false);
}

static PyObject *core_config_open(PyObject *self, PyObject *args) {
  (void)self;
  const char *path;
  PyObject *list;
  bool failed;
  if (!PyArg_ParseTuple(args, "sO:config_open", &path, &list)) return NULL;
  const char **overrides = overrides_of(list, &failed);
  if (failed) return NULL;
  throng_config *config = NULL;
  throng_status status = throng_config_open(path, overrides, &config);
  free((void *)(uintptr_t)overrides);
  call c = {0};
  return call_made(&c, status, KIND_CONFIG, config, false);
}

static PyObject *text_of(PyObject *args, const char *format,
                         throng_status (*get)(throng_config *, const char **)) {
  PyObject *config;
  if (!PyArg_ParseTuple(args, format, &config)) return NULL;
  call c = {0};
  throng_config *handle = call_use(&c, config, KIND_CONFIG);
  if (!handle || !call_begin(&c)) return call_close(&c, NULL);
  const char *text;
  throng_status status = get(handle, &text);
  return call_close(&c, call_resume(&c, status) ? PyUnicode_FromString(text) : NULL);
}
static PyObject *core_config_json(PyObject *self, PyObject *args) {
  (void)self;
  return text_of(args, "O:config_json", throng_config_get_json);
}
static PyObject *core_config_schema(PyObject *self, PyObject *args) {
  (void)self;
  return text_of(args, "O:config_schema", throng_config_get_schema);
}

static PyObject *report_dict(const throng_train_report *report) {
  PyObject *dict =
      Py_BuildValue("{s:L,s:d,s:d}", "user_steps", (long long)report->user_steps, "seconds",
                    report->seconds, "user_steps_per_second", report->user_steps_per_second);
  if (dict && !players_put(dict, report)) Py_CLEAR(dict);
  return dict;
}

static PyObject *core_config_train(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *config, *progress;
  if (!PyArg_ParseTuple(args, "OO:config_train", &config, &progress)) return NULL;
  call c = {0};
  throng_config *handle = call_use(&c, config, KIND_CONFIG);
  const throng_progress *to = call_progress(&c, progress);
  if (!handle || !call_begin(&c)) return call_close(&c, NULL);
  throng_train_report report;
  throng_status status = throng_config_train(handle, to, &report);
  return call_close(&c, call_resume(&c, status) ? report_dict(&report) : NULL);
}

static PyObject *core_backend_open(PyObject *self, PyObject *config) {
  (void)self;
  call c = {0};
  throng_config *handle = call_use(&c, config, KIND_CONFIG);
  if (!handle || !call_begin(&c)) return call_close(&c, NULL);
  const throng_backend_def def = throng_config_get_backend_def(handle);
  throng_backend *backend = NULL;
  throng_status status = throng_backend_open(&def, &backend);
  return call_made(&c, status, KIND_BACKEND, backend, false);
}

static PyObject *backend_order(PyObject *args, throng_status (*order)(throng_backend *, uint64_t)) {
  PyObject *backend, *number;
  if (!PyArg_ParseTuple(args, "OO:backend_order", &backend, &number)) return NULL;
  const unsigned long long stream = PyLong_AsUnsignedLongLong(number);
  if (PyErr_Occurred()) return NULL;
  call c = {0};
  throng_backend *handle = call_use(&c, backend, KIND_BACKEND);
  if (!handle || !call_begin(&c)) return call_close(&c, NULL);
  return call_end(&c, order(handle, stream));
}
static PyObject *core_backend_before(PyObject *self, PyObject *args) {
  (void)self;
  return backend_order(args, throng_backend_before);
}
static PyObject *core_backend_after(PyObject *self, PyObject *args) {
  (void)self;
  return backend_order(args, throng_backend_after);
}

static PyObject *core_backend_info(PyObject *self, PyObject *backend) {
  (void)self;
  call c = {0};
  throng_backend *handle = call_use(&c, backend, KIND_BACKEND);
  if (!handle) return call_close(&c, NULL);
  return call_close(&c, Py_BuildValue("{s:s,s:s,s:s}", "name", throng_backend_name(handle),
                                      "description", throng_backend_describe(handle), "arithmetic",
                                      throng_backend_arithmetic(handle)));
}

PyMethodDef config_methods[] = {METHOD(config_read, "config_read(text, name, overrides) -> Handle"),
                                METHOD(config_open, "config_open(path, overrides) -> Handle"),
                                METHOD(config_json, "config_json(config) -> str"),
                                METHOD(config_schema, "config_schema(config) -> str"),
                                METHOD(config_train, "config_train(config, progress) -> dict"),
                                METHOD_OF_ONE(backend_open, "backend_open(config) -> Handle"),
                                METHOD_OF_ONE(backend_info, "backend_info(backend) -> dict"),
                                METHOD(backend_before, "backend_before(backend, stream)"),
                                METHOD(backend_after, "backend_after(backend, stream)"),
                                METHODS_END};
