/// Populations, and the evaluation of them and of yardsticks.
#include <stdlib.h>
#include <string.h>

#include "core.h"

static PyObject *core_population_create(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim, *config;
  long long total;
  if (!PyArg_ParseTuple(args, "OOL:population_create", &sim, &config, &total)) return NULL;
  call c = {0};
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  throng_config *handle = s ? call_use(&c, config, KIND_CONFIG) : NULL;
  if (!handle || !call_begin(&c)) return call_close(&c, NULL);
  const throng_agent_def def = throng_config_get_agent_def(handle);
  throng_population *population = NULL;
  throng_status status = throng_population_create(s, &def, total, &population);
  return call_made(&c, status, KIND_POPULATION, population, false);
}

/// `n` steps of training; between two of them the callback and Ctrl-C are asked, at most ten times
/// a second's worth of steps.
static PyObject *core_population_train(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population, *progress;
  long long n;
  if (!PyArg_ParseTuple(args, "OLO:population_train", &population, &n, &progress)) return NULL;
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  const throng_progress *to = call_progress(&c, progress);
  if (!p || !call_begin(&c)) return call_close(&c, NULL);
  throng_status status = THRONG_OK;
  bool go_on = true;
  for (long long k = 0; status == THRONG_OK && go_on && k < n; ++k) {
    status = throng_population_train_step(p);
    if (status == THRONG_OK && (k % 16 == 0 || k + 1 == n))
      go_on = to->report(to->context, "train", k + 1, n, "steps");
  }
  return call_end(&c, status);
}

static PyObject *core_population_act(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population, *sim;
  int greedy;
  if (!PyArg_ParseTuple(args, "OOi:population_act", &population, &sim, &greedy)) return NULL;
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  throng_sim *s = p ? call_use(&c, sim, KIND_SIM) : NULL;
  if (!s) return call_close(&c, NULL);
  const throng_sim_def def = throng_sim_get_def(s);
  void *action;
  PyObject *array = array_make(ELEMENT_I32, 2, (int64_t[]){def.lanes, def.slate_size}, &action);
  if (!array || !call_begin(&c)) {
    Py_XDECREF(array);
    return call_close(&c, NULL);
  }
  if (!call_resume(&c, throng_population_act(p, s, greedy != 0, action))) Py_CLEAR(array);
  return call_close(&c, array);
}

#define STATE_NAMES \
  { "learning", "stopped", "diverged" }
static bool put_mean(PyObject *dict, const char *name, const float *mean, int32_t k) {
  return !mean || dict_put(dict, name, PyFloat_FromDouble((double)mean[k]));
}

static PyObject *agent_dict(const throng_population_stats *s, int32_t k) {
  static const char *const states[] = {"learning", "stopped", "diverged"};
  PyObject *dict =
      Py_BuildValue("{s:s,s:L,s:L,s:L,s:d}", "state", states[s->state[k]], "user_steps",
                    (long long)s->user_steps[k], "updates", (long long)s->updates[k], "episodes",
                    (long long)s->episodes[k], "mean_return", (double)s->mean_return[k]);
#define PUT(name) put_mean(dict, #name, s->name, k)
  if (dict && PUT(epsilon) && PUT(loss) && PUT(q) && PUT(grad_norm) && PUT(entropy_loss) &&
      PUT(policy_gradient_loss) && PUT(value_loss) && PUT(approx_kl) && PUT(clip_fraction) &&
      PUT(explained_variance))
    return dict;
#undef PUT
  Py_XDECREF(dict);
  return NULL;
}

static PyObject *stats_list(const throng_population_stats *s) {
  PyObject *list = PyList_New(0);
  for (int32_t k = 0; list && k < s->count; ++k) {
    PyObject *one = agent_dict(s, k);
    if (!one || PyList_Append(list, one) < 0) Py_CLEAR(list);
    Py_XDECREF(one);
  }
  return list;
}

static PyObject *core_population_stats(PyObject *self, PyObject *population) {
  (void)self;
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  if (!p || !call_begin(&c)) return call_close(&c, NULL);
  throng_population_stats stats;
  throng_status status = throng_population_get_stats(p, &stats);
  return call_close(&c, call_resume(&c, status) ? stats_list(&stats) : NULL);
}

