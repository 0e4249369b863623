/// The softmax over the catalogue by tiles: sums, log-probabilities, gradients.
#include "agent/network/softmax.h"

#include <stdio.h>

#include "kernels/list.h"

throng_status softmax_register(const network *n, tensor_set *set, softmax_scores *to, int64_t rows,
                               int32_t slate, const char *name) {
  const int64_t all = rows * n->n_agent;
  // As numbers of 64 bits, of which a softmax_sums has three.
  const int64_t sums = (int64_t)(sizeof(softmax_sums) / sizeof(int64_t));
  to->rows = rows;
  to->slate = slate;
#define ADD(slot, type, ...) \
  THRONG_TRY(                \
      tensors_add(set, &to->slot, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), "%s." #slot, name))
  ADD(sums, I64, all * sums);
  if (n->backend->searches)
    ADD(share, I64, all * sums * softmax_search_shares(n->n_agent, rows, n->n_item));
  ADD(log_prob, F32, all);
  ADD(entropy, F32, all);
  ADD(total, F32, all);
  ADD(own, F32, all, slate);
  ADD(left, F32, all, slate);
  ADD(times, F32, all, slate);
  ADD(ones, F32, rows);
#undef ADD
  return THRONG_OK;
}

enum { TURNED_PANELS = CATALOGUE_COLUMNS / PRODUCT_PANEL };  // of a tile

throng_status softmax_register_kept(const network *n, tensor_set *set, softmax_scores *s,
                                    int64_t most, const char *name) {
  char text[64];
  snprintf(text, sizeof text, "%s.kept", name);
  THRONG_TRY(catalogue_register_kept(n, set, &s->kept, s->rows, most, text));
  if (s->slate > 1 || !catalogue_multiplies(n)) return THRONG_OK;
  const int64_t tiles = (n->n_item + CATALOGUE_COLUMNS - 1) / CATALOGUE_COLUMNS;
#define ADD(slot, ...) \
  THRONG_TRY(tensors_add(set, &s->slot, TENSOR_F32, TENSOR_SHAPE(__VA_ARGS__), "%s." #slot, name))
  ADD(top, tiles, n->n_agent, s->rows);
  ADD(weight, n->n_agent, s->rows);
  ADD(scaled, n->n_agent, s->rows, n->width);
  ADD(turned, catalogue_tile_agents(n, s->rows), TURNED_PANELS, n->width, PRODUCT_PANEL);
#undef ADD
  return THRONG_OK;
}

throng_status softmax_fill(const network *n, softmax_scores *s) {
  fill_args fill = {s->ones, 1.0f};
  return BACKEND_LAUNCH(n->backend, fill, s->rows, &fill);
}

/// What a walk's tasks go by: the kernels' arguments but for the tile.
typedef struct softmax_walk {
  const catalogue *c;
  const float *query;
  int64_t rows;
  tile_mask_args mask;
  softmax_fold_args fold;
  softmax_slope_args slope;
  softmax_slopes to;
  softmax_finish_args finish;
  const softmax_scores *s;
  const softmax_question *question;
} softmax_walk;

static softmax_walk walk_of(const network *n, const catalogue *c, const float *query,
                            const best_mask *mask, const int32_t *item, const softmax_scores *s) {
  return (softmax_walk){.c = c,
                        .query = query,
                        .rows = s->rows,
                        .s = s,
                        .mask = {.seen = mask->seen,
                                 .shown = mask->shown,
                                 .real = mask->real,
                                 .item = item,
                                 .used = n->used,
                                 .n_state = s->rows,
                                 .n_seen_word = mask->n_seen_word,
                                 .slate = s->slate},
                        .fold = {.bias = c->bias,
                                 .sums = s->sums,
                                 .used = n->used,
                                 .n_state = s->rows,
                                 .n_item = n->n_item},
                        .finish = {.sums = s->sums,
                                   .query = query,
                                   .vector = c->vector,
                                   .bias = c->bias,
                                   .seen = mask->seen,
                                   .shown = mask->shown,
                                   .real = mask->real,
                                   .item = item,
                                   .used = n->used,
                                   .log_prob = s->log_prob,
                                   .entropy = s->entropy,
                                   .total = s->total,
                                   .own = s->own,
                                   .left = s->left,
                                   .times = s->times,
                                   .n_state = s->rows,
                                   .n_item = n->n_item,
                                   .n_seen_word = mask->n_seen_word,
                                   .width = n->width,
                                   .slate = s->slate}};
}

static throng_status mask_tile(const softmax_walk *w, const catalogue_tile *t) {
  tile_mask_args mask = w->mask;
  mask.z = t->n->tile;
  mask.place = catalogue_place(t);
  return BACKEND_LAUNCH(t->n->backend, tile_mask, t->agents * t->states, &mask);
}

/// Scores of a tile, masked.
static throng_status score(const softmax_walk *w, const catalogue_tile *t) {
  if (t->kept) return THRONG_OK;
  THRONG_TRY(catalogue_score_tile(t, w->c, w->query, w->rows, 0.0f, t->n->tile));
  return mask_tile(w, t);
}

static throng_status add_sums(const softmax_walk *w, const catalogue_tile *t) {
  softmax_fold_args fold = w->fold;
  fold.q = t->n->tile;
  fold.place = catalogue_place(t);
  return BACKEND_LAUNCH(t->n->backend, softmax_fold, t->agents * t->states, &fold);
}

static throng_status fold(void *context, const catalogue_tile *t) {
  const softmax_walk *w = context;
  THRONG_TRY(score(w, t));
  return add_sums(w, t);
}

/// The same of scores that are there.
static throng_status fold_drawn(void *context, const catalogue_tile *t) {
  const softmax_walk *w = context;
  THRONG_TRY(mask_tile(w, t));
  return add_sums(w, t);
}

static throng_status reset_sums(const network *n, const softmax_walk *w) {
  softmax_reset_args reset = {w->fold.sums};
  return BACKEND_LAUNCH(n->backend, softmax_reset, w->rows * n->n_agent, &reset);
}

static throng_status sum_all(const network *n, const softmax_scores *s, softmax_walk *walk) {
  const softmax_finish_args *f = &walk->finish;
  if (!n->backend->searches) {
    THRONG_TRY(reset_sums(n, walk));
    return catalogue_walk(n, walk->rows, false, fold, walk);
  }
  softmax_search_args search = {.query = f->query,
                                .vector = f->vector,
                                .bias = f->bias,
                                .seen = f->seen,
                                .shown = f->shown,
                                .real = f->real,
                                .item = f->item,
                                .sums = walk->fold.sums,
                                .share = s->share,
                                .used = f->used,
                                .n_state = f->n_state,
                                .n_item = f->n_item,
                                .n_seen_word = f->n_seen_word,
                                .n_agent = n->n_agent,
                                .width = f->width,
                                .slate = f->slate};
  return BACKEND_LAUNCH(n->backend, softmax_search, walk->rows * n->n_agent, &search);
}

throng_status catalogue_softmax(const network *n, const catalogue *c, const float *query,
                                const best_mask *mask, const int32_t *item, softmax_scores *s) {
  softmax_walk walk = walk_of(n, c, query, mask, item, s);
  THRONG_TRY(sum_all(n, s, &walk));
  return BACKEND_LAUNCH(n->backend, softmax_finish, s->rows * n->n_agent, &walk.finish);
}

bool softmax_may_draw(const network *n, const softmax_scores *s) {
  return s->slate == 1 && !n->backend->searches;
}

throng_status catalogue_draw_and_sums(const network *n, const catalogue *c, const float *query,
                                      const best_mask *mask, const catalogue_noise *noise,
                                      float *value, int32_t *item, softmax_scores *s) {
  softmax_walk walk = walk_of(n, c, query, mask, NULL, s);
  THRONG_TRY(reset_sums(n, &walk));
  return catalogue_draw_by_tiles(n, c, query, s->rows, mask, noise, 1, value, item, fold_drawn,
                                 &walk);
}

throng_status catalogue_softmax_of_sums(const network *n, const catalogue *c, const float *query,
                                        const best_mask *mask, const int32_t *item,
                                        softmax_scores *s) {
  softmax_walk walk = walk_of(n, c, query, mask, item, s);
  walk.finish.whole = true;
  return BACKEND_LAUNCH(n->backend, softmax_finish, s->rows * n->n_agent, &walk.finish);
}

/// d_query += d . vectors and d_vector += d^T queries, d_bias likewise, of `states` of a tile's
/// states from number `first` of it on.
static throng_status add_products(const softmax_slopes *to, const catalogue_tile *t, int64_t first,
                                  int64_t states) {
  const network *n = t->n;
  const int64_t state = t->state + first, width = n->width;
  const int64_t item = t->agent * n->n_item + t->column;
  gemm_args g = {.m = states,
                 .n = width,
                 .k = t->columns,
                 .alpha = 1.0f,
                 .beta = t->column ? 1.0f : 0.0f,
                 .a = n->tile + first * t->columns,
                 .b = to->catalogue->vector + item * width,
                 .c = to->d_query + (t->agent * to->rows + state) * width,
                 .lda = t->columns,
                 .ldb = width,
                 .ldc = width,
                 .stride_a = t->states * t->columns,
                 .stride_b = n->n_item * width,
                 .stride_c = to->rows * width,
                 .batch = t->agents,
                 .used = n->used ? n->used + t->agent : NULL,
                 .first_row = state};
  THRONG_TRY(n->backend->ops->gemm(n->backend, &g));
  g.transpose_a = true;
  g.m = t->columns;
  g.k = states;
  g.beta = state ? 1.0f : 0.0f;
  g.b = to->query + (t->agent * to->rows + state) * width;
  g.c = to->d_catalogue->vector + item * width;
  g.stride_b = to->rows * width;
  g.stride_c = n->n_item * width;
  THRONG_TRY(n->backend->ops->gemm(n->backend, &g));
  g.n = 1;
  g.b = to->ones;
  g.c = to->d_catalogue->bias + item;
  g.ldb = g.ldc = 1;
  g.stride_b = 0;
  g.stride_c = n->n_item;
  return n->backend->ops->gemm(n->backend, &g);
}

throng_status catalogue_add_slopes(const softmax_slopes *to, const catalogue_tile *t) {
  // On the CPU sums over states are cut at the same places however many threads there are.
  const int64_t most = t->n->backend->device_memory ? t->states : (int64_t)CATALOGUE_ROWS;
  for (int64_t first = 0; first < t->states; first += most)
    THRONG_TRY(add_products(to, t, first, t->states - first < most ? t->states - first : most));
  return THRONG_OK;
}

static throng_status slope(void *context, const catalogue_tile *t) {
  const softmax_walk *w = context;
  softmax_slope_args slopes = w->slope;
  THRONG_TRY(score(w, t));
  slopes.z = t->n->tile;
  slopes.place = catalogue_place(t);
  THRONG_TRY(BACKEND_LAUNCH(t->n->backend, softmax_slope, t->agents * t->states, &slopes));
  return catalogue_await(t) ? catalogue_add_slopes(&w->to, t) : THRONG_OK;
}

/// Gradients of what, and where they go.
static void aim(softmax_walk *walk, const softmax_scores *s, const float *d_log_prob,
                const float *d_entropy, float *d_query, const catalogue *d_catalogue) {
  const softmax_finish_args *f = &walk->finish;
  walk->to = (softmax_slopes){walk->c, walk->query, s->rows, s->ones, d_query, d_catalogue};
  walk->slope = (softmax_slope_args){.bias = f->bias,
                                     .total = s->total,
                                     .entropy = s->entropy,
                                     .own = s->own,
                                     .left = s->left,
                                     .times = s->times,
                                     .item = f->item,
                                     .d_log_prob = d_log_prob,
                                     .d_entropy = d_entropy,
                                     .used = f->used,
                                     .n_state = s->rows,
                                     .n_item = f->n_item,
                                     .slate = s->slate};
}

throng_status catalogue_softmax_gradients(const network *n, const catalogue *c, const float *query,
                                          const best_mask *mask, const int32_t *item,
                                          const softmax_scores *s, const float *d_log_prob,
                                          const float *d_entropy, float *d_query,
                                          const catalogue *d_catalogue) {
  softmax_walk walk = walk_of(n, c, query, mask, item, s);
  aim(&walk, s, d_log_prob, d_entropy, d_query, d_catalogue);
  return catalogue_walk(n, s->rows, true, slope, &walk);
}

static throng_status finish_and_ask(void *context, const network *n, int64_t first, int64_t rows) {
  const softmax_walk *w = context;
  softmax_finish_args finish = w->finish;
  finish.first = first;
  THRONG_TRY(BACKEND_LAUNCH(n->backend, softmax_finish, rows, &finish));
  const softmax_question *q = w->question;
  return q->judge ? q->judge(q->context, n->backend, first, rows) : THRONG_OK;
}

/// May the kernels of softmax_products.h do it?
static bool may_multiply(const network *n, const softmax_scores *s, const softmax_question *q) {
  return catalogue_multiplies(n) && s->weight && q->beside;
}

static slope_tile product_tile(const softmax_walk *w, const catalogue_tile *t) {
  _Static_assert((int)SOFTMAX_TILE == (int)CATALOGUE_COLUMNS, "a tile's items");
  const int64_t of_tile = t->column / CATALOGUE_COLUMNS * t->n->n_agent * w->rows;
  slope_tile own = {catalogue_tile_of(t, w->c, w->query, w->rows), w->s->top + of_tile,
                    w->s->weight, w->s->scaled};
  own.score.turned =
      w->s->turned + catalogue_tile_hand(t) * TURNED_PANELS * t->n->width * PRODUCT_PANEL;
  return own;
}

/// Scores of a tile, masked, as exponentials: made from its vectors turned round, so few that a
/// thread's own cache holds them.
static throng_status exponentials(const softmax_walk *w, const catalogue_tile *t, bool again) {
  softmax_exponentials_args args = {.tile = product_tile(w, t),
                                    .mask = w->mask,
                                    .sums = w->fold.sums,
                                    .beside = w->question->beside,
                                    .again = again,
                                    .far = t->far};
  args.mask.place = args.tile.score.place;
  THRONG_TRY(BACKEND_LAUNCH(t->n->backend, tile_turn, t->agents * tile_panels(t->columns),
                            &args.tile.score));
  return BACKEND_LAUNCH(t->n->backend, softmax_exponentials, t->agents * softmax_groups(t->states),
                        &args);
}

static throng_status first_exponentials(void *context, const catalogue_tile *t) {
  return exponentials(context, t, false);
}

static throng_status multiply_exponentials(void *context, const catalogue_tile *t) {
  const softmax_walk *w = context;
  const network *n = t->n;
  const slope_tile own = product_tile(w, t);
  const softmax_weigh_args weigh = {w->slope, own, w->question->beside};
  const softmax_to_query_args query = {own, w->to.d_query};
  const softmax_to_items_args items = {own, w->to.d_catalogue->vector, w->to.d_catalogue->bias};
  if (!t->kept) THRONG_TRY(exponentials(w, t, true));
  THRONG_TRY(
      BACKEND_LAUNCH(n->backend, softmax_weigh, t->agents * softmax_groups(t->states), &weigh));
  THRONG_TRY(
      BACKEND_LAUNCH(n->backend, softmax_to_query, t->agents * softmax_groups(t->states), &query));
  if (!catalogue_await(t)) return THRONG_OK;
  return BACKEND_LAUNCH(n->backend, softmax_to_items, t->agents * tile_panels(t->columns), &items);
}

throng_status catalogue_softmax_and_gradients(const network *n, const catalogue *c,
                                              const float *query, const best_mask *mask,
                                              const int32_t *item, softmax_scores *s,
                                              const softmax_question *question, float *d_query,
                                              const catalogue *d_catalogue) {
  softmax_walk walk = walk_of(n, c, query, mask, item, s);
  walk.question = question;
  aim(&walk, s, question->d_log_prob, question->d_entropy, d_query, d_catalogue);
  if (n->backend->searches) {
    THRONG_TRY(sum_all(n, s, &walk));
    THRONG_TRY(finish_and_ask(&walk, n, 0, s->rows * n->n_agent));
    return catalogue_walk(n, s->rows, true, slope, &walk);
  }
  THRONG_TRY(reset_sums(n, &walk));
  if (may_multiply(n, s, question))
    return catalogue_walk_twice(n, s->rows, &s->kept, first_exponentials, finish_and_ask,
                                multiply_exponentials, &walk);
  return catalogue_walk_twice(n, s->rows, &s->kept, fold, finish_and_ask, slope, &walk);
}
