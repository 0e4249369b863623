/// Runs opened again: what was opened, their parts, their agents judged, and sessions played.
#include <stdlib.h>

#include "core.h"

static PyObject *core_trained_open(PyObject *self, PyObject *args) {
  (void)self;
  const char *run;
  PyObject *list, *progress;
  int agent;
  bool failed;
  if (!PyArg_ParseTuple(args, "sOiO:trained_open", &run, &list, &agent, &progress)) return NULL;
  const char **overrides = overrides_of(list, &failed);
  if (failed) return NULL;
  call c = {0};
  const throng_progress *to = call_progress(&c, progress);
  throng_trained *trained = NULL;
  throng_status status = THRONG_ERROR_CANCELLED;
  const bool begun = call_begin(&c);
  if (begun) status = throng_trained_open(run, overrides, agent, to, &trained);
  free((void *)(uintptr_t)overrides);
  if (!begun) return call_close(&c, NULL);
  return call_made(&c, status, KIND_TRAINED, trained, false);
}

static PyObject *core_trained_info(PyObject *self, PyObject *trained) {
  (void)self;
  call c = {0};
  throng_trained *t = call_use(&c, trained, KIND_TRAINED);
  if (!t) return call_close(&c, NULL);
  const throng_trained_info i = throng_trained_get_info(t);
  return call_close(
      &c, Py_BuildValue("{s:s,s:s,s:s,s:s,s:L,s:i,s:i,s:O}", "folder", i.folder, "checkpoint",
                        i.checkpoint, "title", i.title, "score", i.score, "user_steps",
                        (long long)i.user_steps, "agent", (int)i.agent, "n_agent", (int)i.n_agent,
                        "same_world", i.same_world ? Py_True : Py_False));
}

/// A part that ends with the run: a Handle that keeps the run open, and what it stands on beside
/// that. None where there is none.
static PyObject *part(PyObject *args, const char *format, kind k, void *(*get)(throng_trained *)) {
  PyObject *trained, *backend = Py_None, *world = Py_None;
  if (!PyArg_ParseTuple(args, format, &trained, &backend, &world)) return NULL;
  call c = {0};
  void *unused;
  throng_trained *t = call_use(&c, trained, KIND_TRAINED);
  if (!t || !call_use_or_none(&c, backend, KIND_BACKEND, &unused) ||
      !call_use_or_none(&c, world, KIND_WORLD, &unused))
    return call_close(&c, NULL);
  void *found = get(t);
  if (!found) return call_close(&c, Py_NewRef(Py_None));
  if (k == KIND_WORLD) c.turn = NULL;  // any number of threads at once, as other worlds
  return call_made(&c, THRONG_OK, k, found, true);
}
#define PART(name, k, found)                                             \
  static void *get_##name(throng_trained *t) { return found; }           \
  static PyObject *core_trained_##name(PyObject *self, PyObject *args) { \
    (void)self;                                                          \
    return part(args, "O|OO:trained_" #name, k, get_##name);             \
  }
PART(world, KIND_WORLD, (void *)(uintptr_t)throng_trained_world(t))
PART(backend, KIND_BACKEND, throng_trained_backend(t))
PART(sta, KIND_STA, (void *)(uintptr_t)throng_trained_sta(t))
PART(sim, KIND_SIM, throng_trained_sim(t))
PART(population, KIND_POPULATION, throng_trained_population(t))
PART(config, KIND_CONFIG, throng_trained_config(t))

// --- judged again ------------------------------------------------------------------------------

static PyObject *agents_list(int32_t n, int32_t first, const throng_metrics *each,
                             const throng_comparison *against) {
  PyObject *list = PyList_New(0);
  for (int32_t k = 0; list && k < n; ++k) {
    PyObject *one = metrics_dict(&each[k]);
    if (!one || !dict_put(one, "agent", PyLong_FromLong(first + k)) ||
        !dict_put(one, "against", comparison_dict(&against[k])) || PyList_Append(list, one) < 0)
      Py_CLEAR(list);
    Py_XDECREF(one);
  }
  return list;
}

