/// Calls into the library: the interpreter's lock given away, turns on a backend, progress.
#include <string.h>

#include "core.h"
#include "turn.h"

bool call_begin(call *c) {
  turn *t = c->turn;
  const unsigned long me = PyThread_get_thread_ident();
  if (t && t->held && t->holder == me) {
    fail_argument(
        "called from within another call on the same backend (its progress callback): wait for its "
        "end");
    return false;
  }
  if (t && pthread_mutex_trylock(&t->mutex) != 0) {
    if (t->held && t->generation != turn_generation) {
      fail_argument(
          "this process was forked while another thread was in a call on the same backend, which "
          "nobody ends here: open another");
      return false;
    }
    Py_BEGIN_ALLOW_THREADS pthread_mutex_lock(&t->mutex);
    Py_END_ALLOW_THREADS
  }
  if (t) {
    t->held = true;
    t->holder = me;
    t->generation = turn_generation;
  }
  c->running = true;
  c->state = PyEval_SaveThread();
  return true;
}

bool call_resume(call *c, throng_status status) {
  if (c->state) PyEval_RestoreThread(c->state);
  c->state = NULL;
  if (c->raised) return false;
  if (status != THRONG_OK) fail_status(status);
  return status == THRONG_OK;
}

PyObject *call_close(call *c, PyObject *result) {
  turn *t = c->turn;
  if (c->running && t) {
    turn_close_waiting(t);
    t->held = false;
    pthread_mutex_unlock(&t->mutex);
  }
  c->running = false;
  for (int k = 0; k < c->n_view; ++k) PyBuffer_Release(&c->view[k]);
  for (int k = 0; k < c->n_hold; ++k) Py_DECREF(c->hold[k]);
  c->n_view = c->n_hold = 0;
  return result;
}

PyObject *call_end(call *c, throng_status status) {
  if (!call_resume(c, status)) return call_close(c, NULL);
  return call_close(c, Py_NewRef(Py_None));
}

// --- progress ----------------------------------------------------------------------------------

/// False: stop. Called with the interpreter's lock.
static bool tell(call *c, PyObject *result) {
  const int go_on = result == NULL ? -1 : result == Py_None ? 1 : PyObject_IsTrue(result);
  Py_XDECREF(result);
  if (go_on < 0) c->raised = true;
  return go_on > 0;
}

static bool report(void *context, const char *stage, int64_t done, int64_t total,
                   const char *unit) {
  call *c = context;
  PyEval_RestoreThread(c->state);
  bool go_on = !c->raised;
  if (go_on && PyErr_CheckSignals() < 0) {
    c->raised = true;
    go_on = false;
  }
  if (go_on && c->callback)
    go_on = tell(c, PyObject_CallFunction(c->callback, "sLLs", stage, (long long)done,
                                          (long long)total, unit ? unit : ""));
  c->state = PyEval_SaveThread();
  return go_on;
}

/// What is worth telling a person goes to the logger "throng": to nowhere unless asked for, but for
/// warnings.
static void note(void *context, const char *text) {
  static const char mark[] = "warning: ";
  call *c = context;
  PyEval_RestoreThread(c->state);
  if (!c->raised) {
    const bool warns = strncmp(text, mark, sizeof mark - 1) == 0;
    if (warns) text += sizeof mark - 1;
    PyObject *words = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    PyObject *logging = PyImport_ImportModule("logging");
    PyObject *logger = logging ? PyObject_CallMethod(logging, "getLogger", "s", "throng") : NULL;
    PyObject *done =
        logger && words ? PyObject_CallMethod(logger, warns ? "warning" : "info", "sO", "%s", words)
                        : NULL;
    c->raised = done == NULL;
    Py_XDECREF(done);
    Py_XDECREF(logger);
    Py_XDECREF(logging);
    Py_XDECREF(words);
  }
  c->state = PyEval_SaveThread();
}

const throng_progress *call_progress(call *c, PyObject *callable) {
  c->callback = callable == Py_None ? NULL : callable;
  c->progress = (throng_progress){.report = report, .note = note, .context = c};
  return &c->progress;
}
