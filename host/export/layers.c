/// From the state that our own code reads to the sums that a loader makes; see layers.h.
#include "export/layers.h"

#include <stdlib.h>
#include <string.h>

static const float RECENT = 0.2f;  // what a state weighs sums over 0.8^age with

/// Which number of [state | user's row] a number of x is, times what; -1: none, it weighs nothing.
typedef struct source {
  int64_t from;
  float scale;
} source;

/// The next `n` of x are those from `from` on.
static void place(source **at, int64_t n, int64_t from, float scale) {
  for (int64_t k = 0; k < n; ++k) *(*at)++ = (source){from < 0 ? -1 : from + k, scale};
}

/// States of two_tower are in docs/file_formats.md and kernels/agent: six times nd, four times nc,
/// six facts.
static void place_summary(const agent_copy *c, source **at) {
  const int64_t nd = c->n_direction, nc = c->n_category;
  const int64_t category = 6 * nd, fact = category + 4 * nc;
  const float entry = 1 / (float)c->history;
  for (int side = 0; side < 2; ++side) {  // sums / entries of the side
    place(at, nd, side * nd, 1);
    place(at, nc + 1, -1, 0);
  }
  for (int side = 0; side < 2; ++side) {  // sums / entries; the share of likes
    place(at, nd, (2 + side) * nd, 1);
    place(at, nc, -1, 0);
    place(at, 1, side ? -1 : fact, 1);
  }
  for (int side = 0; side < 2; ++side) {  // by age
    place(at, nd, (4 + side) * nd, RECENT);
    place(at, nc, category + 3 * nc, side ? -RECENT : RECENT);
    place(at, 1, side ? -1 : fact + 1, RECENT);
  }
  for (int k = 0; k < 3; ++k) {  // how often each category was liked
    place(at, nc, category + k * nc, 1);
    place(at, 1, -1, 0);
  }
  place(at, 2, fact + 2, entry);
  place(at, 2, fact + 4, 1);
}

/// Rows of a matrix over [state | user's row], for x; `stride`: of the rows that are written.
static void rearrange(int64_t n_x, const source *s, int64_t columns, const float *matrix,
                      int64_t stride, float *out) {
  for (int64_t r = 0; r < n_x; ++r)
    for (int64_t k = 0; k < columns; ++k)
      out[r * stride + k] = s[r].from < 0 ? 0 : s[r].scale * matrix[s[r].from * columns + k];
}

/// The query, and the value as a last column. A head without a layer of its own takes the hidden
/// layer as it is.
static void fill_output(const agent_copy *c, const source *s, export_layers *out) {
  const int64_t h = c->n_hidden[1], w = c->width, columns = w + 1;
  float *skip = out->output + h * columns;
  for (int64_t r = 0; r < h; ++r) {
    for (int64_t k = 0; k < w; ++k)
      out->output[r * columns + k] = c->query ? c->query[r * w + k] : (float)(r == k);
    out->output[r * columns + w] = c->value ? c->value[r] : 0;
  }
  if (c->skip) rearrange(out->n_x, s, w, c->skip, columns, skip);
  if (c->value_skip) rearrange(out->n_x, s, 1, c->value_skip, columns, skip + w);
  for (int64_t k = 0; k < w; ++k) out->output_bias[k] = c->query_bias ? c->query_bias[k] : 0;
  out->output_bias[w] = c->value_bias ? *c->value_bias : 0;
}

static void fill_items(const agent_copy *c, export_layers *out) {
  const int64_t nd = c->n_direction, nc = c->n_category, d = out->n_column, w = c->width;
  for (int64_t i = 0; i < c->n_item; ++i) {
    memcpy(out->vector + i * (w + 1), c->vector + i * w, sizeof(float) * (size_t)w);
    out->vector[i * (w + 1) + w] = 1;
    for (int side = 0; side < 2 && out->feature; ++side) {
      float *to = out->feature + (side * c->n_item + i) * d;
      const float *from = c->feature + i * c->n_feature;
      memcpy(to, from + side * nd, sizeof *to * (size_t)nd);
      memcpy(to + nd, from + 2 * nd, sizeof *to * (size_t)nc);
      to[d - 1] = 1;
    }
  }
}

static void fill_users(const export_agent *e, export_layers *out) {
  const agent_copy *c = &e->network;
  const int64_t start = c->n_user_feature, own = c->user_width;
  for (int64_t u = 0; u <= c->n_user; ++u) {
    float *to = out->user + u * out->n_own;
    if (start) memcpy(to, e->start, sizeof *to * (size_t)start);
    if (own) memcpy(to + start, c->user + u * own, sizeof *to * (size_t)own);
  }
}

throng_status export_layers_make(const export_agent *e, export_layers *out) {
  const agent_copy *c = &e->network;
  const int64_t before = c->n_state - c->n_user_feature, h = c->n_hidden[1], columns = c->width + 1;
  const char *what = "an agent's layers";
  source *sources = NULL;
  throng_status status;
  *out = (export_layers){.n_own = c->n_user_feature + c->user_width};
  out->n_column = c->n_direction + c->n_category + 1;
  out->n_x =
      out->n_own + (c->feature ? 6 * out->n_column + 3 * (int64_t)(c->n_category + 1) + 4 : before);
#define TAKE(array, n) \
  THRONG_TRY_GOTO(throng_alloc((void **)&(array), (size_t)(n) + 1, sizeof *(array), what))
  TAKE(sources, out->n_x);
  TAKE(out->user, (c->n_user + 1) * out->n_own);
  TAKE(out->first, out->n_x * c->n_hidden[0]);
  TAKE(out->output, (h + out->n_x) * columns);
  TAKE(out->output_bias, columns);
  TAKE(out->vector, c->n_item * columns);
  if (c->feature) TAKE(out->feature, 2 * c->n_item * out->n_column);
#undef TAKE
  source *at = sources;
  if (c->feature)
    place_summary(c, &at);
  else
    place(&at, before, 0, 1);
  place(&at, out->n_own, before, 1);
  rearrange(out->n_x, sources, c->n_hidden[0], c->input, c->n_hidden[0], out->first);
  fill_output(c, sources, out);
  fill_items(c, out);
  fill_users(e, out);
done:
  free(sources);
  return status;
}

void export_layers_free(export_layers *l) {
  free(l->user);
  free(l->first);
  free(l->output);
  free(l->output_bias);
  free(l->vector);
  free(l->feature);
  *l = (export_layers){0};
}
