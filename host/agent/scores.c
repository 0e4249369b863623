/// What one agent makes of states that a caller gives: every item's score, or the best few.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/network/layers.h"
#include "agent/population.h"
#include "world/histories.h"

enum { MOST_ROWS = 1024, MOST_SCORES = 1 << 22 };

/// States are taken some at a time, through one pass.
typedef struct scorer {
  throng_population *population;
  network one;  // the agent's network alone, its weights and catalogue
  parameter_set weight;
  catalogue items;
  int64_t most_rows;
  tensor_set scratch;
  network_pass pass;
  float *score;        // (most_rows, n_item) where all are asked for
  float *best_value;   // (most_rows, top) where the best are
  int32_t *best_item;  // (most_rows, top)
  int64_t *packed;     // see catalogue_best
  uint32_t *entry;     // (most_rows, history) host, and the rest of the states
  int32_t *shown_at;   // (most_rows, history) host, where the network asks when
  int32_t *length, *session;
  float *value;  // (most_rows) host
} scorer;

static throng_status check_states(const throng_population *a, const throng_states *s) {
  if (s->n < 0) return throng_fail(THRONG_ERROR_ARGUMENT, "states: %lld of them", (long long)s->n);
  if (s->n > 0 && (!s->user || !s->offset))
    return throng_fail(THRONG_ERROR_ARGUMENT, "states: users and offsets are needed");
  const given_histories histories = {s->n, s->user, s->offset, s->item, s->like};
  THRONG_TRY(histories_check(&histories, "state", a->net.n_user, a->net.n_item));
  for (int64_t k = 0; s->session && k < s->n; ++k) {
    const int64_t length = s->offset[k + 1] - s->offset[k];
    if (s->session[k] < 0 || s->session[k] > length)
      return throng_fail(THRONG_ERROR_ARGUMENT,
                         "state %lld: %d entries of this session, its history has %lld",
                         (long long)k, s->session[k], (long long)length);
  }
  return THRONG_OK;
}

static void scorer_free(scorer *s) {
  tensors_free(&s->scratch);
  free(s->entry);
  free(s->shown_at);
  free(s->length);
  free(s->value);
}

