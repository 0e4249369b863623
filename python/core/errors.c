/// Exceptions: three classes below throng.Error, with the library's words.
#include <stdarg.h>
#include <string.h>

#include "core.h"

static PyObject *error, *argument_error, *file_error, *run_error;

static PyObject *add(PyObject *module, const char *name, const char *qualified, const char *help,
                     PyObject *mixin) {
  PyObject *bases = error ? PyTuple_Pack(2, error, mixin) : Py_NewRef(PyExc_Exception);
  PyObject *class = bases ? PyErr_NewExceptionWithDoc(qualified, help, bases, NULL) : NULL;
  Py_XDECREF(bases);
  if (class && PyModule_AddObjectRef(module, name, class) < 0) Py_CLEAR(class);
  return class;
}

bool errors_add(PyObject *module) {
  error = add(module, "Error", "throng.Error",
              "What every exception of throng is.\n\n"
              "``status`` says what the call came to: \"argument error\", \"data error\", ...",
              NULL);
  if (!error) return false;
  argument_error = add(module, "ArgumentError", "throng.ArgumentError",
                       "An argument, an option or a configuration is wrong, or a closed object was "
                       "used: the caller's to mend. A ValueError.",
                       PyExc_ValueError);
  file_error = add(module, "FileError", "throng.FileError",
                   "A file does not hold what its format promises, or the system refused to read "
                   "or write it. An OSError.",
                   PyExc_OSError);
  run_error =
      add(module, "RunError", "throng.RunError",
          "The machine or the run: memory does not suffice, the device failed, learning has "
          "diverged, or it was cancelled. A RuntimeError.",
          PyExc_RuntimeError);
  // Those that Python raises say it too.
  PyObject *usual = PyUnicode_FromString(throng_status_name(THRONG_ERROR_ARGUMENT));
  const bool said =
      usual && argument_error && PyObject_SetAttrString(argument_error, "status", usual) == 0;
  Py_XDECREF(usual);
  return said && file_error && run_error;
}

static PyObject *raise(PyObject *class, PyObject *text, throng_status status) {
  PyObject *value = text ? PyObject_CallFunctionObjArgs(class, text, NULL) : NULL;
  PyObject *name = PyUnicode_FromString(throng_status_name(status));
  if (value && name && PyObject_SetAttrString(value, "status", name) == 0)
    PyErr_SetObject(class, value);
  Py_XDECREF(name);
  Py_XDECREF(value);
  Py_XDECREF(text);
  return NULL;
}

PyObject *fail_argument(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  PyObject *text = PyUnicode_FromFormatV(format, arguments);
  va_end(arguments);
  return raise(argument_error, text, THRONG_ERROR_ARGUMENT);
}

const char *whole_text(PyObject *str, const char *what) {
  Py_ssize_t size;
  const char *text = PyUnicode_AsUTF8AndSize(str, &size);
  if (!text || strlen(text) == (size_t)size) return text;
  fail_argument("%s: %R holds a NUL", what, str);
  return NULL;
}

static PyObject *class_of(throng_status status) {
  switch (status) {
    case THRONG_ERROR_ARGUMENT:
    case THRONG_ERROR_CONFIG: return argument_error;
    case THRONG_ERROR_DATA:
    case THRONG_ERROR_IO: return file_error;
    default: return run_error;
  }
}

PyObject *fail_status(throng_status status) {
  const char *text = throng_error_message();
  return raise(class_of(status), PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace"),
               status);
}