static PyObject *core_trained_evaluate(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *trained, *progress;
  int agent;
  if (!PyArg_ParseTuple(args, "OiO:trained_evaluate", &trained, &agent, &progress)) return NULL;
  call c = {0};
  throng_trained *t = call_use(&c, trained, KIND_TRAINED);
  const throng_progress *to = call_progress(&c, progress);
  if (!t) return call_close(&c, NULL);
  const int32_t n = agent < 0 ? throng_trained_get_info(t).n_agent : 1;
  throng_metrics *each = calloc((size_t)n, sizeof *each);
  throng_comparison *against = calloc((size_t)n, sizeof *against);
  throng_train_report report;
  PyObject *dict = NULL;
  if (!each || !against)
    PyErr_NoMemory();
  else if (call_begin(&c) &&
           call_resume(&c, throng_trained_evaluate(t, agent, to, &report, each, against)))
    dict = PyDict_New();
  if (dict && (!players_put(dict, &report) ||
               !dict_put(dict, "agents", agents_list(n, agent < 0 ? 0 : agent, each, against))))
    Py_CLEAR(dict);
  free(each);
  free(against);
  return call_close(&c, dict);
}

// --- played ------------------------------------------------------------------------------------

/// Who plays: the run's agent (None), or a yardstick by name.
static bool player_of(PyObject *player, throng_trained *t, throng_play_def *def) {
  if (player == Py_None) {
    def->population = throng_trained_population(t);
    return true;
  }
  const char *name = whole_text(player, "agent");
  const int yardstick = name ? yardstick_of(name) : -1;
  def->yardstick = (throng_yardstick)yardstick;
  return yardstick >= 0;
}

static PyObject *core_play_create(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *trained, *player, *seed;
  int person;
  if (!PyArg_ParseTuple(args, "OOOi:play_create", &trained, &player, &seed, &person)) return NULL;
  call c = {0};
  throng_trained *t = call_use(&c, trained, KIND_TRAINED);
  throng_play_def def = throng_default_play_def();
  if (!t || !player_of(player, t, &def)) return call_close(&c, NULL);
  const throng_sim_def sim = throng_config_get_sim_def(throng_trained_config(t));
  const throng_evaluation_def evaluation =
      throng_config_get_train_def(throng_trained_config(t)).evaluation;
  def.seed = seed == Py_None ? evaluation.seed : (uint32_t)PyLong_AsUnsignedLong(seed);
  def.planner = &evaluation;
  def.person = person != 0;
  if (PyErr_Occurred() || !call_begin(&c)) return call_close(&c, NULL);
  throng_play *play = NULL;
  throng_status status = throng_play_create(throng_trained_backend(t), throng_trained_world(t),
                                            throng_trained_sta(t), &sim, &def, &play);
  return call_made(&c, status, KIND_PLAY, play, false);
}

/// The user, entries of the history and likes among them, and who shows.
static PyObject *core_play_begin(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *play;
  unsigned int session;
  int user;
  if (!PyArg_ParseTuple(args, "OIi:play_begin", &play, &session, &user)) return NULL;
  call c = {0};
  throng_play *p = call_use(&c, play, KIND_PLAY);
  if (!p || !call_begin(&c)) return call_close(&c, NULL);
  if (!call_resume(&c, throng_play_begin(p, session, user))) return call_close(&c, NULL);
  int32_t likes = 0;
  const int32_t n = throng_play_history(p, &likes);
  return call_close(&c, Py_BuildValue("(iiis)", (int)throng_play_user(p), (int)n, (int)likes,
                                      throng_play_title(p)));
}