/// Memory for up to `n` states at once; `top` 0: for all items' scores.
static throng_status scorer_make(scorer *s, throng_population *a, int32_t agent, int64_t n,
                                 int32_t top) {
  if (agent < 0 || agent >= a->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent %d is not in 0..%d", agent, a->n_agent - 1);
  THRONG_TRY(population_refresh(a, NULL));
  int64_t rows = MOST_SCORES / (top ? top : a->net.n_item);
  rows = rows < 1 ? 1 : rows > MOST_ROWS ? (int64_t)MOST_ROWS : rows;
  s->population = a;
  s->most_rows = rows = rows < n ? rows : n;
  s->one = network_of_one(&a->net);
  s->weight = parameters_of_one(&a->net, &a->weight, agent);
  s->items = catalogue_of_one(&a->net, &a->catalogue, agent);
  tensor_set *set = &s->scratch;
  THRONG_TRY(network_add_pass(&s->one, set, &s->pass, rows, a->history, "states"));
#define ADD(slot, type, length) \
  THRONG_TRY(tensors_add(set, &s->slot, TENSOR_##type, TENSOR_SHAPE(length), #slot))
  if (!top) ADD(score, F32, rows * a->net.n_item);
  if (top) ADD(best_value, F32, rows * top);
  if (top) ADD(best_item, I32, rows * top);
  const int64_t packed = top ? catalogue_packed_size(&s->one, rows, top) : 0;
  if (packed) ADD(packed, I64, packed);
#undef ADD
  THRONG_TRY(tensors_allocate(set, a->backend, "scores of given states"));
  const size_t all = (size_t)rows;
  THRONG_TRY(throng_alloc((void **)&s->entry, all * (size_t)a->history, sizeof *s->entry,
                          "scores of given states"));
  if (s->pass.state.shown_at)
    THRONG_TRY(throng_alloc((void **)&s->shown_at, all * (size_t)a->history, sizeof *s->shown_at,
                            "scores of given states"));
  THRONG_TRY(
      throng_alloc((void **)&s->length, 2 * all, sizeof *s->length, "scores of given states"));
  s->session = s->length + rows;
  return throng_alloc((void **)&s->value, all, sizeof *s->value, "scores of given states");
}

/// Queries and values of states first .. first + rows - 1.
static throng_status scorer_run(scorer *s, const throng_states *states, int64_t first,
                                int64_t rows) {
  const int64_t capacity = s->population->history;
  throng_backend *backend = s->one.backend;
  const backend_ops *ops = backend->ops;
  network_pass *pass = &s->pass;
  pass->rows = rows;
  memset(s->entry, 0, sizeof *s->entry * (size_t)(rows * capacity));
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t end = states->offset[first + r + 1], all = end - states->offset[first + r];
    const int64_t length = all < capacity ? all : capacity;  // the newest, as a lane keeps them
    const int32_t session = states->session ? states->session[first + r] : 0;
    for (int64_t k = 0; k < length; ++k)
      s->entry[r * capacity + k] =
          history_pack(states->item[end - length + k], states->like[end - length + k]);
    for (int64_t k = 0; s->shown_at && k < length; ++k)  // nobody says when: a slate a step
      s->shown_at[r * capacity + k] = (int32_t)(-1 - (length - 1 - k) / s->population->slate);
    s->length[r] = (int32_t)length;
    s->session[r] = session < s->length[r] ? session : s->length[r];
  }
  const size_t n = (size_t)rows;
  THRONG_TRY(
      ops->upload(backend, pass->state.entry, s->entry, n * (size_t)capacity * sizeof *s->entry));
  if (s->shown_at)
    THRONG_TRY(ops->upload(backend, pass->state.shown_at, s->shown_at,
                           n * (size_t)capacity * sizeof *s->shown_at));
  THRONG_TRY(ops->upload(backend, pass->state.length, s->length, n * sizeof *s->length));
  THRONG_TRY(ops->upload(backend, pass->state.session, s->session, n * sizeof *s->session));
  THRONG_TRY(
      ops->upload(backend, pass->state.user, states->user + first, n * sizeof *states->user));
  if (pass->state.number) {  // nobody says which session: the episode's first
    THRONG_TRY(ops->zero(backend, pass->state.number, n * sizeof *pass->state.number));
    THRONG_TRY(ops->zero(backend, pass->state.gap, n * sizeof *pass->state.gap));
  }
  THRONG_TRY(s->one.table->features(&s->one, pass));
  THRONG_TRY(s->one.table->forward(&s->one, &s->weight, pass));
  return ops->download(backend, s->value, pass->value, n * sizeof *s->value);
}

/// Scores of all items for the states that were run, into `q` (rows, n_item).
static throng_status score_all(scorer *s, int64_t rows, float *q) {
  const int64_t n_item = s->one.n_item;
  throng_backend *backend = s->one.backend;
  THRONG_TRY(layer_product(&s->one, false, true, rows, n_item, s->one.width, s->pass.query,
                           s->items.vector, 0.0f, s->score));
  THRONG_TRY(layer_bias(&s->one, s->score, s->items.bias, rows, n_item, false));
  THRONG_TRY(
      backend->ops->download(backend, q, s->score, (size_t)rows * (size_t)n_item * sizeof *q));
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < n_item; ++i) q[r * n_item + i] += s->value[r];
  return THRONG_OK;
}

/// The best items of the states that were run.
static throng_status find_top(scorer *s, int64_t rows, int32_t top, bool skip_session,
                              int32_t *item, float *q) {
  throng_backend *backend = s->one.backend;
  const size_t n = (size_t)rows * (size_t)top;
  best_mask mask = {0};
  if (skip_session) mask.shown = s->pass.state;
  THRONG_TRY(catalogue_best(&s->one, &s->items, s->pass.query, rows, &mask, top, s->packed,
                            s->best_value, s->best_item));
  THRONG_TRY(backend->ops->download(backend, item, s->best_item, n * sizeof *item));
  if (!q) return THRONG_OK;
  THRONG_TRY(backend->ops->download(backend, q, s->best_value, n * sizeof *q));
  for (size_t k = 0; k < n; ++k) q[k] += s->value[k / (size_t)top];
  return THRONG_OK;
}

throng_status throng_population_scores(throng_population *a, int32_t agent,
                                       const throng_states *states, float *q) {
  scorer s = {.most_rows = 0};
  throng_status status;
  THRONG_TRY(check_states(a, states));
  THRONG_TRY_GOTO(scorer_make(&s, a, agent, states->n, 0));
  for (int64_t first = 0; first < states->n; first += s.most_rows) {
    const int64_t left = states->n - first, rows = left < s.most_rows ? left : s.most_rows;
    THRONG_TRY_GOTO(scorer_run(&s, states, first, rows));
    THRONG_TRY_GOTO(score_all(&s, rows, q + first * a->net.n_item));
  }
done:
  scorer_free(&s);
  return status;
}

throng_status throng_population_top(throng_population *a, int32_t agent,
                                    const throng_states *states, int32_t top, bool skip_session,
                                    int32_t *item, float *q) {
  scorer s = {.most_rows = 0};
  throng_status status;
  if (top < 1 || top > a->net.n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT, "top: %d is not in 1..%lld", top,
                       (long long)a->net.n_item);
  THRONG_TRY(check_states(a, states));
  THRONG_TRY_GOTO(scorer_make(&s, a, agent, states->n, top));
  for (int64_t first = 0; first < states->n; first += s.most_rows) {
    const int64_t left = states->n - first, rows = left < s.most_rows ? left : s.most_rows;
    THRONG_TRY_GOTO(scorer_run(&s, states, first, rows));
    THRONG_TRY_GOTO(
        find_top(&s, rows, top, skip_session, item + first * top, q ? q + first * top : NULL));
  }
done:
  scorer_free(&s);
  return status;
}
