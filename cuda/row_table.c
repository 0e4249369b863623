/// The launchers of all row functions in the order of kernels/list.h, and their variants.
#include "kernels.h"
#include "kernels/list.h"

#define X(name, grain) cuda_rows_launch name##_launch;
KERNEL_LIST(X)
#undef X

cuda_rows_launch *const cuda_rows[] = {
#define X(name, grain) name##_launch,
    KERNEL_LIST(X)
#undef X
};

const char *const cuda_row_names[] = {
#define X(name, grain) #name,
    KERNEL_LIST(X)
#undef X
};

const int cuda_row_count = KERNEL_COUNT;

/// X(name): kernels that have a variant, cuda_NAME_launch.
// clang-format off
#define VARIANTS(X)                                                            \
  X(pair_table_similarity) X(sim_begin) X(sim_respond) X(sim_transition)       \
  X(sim_vote) X(sim_sta_advance) X(state_features) X(best_fold) X(best_search) \
  X(yardstick_search) X(adam) X(sta_adam) X(square_sum)            \
  X(column_sum) X(batch_mean) X(segment_sum) X(segment_clear)                \
  X(softmax_search) X(softmax_slope) X(batch_sum) X(rollout_judge)           \
  X(sta_pairs) X(sta_rank)
// clang-format on

#define X(name) cuda_rows_launch cuda_##name##_launch;
VARIANTS(X)
#undef X

cuda_rows_launch *const cuda_variants[KERNEL_COUNT] = {
#define X(name) [KERNEL_##name] = cuda_##name##_launch,
    VARIANTS(X)
#undef X
};