static PyObject *core_population_set(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population;
  int agent;
  const char *option;
  double value;
  if (!PyArg_ParseTuple(args, "Oisd:population_set", &population, &agent, &option, &value))
    return NULL;
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  if (!p || !call_begin(&c)) return call_close(&c, NULL);
  return call_end(&c, throng_population_set(p, agent, option, value));
}

static PyObject *core_population_get(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population;
  int agent;
  const char *option;
  if (!PyArg_ParseTuple(args, "Ois:population_get", &population, &agent, &option)) return NULL;
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  if (!p || !call_begin(&c)) return call_close(&c, NULL);
  double value = 0;
  throng_status status = throng_population_get(p, agent, option, &value);
  return call_close(&c, call_resume(&c, status) ? PyFloat_FromDouble(value) : NULL);
}

/// Agents `first` .. begin anew, with their own seeds (None) or others.
static PyObject *core_population_start(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population, *seed;
  int first, n;
  if (!PyArg_ParseTuple(args, "OiiO:population_start", &population, &first, &n, &seed)) return NULL;
  call c = {0};
  void *seeds;
  int64_t shape = n;
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  if (!p || !call_array_or_none(&c, seed, "seed", ELEMENT_U32, 1, &shape, false, &seeds) ||
      !call_begin(&c))
    return call_close(&c, NULL);
  return call_end(&c, throng_population_start(p, first, n, seeds));
}

static PyObject *core_population_begin(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population, *config;
  int agent;
  long long total;
  unsigned int lane;
  if (!PyArg_ParseTuple(args, "OiOLI:population_begin", &population, &agent, &config, &total,
                        &lane))
    return NULL;
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  throng_config *handle = p ? call_use(&c, config, KIND_CONFIG) : NULL;
  if (!handle || !call_begin(&c)) return call_close(&c, NULL);
  const throng_agent_def def = throng_config_get_agent_def(handle);
  return call_end(&c, throng_population_begin(p, agent, &def, total, lane));
}

static PyObject *core_population_copy(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population;
  int from, to, replay;
  if (!PyArg_ParseTuple(args, "Oiii:population_copy", &population, &from, &to, &replay))
    return NULL;
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  if (!p || !call_begin(&c)) return call_close(&c, NULL);
  return call_end(&c, throng_population_copy(p, from, to, replay != 0));
}

static PyObject *core_population_stop(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population;
  int agent;
  if (!PyArg_ParseTuple(args, "Oi:population_stop", &population, &agent)) return NULL;
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  if (!p || !call_begin(&c)) return call_close(&c, NULL);
  return call_end(&c, throng_population_stop(p, agent));
}

/// A path, of the whole population (agent < 0) or of one agent.
static PyObject *files(PyObject *args, const char *format, bool save) {
  PyObject *population;
  int agent;
  const char *path;
  if (!PyArg_ParseTuple(args, format, &population, &agent, &path)) return NULL;
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  if (!p || !call_begin(&c)) return call_close(&c, NULL);
  throng_status status =
      agent < 0 ? save ? throng_population_save(p, path) : throng_population_restore(p, path)
      : save ? throng_population_save_agent(p, agent, path)
                : throng_population_load_agent(p, agent, path);
  return call_end(&c, status);
}
static PyObject *core_population_save(PyObject *self, PyObject *args) {
  (void)self;
  return files(args, "Ois:population_save", true);
}
static PyObject *core_population_load(PyObject *self, PyObject *args) {
  (void)self;
  return files(args, "Ois:population_load", false);
}

/// Into other programs' formats.
static PyObject *core_population_export(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population, *progress;
  int agent;
  const char *path, *name;
  if (!PyArg_ParseTuple(args, "OissO:population_export", &population, &agent, &name, &path,
                        &progress))
    return NULL;
  throng_export_format format = 0;
  while (format < THRONG_EXPORT_FORMAT_COUNT &&
         strcmp(name, throng_export_format_name(format)) != 0)
    ++format;
  if (format == THRONG_EXPORT_FORMAT_COUNT)
    return fail_argument("format: expected safetensors, onnx or vectors, not %s", name);
  call c = {0};
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  const throng_progress *to = call_progress(&c, progress);
  if (!p || !call_begin(&c)) return call_close(&c, NULL);
  const throng_world *world = owner_above(c.hold[0], KIND_WORLD)->pointer;
  return call_end(&c, throng_population_export(p, world, agent, format, path, to));
}

