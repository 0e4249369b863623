/// Latent semantic analysis of keywords: a sparse matrix of positive pointwise mutual information
/// and its truncated singular value decomposition by a randomised range finder.
#ifndef THRONG_TEXT_LSA_H
#define THRONG_TEXT_LSA_H

#include "text/keywords.h"

/// Compressed rows.
typedef struct sparse_matrix {
  int64_t n_row, n_column;
  int64_t *offset;  // (n_row + 1)
  int32_t *column;  // (offset[n_row])
  double *value;    // (offset[n_row])
} sparse_matrix;

/// PPMI of keywords (rows) and item sides: column i is P(i), column n_item + i is N(i).
///   max(0, log(n(k, j) n / (n(k) n(j)))) with 0/1 incidence n(k, j); zeros are not stored.
throng_status lsa_ppmi(const keyword_sets *sets, int64_t n_item, sparse_matrix *out);
void sparse_free(sparse_matrix *m);

/// The leading singular vectors u (n_row, *rank), row-major, and values s (*rank), falling; both in
/// new blocks. *rank <= dim: values below 1e-9 of the largest are left out (an empty matrix has
/// rank 0). Halko, Martinsson & Tropp (SIAM Review 53, 2011), algorithms 4.4 and 5.1, with the test
/// matrix from RANDOM_PROJECTION, 16 columns more than asked for, and 4 power iterations. The same
/// bits for the same seed, whatever the number of threads. Signs: each vector's largest entry is
/// positive.
throng_status lsa_svd(const sparse_matrix *m, int32_t dim, uint32_t seed, double **u, double **s,
                      int32_t *rank);

/// Rows u sqrt(s), normalised; a keyword that no PPMI entry speaks of is the zero vector.
throng_status lsa_embed(const keyword_sets *sets, int64_t n_item, int32_t dim, uint32_t seed,
                        float **out, int32_t *rank);

#endif
