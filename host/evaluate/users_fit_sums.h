/// What users_fit.c goes by, gathered in one pass over real histories that are cut into sessions.
#ifndef THRONG_EVALUATE_USERS_FIT_SUMS_H
#define THRONG_EVALUATE_USERS_FIT_SUMS_H

#include "throng/world.h"

/// A number and its 95 % interval.
typedef struct fit_interval {
  double value, low, high;
} fit_interval;

enum { USERS_FIT_LEAST = 100, USERS_FIT_WINDOW = 5, USERS_FIT_MOST_LIKES = 5 };

typedef struct fit_mean {
  int64_t n;
  double sum, square;
} fit_mean;

enum { FIT_RATES = 32, FIT_SATIATIONS = 64 };

typedef struct fit_sums {
  int64_t n_user, n_long;  // users with a session; sessions of more than one row
  fit_mean length;         // rows of sessions
  int64_t row[2], end[2];  // rows and ends of sessions, at dislikes and likes
  // Rows that are not their session's first, by how often the last USERS_FIT_WINDOW rows of the
  // session showed the topic of theirs that they showed most; and which of them are ends.
  int64_t repeat_row[USERS_FIT_WINDOW + 1], repeat_end[USERS_FIT_WINDOW + 1];
  // The same by likes of a topic: the answer less the mean of the user's answers elsewhere. (With
  // the likes that are counted in that mean, users would seem bored by chance.)
  fit_mean after_likes[USERS_FIT_MOST_LIKES + 1];
  // Rows that are not their session's first, and likes among them, by the user's like rate and by
  // satiation; and the sums of both, for the mean within a cell.
  struct {
    double n, likes, rate, satiation;
  } cell[FIT_RATES][FIT_SATIATIONS];
  int64_t n_satiated;
  // Days to the next session, and like rates, of sessions that pleased less and more than all do.
  fit_mean days[2], rate[2];
  double gap_95;  // seconds that 95 % of the gaps between sessions take at most
} fit_sums;

void fit_mean_add(fit_mean *to, double x);
void fit_mean_join(fit_mean *to, const fit_mean *other);
double fit_mean_value(const fit_mean *m);     // NaN where n is 0
double fit_mean_variance(const fit_mean *m);  // of the sample; NaN below 2

/// A gap above `cut` seconds begins a session. Errors: MEMORY.
throng_status fit_sums_make(const throng_world *world, double cut, fit_sums **out);
void fit_sums_free(fit_sums *sums);
/// Lambda of P(like) = a rate exp(-lambda s), a and lambda by likelihood, with the interval in
/// which twice its logarithm is within 3.84 of the best (lambda in 0..5).
fit_interval fit_satiation(const fit_sums *sums);

#endif
