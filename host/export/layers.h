/// The network of an agent for loaders in few lines: whatever the head, a chain of layers over
///   x = [what a history sums to (n_summary) | start | the user's row],
/// whose linear parts (scales, signs, the order of a state's numbers, skips) are in the matrices.
/// With two_tower, from a table of D = directions + categories + 1 numbers for each item and side
/// (liked, disliked), the last of them 1, the summary is
///   sums / entries of the side, sums / entries of both, sums weighed by 0.8^age  (2, D) each;
///   (a - b) / (a + b + 1), a / (a + 1), b / (b + 1) of the sums' last D - directions  (liked: a);
///   entries, those of the session, share of likes among these, the newest answer as 1 or -1;
/// with flat heads the last answer to each item, 1, -1, or 0 where there was none.
#ifndef THRONG_EXPORT_LAYERS_H
#define THRONG_EXPORT_LAYERS_H

#include "export/export.h"

typedef struct export_layers {
  int64_t n_x, n_own, n_column;  // n_own: numbers of x that are a user's; n_column: D
  float *user;                   // (n_user + 1, n_own)
  float *first;                  // (n_x, n_hidden[0])
  float *output, *output_bias;   // (n_hidden[1] + n_x, width + 1), (width + 1): query and value
  float *vector;                 // (n_item, width + 1), the last column 1
  float *feature;                // (2, n_item, D); NULL: flat heads
} export_layers;

/// Errors: MEMORY; `out` is freed all the same.
throng_status export_layers_make(const export_agent *e, export_layers *out);
void export_layers_free(export_layers *layers);

#endif
