/// An explanation as a dict: every member under the name that it has in throng/explain.h.
#include <stddef.h>

#include "core.h"

static PyObject *evidence_dict(const throng_evidence *e) {
  PyObject *shared = PyList_New(0);
  for (int64_t k = 0; shared && k < e->n_shared && e->shared; ++k) {
    PyObject *one = Py_BuildValue("{s:N,s:i}", "keyword", text_or_none(e->shared[k].keyword),
                                  "item", (int)e->shared[k].item);
    if (!one || PyList_Append(shared, one) < 0) Py_CLEAR(shared);
    Py_XDECREF(one);
  }
  if (!shared) return NULL;
  return Py_BuildValue("{s:L,s:L,s:O,s:L,s:N,s:i,s:d}", "n_past", (long long)e->n_past,
                       "n_same_category", (long long)e->n_same_category, "all_count",
                       e->all_count ? Py_True : Py_False, "n_shared", (long long)e->n_shared,
                       "shared", shared, "nearest", (int)e->nearest, "similarity",
                       (double)e->similarity);
}

static PyObject *vote_dict(const throng_explained_vote *v) {
  return Py_BuildValue("{s:s,s:s,s:O,s:O,s:O,s:i,s:d,s:d}", "name", v->name, "title", v->title,
                       "made", v->made ? Py_True : Py_False, "asked", v->asked ? Py_True : Py_False,
                       "coin", v->coin ? Py_True : Py_False, "vote", (int)v->vote, "score",
                       (double)v->score, "margin", v->margin);
}

static PyObject *votes_dict(const throng_explained_vote *votes) {
  PyObject *dict = PyDict_New();
  for (int k = 0; dict && k < THRONG_VOTE_COUNT; ++k)
    if (!dict_put(dict, throng_vote_name((throng_vote_id)k), vote_dict(&votes[k]))) Py_CLEAR(dict);
  return dict;
}

static PyObject *rate_dict(const throng_like_rate *r) {
  return Py_BuildValue("{s:L,s:d,s:d}", "answers", (long long)r->answers, "rate", r->rate, "logit",
                       r->logit);
}
static PyObject *rates_dict(const throng_like_rates *r) {
  if (!r) return Py_NewRef(Py_None);
  return Py_BuildValue("{s:N,s:N,s:(ddd),s:d}", "item", rate_dict(&r->item), "user",
                       rate_dict(&r->user), "weight", r->weight[0], r->weight[1], r->weight[2], "p",
                       r->p);
}

static PyObject *calibrated_dict(const throng_calibrated *f) {
  if (!f) return Py_NewRef(Py_None);
  PyObject *terms = PyList_New(0);
  for (int32_t k = 0; terms && k < f->n; ++k) {
    const throng_calibrated_term *t = &f->term[k];
    PyObject *one = Py_BuildValue("{s:s,s:d,s:d,s:d}", "name", t->name, "value", t->value, "weight",
                                  t->weight, "log_odds", t->log_odds);
    if (!one || PyList_Append(terms, one) < 0) Py_CLEAR(terms);
    Py_XDECREF(one);
  }
  if (!terms) return NULL;
  return Py_BuildValue("{s:N,s:L,s:L,s:d,s:d,s:d}", "terms", terms, "item_answers",
                       (long long)f->item_answers, "user_answers", (long long)f->user_answers,
                       "smoothing", f->smoothing, "p", f->p, "threshold", f->threshold);
}

#define SESSION(name, type) \
  { #name, offsetof(throng_explained_session, name), type }
static const member session_members[] = {SESSION(n_shown, MEMBER_I32),
                                         SESSION(mood_counts, MEMBER_BOOL),
                                         SESSION(mood, MEMBER_F64),
                                         SESSION(repeats, MEMBER_I32),
                                         SESSION(repeats_topic, MEMBER_I32),
                                         SESSION(bored, MEMBER_I32),
                                         SESSION(bored_topic, MEMBER_I32),
                                         SESSION(satiation, MEMBER_F64),
                                         SESSION(satiation_topic, MEMBER_I32),
                                         SESSION(exposure, MEMBER_F64),
                                         SESSION(drift, MEMBER_F64),
                                         SESSION(appetite, MEMBER_F64),
                                         SESSION(keep, MEMBER_F64),
                                         SESSION(turn, MEMBER_F64),
                                         SESSION(number, MEMBER_I32),
                                         SESSION(gap, MEMBER_I32),
                                         {0}};
static PyObject *session_dict(const throng_explained_session *s) {
  return s ? dict_of(session_members, s) : Py_NewRef(Py_None);
}

PyObject *explanation_dict(const throng_explanation *e) {
  return Py_BuildValue("{s:i,s:i,s:L,s:N,s:N,s:i,s:N,s:N,s:N,s:d,s:s,s:s,s:d,s:N}", "user",
                       (int)e->user, "item", (int)e->candidate, "n_history",
                       (long long)e->n_history, "liked", evidence_dict(&e->liked), "disliked",
                       evidence_dict(&e->disliked), "like", (int)e->vote.like, "votes",
                       votes_dict(e->votes), "like_rates", rates_dict(e->like_rates), "calibrated",
                       calibrated_dict(e->calibrated), "sta_threshold", e->sta_threshold, "rule",
                       throng_rule_name(e->rule), "rule_help", e->rule_help, "score", e->score,
                       "session", session_dict(e->session));
}
