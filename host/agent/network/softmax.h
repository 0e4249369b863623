/// The softmax over the scores of the whole catalogue: log-probabilities and entropies of given
/// slates, and their gradients, by tiles that are made anew and never stored. (Sampling from it is
/// catalogue_best with noise.)
#ifndef THRONG_AGENT_SOFTMAX_H
#define THRONG_AGENT_SOFTMAX_H

#include "agent/network/catalogue.h"
#include "kernels/agent/softmax.h"

/// What a softmax comes to for the slates of `rows` states of every agent; arrays as
/// softmax_finish_args has them. A slate's log-probability is Plackett and Luce's, its entropy that
/// of its first item.
typedef struct softmax_scores {
  int64_t rows;  // room
  int32_t slate;
  softmax_sums *sums, *share;
  float *log_prob, *entropy, *total;  // (n_agent, rows)
  float *own, *left, *times;          // (n_agent, rows, slate)
  float *ones;                        // (rows) 1, filled by softmax_fill
  // See softmax_register_kept, and score_tile:
  catalogue_kept kept;
  float *top;              // (tiles of the catalogue, n_agent, rows)
  float *weight, *scaled;  // (n_agent, rows), (n_agent, rows, width)
  float *turned;           // see tile_turn; or NULL, as are these
} softmax_scores;

throng_status softmax_register(const network *n, tensor_set *set, softmax_scores *s, int64_t rows,
                               int32_t slate, const char *name);
/// Memory with which catalogue_softmax_and_gradients makes scores once, `most` bytes a thread, and
/// multiplies by kernels of ours where they are faster.
throng_status softmax_register_kept(const network *n, tensor_set *set, softmax_scores *s,
                                    int64_t most, const char *name);
throng_status softmax_fill(const network *n, softmax_scores *s);
/// Log-probabilities and entropies of `item` (n_agent, s->rows, slate) by query . vector + bias.
throng_status catalogue_softmax(const network *n, const catalogue *c, const float *query,
                                const best_mask *mask, const int32_t *item, softmax_scores *s);
/// May an item be drawn and the sums of its softmax be made by one walk?
bool softmax_may_draw(const network *n, const softmax_scores *s);
/// catalogue_draw of one item for each of the s->rows states, and sums of all items: s->sums.
throng_status catalogue_draw_and_sums(const network *n, const catalogue *c, const float *query,
                                      const best_mask *mask, const catalogue_noise *noise,
                                      float *value, int32_t *item, softmax_scores *s);
/// What catalogue_softmax makes, from these sums.
throng_status catalogue_softmax_of_sums(const network *n, const catalogue *c, const float *query,
                                        const best_mask *mask, const int32_t *item,
                                        softmax_scores *s);
/// Where slopes of the scores of `rows` states of every agent go.
typedef struct softmax_slopes {
  const catalogue *catalogue;
  const float *query;  // (n_agent, rows, width)
  int64_t rows;
  const float *ones;             // softmax_scores.ones
  float *d_query;                // (n_agent, rows, width)
  const catalogue *d_catalogue;  // (n_agent, n_item, ..)
} softmax_slopes;

/// Add what the memory of a walk's tile, which holds slopes, says of the gradients of queries,
/// vectors and biases. The walk's first tiles begin them.
throng_status catalogue_add_slopes(const softmax_slopes *to, const catalogue_tile *tile);
/// Gradients of sum over rows of d_log_prob log_prob + d_entropy entropy, after catalogue_softmax
/// with the same: of the queries (n_agent, s->rows, width), and of the catalogue's vectors and
/// biases (n_agent, n_item, ..).
throng_status catalogue_softmax_gradients(const network *n, const catalogue *c, const float *query,
                                          const best_mask *mask, const int32_t *item,
                                          const softmax_scores *s, const float *d_log_prob,
                                          const float *d_entropy, float *d_query,
                                          const catalogue *d_catalogue);

/// What gradients are asked of, once log-probabilities and entropies are there: `judge` writes
/// d_log_prob and d_entropy of rows first .. first + rows - 1 of (n_agent, s->rows), on `backend`;
/// NULL: they are there already.
typedef struct softmax_question {
  throng_status (*judge)(void *context, throng_backend *backend, int64_t first, int64_t rows);
  void *context;
  const float *d_log_prob, *d_entropy;  // (n_agent, s->rows)
  // (n_agent) on the backend: of an agent that has 0 here d_entropy will be 0. NULL: nobody knows.
  const float *beside;
} softmax_question;

/// catalogue_softmax, the question, and catalogue_softmax_gradients of its answer. Where scores can
/// be kept they are made once for both: a block of states after the other; the bits are the same.
/// Slates of one item by kernels of ours where they are faster (catalogue_multiplies), and where
/// the question knows of d_entropy: to within rounding.
throng_status catalogue_softmax_and_gradients(const network *n, const catalogue *c,
                                              const float *query, const best_mask *mask,
                                              const int32_t *item, softmax_scores *s,
                                              const softmax_question *question, float *d_query,
                                              const catalogue *d_catalogue);

#endif
