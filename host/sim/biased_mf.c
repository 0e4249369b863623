/// Alternating Newton steps; see biased_mf.h.
#include "sim/biased_mf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/processors.h"
#include "base/workers.h"
#include "kernels/base/random.h"

enum { SIZE = BIASED_MF_SIZE, NEWTON_STEPS = 2, MOST_HALVINGS = 20 };
static const double FACTORS_MOST = 1e300;

biased_mf_def biased_mf_default_def(void) {
  return (biased_mf_def){.ridge_bias = 2, .ridge_factor = 8, .sweeps = 15, .seed = 1};
}

void biased_mf_free(biased_mf *mf) {
  free(mf->user);
  free(mf->item);
  *mf = (biased_mf){0};
}

static double dot(const double *a, const double *b) {
  double sum = a[0] + b[0];
  for (int d = 1; d < SIZE; ++d) sum += a[d] * b[d];
  return sum;
}

double biased_mf_score(const biased_mf *mf, int32_t user, int32_t item) {
  return 1 /
         (1 + exp(-mf->m - dot(mf->user + (int64_t)user * SIZE, mf->item + (int64_t)item * SIZE)));
}

/// One side's answers by its own rows, beside the vectors of the other side.
typedef struct side {
  int64_t n;
  const int64_t *offset;  // (n + 1)
  const int32_t *other;   // whom each answer is with
  const uint8_t *like;
  double *own;           // (n, SIZE)
  const double *vector;  // of the other side
  double *p;             // (answers) of a like, where row_loss was asked last
} side;

static double ridge_of(const biased_mf_def *def, int d) {
  return d ? def->ridge_factor : def->ridge_bias;
}

/// At x, with each answer's p beside it: direction has its exponential from here. Of the terms
/// log(1 + exp(-|z|)) many factors, of at most 2 each, share a logarithm. First every z: a loop
/// that calls exp keeps no vector in registers.
static double row_loss(const biased_mf_def *def, const side *s, int64_t row, double m,
                       const double *x) {
  const int64_t first = s->offset[row], past = s->offset[row + 1];
  double loss = 0, factors = 1, own[SIZE];
  memcpy(own, x, sizeof own);
  for (int d = 0; d < SIZE; ++d) loss += ridge_of(def, d) / 2 * own[d] * own[d];
  for (int64_t k = first; k < past; ++k)
    s->p[k] = m + dot(own, s->vector + (int64_t)s->other[k] * SIZE);
  for (int64_t k = first; k < past; ++k) {
    const double z = s->p[k], small = exp(-fabs(z));  // never overflows
    const double wrong = s->like[k] ? -z : z;
    s->p[k] = (z >= 0 ? 1 : small) / (1 + small);
    loss += wrong > 0 ? wrong : 0;
    factors *= 1 + small;
    if (factors > FACTORS_MOST) {
      loss += log(factors);
      factors = 1;
    }
  }
  return loss + log(factors);
}

