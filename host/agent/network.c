/// Forward passes of both heads, the catalogue's vectors, and the best items by tiles of Q.
#include "agent/learner.h"
#include "kernels/list.h"

enum {
  TILE_ROWS = 1024,     // states a tile: fixed, so that sums do not move with the threads
  TILE_COLUMNS = 2048,  // items a tile
};

static bool two_tower(const throng_population *a) { return a->def.head == THRONG_HEAD_TWO_TOWER; }

throng_status pass_register(const throng_population *a, tensor_set *set, agent_pass *pass,
                            int64_t rows, int32_t history, const char *name) {
  int64_t n = rows * a->n_agent;
  pass->rows = rows;
  pass->state.capacity = history;
#define ADD(slot, type, ...) \
  THRONG_TRY(tensors_add(set, &pass->slot, type, TENSOR_SHAPE(__VA_ARGS__), "%s." #slot, name))
  ADD(state.entry, TENSOR_U32, n, history);
  ADD(state.length, TENSOR_I32, n);
  ADD(state.session, TENSOR_I32, n);
  ADD(state.user, TENSOR_I32, n);
  ADD(feature, TENSOR_F32, n, a->n_input);
  ADD(hidden0, TENSOR_F32, n, a->def.hidden[0]);
  ADD(hidden1, TENSOR_F32, n, a->def.hidden[1]);
  ADD(value, TENSOR_F32, n);
  if (two_tower(a)) {
    ADD(query, TENSOR_F32, n, a->width);
  } else {
    ADD(slot, TENSOR_I32, n, history);
    ADD(sign, TENSOR_F32, n, history);
  }
#undef ADD
  return THRONG_OK;
}

void pass_bind(const throng_population *a, agent_pass *pass) {
  if (!two_tower(a)) pass->query = pass->hidden1;
}

throng_status agent_product(const throng_population *a, bool transpose_a, bool transpose_b,
                            int64_t m, int64_t n, int64_t k, const float *x, const float *y,
                            float beta, float *c) {
  gemm_args g = {.transpose_a = transpose_a,
                 .transpose_b = transpose_b,
                 .m = m,
                 .n = n,
                 .k = k,
                 .alpha = 1.0f,
                 .beta = beta,
                 .a = x,
                 .b = y,
                 .c = c,
                 .lda = transpose_a ? m : k,
                 .ldb = transpose_b ? k : n,
                 .ldc = n,
                 .stride_a = m * k,
                 .stride_b = k * n,
                 .stride_c = m * n,
                 .batch = a->n_agent};
  return a->backend->ops->gemm(a->backend, &g);
}

throng_status pass_features(const throng_population *a, agent_pass *pass) {
  int64_t n = pass->rows * a->n_agent;
  if (!two_tower(a)) {
    flat_slots_args slots = {pass->state, pass->slot, pass->sign};
    return BACKEND_LAUNCH(a->backend, flat_slots, n, &slots);
  }
  state_features_args features = {pass->state,   a->item_feature, a->n_feature, a->n_direction,
                                  a->n_category, pass->feature,   a->n_input};
  return BACKEND_LAUNCH(a->backend, state_features, n, &features);
}

throng_status pass_forward(const throng_population *a, const parameter_set *w, agent_pass *pass) {
  throng_backend *backend = a->backend;
  int64_t rows = pass->rows, n = rows * a->n_agent;
  int64_t hidden0 = a->def.hidden[0], hidden1 = a->def.hidden[1], user_width = a->def.user_width;
  if (user_width) {
    gather_args user = {w->at[PARAMETER_USER],
                        pass->state.user,
                        pass->feature + a->n_input - user_width,
                        rows,
                        a->n_user,
                        a->n_input,
                        (int32_t)user_width,
                        0};
    THRONG_TRY(BACKEND_LAUNCH(backend, gather, n, &user));
  }
  if (a->n_input)
    THRONG_TRY(agent_product(a, false, false, rows, hidden0, a->n_input, pass->feature,
                             w->at[PARAMETER_INPUT], 0.0f, pass->hidden0));
  else
    THRONG_TRY(backend->ops->zero(backend, pass->hidden0, sizeof(float) * (size_t)(n * hidden0)));
  if (two_tower(a)) {
    add_bias_args bias = {pass->hidden0, w->at[PARAMETER_INPUT_BIAS], rows, (int32_t)hidden0, 1};
    THRONG_TRY(BACKEND_LAUNCH(backend, add_bias, n, &bias));
  } else {
    flat_input_args input = {pass->slot,
                             pass->sign,
                             w->at[PARAMETER_INPUT_ITEM],
                             w->at[PARAMETER_INPUT_BIAS],
                             pass->hidden0,
                             rows,
                             a->n_item,
                             pass->state.capacity,
                             (int32_t)hidden0};
    THRONG_TRY(BACKEND_LAUNCH(backend, flat_input, n, &input));
  }
  THRONG_TRY(agent_product(a, false, false, rows, hidden1, hidden0, pass->hidden0,
                           w->at[PARAMETER_HIDDEN], 0.0f, pass->hidden1));
  add_bias_args bias = {pass->hidden1, w->at[PARAMETER_HIDDEN_BIAS], rows, (int32_t)hidden1, 1};
  THRONG_TRY(BACKEND_LAUNCH(backend, add_bias, n, &bias));
  if (!two_tower(a)) return THRONG_OK;

  THRONG_TRY(agent_product(a, false, false, rows, a->width, a->n_input, pass->feature,
                           w->at[PARAMETER_SKIP], 0.0f, pass->query));
  THRONG_TRY(agent_product(a, false, false, rows, a->width, hidden1, pass->hidden1,
                           w->at[PARAMETER_QUERY], 1.0f, pass->query));
  add_bias_args shift = {pass->query, w->at[PARAMETER_QUERY_BIAS], rows, a->width, 0};
  THRONG_TRY(BACKEND_LAUNCH(backend, add_bias, n, &shift));
  state_value_args value = {pass->hidden1,
                            pass->feature,
                            w->at[PARAMETER_VALUE],
                            w->at[PARAMETER_VALUE_SKIP],
                            w->at[PARAMETER_VALUE_BIAS],
                            pass->value,
                            rows,
                            (int32_t)hidden1,
                            a->n_input};
  return BACKEND_LAUNCH(backend, state_value, n, &value);
}

throng_status item_vectors(const throng_population *a, const parameter_set *w, const int32_t *item,
                           int64_t rows, float *feature, float *vector, float *bias) {
  throng_backend *backend = a->backend;
  int64_t n = rows * a->n_agent;
  if (!two_tower(a)) {
    gather_args vectors = {
        w->at[PARAMETER_ITEM_VECTOR], item, vector, rows, a->n_item, a->width, a->width, 0};
    THRONG_TRY(BACKEND_LAUNCH(backend, gather, n, &vectors));
    gather_args biases = {w->at[PARAMETER_ITEM_BIAS], item, bias, rows, a->n_item, 1, 1, 0};
    return BACKEND_LAUNCH(backend, gather, n, &biases);
  }
  gather_args features = {a->item_feature, item,         feature,      rows,
                          a->n_item,       a->n_feature, a->n_feature, 1};
  THRONG_TRY(BACKEND_LAUNCH(backend, gather, n, &features));
  THRONG_TRY(agent_product(a, false, false, rows, a->width, a->n_feature, feature,
                           w->at[PARAMETER_ITEM_MATRIX], 0.0f, vector));
  item_finish_args finish = {item,
                             a->item_feature,
                             w->at[PARAMETER_ITEM_VECTOR],
                             w->at[PARAMETER_ITEM_BIAS],
                             w->at[PARAMETER_ITEM_FACT],
                             vector,
                             bias,
                             rows,
                             a->n_item,
                             a->n_feature,
                             a->width};
  return BACKEND_LAUNCH(backend, item_finish, n, &finish);
}

static throng_status catalogue(const throng_population *a, const parameter_set *w, float *vector,
                               float *bias) {
  gemm_args g = {.m = a->n_item,
                 .n = a->width,
                 .k = a->n_feature,
                 .alpha = 1.0f,
                 .a = a->item_feature,  // shared by all agents: stride 0
                 .b = w->at[PARAMETER_ITEM_MATRIX],
                 .c = vector,
                 .lda = a->n_feature,
                 .ldb = a->width,
                 .ldc = a->width,
                 .stride_b = (int64_t)a->n_feature * a->width,
                 .stride_c = a->n_item * a->width,
                 .batch = a->n_agent};
  THRONG_TRY(a->backend->ops->gemm(a->backend, &g));
  item_finish_args finish = {NULL,
                             a->item_feature,
                             w->at[PARAMETER_ITEM_VECTOR],
                             w->at[PARAMETER_ITEM_BIAS],
                             w->at[PARAMETER_ITEM_FACT],
                             vector,
                             bias,
                             a->n_item,
                             a->n_item,
                             a->n_feature,
                             a->width};
  return BACKEND_LAUNCH(a->backend, item_finish, a->n_item * a->n_agent, &finish);
}

throng_status agent_refresh(throng_population *a) {
  if (a->fresh) return THRONG_OK;
  if (two_tower(a)) THRONG_TRY(catalogue(a, &a->weight, a->vector, a->vector_bias));
  a->fresh = true;
  return THRONG_OK;
}

throng_status agent_refresh_target(throng_population *a) {
  if (a->target_fresh) return THRONG_OK;
  if (two_tower(a)) THRONG_TRY(catalogue(a, &a->target, a->target_vector, a->target_vector_bias));
  a->target_fresh = true;
  return THRONG_OK;
}

int64_t agent_tile_size(const throng_population *a) {
  int64_t columns = a->n_item < TILE_COLUMNS ? a->n_item : (int64_t)TILE_COLUMNS;
  return TILE_ROWS * columns;
}

/// On a device one kernel makes Q and finds the best few; a processor is faster with a library's
/// products.
static bool may_search(const throng_population *a, const int64_t *packed, int32_t top) {
  return a->backend->searches && packed && top <= BEST_MOST_TOP;
}

int64_t agent_packed_size(const throng_population *a, int64_t rows, int32_t top) {
  if (!a->backend->searches) return 0;
  return best_search_scratch(a->n_agent, rows, a->n_item,
                             top < BEST_MOST_TOP ? top : BEST_MOST_TOP);
}

throng_status agent_best(const throng_population *a, const float *vector, const float *bias,
                         const float *query, int64_t rows, const best_mask *mask, int32_t top,
                         int64_t *packed, float *value, int32_t *item) {
  throng_backend *backend = a->backend;
  if (may_search(a, packed, top)) {
    best_search_args search = {.query = query,
                               .vector = vector,
                               .bias = bias,
                               .seen = mask->seen,
                               .shown = mask->shown,
                               .value = value,
                               .item = item,
                               .packed = (uint64_t *)packed,
                               .places = rows,
                               .n_item = a->n_item,
                               .n_seen_word = mask->n_seen_word,
                               .n_agent = a->n_agent,
                               .width = a->width,
                               .top = top};
    return BACKEND_LAUNCH(backend, best_search, rows * a->n_agent, &search);
  }
  best_reset_args reset = {value, item, top};
  THRONG_TRY(BACKEND_LAUNCH(backend, best_reset, rows * a->n_agent, &reset));
  // A tile is a block of one agent's states, or all states of several agents.
  int64_t tile_rows = rows < TILE_ROWS ? rows : (int64_t)TILE_ROWS;
  int64_t tile_agents = tile_rows < rows ? 1 : TILE_ROWS / tile_rows;
  for (int64_t agent = 0; agent < a->n_agent; agent += tile_agents)
    for (int64_t place = 0; place < rows; place += tile_rows)
      for (int64_t column = 0; column < a->n_item; column += TILE_COLUMNS) {
        int64_t agents = a->n_agent - agent < tile_agents ? a->n_agent - agent : tile_agents;
        int64_t places = rows - place < tile_rows ? rows - place : tile_rows;
        int64_t columns = a->n_item - column < TILE_COLUMNS ? a->n_item - column : TILE_COLUMNS;
        gemm_args g = {.transpose_b = true,
                       .m = places,
                       .n = columns,
                       .k = a->width,
                       .alpha = 1.0f,
                       .a = query + (agent * rows + place) * a->width,
                       .b = vector + (agent * a->n_item + column) * a->width,
                       .c = a->tile,
                       .lda = a->width,
                       .ldb = a->width,
                       .ldc = columns,
                       .stride_a = rows * a->width,
                       .stride_b = a->n_item * a->width,
                       .stride_c = places * columns,
                       .batch = agents};
        THRONG_TRY(backend->ops->gemm(backend, &g));
        best_fold_args fold = {.q = a->tile,
                               .bias = bias,
                               .seen = mask->seen,
                               .shown = mask->shown,
                               .value = value,
                               .item = item,
                               .rows = places,
                               .places = rows,
                               .place = place,
                               .agent = agent,
                               .n_item = a->n_item,
                               .n_seen_word = mask->n_seen_word,
                               .column = (int32_t)column,
                               .n_column = (int32_t)columns,
                               .top = top};
        THRONG_TRY(BACKEND_LAUNCH(backend, best_fold, agents * places, &fold));
      }
  return THRONG_OK;
}
