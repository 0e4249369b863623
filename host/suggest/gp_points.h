/// Points of a space as a Gaussian process sees them, and the candidates that it rates. A point is
/// u (space->n): 0..1 along each parameter's range, NaN where the parameter does not apply.
#ifndef THRONG_SUGGEST_GP_POINTS_H
#define THRONG_SUGGEST_GP_POINTS_H

#include "space/space.h"

typedef struct gp_points {
  const space *space;
  uint32_t seed;
  int32_t steps;            // the parameter "train.steps", or -1
  int32_t n_input;          // the parameters, and how far a trial was trained
  double most_steps;        // of a trial, as u
  bool parent[SPACE_MOST];  // another's condition asks for its value
} gp_points;

/// `max_steps`: of a trial; 0: no bound.
gp_points gp_points_of(const space *space, uint32_t seed, double max_steps);
/// Natural values (NaN: does not apply) to u.
void gp_points_enter(const gp_points *p, const double *x, double *u);
/// And back, rounded.
void gp_points_leave(const gp_points *p, const double *u, double *x);
/// The inputs of a process, (n_input). `trained`: logarithm to base 100 of the share of its steps
/// that a trial was trained for, 0: to its end.
void gp_points_input(const gp_points *p, const double *u, double trained, double *input);

/// Onto steps and choices, NaN where a condition does not hold. `u` has a number everywhere.
void gp_points_settle(const gp_points *p, double *u);

/// What random numbers of a suggestion are for.
typedef struct gp_draw {
  int64_t number;      // of the trial
  uint32_t candidate;  // of it
} gp_draw;
double gp_points_uniform(const gp_points *p, gp_draw draw, uint32_t use);

/// Anywhere.
void gp_points_anywhere(const gp_points *p, gp_draw draw, double *u);
/// Near `centre`: some of its parameters moved by about `width`, choices drawn anew.
void gp_points_near(const gp_points *p, gp_draw draw, const double *centre, double width,
                    double *u);

#endif