// --- scores of given states ----------------------------------------------------------------------

static bool states_of(call *c, PyObject *user, PyObject *offset, PyObject *item, PyObject *like,
                      PyObject *session, throng_states *s) {
  int64_t n = -1, entries = -1;
  void *sessions;
  *s = (throng_states){0};
  if (!(s->user = call_array(c, user, "user", ELEMENT_I32, 1, &n, false))) return false;
  int64_t ends = n + 1;
  if (!(s->offset = call_array(c, offset, "offset", ELEMENT_I64, 1, &ends, false)) ||
      !(s->item = call_array(c, item, "history_item", ELEMENT_I32, 1, &entries, false)) ||
      !(s->like = call_array(c, like, "history_like", ELEMENT_U8, 1, &entries, false)) ||
      !call_array_or_none(c, session, "session", ELEMENT_I32, 1, &n, false, &sessions))
    return false;
  s->n = n;
  s->session = sessions;
  if (s->offset[n] == entries) return true;
  fail_argument("offset: ends with %lld, but the histories have %lld entries",
                (long long)s->offset[n], (long long)entries);
  return false;
}

static PyObject *core_population_scores(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population, *user, *offset, *item, *like, *session;
  int agent;
  if (!PyArg_ParseTuple(args, "OiOOOOO:population_scores", &population, &agent, &user, &offset,
                        &item, &like, &session))
    return NULL;
  call c = {0};
  throng_states states;
  void *q;
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  if (!p || !states_of(&c, user, offset, item, like, session, &states)) return call_close(&c, NULL);
  const int64_t shape[] = {states.n, owner_above(c.hold[0], KIND_WORLD)->n_item};
  PyObject *array = array_make(ELEMENT_F32, 2, shape, &q);
  if (!array || !call_begin(&c)) {
    Py_XDECREF(array);
    return call_close(&c, NULL);
  }
  if (!call_resume(&c, throng_population_scores(p, agent, &states, q))) Py_CLEAR(array);
  return call_close(&c, array);
}

static PyObject *core_population_top(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *population, *user, *offset, *item, *like, *session;
  int agent, top, exclude;
  if (!PyArg_ParseTuple(args, "OiOOOOOii:population_top", &population, &agent, &user, &offset,
                        &item, &like, &session, &top, &exclude))
    return NULL;
  call c = {0};
  throng_states states;
  void *items, *q = NULL;
  throng_population *p = call_use(&c, population, KIND_POPULATION);
  if (!p || !states_of(&c, user, offset, item, like, session, &states)) return call_close(&c, NULL);
  if (top < 1 || top > owner_above(c.hold[0], KIND_WORLD)->n_item)
    return call_close(&c,
                      fail_argument("k: expected a number of items in 1..%lld, not %d",
                                    (long long)owner_above(c.hold[0], KIND_WORLD)->n_item, top));
  const int64_t shape[] = {states.n, top};
  PyObject *array = array_make(ELEMENT_I32, 2, shape, &items);
  PyObject *scores = array ? array_make(ELEMENT_F32, 2, shape, &q) : NULL;
  if (scores && call_begin(&c) &&
      call_resume(&c, throng_population_recommend(p, agent, &states, top, (throng_exclude)exclude,
                                                  items, q)))
    return call_close(&c, Py_BuildValue("NN", array, scores));
  Py_XDECREF(array);
  Py_XDECREF(scores);
  return call_close(&c, NULL);
}

// --- evaluation ----------------------------------------------------------------------------------

int yardstick_of(const char *name) {
  char names[256] = "";
  size_t used = 0;
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k) {
    const char *known = throng_yardstick_name((throng_yardstick)k);
    if (!strcmp(name, known)) return k;
    if (used < sizeof names)
      used +=
          (size_t)PyOS_snprintf(names + used, sizeof names - used, "%s%s", k ? ", " : "", known);
  }
  fail_argument("%s: no such yardstick; expected one of %s", name, names);
  return -1;
}

