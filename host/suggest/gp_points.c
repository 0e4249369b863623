/// Points between the space and the unit cube, and random candidates.
#include "suggest/gp_points.h"

#include <math.h>
#include <string.h>

#include "kernels/base/random.h"

/// Purposes of gp_points_uniform: two numbers a parameter from here on.
enum { USE_PARAMETERS = 16 };

gp_points gp_points_of(const space *space, uint32_t seed, double max_steps) {
  gp_points p = {
      .space = space, .seed = seed, .steps = -1, .n_input = space->n + 1, .most_steps = 1};
  for (int32_t k = 0; k < space->n; ++k) {
    if (space->parameter[k].parent >= 0) p.parent[space->parameter[k].parent] = true;
    if (space->parameter[k].kind != SPACE_CHOICE &&
        strcmp(space->parameter[k].name, "train.steps") == 0)
      p.steps = k;
  }
  if (p.steps >= 0 && max_steps > 0) {
    const space_parameter *steps = &space->parameter[p.steps];
    p.most_steps = space_to_unit(steps, fmin(fmax(max_steps, steps->low), steps->high));
  }
  return p;
}

void gp_points_enter(const gp_points *p, const double *x, double *u) {
  for (int32_t k = 0; k < p->space->n; ++k)
    u[k] = isnan(x[k]) ? (double)NAN : space_to_unit(&p->space->parameter[k], x[k]);
}

void gp_points_leave(const gp_points *p, const double *u, double *x) {
  for (int32_t k = 0; k < p->space->n; ++k)
    x[k] = isnan(u[k]) ? (double)NAN : space_from_unit(&p->space->parameter[k], u[k]);
  space_round(p->space, x);
}

static bool unordered(const space_parameter *p) { return p->kind == SPACE_CHOICE && !p->ordered; }

void gp_points_input(const gp_points *p, const double *u, double trained, double *input) {
  for (int32_t k = 0; k < p->space->n; ++k) {
    const space_parameter *one = &p->space->parameter[k];
    if (unordered(one))
      input[k] = isnan(u[k]) ? -1 : fmin(floor(u[k] * one->n_choice), one->n_choice - 1);
    else
      input[k] = isnan(u[k]) ? 0.5 : u[k];
  }
  input[p->space->n] = fmin(fmax(trained, -1), 0);
}

double gp_points_uniform(const gp_points *p, gp_draw draw, uint32_t use) {
  const random_words r = random_draw(p->seed, RANDOM_SUGGEST, use, draw.candidate,
                                     (uint32_t)draw.number, (uint32_t)(draw.number >> 32));
  return ((double)r.w[0] + 0.5) * 0x1p-32;
}

/// To the middle of a step's or choice's part of 0..1. Without the texts of space_round: a
/// thousand candidates are settled for one that is used.
static double snapped(const space_parameter *p, double u) {
  double n = 0;
  if (p->kind == SPACE_CHOICE) n = p->n_choice;
  if (p->kind == SPACE_INT && p->log) return space_to_unit(p, space_from_unit(p, u));
  if (p->kind != SPACE_CHOICE && p->step > 0) n = rint((p->high - p->low) / p->step) + 1;
  return n > 0 ? (fmin(floor(u * n), n - 1) + 0.5) / n : u;
}

void gp_points_settle(const gp_points *p, double *u) {
  double x[SPACE_MOST] = {0};
  for (int32_t k = 0; k < p->space->n; ++k) {
    const space_parameter *one = &p->space->parameter[k];
    if (one->parent >= 0 && !space_applies(p->space, x, k)) {
      u[k] = x[k] = (double)NAN;
      continue;
    }
    u[k] = snapped(one, k == p->steps ? fmin(u[k], p->most_steps) : u[k]);
    if (p->parent[k]) x[k] = space_from_unit(one, u[k]);
  }
}

void gp_points_anywhere(const gp_points *p, gp_draw draw, double *u) {
  for (int32_t k = 0; k < p->space->n; ++k)
    u[k] = gp_points_uniform(p, draw, USE_PARAMETERS + 2 * (uint32_t)k);
  gp_points_settle(p, u);
}

/// Back into 0..1 where it left, as from a mirror.
static double reflected(double u) {
  u = fmod(fabs(u), 2);
  return u > 1 ? 2 - u : u;
}

void gp_points_near(const gp_points *p, gp_draw draw, const double *centre, double width,
                    double *u) {
  const int32_t n = p->space->n;
  const double chance = fmax(fmin(1, 3.0 / n), 0.1);
  const int32_t certain = (int32_t)(gp_points_uniform(p, draw, 0) * n);
  for (int32_t k = 0; k < n; ++k) {
    const random_words r =
        random_draw(p->seed, RANDOM_SUGGEST, USE_PARAMETERS + 2 * (uint32_t)k, draw.candidate,
                    (uint32_t)draw.number, (uint32_t)(draw.number >> 32));
    const double fresh = ((double)r.w[0] + 0.5) * 0x1p-32;
    u[k] = centre[k];
    if (isnan(centre[k]))
      u[k] = fresh;
    else if (k == certain || ((double)r.w[1] + 0.5) * 0x1p-32 < chance)
      u[k] = unordered(&p->space->parameter[k])
                 ? fresh
                 : reflected(centre[k] + width * (double)random_normal(r.w[2], r.w[3]));
  }
  gp_points_settle(p, u);
}
