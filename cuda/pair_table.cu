/// The item-item table's similarities by tiles of 32 x 32 items: every number that is read serves
/// eight pairs, and the whole device works. Bit for bit what pair_table_similarity_row gives
/// (kernels/vote/pair_table.h): half a warp's threads keep dot_product's 16 partial sums, one each,
/// of eight by eight pairs, and a thread joins a pair's.
#include "kernels.h"
#include "kernels/list.h"
#include "launch.cuh"
#include "warp.cuh"

namespace {

enum {
  PARTS = THRONG_DOT_LANES,           // threads that share a pair
  GROUPS = CUDA_ROW_THREADS / PARTS,  // of such threads in a block
  ACROSS = 4,                         // groups along the columns, and along the rows
  EACH = 8,                           // rows, and columns, of a group
  SIDE = ACROSS * EACH,               // of a block's tile
  TOGETHER = PARTS / EACH,            // rows whose pairs are joined at a time: a pair a thread
  PITCH = PARTS + 1,                  // so that neighbours meet different banks
  MOST_TILES = 65535,                 // of a grid's second dimension
};
static_assert((int)GROUPS == ACROSS * ACROSS, "a square of groups");

/// Multiplications a launch: about a second on a small device, a hundredth on a large one. Where a
/// device draws a screen, a kernel that takes longer than a few is killed.
constexpr int64_t kMostWork = INT64_C(1) << 39;

/// Rows `first` .. of the tile's, or the last one again where there are no more.
__device__ void find_rows(int32_t offset[EACH], int32_t first, int32_t n, int32_t dim) {
  UNROLL()
  for (int r = 0; r < EACH; ++r) offset[r] = (first + r < n ? r : n - 1 - first) * dim;
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS, 2)
    pair_table_similarity_tile(const pair_table_similarity_args a, const int32_t first_tile) {
  SHARED(float, part, [GROUPS][PARTS * PITCH]);
  const int group = (int)threadIdx.x / PARTS, k = (int)threadIdx.x % PARTS;
  const int32_t n = a.world.n_item, dim = a.world.dim;
  const int32_t row = ((int32_t)blockIdx.y + first_tile) * SIDE + group / ACROSS * EACH;
  const int32_t column = (int32_t)blockIdx.x * SIDE + group % ACROSS * EACH;
  // Groups past the edge make the last rows once more, and write nothing.
  const int32_t from = row < n ? row : n - 1, to = column < n ? column : n - 1;
  if (n == 0) return;  // launched to be loaded
  const float *e = blockIdx.z == PAIR_POS ? a.world.embedding_pos : a.world.embedding_neg;
  const float *x = e + (int64_t)from * dim, *y = e + (int64_t)to * dim;
  int32_t x_row[EACH], y_row[EACH];
  find_rows(x_row, from, n, dim);
  find_rows(y_row, to, n, dim);
  float sum[EACH][EACH] = {};
  for (int32_t i = k; i < dim; i += PARTS) {
    float u[EACH], v[EACH];
    UNROLL()
    for (int r = 0; r < EACH; ++r) u[r] = x[x_row[r] + i];
    UNROLL()
    for (int c = 0; c < EACH; ++c) v[c] = y[y_row[c] + i];
    UNROLL()
    for (int r = 0; r < EACH; ++r) UNROLL()
    for (int c = 0; c < EACH; ++c) sum[r][c] += u[r] * v[c];
  }
  uint32_t *out = a.table + (int64_t)blockIdx.z * n * n;
  UNROLL()
  for (int turn = 0; turn < EACH; turn += TOGETHER) {
    UNROLL()
    for (int p = 0; p < PARTS; ++p) part[group][p * PITCH + k] = sum[turn + p / EACH][p % EACH];
    __syncwarp();
    float own[PARTS];
    UNROLL()
    for (int p = 0; p < PARTS; ++p) own[p] = part[group][k * PITCH + p];
    const int32_t i = row + turn + k / EACH, c = column + k % EACH;
    if (i < n && c < n) out[(int64_t)i * n + c] = pair_pack(0, 0, pair_quantise(join_lanes(own)));
    __syncwarp();
  }
}

}  // namespace

extern "C" cudaError_t cuda_pair_table_similarity_launch(const void *args, int64_t n_row,
                                                         cudaStream_t stream) {
  const pair_table_similarity_args *a = static_cast<const pair_table_similarity_args *>(args);
  const int64_t n = a->world.n_item, n_tile = n > 0 ? (n + SIDE - 1) / SIDE : 1;
  if (n_row != 0 && n_row != 2 * ((n + PAIR_TABLE_TILE - 1) / PAIR_TABLE_TILE))
    return cuda_rows[KERNEL_pair_table_similarity](args, n_row, stream);  // not the whole table
  int64_t tiles = kMostWork / (2 * SIDE * (n + 1) * (a->world.dim + 1));
  tiles = tiles < 1 ? 1 : tiles > MOST_TILES ? (int64_t)MOST_TILES : tiles;
  for (int64_t first = 0; first < n_tile; first += tiles) {
    const int64_t now = n_tile - first < tiles ? n_tile - first : tiles;
    LAUNCH(pair_table_similarity_tile, dim3((unsigned)n_tile, (unsigned)now, 2),
           dim3(CUDA_ROW_THREADS), stream, *a, (int32_t)first);
  }
  return cudaGetLastError();
}
