/// Training sessions, which their caller drives from mark to mark.
#include <stdlib.h>

#include "core.h"

static PyObject *core_session_create(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *backend, *world, *sta, *config, *progress;
  if (!PyArg_ParseTuple(args, "OOOOO:session_create", &backend, &world, &sta, &config, &progress))
    return NULL;
  call c = {0};
  void *weights;
  throng_backend *b = call_use(&c, backend, KIND_BACKEND);
  throng_world *w = b ? call_use(&c, world, KIND_WORLD) : NULL;
  throng_config *handle = w ? call_use(&c, config, KIND_CONFIG) : NULL;
  const throng_progress *to = call_progress(&c, progress);
  if (!handle || !call_use_or_none(&c, sta, KIND_STA, &weights) || !call_begin(&c))
    return call_close(&c, NULL);
  const throng_sim_def sim = throng_config_get_sim_def(handle);
  const throng_agent_def agent = throng_config_get_agent_def(handle);
  const throng_train_def train = throng_config_get_train_def(handle);
  throng_session *session = NULL;
  throng_status status = throng_session_create(b, w, weights, &sim, &agent, &train, to, &session);
  return call_made(&c, status, KIND_SESSION, session, false);
}

static PyObject *core_session_step(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *session, *progress;
  if (!PyArg_ParseTuple(args, "OO:session_step", &session, &progress)) return NULL;
  call c = {0};
  throng_session *s = call_use(&c, session, KIND_SESSION);
  const throng_progress *to = call_progress(&c, progress);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  uint32_t marks = 0;
  throng_status status = throng_session_step(s, to, &marks);
  return call_close(&c, call_resume(&c, status) ? PyLong_FromUnsignedLong(marks) : NULL);
}

static PyObject *core_session_evaluate(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *session, *progress;
  if (!PyArg_ParseTuple(args, "OO:session_evaluate", &session, &progress)) return NULL;
  call c = {0};
  throng_session *s = call_use(&c, session, KIND_SESSION);
  const throng_progress *to = call_progress(&c, progress);
  if (!s) return call_close(&c, NULL);
  const int32_t n = throng_population_get_def(throng_session_get_population(s)).count;
  throng_metrics *each = calloc((size_t)n + 1, sizeof *each);
  if (!each) return call_close(&c, PyErr_NoMemory());
  PyObject *list = NULL;
  if (call_begin(&c) && call_resume(&c, throng_session_evaluate(s, to, each)))
    list = metrics_list(each, n);
  free(each);
  return call_close(&c, list);
}

static PyObject *core_session_evaluate_yardstick(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *session, *progress;
  const char *name;
  if (!PyArg_ParseTuple(args, "OsO:session_evaluate_yardstick", &session, &name, &progress))
    return NULL;
  const int yardstick = yardstick_of(name);
  if (yardstick < 0) return NULL;
  call c = {0};
  throng_session *s = call_use(&c, session, KIND_SESSION);
  const throng_progress *to = call_progress(&c, progress);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  throng_metrics out;
  throng_status status =
      throng_session_evaluate_yardstick(s, (throng_yardstick)yardstick, to, &out);
  return call_close(&c, call_resume(&c, status) ? metrics_dict(&out) : NULL);
}

static PyObject *core_session_compare(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *session;
  int agent;
  if (!PyArg_ParseTuple(args, "Oi:session_compare", &session, &agent)) return NULL;
  call c = {0};
  throng_session *s = call_use(&c, session, KIND_SESSION);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  throng_comparison out;
  throng_status status = throng_session_compare(s, agent, &out);
  return call_close(&c, call_resume(&c, status) ? comparison_dict(&out) : NULL);
}

static PyObject *core_session_report(PyObject *self, PyObject *session) {
  (void)self;
  call c = {0};
  throng_session *s = call_use(&c, session, KIND_SESSION);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  throng_train_report report;
  throng_session_get_report(s, &report);
  call_resume(&c, THRONG_OK);
  return call_close(
      &c, Py_BuildValue("{s:L,s:d,s:d}", "user_steps", (long long)report.user_steps, "seconds",
                        report.seconds, "user_steps_per_second", report.user_steps_per_second));
}

CORE_WITH_PATH(session_save, throng_session, KIND_SESSION, throng_session_save)
CORE_WITH_PATH(session_restore, throng_session, KIND_SESSION, throng_session_restore)

static PyObject *core_session_population(PyObject *self, PyObject *session) {
  (void)self;
  call c = {0};
  throng_session *s = call_use(&c, session, KIND_SESSION);
  if (!s) return call_close(&c, NULL);
  return call_made(&c, THRONG_OK, KIND_POPULATION, throng_session_get_population(s), true);
}
static PyObject *core_session_sim(PyObject *self, PyObject *session) {
  (void)self;
  call c = {0};
  throng_session *s = call_use(&c, session, KIND_SESSION);
  if (!s) return call_close(&c, NULL);
  return call_made(&c, THRONG_OK, KIND_SIM, throng_session_get_sim(s), true);
}

PyMethodDef session_methods[] = {
    METHOD(session_create, "session_create(backend, world, sta, config, progress) -> Handle"),
    METHOD(session_step, "session_step(session, progress) -> marks"),
    METHOD(session_evaluate, "session_evaluate(session, progress) -> list of dict"),
    METHOD(session_evaluate_yardstick,
           "session_evaluate_yardstick(session, name, progress) -> dict"),
    METHOD(session_compare, "session_compare(session, agent) -> dict"),
    METHOD_OF_ONE(session_report, "session_report(session) -> dict"),
    METHOD(session_save, "session_save(session, path)"),
    METHOD(session_restore, "session_restore(session, path)"),
    METHOD_OF_ONE(session_population, "session_population(session) -> Handle"),
    METHOD_OF_ONE(session_sim, "session_sim(session) -> Handle"),
    METHODS_END};