static PyObject *core_evaluate_yardstick(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *backend, *world, *sta, *config, *progress;
  const char *name;
  if (!PyArg_ParseTuple(args, "OOOOsO:evaluate_yardstick", &backend, &world, &sta, &config, &name,
                        &progress))
    return NULL;
  const int yardstick = yardstick_of(name);
  if (yardstick < 0) return NULL;
  call c = {0};
  void *weights;
  throng_backend *b = call_use(&c, backend, KIND_BACKEND);
  throng_world *w = b ? call_use(&c, world, KIND_WORLD) : NULL;
  throng_config *handle = w ? call_use(&c, config, KIND_CONFIG) : NULL;
  const throng_progress *to = call_progress(&c, progress);
  if (!handle || !call_use_or_none(&c, sta, KIND_STA, &weights) || !call_begin(&c))
    return call_close(&c, NULL);
  const throng_sim_def sim = throng_config_get_sim_def(handle);
  const throng_train_def train = throng_config_get_train_def(handle);
  throng_metrics out;
  throng_status status = throng_evaluate_yardstick(b, w, weights, &sim, &train.evaluation,
                                                   (throng_yardstick)yardstick, to, &out);
  return call_close(&c, call_resume(&c, status) ? metrics_dict(&out) : NULL);
}

static PyObject *core_evaluate_population(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *backend, *world, *sta, *config, *population, *progress;
  if (!PyArg_ParseTuple(args, "OOOOOO:evaluate_population", &backend, &world, &sta, &config,
                        &population, &progress))
    return NULL;
  call c = {0}, other = {0};
  void *weights;
  throng_backend *b = call_use(&c, backend, KIND_BACKEND);
  throng_world *w = b ? call_use(&c, world, KIND_WORLD) : NULL;
  throng_population *p = w ? call_use(&c, population, KIND_POPULATION) : NULL;
  const throng_progress *to = call_progress(&c, progress);
  if (!p || !call_use_or_none(&c, sta, KIND_STA, &weights)) return call_close(&c, NULL);
  throng_config *handle = call_use(&other, config, KIND_CONFIG);
  if (!handle) return call_close(&c, NULL);
  const throng_sim_def sim = throng_config_get_sim_def(handle);
  const throng_evaluation_def evaluation = throng_config_get_train_def(handle).evaluation;
  call_close(&other, NULL);
  const int32_t n = throng_population_get_def(p).count;
  throng_metrics *each = calloc((size_t)n + 1, sizeof *each);
  if (!each) return call_close(&c, PyErr_NoMemory());
  PyObject *list = NULL;
  if (call_begin(&c) &&
      call_resume(&c, throng_evaluate_population(b, w, weights, &sim, &evaluation, p, to, each)))
    list = metrics_list(each, n);
  free(each);
  return call_close(&c, list);
}

PyMethodDef population_methods[] = {
    METHOD(population_create, "population_create(sim, config, total_steps) -> Handle"),
    METHOD(population_train, "population_train(population, steps, progress)"),
    METHOD(population_act, "population_act(population, sim, greedy) -> array"),
    METHOD_OF_ONE(population_stats, "population_stats(population) -> list of dict"),
    METHOD(population_set, "population_set(population, agent, option, value)"),
    METHOD(population_get, "population_get(population, agent, option) -> float"),
    METHOD(population_start, "population_start(population, first, n, seed)"),
    METHOD(population_begin,
           "population_begin(population, agent, config, total_steps, first_lane)"),
    METHOD(population_copy, "population_copy(population, from, to, replay)"),
    METHOD(population_stop, "population_stop(population, agent)"),
    METHOD(population_save, "population_save(population, agent, path)"),
    METHOD(population_load, "population_load(population, agent, path)"),
    METHOD(population_scores,
           "population_scores(population, agent, user, offset, item, like, session) -> array"),
    METHOD(population_top,
           "population_top(population, agent, user, offset, item, like, session, k, "
           "skip_session) -> (item, q)"),
    METHOD(population_export, "population_export(population, agent, format, path, progress)"),
    METHOD(evaluate_yardstick,
           "evaluate_yardstick(backend, world, sta, config, name, progress) -> dict"),
    METHOD(
        evaluate_population,
        "evaluate_population(backend, world, sta, config, population, progress) -> list of dict"),
    METHODS_END};
