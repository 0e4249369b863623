/// Sweeps: run as a whole, or asked and told.
#include <math.h>

#include "core.h"

static PyObject *core_sweep_create(PyObject *self, PyObject *args) {
  (void)self;
  const char *text;
  if (!PyArg_ParseTuple(args, "s:sweep_create", &text)) return NULL;
  throng_sweep *sweep = NULL;
  throng_status status = throng_sweep_create(text, NULL, &sweep);
  call c = {0};
  return call_made(&c, status, KIND_SWEEP, sweep, false);
}

static PyObject *core_sweep_run(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sweep, *progress;
  int resume;
  if (!PyArg_ParseTuple(args, "OiO:sweep_run", &sweep, &resume, &progress)) return NULL;
  call c = {0};
  throng_sweep *s = call_use(&c, sweep, KIND_SWEEP);
  const throng_progress *to = call_progress(&c, progress);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  return call_end(&c, throng_sweep_run(s, resume != 0, to));
}

static PyObject *core_sweep_open(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sweep;
  int resume;
  if (!PyArg_ParseTuple(args, "Oi:sweep_open", &sweep, &resume)) return NULL;
  call c = {0};
  throng_sweep *s = call_use(&c, sweep, KIND_SWEEP);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  return call_end(&c, throng_sweep_open(s, resume != 0));
}

static const char *const states[] = {"running", "complete", "pruned", "failed"};

static PyObject *trial_dict(const throng_trial *t) {
  PyObject *values = PyList_New(0), *overrides = PyList_New(0), *one;
  for (int k = 0; values && k < t->objectives && k < THRONG_OBJECTIVES_MOST; ++k) {
    one = PyFloat_FromDouble(t->value[k]);
    if (!one || PyList_Append(values, one) < 0) Py_CLEAR(values);
    Py_XDECREF(one);
  }
  for (const char *const *o = t->overrides; overrides && o && *o; ++o) {
    one = PyUnicode_FromString(*o);
    if (!one || PyList_Append(overrides, one) < 0) Py_CLEAR(overrides);
    Py_XDECREF(one);
  }
  if (!values || !overrides) {
    Py_XDECREF(values);
    Py_XDECREF(overrides);
    return NULL;
  }
  return Py_BuildValue("{s:L,s:s,s:L,s:N,s:N,s:N,s:N}", "number", (long long)t->number, "state",
                       states[t->state], "user_steps", (long long)t->user_steps, "values", values,
                       "overrides", overrides, "config", text_or_none(t->config), "cause",
                       text_or_none(t->cause));
}

static PyObject *core_sweep_ask(PyObject *self, PyObject *sweep) {
  (void)self;
  call c = {0};
  throng_sweep *s = call_use(&c, sweep, KIND_SWEEP);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  throng_trial trial;
  bool end = false;
  throng_status status = throng_sweep_ask(s, &trial, &end);
  if (!call_resume(&c, status)) return call_close(&c, NULL);
  return call_close(&c, end ? Py_NewRef(Py_None) : trial_dict(&trial));
}

static PyObject *core_sweep_tell(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sweep;
  long long trial, steps;
  double value;
  if (!PyArg_ParseTuple(args, "OLLd:sweep_tell", &sweep, &trial, &steps, &value)) return NULL;
  call c = {0};
  throng_sweep *s = call_use(&c, sweep, KIND_SWEEP);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  bool stop = false;
  throng_status status = throng_sweep_tell(s, trial, steps, value, &stop);
  return call_close(&c, call_resume(&c, status) ? PyBool_FromLong(stop) : NULL);
}

