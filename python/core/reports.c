/// The library's reports as dicts of Python's.
#include <stddef.h>

#include "core.h"

bool dict_put(PyObject *dict, const char *key, PyObject *value) {
  const bool put = value && PyDict_SetItemString(dict, key, value) == 0;
  Py_XDECREF(value);
  return put;
}

PyObject *text_or_none(const char *text) {
  return text ? PyUnicode_FromString(text) : Py_NewRef(Py_None);
}

static PyObject *value_of(const member *m, const void *at) {
  switch (m->type) {
    case MEMBER_I32: return PyLong_FromLong(*(const int32_t *)at);
    case MEMBER_I64: return PyLong_FromLongLong(*(const int64_t *)at);
    case MEMBER_U64: return PyLong_FromUnsignedLongLong(*(const uint64_t *)at);
    case MEMBER_F64: return PyFloat_FromDouble(*(const double *)at);
    case MEMBER_BOOL: return PyBool_FromLong(*(const bool *)at);
    case MEMBER_TERCILE: {
      const double *three = at;
      return Py_BuildValue("(ddd)", three[0], three[1], three[2]);
    }
  }
  return NULL;
}

PyObject *dict_of(const member *members, const void *report) {
  PyObject *dict = PyDict_New();
  for (const member *m = members; dict && m->name; ++m)
    if (!dict_put(dict, m->name, value_of(m, (const char *)report + m->offset))) Py_CLEAR(dict);
  return dict;
}

#define METRIC(name, type) \
  { #name, offsetof(throng_metrics, name), type }
static const member metrics[] = {METRIC(episodes, MEMBER_I64),
                                 METRIC(average_reward, MEMBER_F64),
                                 METRIC(average_reward_sem, MEMBER_F64),
                                 METRIC(total_reward, MEMBER_F64),
                                 METRIC(liking, MEMBER_F64),
                                 METRIC(coverage, MEMBER_F64),
                                 METRIC(gini, MEMBER_F64),
                                 METRIC(diversity, MEMBER_F64),
                                 METRIC(session_length, MEMBER_F64),
                                 METRIC(tercile_reward, MEMBER_TERCILE),
                                 METRIC(tercile_liking, MEMBER_TERCILE),
                                 METRIC(tercile_length, MEMBER_TERCILE),
                                 METRIC(reward_per_step, MEMBER_F64),
                                 METRIC(reward_per_step_sem, MEMBER_F64),
                                 METRIC(other_user_share, MEMBER_F64),
                                 METRIC(coin_share, MEMBER_F64),
                                 {0}};
PyObject *metrics_dict(const throng_metrics *m) { return dict_of(metrics, m); }

#define PAIRED(name, type) \
  { #name, offsetof(throng_paired, name), type }
static const member paired[] = {PAIRED(sessions, MEMBER_I64), PAIRED(mean, MEMBER_F64),
                                PAIRED(sem, MEMBER_F64),      PAIRED(low, MEMBER_F64),
                                PAIRED(high, MEMBER_F64),     {0}};

PyObject *comparison_dict(const throng_comparison *c) {
  PyObject *dict = PyDict_New();
  if (dict && dict_put(dict, "random", dict_of(paired, &c->random)) &&
      dict_put(dict, "myopic", dict_of(paired, &c->myopic)))
    return dict;
  Py_XDECREF(dict);
  return NULL;
}

PyObject *metrics_list(const throng_metrics *each, int32_t n) {
  PyObject *list = PyList_New(0);
  for (int32_t k = 0; list && k < n; ++k) {
    PyObject *one = metrics_dict(&each[k]);
    if (!one || PyList_Append(list, one) < 0) Py_CLEAR(list);
    Py_XDECREF(one);
  }
  return list;
}

bool players_put(PyObject *dict, const throng_train_report *report) {
  PyObject *players = PyDict_New();
  bool put = players && dict_put(dict, "agent", metrics_dict(&report->agent)) &&
             dict_put(dict, "agent_against", comparison_dict(&report->agent_against));
  for (int k = 0; put && k < THRONG_YARDSTICK_COUNT; ++k)
    if (report->yardstick[k].episodes > 0)
      put = dict_put(players, throng_yardstick_name((throng_yardstick)k),
                     metrics_dict(&report->yardstick[k]));
  if (put) return dict_put(dict, "yardsticks", players);
  Py_XDECREF(players);
  return false;
}
