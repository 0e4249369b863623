/// Factors of a world's histories; see factors.h.
#include "sim/factors.h"

#include <stdlib.h>

#include "base/status.h"
#include "world/world.h"

throng_status factors_fit(const throng_world *world, int hidden, const biased_mf_def *def,
                          biased_mf *out) {
  int64_t *offset = NULL;
  int32_t *item = NULL;
  uint8_t *like = NULL;
  throng_status status;
  const size_t most = (size_t)world->user_offset[world->n_user];
  THRONG_TRY_GOTO(
      throng_alloc((void **)&offset, (size_t)world->n_user + 1, sizeof *offset, "factors"));
  THRONG_TRY_GOTO(throng_alloc((void **)&item, most, sizeof *item, "factors"));
  THRONG_TRY_GOTO(throng_alloc((void **)&like, most, sizeof *like, "factors"));
  for (int64_t u = 0; u < world->n_user; ++u) {
    int64_t at = offset[u];
    for (int64_t k = world->user_offset[u]; k < world->user_offset[u + 1] - hidden; ++k) {
      item[at] = world->history_item[k];
      like[at++] = world->history_like[k];
    }
    offset[u + 1] = at;
  }
  const mf_answers answers = {world->n_user, world->n_item, offset, item, like};
  THRONG_TRY_GOTO(biased_mf_fit(&answers, def, out));
done:
  free(offset);
  free(item);
  free(like);
  return status;
}

double factors_product(const biased_mf *mf, int32_t user, int32_t item) {
  const double *u = mf->user + (int64_t)user * BIASED_MF_SIZE;
  const double *i = mf->item + (int64_t)item * BIASED_MF_SIZE;
  double sum = 0;
  for (int d = 1; d < BIASED_MF_SIZE; ++d) sum += u[d] * i[d];  // 0 is the bias
  return sum;
}

static throng_status fit_of_world(const throng_world *world, int hidden, void *out) {
  const biased_mf_def def = biased_mf_default_def();
  return factors_fit(world, hidden, &def, out);
}

static void clear(void *fitted) { biased_mf_free(fitted); }

const world_fit_kind factors_of_world = {"factors", sizeof(biased_mf), fit_of_world, clear};
