/// What real histories with times say about how users change (throng_users_def): sessions cut at
/// gaps, their lengths and costs, repeats of topics within them, likes after many likes of a topic,
/// satiation, and returns. The options come from these where the data tell, else from the
/// literature: docs/dynamics.md.
#ifndef THRONG_EVALUATE_USERS_FIT_H
#define THRONG_EVALUATE_USERS_FIT_H

#include "evaluate/users_fit_sums.h"
#include "throng/sim.h"

typedef struct users_fit {
  // Gaps between interactions: two normal distributions of log(1 + seconds), cut where they meet.
  int64_t n_gap;
  double within, between;  // their medians in seconds
  double separation;       // Ashman's D: above 2 they are two
  double cut;              // seconds; a longer gap begins a session
  // The gaps show sessions (two kinds, the longer ten times the shorter), USERS_FIT_LEAST of them
  // have several rows, and the mean has 2 or more: reviews that are written one a day say nothing
  // of how a session goes on.
  bool told;
  // Sessions; from `likes` on where told.
  int64_t n_session, n_long;  // and those of more than one row
  double length, length_cv;   // mean, and standard deviation by mean
  double likes;               // share of likes
  double chance_cv;           // what leaving by chance alone would give
  fit_interval end_ratio;     // chance of an end after a dislike by that after a like
  // Repeats within USERS_FIT_WINDOW rows, at the least threshold that 95 % of the rows after which
  // sessions went on do not pass.
  int32_t threshold;
  fit_interval repeat_ratio;  // chance of an end where it is passed by that where it is not
  // Like rate less the user's own after so many likes of a topic, less that after fewer.
  fit_interval bored[USERS_FIT_MOST_LIKES + 1];  // by likes, from 2
  int64_t n_bored[USERS_FIT_MOST_LIKES + 1];
  fit_interval satiation;  // lambda at satiation_memory 0.7
  int64_t n_satiated;      // rows whose topic the session had shown
  // Returns.
  int64_t n_return;
  double sessions, gap;  // mean of a user; days that 95 % of returns take at most
  double return_bias, return_reward;
  throng_users_def users;   // the options that follow
  float leave_probability;  // for section sim
} users_fit;

/// Errors: DATA (no times, or nobody with two interactions), MEMORY.
throng_status users_fit_measure(const throng_world *world, users_fit *out);

/// The options that are said, leave_probability of section sim first.
enum { USERS_FIT_OPTIONS = 17 };
/// Option `k`, 0 .. USERS_FIT_OPTIONS - 1, and where its value comes from: `*source` is NULL where
/// the data tells it (that a dynamic is off, too), else whose constant it is.
const char *users_fit_option(const users_fit *fit, int k, const char **source);

#endif
