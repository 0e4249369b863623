/// The whole catalogue under given weights: its vectors, and the best items by tiles of scores.
#include "agent/network/catalogue.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/list.h"

/// A tile of scores is made of blocks of CATALOGUE_ROWS x CATALOGUE_COLUMNS: one for each thread,
/// which its own cache still holds when they are looked through, and enough of them to fill a
/// device. Blocks begin at multiples of these numbers, as the backend cuts products, so that sums
/// do not move with their number.
enum { DEVICE_BLOCKS = 8, DEVICE_COLUMNS = 1024 };

static int64_t tile_columns(const network *n) {
  return n->backend->device_memory ? (int64_t)DEVICE_COLUMNS : (int64_t)CATALOGUE_COLUMNS;
}

/// Of a catalogue of fewer items all of them, in whole lanes.
static int64_t own_columns(const network *n, int64_t most) {
  const int64_t all = softmax_lanes(n->n_item) * PRODUCT_LANES;
  return all < most ? all : most;
}

static int64_t tile_rows(const network *n) {
  const throng_backend *backend = n->backend;
  return (int64_t)CATALOGUE_ROWS * (backend->device_memory ? DEVICE_BLOCKS : backend->n_thread);
}

throng_status catalogue_register(const network *n, tensor_set *set, catalogue *c, int number) {
  if (!n->table->catalogue) return THRONG_OK;
  THRONG_TRY(tensors_add(set, &c->vector, TENSOR_F32, TENSOR_SHAPE(n->n_agent, n->n_item, n->width),
                         "vector%d", number));
  return tensors_add(set, &c->bias, TENSOR_F32, TENSOR_SHAPE(n->n_agent, n->n_item),
                     "vector_bias%d", number);
}

throng_status catalogue_refresh(const network *n, const parameter_set *w, catalogue *c) {
  if (n->table->catalogue) return n->table->catalogue(n, w, c->vector, c->bias);
  *c = (catalogue){w->at[PARAMETER_ITEM_VECTOR], w->at[PARAMETER_ITEM_BIAS]};
  return THRONG_OK;
}

catalogue catalogue_of_one(const network *n, const catalogue *c, int32_t agent) {
  return (catalogue){c->vector + agent * n->n_item * n->width, c->bias + agent * n->n_item};
}

throng_status catalogue_register_tile(const network *n, tensor_set *scratch, float **tile,
                                      const char *name) {
  return tensors_add(scratch, tile, TENSOR_F32,
                     TENSOR_SHAPE(tile_rows(n) * own_columns(n, tile_columns(n))), "%s", name);
}

/// The most agents of a tile that all threads make together, in walks over `rows` states.
static int64_t tile_agents(const network *n, int64_t rows) {
  const int64_t most_rows = tile_rows(n), fit = most_rows / (rows < most_rows ? rows : most_rows);
  return fit < n->n_agent ? fit : n->n_agent;
}

int64_t catalogue_tile_agents(const network *n, int64_t rows) {
  const int64_t agents = tile_agents(n, rows), threads = n->backend->n_thread;
  return agents > threads ? agents : threads;
}

int64_t catalogue_tile_hand(const catalogue_tile *t) {
  return t->place / (CATALOGUE_ROWS * CATALOGUE_COLUMNS);
}

/// Numbers of a tile that is kept.
static int64_t kept_size(const network *n, int64_t rows) {
  return (rows < CATALOGUE_ROWS ? rows : (int64_t)CATALOGUE_ROWS) *
         own_columns(n, CATALOGUE_COLUMNS);
}

/// Do blocks, each one thread's from end to end, keep the threads busy? What a walk spares is a
/// fifth of its work.
static bool may_take_blocks(const network *n, int64_t rows) {
  const int64_t n_thread = n->backend->n_thread;
  const int64_t blocks = (rows + CATALOGUE_ROWS - 1) / CATALOGUE_ROWS * n->n_agent;
  const int64_t turns = (blocks + n_thread - 1) / n_thread;
  return turns * n_thread * 5 <= blocks * 6;
}

/// Bytes of a thread's kept tiles that push more out of the caches than they gain there.
enum { FAR = 8 << 20 };