/// values: a tuple, one an objective; or a cause, and the trial has failed.
static PyObject *core_sweep_finish(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sweep, *values;
  const char *cause;
  long long trial;
  if (!PyArg_ParseTuple(args, "OLOz:sweep_finish", &sweep, &trial, &values, &cause)) return NULL;
  double value[THRONG_OBJECTIVES_MOST] = {NAN, NAN, NAN, NAN};
  if (values != Py_None &&
      (!PyTuple_Check(values) || PyTuple_Size(values) > THRONG_OBJECTIVES_MOST))
    return fail_argument("values: expected a tuple of at most %d numbers", THRONG_OBJECTIVES_MOST);
  for (Py_ssize_t k = 0; values != Py_None && k < PyTuple_Size(values); ++k)
    value[k] = PyFloat_AsDouble(PyTuple_GetItem(values, k));
  if (PyErr_Occurred()) return NULL;
  call c = {0};
  throng_sweep *s = call_use(&c, sweep, KIND_SWEEP);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  const bool failed = values == Py_None;
  return call_end(
      &c, throng_sweep_finish(s, trial, failed ? THRONG_TRIAL_FAILED : THRONG_TRIAL_COMPLETE,
                              failed ? NULL : value, cause));
}

static PyObject *core_sweep_write(PyObject *self, PyObject *sweep) {
  (void)self;
  call c = {0};
  throng_sweep *s = call_use(&c, sweep, KIND_SWEEP);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  return call_end(&c, throng_sweep_write(s));
}

static PyObject *core_sweep_counts(PyObject *self, PyObject *sweep) {
  (void)self;
  call c = {0};
  throng_sweep *s = call_use(&c, sweep, KIND_SWEEP);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  const throng_sweep_counts n = throng_sweep_get_counts(s);
  call_resume(&c, THRONG_OK);
#define COUNT(name) \
  { #name, offsetof(throng_sweep_counts, name), MEMBER_I64 }
  static const member members[] = {COUNT(trials),
                                   COUNT(running),
                                   COUNT(complete),
                                   COUNT(pruned),
                                   COUNT(failed),
                                   COUNT(user_steps),
                                   {0}};
  return call_close(&c, dict_of(members, &n));
}

/// A trial by its number; the best one for numbers below 0.
static PyObject *core_sweep_trial(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sweep;
  long long number;
  if (!PyArg_ParseTuple(args, "OL:sweep_trial", &sweep, &number)) return NULL;
  call c = {0};
  throng_sweep *s = call_use(&c, sweep, KIND_SWEEP);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  throng_trial trial;
  throng_status status =
      number < 0 ? throng_sweep_get_best(s, &trial) : throng_sweep_get_trial(s, number, &trial);
  return call_close(&c, call_resume(&c, status) ? trial_dict(&trial) : NULL);
}

static PyObject *core_sweep_summary(PyObject *self, PyObject *sweep) {
  (void)self;
  call c = {0};
  throng_sweep *s = call_use(&c, sweep, KIND_SWEEP);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  const char *text = NULL;
  throng_status status = throng_sweep_get_summary(s, &text);
  return call_close(&c, call_resume(&c, status) ? PyUnicode_FromString(text) : NULL);
}

PyMethodDef sweep_methods[] = {
    METHOD(sweep_create, "sweep_create(text) -> Handle"),
    METHOD(sweep_run, "sweep_run(sweep, resume, progress)"),
    METHOD(sweep_open, "sweep_open(sweep, resume)"),
    METHOD_OF_ONE(sweep_ask, "sweep_ask(sweep) -> dict, or None at the end"),
    METHOD(sweep_tell, "sweep_tell(sweep, trial, user_steps, value) -> stop"),
    METHOD(sweep_finish, "sweep_finish(sweep, trial, values or None, cause)"),
    METHOD_OF_ONE(sweep_write, "sweep_write(sweep)"),
    METHOD_OF_ONE(sweep_counts, "sweep_counts(sweep) -> dict"),
    METHOD(sweep_trial, "sweep_trial(sweep, number, or -1 for the best) -> dict"),
    METHOD_OF_ONE(sweep_summary, "sweep_summary(sweep) -> JSON"),
    METHODS_END};