/// a x = b for a positive definite, by Cholesky in place; b becomes x.
static void solve(double a[SIZE][SIZE], double *b) {
  for (int i = 0; i < SIZE; ++i) {
    for (int j = 0; j <= i; ++j) {
      double sum = a[i][j];
      for (int k = 0; k < j; ++k) sum -= a[i][k] * a[j][k];
      a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
    }
  }
  for (int i = 0; i < SIZE; ++i) {
    for (int k = 0; k < i; ++k) b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
  for (int i = SIZE; i-- > 0;) {
    for (int k = i + 1; k < SIZE; ++k) b[i] -= a[k][i] * b[k];
    b[i] /= a[i][i];
  }
}

/// Factors two by two: each sum is its own, in the order and to the bits of a plain loop.
typedef double pair __attribute__((vector_size(2 * sizeof(double))));
enum { FACTORS = BIASED_MF_FACTORS, PAIRS = FACTORS / 2 };
_Static_assert(FACTORS % 2 == 0, "factors go in pairs");

/// Newton's direction for one row, from its gradient and second derivatives at x, where row_loss
/// was asked last. Those of the bias stand apart: it is multiplied with 1.
static void direction(const biased_mf_def *def, const side *s, int64_t row, const double *x,
                      double *step) {
  pair gradient[PAIRS], with_bias[PAIRS] = {{0}}, factors[FACTORS][PAIRS] = {{{0}}};
  double hessian[SIZE][SIZE], bias_gradient = -ridge_of(def, 0) * x[0], bias = ridge_of(def, 0);
  for (int d = 0; d < FACTORS; ++d) {
    gradient[d / 2][d % 2] = -ridge_of(def, d + 1) * x[d + 1];
    factors[d][d / 2][d % 2] = ridge_of(def, d + 1);
  }
  for (int64_t k = s->offset[row]; k < s->offset[row + 1]; ++k) {
    const double *vector = s->vector + (int64_t)s->other[k] * SIZE + 1;
    const double p = s->p[k], curve = p * (1 - p), off = (double)s->like[k] - p;
    pair v[PAIRS];
    memcpy(v, vector, sizeof v);
    bias_gradient += off;
    bias += curve;
    for (int e = 0; e < PAIRS; ++e) {
      gradient[e] += off * v[e];
      with_bias[e] += curve * v[e];
    }
    for (int d = 0; d < FACTORS; ++d) {
      const double by = curve * vector[d];
      for (int e = 0; e <= d / 2; ++e) factors[d][e] += by * v[e];
    }
  }
  step[0] = bias_gradient;
  hessian[0][0] = bias;
  for (int d = 0; d < FACTORS; ++d) {
    step[d + 1] = gradient[d / 2][d % 2];
    hessian[d + 1][0] = with_bias[d / 2][d % 2];
    for (int e = 0; e <= d; ++e) hessian[d + 1][e + 1] = factors[d][e / 2][e % 2];
  }
  solve(hessian, step);
}

static void improve(const biased_mf_def *def, const side *s, int64_t row, double m) {
  double *x = s->own + row * SIZE;
  if (s->offset[row] == s->offset[row + 1]) return;
  double loss = row_loss(def, s, row, m, x);
  for (int n = 0; n < NEWTON_STEPS; ++n) {
    double step[SIZE], tried[SIZE];
    bool better = false;
    direction(def, s, row, x, step);
    for (int halving = 0; halving < MOST_HALVINGS && !better; ++halving) {
      const double scale = ldexp(1, -halving);
      for (int d = 0; d < SIZE; ++d) tried[d] = x[d] + scale * step[d];
      const double there = row_loss(def, s, row, m, tried);
      better = there <= loss;
      if (!better) continue;
      loss = there;
      memcpy(x, tried, sizeof tried);
    }
    if (!better) return;  // from here the next step would be the same
  }
}

/// Rows of one side do not know each other: any thread takes some of them, to the same bits.
typedef struct sweeping {
  const biased_mf_def *def;
  const side *side;
  double m;
} sweeping;
enum { ROWS_A_TASK = 64 };

static void improve_some(void *context, int64_t task) {
  const sweeping *s = context;
  const int64_t first = task * ROWS_A_TASK, past = first + ROWS_A_TASK;
  for (int64_t row = first; row < past && row < s->side->n; ++row)
    improve(s->def, s->side, row, s->m);
}

static void improve_all(workers *pool, const biased_mf_def *def, const side *side, double m) {
  sweeping s = {def, side, m};
  workers_run(pool, processors_usable(), (side->n + ROWS_A_TASK - 1) / ROWS_A_TASK, improve_some,
              &s);
}

static double ridges(const biased_mf_def *def, const double *vector, int64_t n) {
  double sum = 0;
  for (int64_t k = 0; k < n * SIZE; ++k)
    sum += ridge_of(def, (int)(k % SIZE)) / 2 * vector[k] * vector[k];
  return sum;
}

/// Factors begin small and different from each other, where there is an answer.
static void begin(const side *s, uint32_t seed, uint32_t which) {
  for (int64_t i = 0; i < s->n; ++i)
    for (int d = 1; d < SIZE && s->offset[i] < s->offset[i + 1]; ++d) {
      const random_words w =
          random_draw(seed, RANDOM_INIT, (uint32_t)d, which, (uint32_t)i, (uint32_t)(i >> 32));
      s->own[i * SIZE + d] = 0.1 * (double)random_normal(w.w[0], w.w[1]);
    }
}

/// The answers again, by item.
static void turn(const mf_answers *a, int64_t *offset, int32_t *user, uint8_t *like) {
  for (int64_t k = 0; k < a->offset[a->n_user]; ++k) ++offset[a->item[k] + 1];
  for (int64_t i = 0; i < a->n_item; ++i) offset[i + 1] += offset[i];
  for (int64_t u = 0; u < a->n_user; ++u)
    for (int64_t k = a->offset[u]; k < a->offset[u + 1]; ++k) {
      const int64_t to = offset[a->item[k]]++;
      user[to] = (int32_t)u;
      like[to] = a->like[k];
    }
  for (int64_t i = a->n_item; i > 0; --i) offset[i] = offset[i - 1];
  offset[0] = 0;
}

throng_status biased_mf_fit(const mf_answers *a, const biased_mf_def *def, biased_mf *out) {
  const int64_t n = a->offset[a->n_user];
  int64_t *offset = NULL, n_like = 0;
  int32_t *user = NULL;
  uint8_t *like = NULL;
  double *p = NULL;
  workers *pool = NULL;
  throng_status status;
  *out = (biased_mf){.n_user = a->n_user, .n_item = a->n_item};
  const char *what = "matrix factorisation";
  THRONG_TRY_GOTO(
      throng_alloc((void **)&out->user, (size_t)a->n_user * SIZE, sizeof *out->user, what));
  THRONG_TRY_GOTO(
      throng_alloc((void **)&out->item, (size_t)a->n_item * SIZE, sizeof *out->item, what));
  THRONG_TRY_GOTO(throng_alloc((void **)&offset, (size_t)a->n_item + 1, sizeof *offset, what));
  THRONG_TRY_GOTO(throng_alloc((void **)&user, (size_t)n, sizeof *user, what));
  THRONG_TRY_GOTO(throng_alloc((void **)&like, (size_t)n, sizeof *like, what));
  THRONG_TRY_GOTO(throng_alloc((void **)&p, (size_t)n, sizeof *p, what));
  THRONG_TRY_GOTO(workers_open(processors_usable(), &pool));
  for (int64_t k = 0; k < n; ++k) n_like += a->like[k] != 0;
  out->m = log(((double)n_like + 1) / ((double)(n - n_like) + 1));
  turn(a, offset, user, like);
  const side users = {a->n_user, a->offset, a->item, a->like, out->user, out->item, p};
  const side items = {a->n_item, offset, user, like, out->item, out->user, p};
  begin(&users, def->seed, 0);
  begin(&items, def->seed, 1);
  for (int sweep = 0; sweep < def->sweeps; ++sweep) {
    improve_all(pool, def, &items, out->m);
    improve_all(pool, def, &users, out->m);
  }
  out->loss = ridges(def, out->item, a->n_item);
  for (int64_t u = 0; u < users.n; ++u)
    out->loss += row_loss(def, &users, u, out->m, out->user + u * SIZE);
done:
  workers_close(pool);
  free(offset);
  free(user);
  free(like);
  free(p);
  if (status != THRONG_OK) biased_mf_free(out);
  return status;
}
