/// What one agent makes of states that a caller gives: every item's score, or the best few.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/network/layers.h"
#include "agent/network/softmax.h"
#include "agent/population.h"
#include "world/histories.h"

enum { MOST_ROWS = 1024, MOST_SCORES = 1 << 22 };

/// What is asked of states besides all scores.
typedef struct best_def {
  int32_t top;  // 0: all items' scores are asked for
  throng_exclude exclude;
  bool log_prob;  // of a policy, in place of the scores
} best_def;

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
  best_def asked;
  uint32_t *seen;       // (most_rows, n_seen_word) where whole histories are left out
  uint32_t *host_seen;  // the same on the host
  int64_t n_seen_word;
  softmax_scores softmax;  // where log-probabilities are asked for
  int32_t *first;          // (most_rows) best items, of which these are
  float *rows_of_users;    // (n_user + 1, user_width) and the mean; NULL: every user is known
  int32_t *user;           // (most_rows) host, where the mean's number stands for -1
  uint32_t *entry;         // (most_rows, history) host, and the rest of the states
  int32_t *shown_at;       // (most_rows, history) host, where the network asks when
  int32_t *length, *session;
  float *value;  // (most_rows) host
} scorer;

static throng_status check_states(const throng_population *a, const throng_states *s) {
  if (s->n < 0) return throng_fail(THRONG_ERROR_ARGUMENT, "states: %lld of them", (long long)s->n);
  if (s->n > 0 && (!s->user || !s->offset))
    return throng_fail(THRONG_ERROR_ARGUMENT, "states: users and offsets are needed");
  for (int64_t k = 0; k < s->n; ++k)
    if (s->user[k] < -1 || s->user[k] >= a->net.n_user)
      return throng_fail(THRONG_ERROR_ARGUMENT, "state %lld: user %d is not in 0..%lld",
                         (long long)k, s->user[k], (long long)a->net.n_user - 1);
  const given_histories histories = {s->n, NULL, s->offset, s->item, s->like};
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
  free(s->host_seen);
  free(s->user);
  free(s->entry);
  free(s->shown_at);
  free(s->length);
  free(s->value);
}

/// A copy of the users' learned rows with their mean behind them, which the pass is to read.
static throng_status add_mean_user(scorer *s) {
  const int64_t n = s->one.n_user, width = s->one.user_width;
  const size_t size = (size_t)(n * width);
  const backend_ops *ops = s->one.backend->ops;
  void *block, *sum;
  THRONG_TRY(throng_alloc(&block, size + (size_t)width, sizeof(float), "users' rows"));
  throng_status status = throng_alloc(&sum, (size_t)width, sizeof(double), "users' rows");
  float *row = block;
  if (status == THRONG_OK)
    status = ops->download(s->one.backend, row, s->weight.at[PARAMETER_USER], size * sizeof *row);
  for (int64_t k = 0; status == THRONG_OK && k < n * width; ++k)
    ((double *)sum)[k % width] += (double)row[k];
  for (int64_t k = 0; status == THRONG_OK && k < width; ++k)
    row[n * width + k] = n ? (float)(((double *)sum)[k] / (double)n) : 0.0f;
  if (status == THRONG_OK)
    status =
        ops->upload(s->one.backend, s->rows_of_users, row, (size + (size_t)width) * sizeof *row);
  free(sum);
  free(block);
  s->weight.at[PARAMETER_USER] = s->rows_of_users;
  return status;
}

static bool has_strangers(const throng_states *states) {
  for (int64_t k = 0; k < states->n; ++k)
    if (states->user[k] < 0) return true;
  return false;
}