throng_status catalogue_register_kept(const network *n, tensor_set *scratch, catalogue_kept *kept,
                                      int64_t rows, int64_t most, const char *name) {
  const throng_backend *backend = n->backend;
  const int64_t size = kept_size(n, rows), fit = most / (int64_t)sizeof(float) / size;
  const int64_t all = (n->n_item + CATALOGUE_COLUMNS - 1) / CATALOGUE_COLUMNS;
  *kept = (catalogue_kept){.n_tile = all < fit ? all : fit};
  kept->far = kept->n_tile * size * (int64_t)sizeof(float) > FAR;
  if (backend->device_memory || kept->n_tile == 0 || !may_take_blocks(n, rows)) return THRONG_OK;
  return tensors_add(scratch, &kept->score, TENSOR_F32,
                     TENSOR_SHAPE(backend->n_thread, kept->n_tile, size), "%s", name);
}

/// On a device one kernel makes Q and finds the best few; a processor is faster with a library's
/// products. Lists that are longer than the kernel keeps are its rows' matter, a thread a state,
/// where tiles would have to be walked agent by agent.
static bool may_search(const network *n, const int64_t *packed, int32_t top) {
  if (!n->backend->searches) return false;
  return top <= BEST_MOST_TOP ? packed != NULL : n->n_agent > 1;
}

int64_t catalogue_packed_size(const network *n, int64_t rows, int32_t top) {
  if (!n->backend->searches) return 0;
  return best_search_scratch(n->n_agent, rows, n->n_item,
                             top < BEST_MOST_TOP ? top : BEST_MOST_TOP);
}

/// A walk by threads that each take a tile after the other, from the scores to what is made of
/// them, in memory of their own: between the parts of a tile nobody waits, and it stays in a cache.
/// A tile comes after the one before it of the same states, and after the same items of the agent's
/// states before: so sums are added in the order that one thread has.
typedef struct tile_crowd {
  network net;  // with a backend of one thread, which nobody stops
  throng_backend backend;
  catalogue_task *task;
  catalogue_between *between;  // and then:
  catalogue_task *second;      // over the same block of states, tiles of which are kept
  void *context;
  catalogue_kept kept;
  int64_t kept_size;
  int64_t block;                       // states of a block
  int64_t rows, blocks, all, columns;  // blocks of states: an agent's and all; blocks of items
  int64_t abreast;                     // blocks of states that are gone through together
  atomic_llong next;
  atomic_int *done;  // (all) tiles of the block of states
  atomic_bool failed;
  throng_status status;  // of the first that did
  char cause[512];
} tile_crowd;

static void wait_for_tiles(const tile_crowd *w, int64_t block, int64_t n) {
  enum { LOOKS = 200 };
  for (int look = 0; atomic_load_explicit(&w->done[block], memory_order_acquire) < n; ++look) {
    if (atomic_load(&w->failed)) return;
    if (look > LOOKS) sched_yield();
  }
}

/// Tile number `number`, of which those before were taken before: along diagonals, so that nobody
/// has long to wait. False where there is none of that number.
static bool tile_of(const tile_crowd *w, int64_t number, int64_t *block, int64_t *column) {
  const int64_t each = (w->abreast + w->columns - 1) * w->abreast, in = number % each;
  *block = number / each * w->abreast + in % w->abreast;
  *column = in / w->abreast - in % w->abreast;
  return *block < w->all && *column >= 0 && *column < w->columns;
}

static catalogue_tile tile_at(const tile_crowd *w, const network *n, int64_t block,
                              int64_t column) {
  const int64_t agent = block / w->blocks, state = block % w->blocks * w->block;
  const int64_t states = w->rows - state, columns = n->n_item - column * CATALOGUE_COLUMNS;
  return (catalogue_tile){.n = n,
                          .place = n->tile - w->net.tile,
                          .agent = agent,
                          .agents = 1,
                          .state = state,
                          .states = states < w->block ? states : w->block,
                          .column = column * CATALOGUE_COLUMNS,
                          .columns = columns < CATALOGUE_COLUMNS ? columns : CATALOGUE_COLUMNS};
}

static void note(tile_crowd *w, throng_status status) {
  if (status == THRONG_OK || atomic_exchange(&w->failed, true)) return;
  w->status = status;
  snprintf(w->cause, sizeof w->cause, "%s", throng_error_message());
}

static throng_status do_tile(tile_crowd *w, const network *n, int64_t block, int64_t column) {
  const catalogue_tile tile = tile_at(w, n, block, column);
  wait_for_tiles(w, block, column);
  if (tile.state) wait_for_tiles(w, block - 1, column + 1);
  return atomic_load(&w->failed) ? THRONG_OK : w->task(w->context, &tile);
}

/// The network of a hand, whose tiles lie in memory of its own.
static network network_of_hand(tile_crowd *w, int64_t hand) {
  network own = w->net;
  own.backend = &w->backend;
  own.tile += hand * CATALOGUE_ROWS * CATALOGUE_COLUMNS;
  return own;
}

