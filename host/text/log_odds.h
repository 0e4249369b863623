/// Words that tell two bodies of text apart: the log-odds ratio with an informative Dirichlet prior
/// of Monroe, Colaresi & Quinn, "Fightin' Words" (Political Analysis 16, 2008), eq. 15, 16, 20, 22.
#ifndef THRONG_TEXT_LOG_ODDS_H
#define THRONG_TEXT_LOG_ODDS_H

#include <math.h>

/// z-score of a word: above 0 where it belongs to body 1, below where to body 2.
///   y1, y2  how often the word stands in each body; n1, n2: how many words they have
///   alpha   the prior's count of the word (strength x its count in the corpus), > 0
///   alpha0  the prior's count of all words
static inline double log_odds_z(double y1, double n1, double y2, double n2, double alpha,
                                double alpha0) {
  double rest1 = fmax(n1 + alpha0 - y1 - alpha, 1e-9);
  double rest2 = fmax(n2 + alpha0 - y2 - alpha, 1e-9);
  double delta = log((y1 + alpha) / rest1) - log((y2 + alpha) / rest2);
  return delta / sqrt(1 / (y1 + alpha) + 1 / (y2 + alpha));
}

#endif