/// Arrays on the backend for `rows` states at once.
static throng_status add_arrays(scorer *s, const throng_states *states, int64_t rows) {
  const throng_population *a = s->population;
  const int32_t top = s->asked.top;
  const network *one = &s->one;
  tensor_set *set = &s->scratch;
  THRONG_TRY(network_add_pass(one, set, &s->pass, rows, a->history, "states"));
#define ADD(slot, type, length) \
  THRONG_TRY(tensors_add(set, &s->slot, TENSOR_##type, TENSOR_SHAPE(length), #slot))
  if (!top) ADD(score, F32, rows * one->n_item);
  if (top) ADD(best_value, F32, rows * top);
  if (top) ADD(best_item, I32, rows * top);
  const int64_t packed = top ? catalogue_packed_size(one, rows, top) : 0;
  if (packed) ADD(packed, I64, packed);
  if (s->asked.exclude == THRONG_EXCLUDE_HISTORY) ADD(seen, U32, rows * s->n_seen_word);
  if (s->asked.log_prob) ADD(first, I32, rows);
  if (one->user_width && has_strangers(states))
    ADD(rows_of_users, F32, (one->n_user + 1) * one->user_width);
#undef ADD
  if (s->asked.log_prob) THRONG_TRY(softmax_register(one, set, &s->softmax, rows, 1, "softmax"));
  return tensors_allocate(set, a->backend, "scores of given states");
}

/// Memory for some of the states at once.
static throng_status scorer_make(scorer *s, throng_population *a, int32_t agent,
                                 const throng_states *states, const best_def *asked) {
  static const char what[] = "scores of given states";
  if (agent < 0 || agent >= a->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent %d is not in 0..%d", agent, a->n_agent - 1);
  THRONG_TRY(population_refresh(a, NULL));
  int64_t rows = MOST_SCORES / (asked->top ? asked->top : a->net.n_item);
  rows = rows < 1 ? 1 : rows > MOST_ROWS ? (int64_t)MOST_ROWS : rows;
  s->population = a;
  s->asked = *asked;
  s->most_rows = rows = rows < states->n ? rows : states->n;
  s->n_seen_word = (a->net.n_item + 31) / 32;
  s->one = network_of_one(&a->net);
  s->weight = parameters_of_one(&a->net, &a->weight, agent);
  s->items = catalogue_of_one(&a->net, &a->catalogue, agent);
  THRONG_TRY(add_arrays(s, states, rows));
  if (s->rows_of_users) THRONG_TRY(add_mean_user(s));
  const size_t all = (size_t)rows, entries = all * (size_t)a->history;
  THRONG_TRY(throng_alloc((void **)&s->entry, entries, sizeof *s->entry, what));
  if (s->pass.state.shown_at)
    THRONG_TRY(throng_alloc((void **)&s->shown_at, entries, sizeof *s->shown_at, what));
  if (s->seen)
    THRONG_TRY(throng_alloc((void **)&s->host_seen, all * (size_t)s->n_seen_word,
                            sizeof *s->host_seen, what));
  THRONG_TRY(throng_alloc((void **)&s->length, 2 * all, sizeof *s->length, what));
  s->session = s->length + rows;
  THRONG_TRY(throng_alloc((void **)&s->user, all, sizeof *s->user, what));
  return throng_alloc((void **)&s->value, all, sizeof *s->value, what);
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
    const int32_t user = states->user[first + r];
    s->user[r] = user >= 0 ? user : s->rows_of_users ? (int32_t)s->one.n_user : 0;
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
  THRONG_TRY(ops->upload(backend, pass->state.user, s->user, n * sizeof *s->user));
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

/// A bit an item of the histories, of states first .. first + rows - 1.
static throng_status mark_seen(scorer *s, const throng_states *states, int64_t first,
                               int64_t rows) {
  const size_t words = (size_t)(rows * s->n_seen_word);
  memset(s->host_seen, 0, words * sizeof *s->host_seen);
  for (int64_t r = 0; r < rows; ++r) {
    uint32_t *seen = s->host_seen + r * s->n_seen_word;
    for (int64_t k = states->offset[first + r]; k < states->offset[first + r + 1]; ++k)
      seen[states->item[k] >> 5] |= 1u << (states->item[k] & 31);
  }
  return s->one.backend->ops->upload(s->one.backend, s->seen, s->host_seen,
                                     words * sizeof *s->host_seen);
}

/// Less the log of the sum of all exponentials, which makes scores log-probabilities, into
/// s->value.
static throng_status take_totals(scorer *s, int64_t rows, const best_mask *mask,
                                 const int32_t *item) {
  throng_backend *backend = s->one.backend;
  const int32_t top = s->asked.top;
  int32_t *first = s->length;  // which nothing reads any more
  for (int64_t r = 0; r < rows; ++r) first[r] = item[r * top] < 0 ? 0 : item[r * top];
  THRONG_TRY(backend->ops->upload(backend, s->first, first, sizeof *first * (size_t)rows));
  s->softmax.rows = rows;
  THRONG_TRY(catalogue_softmax(&s->one, &s->items, s->pass.query, mask, s->first, &s->softmax));
  THRONG_TRY(
      backend->ops->download(backend, s->value, s->softmax.total, sizeof *s->value * (size_t)rows));
  for (int64_t r = 0; r < rows; ++r) s->value[r] = -s->value[r];
  return THRONG_OK;
}

/// The best items of the states first .. first + rows - 1, which were run.
static throng_status find_top(scorer *s, const throng_states *states, int64_t first, int64_t rows,
                              int32_t *item, float *q) {
  throng_backend *backend = s->one.backend;
  const int32_t top = s->asked.top;
  const size_t n = (size_t)rows * (size_t)top;
  best_mask mask = {0};
  if (s->asked.exclude == THRONG_EXCLUDE_SESSION) mask.shown = s->pass.state;
  if (s->seen) {
    THRONG_TRY(mark_seen(s, states, first, rows));
    mask.seen = s->seen;
    mask.n_seen_word = s->n_seen_word;
  }
  THRONG_TRY(catalogue_best(&s->one, &s->items, s->pass.query, rows, &mask, top, s->packed,
                            s->best_value, s->best_item));
  THRONG_TRY(backend->ops->download(backend, item, s->best_item, n * sizeof *item));
  if (!q) return THRONG_OK;
  THRONG_TRY(backend->ops->download(backend, q, s->best_value, n * sizeof *q));
  if (s->asked.log_prob) THRONG_TRY(take_totals(s, rows, &mask, item));
  for (size_t k = 0; k < n; ++k)
    if (item[k] >= 0) q[k] += s->value[k / (size_t)top];
  return THRONG_OK;
}

throng_status throng_population_scores(throng_population *a, int32_t agent,
                                       const throng_states *states, float *q) {
  scorer s = {.most_rows = 0};
  throng_status status;
  THRONG_TRY(check_states(a, states));
  const best_def all = {.top = 0};
  THRONG_TRY_GOTO(scorer_make(&s, a, agent, states, &all));
  for (int64_t first = 0; first < states->n; first += s.most_rows) {
    const int64_t left = states->n - first, rows = left < s.most_rows ? left : s.most_rows;
    THRONG_TRY_GOTO(scorer_run(&s, states, first, rows));
    THRONG_TRY_GOTO(score_all(&s, rows, q + first * a->net.n_item));
  }
done:
  scorer_free(&s);
  return status;
}

static throng_status find_best(throng_population *a, int32_t agent, const throng_states *states,
                               const best_def *asked, int32_t *item, float *q) {
  scorer s = {.most_rows = 0};
  throng_status status;
  const int32_t top = asked->top;
  if (top < 1 || top > a->net.n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT, "top: %d is not in 1..%lld", top,
                       (long long)a->net.n_item);
  THRONG_TRY(check_states(a, states));
  THRONG_TRY_GOTO(scorer_make(&s, a, agent, states, asked));
  for (int64_t first = 0; first < states->n; first += s.most_rows) {
    const int64_t left = states->n - first, rows = left < s.most_rows ? left : s.most_rows;
    THRONG_TRY_GOTO(scorer_run(&s, states, first, rows));
    THRONG_TRY_GOTO(
        find_top(&s, states, first, rows, item + first * top, q ? q + first * top : NULL));
  }
done:
  scorer_free(&s);
  return status;
}

throng_status throng_population_top(throng_population *a, int32_t agent,
                                    const throng_states *states, int32_t top, bool skip_session,
                                    int32_t *item, float *q) {
  const best_def asked = {.top = top,
                          .exclude = skip_session ? THRONG_EXCLUDE_SESSION : THRONG_EXCLUDE_NONE};
  return find_best(a, agent, states, &asked, item, q);
}

throng_status throng_population_recommend(throng_population *a, int32_t agent,
                                          const throng_states *states, int32_t top,
                                          throng_exclude exclude, int32_t *item, float *score) {
  if ((unsigned)exclude > THRONG_EXCLUDE_HISTORY)
    return throng_fail(THRONG_ERROR_ARGUMENT, "exclude: %d is none", (int)exclude);
  const best_def asked = {.top = top, .exclude = exclude, .log_prob = a->algorithm->rolls};
  return find_best(a, agent, states, &asked, item, score);
}

/// The states that were run as the network's inputs before the user's row: `to` (rows, n_state).
static throng_status download_states(const scorer *s, int64_t rows, int64_t n_state, float *to) {
  const network *one = &s->one;
  const network_pass *pass = &s->pass;
  const backend_ops *ops = one->backend->ops;
  const int64_t slots = pass->slot ? one->n_item : 0, columns = one->n_input - one->user_width;
  const int64_t capacity = pass->state.capacity;
  const size_t features = (size_t)(rows * one->n_input), entries = (size_t)(rows * capacity);
  float *feature = NULL, *sign = NULL;
  int32_t *slot = NULL;
  throng_status status;
  memset(to, 0, sizeof *to * (size_t)(rows * n_state));
  THRONG_TRY_GOTO(throng_alloc((void **)&feature, features, sizeof *feature, "states"));
  THRONG_TRY_GOTO(throng_alloc((void **)&sign, entries, sizeof *sign, "states"));
  THRONG_TRY_GOTO(throng_alloc((void **)&slot, entries, sizeof *slot, "states"));
  THRONG_TRY_GOTO(ops->download(one->backend, feature, pass->feature, features * sizeof *feature));
  if (slots) {
    THRONG_TRY_GOTO(ops->download(one->backend, slot, pass->slot, entries * sizeof *slot));
    THRONG_TRY_GOTO(ops->download(one->backend, sign, pass->sign, entries * sizeof *sign));
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = r * capacity; slots && k < (r + 1) * capacity; ++k)
      if (slot[k] >= 0) to[r * n_state + slot[k]] = sign[k];
    for (int64_t k = 0; k < columns; ++k)
      to[r * n_state + slots + k] = feature[r * one->n_input + k];
  }
done:
  free(feature);
  free(sign);
  free(slot);
  return status;
}

throng_status agent_look(throng_population *a, int32_t agent, const throng_states *states,
                         float *state, float *query, float *value) {
  scorer s = {.most_rows = 0};
  const best_def best = {.top = 1};  // what takes least memory
  throng_status status;
  THRONG_TRY(check_states(a, states));
  THRONG_TRY_GOTO(scorer_make(&s, a, agent, states, &best));
  for (int64_t first = 0; first < states->n; first += s.most_rows) {
    const int64_t left = states->n - first, rows = left < s.most_rows ? left : s.most_rows;
    const int64_t width = a->net.width;
    const int64_t n_state = a->net.n_input - a->net.user_width + (s.pass.slot ? a->net.n_item : 0);
    THRONG_TRY_GOTO(scorer_run(&s, states, first, rows));
    if (state) THRONG_TRY_GOTO(download_states(&s, rows, n_state, state + first * n_state));
    if (query)
      THRONG_TRY_GOTO(a->backend->ops->download(a->backend, query + first * width, s.pass.query,
                                                sizeof *query * (size_t)(rows * width)));
    if (value) memcpy(value + first, s.value, sizeof *value * (size_t)rows);
  }
done:
  scorer_free(&s);
  return status;
}
