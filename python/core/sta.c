/// f_sta's weights, votes on pairs outside any lane, and reasons.
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define REPORT(name, type) \
  { #name, offsetof(throng_sta_report, name), type }
static const member sta_report[] = {REPORT(epochs, MEMBER_I32),
                                    REPORT(best_epoch, MEMBER_I32),
                                    REPORT(train_loss, MEMBER_F64),
                                    REPORT(validation_auc, MEMBER_F64),
                                    REPORT(validation_log_loss, MEMBER_F64),
                                    REPORT(test_log_loss, MEMBER_F64),
                                    REPORT(validation_hr10, MEMBER_F64),
                                    REPORT(validation_ndcg10, MEMBER_F64),
                                    REPORT(test_auc, MEMBER_F64),
                                    REPORT(test_hr10, MEMBER_F64),
                                    REPORT(test_ndcg10, MEMBER_F64),
                                    REPORT(seconds_per_epoch, MEMBER_F64),
                                    REPORT(near_chance, MEMBER_BOOL),
                                    REPORT(like_rates, MEMBER_BOOL),
                                    {0}};

static PyObject *core_sta_fit(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *backend, *world, *config, *progress;
  if (!PyArg_ParseTuple(args, "OOOO:sta_fit", &backend, &world, &config, &progress)) return NULL;
  call c = {0};
  throng_backend *b = call_use(&c, backend, KIND_BACKEND);
  throng_world *w = b ? call_use(&c, world, KIND_WORLD) : NULL;
  throng_config *handle = w ? call_use(&c, config, KIND_CONFIG) : NULL;
  const throng_progress *to = call_progress(&c, progress);
  if (!handle || !call_begin(&c)) return call_close(&c, NULL);
  const throng_sta_def def = throng_config_get_sta_def(handle);
  throng_sta_report report = {0};
  throng_sta *sta = NULL;
  throng_status status = throng_sta_fit(b, w, &def, to, &sta, &report);
  PyObject *made = call_made(&c, status, KIND_STA, sta, false);
  if (!made) return NULL;
  return Py_BuildValue("NN", made, dict_of(sta_report, &report));
}

static PyObject *core_sta_open(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *backend, *world;
  const char *path;
  if (!PyArg_ParseTuple(args, "OOs:sta_open", &backend, &world, &path)) return NULL;
  call c = {0};
  throng_backend *b = call_use(&c, backend, KIND_BACKEND);
  throng_world *w = b ? call_use(&c, world, KIND_WORLD) : NULL;
  if (!w || !call_begin(&c)) return call_close(&c, NULL);
  throng_sta *sta = NULL;
  throng_status status = throng_sta_open(b, w, path, &sta);
  return call_made(&c, status, KIND_STA, sta, false);
}

CORE_WITH_PATH(sta_save, throng_sta, KIND_STA, throng_sta_save)

static PyObject *core_sta_hash(PyObject *self, PyObject *sta) {
  (void)self;
  call c = {0};
  throng_sta *s = call_use(&c, sta, KIND_STA);
  if (!s || !call_begin(&c)) return call_close(&c, NULL);
  uint64_t hash = 0;
  throng_status status = throng_sta_hash(s, &hash);
  return call_close(&c, call_resume(&c, status) ? PyLong_FromUnsignedLongLong(hash) : NULL);
}

static PyObject *core_sta_calibrate(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sta, *world, *config;
  if (!PyArg_ParseTuple(args, "OOO:sta_calibrate", &sta, &world, &config)) return NULL;
  call c = {0};
  throng_sta *s = call_use(&c, sta, KIND_STA);
  throng_world *w = s ? call_use(&c, world, KIND_WORLD) : NULL;
  throng_config *handle = w ? call_use(&c, config, KIND_CONFIG) : NULL;
  if (!handle || !call_begin(&c)) return call_close(&c, NULL);
  const throng_votes_def votes = throng_config_get_sim_def(handle).votes;
  throng_calibration out = {0};
  throng_status status = throng_calibrate(s, w, &votes, &out);
#define CALIBRATION(name) \
  { #name, offsetof(throng_calibration, name), MEMBER_F64 }
  static const member members[] = {CALIBRATION(intercept),
                                   CALIBRATION(mat),
                                   CALIBRATION(sim),
                                   CALIBRATION(sta),
                                   CALIBRATION(item),
                                   CALIBRATION(user),
                                   CALIBRATION(smoothing),
                                   CALIBRATION(user_variance),
                                   CALIBRATION(threshold),
                                   CALIBRATION(factors),
                                   {0}};
  return call_close(&c, call_resume(&c, status) ? dict_of(members, &out) : NULL);
}

/// Pairs, each after its own history.
typedef struct pairs {
  int64_t n;
  int32_t *user, *candidate;
  int64_t *offset;
  int32_t *item;
  uint8_t *like;
} pairs;

static bool pairs_of(call *c, PyObject *user, PyObject *candidate, PyObject *offset, PyObject *item,
                     PyObject *like, pairs *p) {
  int64_t n = -1;
  if (!(p->user = call_array(c, user, "user", ELEMENT_I32, 1, &n, false)) ||
      !(p->candidate = call_array(c, candidate, "item", ELEMENT_I32, 1, &n, false)))
    return false;
  int64_t ends = n + 1, entries = -1;
  if (!(p->offset = call_array(c, offset, "offset", ELEMENT_I64, 1, &ends, false)) ||
      !(p->item = call_array(c, item, "history_item", ELEMENT_I32, 1, &entries, false)) ||
      !(p->like = call_array(c, like, "history_like", ELEMENT_U8, 1, &entries, false)))
    return false;
  p->n = n;
  if (p->offset[n] == entries) return true;
  fail_argument("offset: ends with %lld, but the histories have %lld entries",
                (long long)p->offset[n], (long long)entries);
  return false;
}

static PyObject *core_sta_score(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sta, *user, *candidate, *offset, *item, *like;
  if (!PyArg_ParseTuple(args, "OOOOOO:sta_score", &sta, &user, &candidate, &offset, &item, &like))
    return NULL;
  call c = {0};
  pairs p;
  void *out;
  throng_sta *s = call_use(&c, sta, KIND_STA);
  if (!s || !pairs_of(&c, user, candidate, offset, item, like, &p)) return call_close(&c, NULL);
  PyObject *array = array_make(ELEMENT_F32, 1, &p.n, &out);
  if (!array || !call_begin(&c)) {
    Py_XDECREF(array);
    return call_close(&c, NULL);
  }
  throng_status status =
      throng_sta_score(s, p.n, p.user, p.candidate, p.offset, p.item, p.like, out);
  if (!call_resume(&c, status)) Py_CLEAR(array);
  return call_close(&c, array);
}

static PyObject *core_votes(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *backend, *world, *sta, *config, *user, *candidate, *offset, *item, *like;
  unsigned int seed;
  if (!PyArg_ParseTuple(args, "OOOOIOOOOO:votes", &backend, &world, &sta, &config, &seed, &user,
                        &candidate, &offset, &item, &like))
    return NULL;
  call c = {0};
  pairs p;
  void *weights, *out, *further[THRONG_VOTE_FURTHER];
  throng_backend *b = call_use(&c, backend, KIND_BACKEND);
  throng_world *w = b ? call_use(&c, world, KIND_WORLD) : NULL;
  throng_config *handle = w ? call_use(&c, config, KIND_CONFIG) : NULL;
  if (!handle || !call_use_or_none(&c, sta, KIND_STA, &weights) ||
      !pairs_of(&c, user, candidate, offset, item, like, &p))
    return call_close(&c, NULL);
  const throng_votes_def def = throng_config_get_sim_def(handle).votes;
  const int64_t shape[] = {p.n, (int64_t)sizeof(throng_vote)};
  PyObject *dict = PyDict_New();
  bool made = dict && dict_put(dict, "record", array_make(ELEMENT_U8, 2, shape, &out));
  for (int k = 0; made && k < THRONG_VOTE_FURTHER; ++k) {
    PyObject *score = array_make(ELEMENT_F32, 1, shape, &further[k]);
    made = dict_put(dict, throng_vote_name((throng_vote_id)(k + THRONG_VOTE_IN_RECORD)), score);
  }
  if (!made || !call_begin(&c)) {
    Py_XDECREF(dict);
    return call_close(&c, NULL);
  }
  // A further vote is asked only where the rule is it: fitting f_pop or f_cal needs answers of both
  // kinds.
  float *asked[THRONG_VOTE_FURTHER] = {NULL};
  const throng_vote_id only = def.rule == THRONG_RULE_F_POP        ? THRONG_VOTE_F_POP
                              : def.rule == THRONG_RULE_CALIBRATED ? THRONG_VOTE_F_CAL
                                                                   : THRONG_VOTE_COUNT;
  if (only != THRONG_VOTE_COUNT)
    asked[only - THRONG_VOTE_IN_RECORD] = further[only - THRONG_VOTE_IN_RECORD];
  const throng_pairs pair = {p.n, p.user, p.candidate, p.offset, p.item, p.like};
  throng_status status = throng_votes_evaluate(b, w, weights, &def, seed, &pair, out, asked);
  if (!call_resume(&c, status)) Py_CLEAR(dict);
  for (int k = 0; dict && k < THRONG_VOTE_FURTHER; ++k)
    if (!asked[k])
      PyDict_DelItemString(dict, throng_vote_name((throng_vote_id)(k + THRONG_VOTE_IN_RECORD)));
  return call_close(&c, dict);
}

/// [(name, type, offset), ...] of an answer's record, and its size: for numpy.dtype.
static PyObject *core_vote_layout(PyObject *self, PyObject *args) {
  (void)self;
  if (!PyArg_ParseTuple(args, ":vote_layout")) return NULL;
#define COLUMN(name, type) #name, type, (Py_ssize_t)offsetof(throng_vote, name)
  return Py_BuildValue(
      "([(ssn)(ssn)(ssn)(ssn)(ssn)(ssn)(ssn)(ssn)(ssn)]n)", COLUMN(alpha_pos, "int32"),
      COLUMN(alpha_neg, "int32"), COLUMN(beta_pos, "float32"), COLUMN(beta_neg, "float32"),
      COLUMN(p_like, "float32"), COLUMN(f_mat, "uint8"), COLUMN(f_sim, "uint8"),
      COLUMN(f_sta, "uint8"), COLUMN(like, "uint8"), (Py_ssize_t)sizeof(throng_vote));
}

static PyObject *core_explain(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *backend, *world, *sta, *config, *user, *candidate, *offset, *item, *like;
  unsigned int seed;
  if (!PyArg_ParseTuple(args, "OOOOIOOOOO:explain", &backend, &world, &sta, &config, &seed, &user,
                        &candidate, &offset, &item, &like))
    return NULL;
  call c = {0};
  pairs p;
  void *weights;
  throng_backend *b = call_use(&c, backend, KIND_BACKEND);
  throng_world *w = b ? call_use(&c, world, KIND_WORLD) : NULL;
  throng_config *handle = w ? call_use(&c, config, KIND_CONFIG) : NULL;
  if (!handle || !call_use_or_none(&c, sta, KIND_STA, &weights) ||
      !pairs_of(&c, user, candidate, offset, item, like, &p))
    return call_close(&c, NULL);
  if (p.n != 1) return call_close(&c, fail_argument("explain: expected one pair, not %lld", p.n));
  if (!call_begin(&c)) return call_close(&c, NULL);
  const throng_votes_def def = throng_config_get_sim_def(handle).votes;
  const throng_pairs pair = {p.n, p.user, p.candidate, p.offset, p.item, p.like};
  throng_explanation *e = NULL;
  throng_status status = throng_explain(b, w, weights, &def, seed, &pair, &e);
  PyObject *dict = call_resume(&c, status) ? explanation_dict(e) : NULL;
  throng_explanation_free(e);
  return call_close(&c, dict);
}

/// The same with the votes of a simulator and what they were fitted to.
static PyObject *core_sim_explain_pair(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *sim, *user, *candidate, *offset, *item, *like;
  if (!PyArg_ParseTuple(args, "OOOOOO:sim_explain_pair", &sim, &user, &candidate, &offset, &item,
                        &like))
    return NULL;
  call c = {0};
  pairs p;
  throng_sim *s = call_use(&c, sim, KIND_SIM);
  if (!s || !pairs_of(&c, user, candidate, offset, item, like, &p)) return call_close(&c, NULL);
  if (p.n != 1) return call_close(&c, fail_argument("explain: expected one pair, not %lld", p.n));
  if (!call_begin(&c)) return call_close(&c, NULL);
  const throng_pairs pair = {p.n, p.user, p.candidate, p.offset, p.item, p.like};
  throng_explanation *e = NULL;
  throng_status status = throng_sim_explain_pair(s, &pair, &e);
  PyObject *dict = call_resume(&c, status) ? explanation_dict(e) : NULL;
  throng_explanation_free(e);
  return call_close(&c, dict);
}

PyMethodDef sta_methods[] = {
    METHOD(sta_fit, "sta_fit(backend, world, config, progress) -> (Handle, report)"),
    METHOD(sta_open, "sta_open(backend, world, path) -> Handle"),
    METHOD(sta_save, "sta_save(sta, path)"),
    METHOD_OF_ONE(sta_hash, "sta_hash(sta) -> int"),
    METHOD(sta_calibrate, "sta_calibrate(sta, world, config) -> dict"),
    METHOD(sta_score, "sta_score(sta, user, item, offset, history_item, history_like) -> array"),
    METHOD(votes,
           "votes(backend, world, sta, config, seed, user, item, offset, history_item, "
           "history_like) -> dict of arrays"),
    METHOD(vote_layout, "vote_layout() -> ([(name, type, offset)], bytes)"),
    METHOD(explain,
           "explain(backend, world, sta, config, seed, user, item, offset, history_item, "
           "history_like) -> dict"),
    METHOD(sim_explain_pair,
           "sim_explain_pair(sim, user, item, offset, history_item, history_like) -> dict"),
    METHODS_END};