static void take_tiles(void *context, int64_t hand) {
  tile_crowd *w = context;
  const int64_t abreast = (w->all + w->abreast - 1) / w->abreast;
  const int64_t n = abreast * (w->abreast + w->columns - 1) * w->abreast;
  const network own = network_of_hand(w, hand);
  for (int64_t number; (number = atomic_fetch_add(&w->next, 1)) < n;) {
    int64_t block, column;
    if (!tile_of(w, number, &block, &column)) continue;
    note(w, do_tile(w, &own, block, column));
    atomic_fetch_add_explicit(&w->done[block], 1, memory_order_release);
  }
}

bool catalogue_await(const catalogue_tile *t) {
  const tile_crowd *w = t->crowd;
  if (!w) return true;
  const int64_t block = t->agent * w->blocks + t->state / w->block;
  if (t->state) wait_for_tiles(w, block - 1, t->column / CATALOGUE_COLUMNS + 1);
  return !atomic_load(&w->failed);
}

/// Both tasks of a block of states. Only the second adds to what blocks share.
static throng_status do_block(tile_crowd *w, const network *own, float *kept, int64_t block) {
  network n = *own;
  int64_t first = 0, states = 0;
  for (int64_t column = 0; column < w->columns && !atomic_load(&w->failed); ++column) {
    catalogue_tile tile = tile_at(w, own, block, column);
    n.tile = column < w->kept.n_tile ? kept + column * w->kept_size : own->tile;
    tile.far = w->kept.far && column < w->kept.n_tile;
    tile.n = &n;
    first = tile.agent * w->rows + tile.state;
    states = tile.states;
    THRONG_TRY(w->task(w->context, &tile));
  }
  THRONG_TRY(w->between(w->context, own, first, states));
  for (int64_t column = 0; column < w->columns; ++column) {
    catalogue_tile tile = tile_at(w, own, block, column);
    tile.kept = column < w->kept.n_tile;
    tile.crowd = w;
    n.tile = tile.kept ? kept + column * w->kept_size : own->tile;
    tile.n = &n;
    if (atomic_load(&w->failed)) return THRONG_OK;
    THRONG_TRY(w->second(w->context, &tile));
    atomic_fetch_add_explicit(&w->done[block], 1, memory_order_release);
  }
  return THRONG_OK;
}

static void take_blocks(void *context, int64_t hand) {
  tile_crowd *w = context;
  const network own = network_of_hand(w, hand);
  float *kept = w->kept.score + hand * w->kept.n_tile * w->kept_size;
  for (int64_t block; (block = atomic_fetch_add(&w->next, 1)) < w->all;)
    if (!atomic_load(&w->failed)) note(w, do_block(w, &own, kept, block));
}

/// The task of all tiles of a block of states, where blocks share nothing.
static void take_apart(void *context, int64_t hand) {
  tile_crowd *w = context;
  const network own = network_of_hand(w, hand);
  for (int64_t block; (block = atomic_fetch_add(&w->next, 1)) < w->all;)
    for (int64_t column = 0; column < w->columns && !atomic_load(&w->failed); ++column) {
      const catalogue_tile tile = tile_at(w, &own, block, column);
      note(w, w->task(w->context, &tile));
    }
}

/// Does every thread have a block of states, and enough to do to be woken for?
static bool may_crowd(const network *n, int64_t rows, int64_t block) {
  enum { GRAIN = 1 << 22 };  // multiplications
  const throng_backend *backend = n->backend;
  const int64_t blocks = (rows + block - 1) / block * n->n_agent;
  return backend->ops->each && backend->n_thread > 1 && blocks >= backend->n_thread &&
         n->n_item > CATALOGUE_COLUMNS && rows * n->n_agent * n->n_item * n->width >= GRAIN;
}

static tile_crowd crowd_of(const network *n, int64_t rows, int64_t block, catalogue_task *task,
                           void *context) {
  const int64_t blocks = (rows + block - 1) / block, all = blocks * n->n_agent;
  const int64_t abreast = 2 * n->backend->n_thread;
  tile_crowd w = {.net = *n,
                  .backend = *n->backend,
                  .task = task,
                  .context = context,
                  .block = block,
                  .rows = rows,
                  .blocks = blocks,
                  .all = all,
                  .columns = (n->n_item + CATALOGUE_COLUMNS - 1) / CATALOGUE_COLUMNS,
                  .abreast = abreast < all ? abreast : all};
  w.backend.n_thread = 1;
  w.backend.stop = NULL;
  return w;
}

