/// A simulator's arrays for callers, where they lie.
#include "base/array_table.h"
#include "sim/sim.h"

/// X(type, name, second dimension or 0): those that throng_sim_arrays promises.
/// `action` is written by callers too; the others are the simulator's.
#define OPEN_ARRAYS(X)                  \
  X(I32, user, 0)                       \
  X(U32, episode, 0)                    \
  X(I32, step, 0)                       \
  X(I32, count, 0)                      \
  X(I32, initial_count, 0)              \
  X(U32, history, s->def.history)       \
  X(F32, running_return, 0)             \
  X(F32, reward, 0)                     \
  X(U8, ended, 0)                       \
  X(I32, final_user, 0)                 \
  X(I32, final_step, 0)                 \
  X(I32, final_count, 0)                \
  X(U32, final_history, s->def.history) \
  X(F32, final_return, 0)

/// X(type, member): the columns of the votes' records.
#define VOTE_COLUMNS(X) \
  X(I32, alpha_pos)     \
  X(I32, alpha_neg)     \
  X(F32, beta_pos)      \
  X(F32, beta_neg)      \
  X(F32, p_like)        \
  X(U8, f_mat)          \
  X(U8, f_sim)          \
  X(U8, f_sta)          \
  X(U8, like)

static void add_column(array_table *t, const throng_sim *s, const char *name, tensor_type type,
                       size_t offset) {
  const int64_t slate = s->def.slate_size;
  const int64_t record = (int64_t)(sizeof(throng_vote) / tensor_type_size(type));
  const char *data = (const char *)s->vote + offset;
  array_table_add_strided(t, name, type, 2, (const int64_t[]){s->n_lane, slate},
                          (const int64_t[]){slate * record, record}, data, true);
}

int64_t throng_sim_arrays(const throng_sim *s, int64_t most, throng_array *out) {
  array_table t = {.backend = s->backend, .out = out, .most = most};
  const int64_t n = s->n_lane, slate = s->def.slate_size, dim = s->world->dim;
#define X(type, name, d1)                                                                          \
  array_table_add(&t, #name, TENSOR_##type, (d1) > 0 ? 2 : 1, (const int64_t[]){n, (d1)}, s->name, \
                  true);
  OPEN_ARRAYS(X)
#undef X
  array_table_add(&t, "action", TENSOR_I32, 2, (const int64_t[]){n, slate}, s->action, false);
#define X(type, member)                                                                     \
  _Static_assert(sizeof(throng_vote) % sizeof(((throng_vote *)0)->member) == 0, "strides"); \
  add_column(&t, s, "vote." #member, TENSOR_##type, offsetof(throng_vote, member));
  VOTE_COLUMNS(X)
#undef X
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (s->further[k])
      array_table_add(&t, throng_vote_name((throng_vote_id)(k + THRONG_VOTE_IN_RECORD)), TENSOR_F32,
                      2, (const int64_t[]){n, slate}, s->further[k], true);
#define ADD(tensor_type, name, rank, ...)                                                     \
  if (s->name)                                                                                \
    array_table_add(&t, #name, TENSOR_##tensor_type, rank, (const int64_t[]){n, __VA_ARGS__}, \
                    s->name, true);
#define X(type, tensor_type, name, each, ...) ADD(tensor_type, name, 2, (each))
  SIM_SLATES_ARRAYS(X, s)
#undef X
#define X(type, tensor_type, name, each, ...) ADD(tensor_type, name, 1, 0)
  SIM_SESSIONS_ARRAYS(X, s)
#undef X
#undef ADD
  if (s->left) array_table_add(&t, "left", TENSOR_U8, 1, (const int64_t[]){n}, s->left, true);
  array_table_add(&t, "seen", TENSOR_U32, 2, (const int64_t[]){n, s->n_seen_word}, s->seen, true);
  array_table_add(&t, "preference", TENSOR_I32, 3,
                  (const int64_t[]){n, s->n_preference ? 2 : 0, dim}, s->preference, true);
  return t.n;
}