static PyObject *item_dict(const throng_play_item *i) {
  const throng_vote *v = &i->vote;
  return Py_BuildValue("{s:i,s:i,s:i,s:O,s:N,s:{s:i,s:i,s:i}}", "item", (int)i->item, "like",
                       (int)i->like, "simulated_like", (int)v->like, "examined",
                       i->examined ? Py_True : Py_False, "why", explanation_dict(i->why), "fell",
                       "f_mat", (int)v->f_mat, "f_sim", (int)v->f_sim, "f_sta", (int)v->f_sta);
}

static const char *const ends[] = {"", "left", "truncated"};

static PyObject *step_dict(const throng_play_step *s) {
  PyObject *shown = PyList_New(0);
  for (int32_t k = 0; shown && k < s->n_item; ++k) {
    PyObject *one = item_dict(&s->item[k]);
    if (!one || PyList_Append(shown, one) < 0) Py_CLEAR(shown);
    Py_XDECREF(one);
  }
  if (!shown) return NULL;
  return Py_BuildValue("{s:I,s:i,s:i,s:N,s:d,s:d,s:s,s:s,s:i}", "session", (unsigned)s->session,
                       "user", (int)s->user, "step", (int)s->step, "shown", shown, "reward",
                       s->reward, "total", s->total, "end", ends[s->end], "left",
                       throng_leave_name((int)s->left), "returned", (int)s->returned);
}

/// What is shown, or None where nobody wants to be told before it is answered.
static PyObject *core_play_show(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *play;
  int wanted;
  if (!PyArg_ParseTuple(args, "Oi:play_show", &play, &wanted)) return NULL;
  call c = {0};
  const throng_play_step *step;
  throng_play *p = call_use(&c, play, KIND_PLAY);
  if (!p || !call_begin(&c)) return call_close(&c, NULL);
  const bool shown = call_resume(&c, throng_play_show(p, &step));
  return call_close(&c, !shown ? NULL : wanted ? step_dict(step) : Py_NewRef(Py_None));
}

/// What was shown is answered: by the simulated user (None), or with `likes`. Its reasons were told
/// before.
static PyObject *core_play_answer(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *play, *likes;
  if (!PyArg_ParseTuple(args, "OO:play_answer", &play, &likes)) return NULL;
  call c = {0};
  void *given;
  const throng_play_step *step;
  throng_play *p = call_use(&c, play, KIND_PLAY);
  if (!p) return call_close(&c, NULL);
  throng_trained *t = owner_above(c.hold[0], KIND_TRAINED)->pointer;
  int64_t n = throng_config_get_sim_def(throng_trained_config(t)).slate_size;
  if (!call_array_or_none(&c, likes, "answer", ELEMENT_U8, 1, &n, false, &given) || !call_begin(&c))
    return call_close(&c, NULL);
  throng_status status = throng_play_answer(p, given, &step);
  return call_close(&c, call_resume(&c, status) ? step_dict(step) : NULL);
}

PyMethodDef trained_methods[] = {
    METHOD(trained_open, "trained_open(path, overrides, agent, progress) -> Handle"),
    METHOD_OF_ONE(trained_info, "trained_info(run) -> dict"),
    METHOD(trained_world, "trained_world(run) -> Handle"),
    METHOD(trained_backend, "trained_backend(run) -> Handle"),
    METHOD(trained_sta, "trained_sta(run, backend, world) -> Handle, or None"),
    METHOD(trained_sim, "trained_sim(run, backend, world) -> Handle"),
    METHOD(trained_population, "trained_population(run, backend, world) -> Handle"),
    METHOD(trained_config, "trained_config(run) -> Handle"),
    METHOD(trained_evaluate, "trained_evaluate(run, agent, or -1 for all, progress) -> dict"),
    METHOD(play_create, "play_create(run, yardstick or None, seed or None, person) -> Handle"),
    METHOD(play_begin, "play_begin(play, session, user or -1) -> (user, entries, likes, title)"),
    METHOD(play_show, "play_show(play, wanted) -> dict, or None"),
    METHOD(play_answer, "play_answer(play, likes or None) -> dict"),
    METHODS_END};