static throng_status run_crowd(const network *n, tile_crowd *w,
                               void (*hand)(void *context, int64_t number)) {
  void *done;
  THRONG_TRY(throng_alloc(&done, (size_t)w->all, sizeof *w->done, "catalogue"));
  w->done = done;
  n->backend->ops->each(n->backend, n->backend->n_thread, hand, w);
  free(done);
  return w->failed ? throng_fail(w->status, "%s", w->cause) : THRONG_OK;
}

throng_status catalogue_walk_twice(const network *n, int64_t rows, const catalogue_kept *kept,
                                   catalogue_task *first, catalogue_between *between,
                                   catalogue_task *second, void *context) {
  if (kept->score && n->backend->ops->each) {  // a plan of memory has no threads
    tile_crowd w = crowd_of(n, rows, CATALOGUE_ROWS, first, context);
    w.between = between;
    w.second = second;
    w.kept = *kept;
    w.kept_size = kept_size(n, rows);
    return run_crowd(n, &w, take_blocks);
  }
  THRONG_TRY(catalogue_walk(n, rows, true, first, context));
  THRONG_TRY(between(context, n, 0, rows * n->n_agent));
  return catalogue_walk(n, rows, true, second, context);
}

/// Tiles: a block of one agent's states, or all states of several agents.
throng_status catalogue_walk(const network *n, int64_t rows, bool narrow, catalogue_task *task,
                             void *context) {
  if (may_crowd(n, rows, CATALOGUE_ROWS)) {
    tile_crowd w = crowd_of(n, rows, CATALOGUE_ROWS, task, context);
    return run_crowd(n, &w, take_tiles);
  }
  const int64_t most_rows = tile_rows(n), most_states = rows < most_rows ? rows : most_rows;
  const int64_t most_agents = tile_agents(n, rows);
  const int64_t blocks = most_rows / (most_states * most_agents);  // beside each other
  const int64_t most_columns = tile_columns(n) * (narrow ? 1 : blocks);
  for (int64_t agent = 0; agent < n->n_agent; agent += most_agents)
    for (int64_t state = 0; state < rows; state += most_states)
      for (int64_t column = 0; column < n->n_item; column += most_columns) {
        const int64_t agents = n->n_agent - agent, states = rows - state;
        const int64_t columns = n->n_item - column;
        const catalogue_tile tile = {.n = n,
                                     .agent = agent,
                                     .agents = agents < most_agents ? agents : most_agents,
                                     .state = state,
                                     .states = states < most_states ? states : most_states,
                                     .column = column,
                                     .columns = columns < most_columns ? columns : most_columns};
        THRONG_TRY(task(context, &tile));
      }
  return THRONG_OK;
}

/// States of a block, so that threads have as many blocks each, or several.
static int64_t states_apart(const network *n, int64_t rows) {
  enum { LEAST = 32 };  // of fewer states a product is slow
  const int64_t n_thread = n->backend->n_thread, agents = n->n_agent;
  int64_t parts = (rows + CATALOGUE_ROWS - 1) / CATALOGUE_ROWS;
  while (parts * agents % n_thread && parts * agents < 4 * n_thread && rows >= LEAST * (parts + 1))
    ++parts;
  return (rows + parts - 1) / parts;
}

throng_status catalogue_walk_apart(const network *n, int64_t rows, catalogue_task *task,
                                   void *context) {
  const int64_t block = states_apart(n, rows);
  if (!may_crowd(n, rows, block)) return catalogue_walk(n, rows, false, task, context);
  tile_crowd w = crowd_of(n, rows, block, task, context);
  return run_crowd(n, &w, take_apart);
}

throng_status catalogue_score_tile(const catalogue_tile *t, const catalogue *c, const float *query,
                                   int64_t rows, float beta, float *z) {
  const network *n = t->n;
  gemm_args g = {.transpose_b = true,
                 .m = t->states,
                 .n = t->columns,
                 .k = n->width,
                 .alpha = 1.0f,
                 .beta = beta,
                 .a = query + (t->agent * rows + t->state) * n->width,
                 .b = c->vector + (t->agent * n->n_item + t->column) * n->width,
                 .c = z,
                 .lda = n->width,
                 .ldb = n->width,
                 .ldc = t->columns,
                 .stride_a = rows * n->width,
                 .stride_b = n->n_item * n->width,
                 .stride_c = t->states * t->columns,
                 .batch = t->agents,
                 .used = n->used ? n->used + t->agent : NULL,
                 .first_row = t->state};
  return n->backend->ops->gemm(n->backend, &g);
}

tile_place catalogue_place(const catalogue_tile *t) {
  return (tile_place){.rows = t->states,
                      .first_state = t->state,
                      .agent = t->agent,
                      .column = (int32_t)t->column,
                      .n_column = (int32_t)t->columns};
}

bool catalogue_multiplies(const network *n) {
  return n->backend->products && n->width % THRONG_DOT_LANES == 0 && n->width <= SCORES_MOST_WIDTH;
}

score_tile catalogue_tile_of(const catalogue_tile *t, const catalogue *c, const float *query,
                             int64_t rows) {
  return (score_tile){.z = t->n->tile,
                      .query = query,
                      .vector = c->vector,
                      .bias = c->bias,
                      .used = t->n->used,
                      .place = catalogue_place(t),
                      .n_state = rows,
                      .n_item = t->n->n_item,
                      .width = (int32_t)t->n->width};
}

throng_status catalogue_multiply_tile(const network *n, const score_tile *t, int64_t agents) {
  return BACKEND_LAUNCH(n->backend, tile_scores, agents * tile_panels(t->place.n_column), t);
}

/// A search by tiles: the fold's arguments but for the tile.
typedef struct best_walk {
  const catalogue *c;
  const float *query;
  best_fold_args fold;
  bool multiplies;         // see catalogue_multiplies
  catalogue_task *beside;  // or NULL
  void *context;
} best_walk;

static throng_status best_tile(void *context, const catalogue_tile *t) {
  const best_walk *w = context;
  best_fold_args fold = w->fold;
  if (w->multiplies) {
    const score_tile own = catalogue_tile_of(t, w->c, w->query, fold.n_state);
    THRONG_TRY(catalogue_multiply_tile(t->n, &own, t->agents));
  } else {
    THRONG_TRY(catalogue_score_tile(t, w->c, w->query, fold.n_state, 0.0f, t->n->tile));
  }
  fold.q = t->n->tile;
  fold.place = catalogue_place(t);
  THRONG_TRY(BACKEND_LAUNCH(t->n->backend, best_fold, t->agents * t->states, &fold));
  return w->beside ? w->beside(w->context, t) : THRONG_OK;
}

throng_status catalogue_draw_by_tiles(const network *n, const catalogue *c, const float *query,
                                      int64_t rows, const best_mask *mask,
                                      const catalogue_noise *noise, int32_t top, float *value,
                                      int32_t *item, catalogue_task *beside, void *context) {
  best_reset_args reset = {value, item, top};
  THRONG_TRY(BACKEND_LAUNCH(n->backend, best_reset, rows * n->n_agent, &reset));
  best_walk walk = {.c = c,
                    .query = query,
                    .fold = {.bias = c->bias,
                             .seen = mask->seen,
                             .shown = mask->shown,
                             .real = mask->real,
                             .value = value,
                             .item = item,
                             .used = n->used,
                             .noise = *noise,
                             .n_state = rows,
                             .n_item = n->n_item,
                             .n_seen_word = mask->n_seen_word,
                             .top = top},
                    .multiplies = noise->seed && catalogue_multiplies(n),
                    .beside = beside,
                    .context = context};
  return walk.multiplies ? catalogue_walk_apart(n, rows, best_tile, &walk)
                         : catalogue_walk(n, rows, false, best_tile, &walk);
}

throng_status catalogue_draw(const network *n, const catalogue *c, const float *query, int64_t rows,
                             const best_mask *mask, const catalogue_noise *noise, int32_t top,
                             int64_t *packed, float *value, int32_t *item) {
  if (!may_search(n, packed, top))
    return catalogue_draw_by_tiles(n, c, query, rows, mask, noise, top, value, item, NULL, NULL);
  best_search_args search = {.query = query,
                             .vector = c->vector,
                             .bias = c->bias,
                             .seen = mask->seen,
                             .shown = mask->shown,
                             .real = mask->real,
                             .value = value,
                             .item = item,
                             .used = n->used,
                             .packed = (uint64_t *)packed,
                             .n_state = rows,
                             .n_item = n->n_item,
                             .n_seen_word = mask->n_seen_word,
                             .n_agent = n->n_agent,
                             .width = n->width,
                             .noise = *noise,
                             .top = top};
  return BACKEND_LAUNCH(n->backend, best_search, rows * n->n_agent, &search);
}

throng_status catalogue_best(const network *n, const catalogue *c, const float *query, int64_t rows,
                             const best_mask *mask, int32_t top, int64_t *packed, float *value,
                             int32_t *item) {
  const catalogue_noise none = {.seed = NULL};
  return catalogue_draw(n, c, query, rows, mask, &none, top, packed, value, item);
}
