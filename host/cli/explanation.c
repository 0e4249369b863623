/// The logical votes' reasons, gathered the slow and readable way.
#include "cli/explanation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "kernels/vote/pair.h"
#include "world/world.h"

void explanation_free(explanation *e) {
  free(e->side[0].meeting);
  free(e->side[1].meeting);
  memset(e, 0, sizeof *e);
}

static bool has(const int32_t *list, int64_t begin, int64_t end, int32_t wanted) {
  for (int64_t k = begin; k < end; ++k)
    if (list[k] == wanted) return true;
  return false;
}

static throng_status meet(explanation_side *side, int32_t keyword, int32_t item) {
  THRONG_TRY(throng_grow((void **)&side->meeting, &side->meeting_capacity,
                         (size_t)side->n_meeting + 1, sizeof *side->meeting, "explanation"));
  side->meeting[side->n_meeting++] = (meeting){keyword, item};
  return THRONG_OK;
}

typedef struct past {
  const throng_world *world;
  int32_t candidate;
  int64_t n;
  const int32_t *item;
  const uint8_t *like;
} past;

static bool counts(const past *p, const explanation_side *side, bool liked, int64_t k) {
  return (p->like[k] != 0) == liked &&
         (side->fallback || world_share_category(p->world, p->candidate, p->item[k]));
}

static throng_status gather_keywords(const past *p, bool liked, bool empty_equal,
                                     explanation_side *side) {
  const throng_world *w = p->world;
  const int64_t *offset = liked ? w->pos_offset : w->neg_offset;
  const int32_t *list = liked ? w->pos : w->neg;
  int64_t begin = offset[p->candidate], end = offset[p->candidate + 1];
  for (int64_t c = begin; c < end; ++c)
    for (int64_t k = 0; k < p->n; ++k)
      if (counts(p, side, liked, k) &&
          has(list, offset[p->item[k]], offset[p->item[k] + 1], list[c]))
        THRONG_TRY(meet(side, list[c], p->item[k]));
  for (int64_t k = 0; begin == end && empty_equal && k < p->n; ++k)
    if (counts(p, side, liked, k) && offset[p->item[k]] == offset[p->item[k] + 1])
      THRONG_TRY(meet(side, -1, p->item[k]));
  return THRONG_OK;
}

static void gather_nearest(const past *p, bool liked, explanation_side *side) {
  const throng_world *w = p->world;
  const float *e = liked ? w->embedding_pos : w->embedding_neg;
  int32_t best = -PAIR_UNIT;
  side->nearest = -1;
  for (int64_t k = 0; k < p->n; ++k) {
    if (!counts(p, side, liked, k)) continue;
    const float *a = e + (int64_t)p->candidate * w->dim, *b = e + (int64_t)p->item[k] * w->dim;
    int32_t similarity = pair_quantise(dot_product(a, b, w->dim));
    if (side->nearest >= 0 && similarity < best) continue;
    best = similarity;
    side->nearest = p->item[k];
  }
  side->similarity = pair_similarity(best);
}

throng_status explanation_make(const throng_world *world, throng_semantics semantics,
                               int32_t candidate, int64_t n, const int32_t *item,
                               const uint8_t *like, explanation *out) {
  memset(out, 0, sizeof *out);
  past p = {world, candidate, n, item, like};
  bool published = semantics == THRONG_SEMANTICS_PUBLISHED_CODE;
  for (int64_t k = 0; k < n; ++k) {
    explanation_side *side = &out->side[like[k] ? 0 : 1];
    side->past += 1;
    side->same += world_share_category(world, candidate, item[k]);
  }
  // The paper falls back for the history as a whole, the published code for each side.
  bool none = out->side[0].same + out->side[1].same == 0;
  for (int s = 0; s < 2; ++s) {
    explanation_side *side = &out->side[s];
    side->fallback = published ? side->same == 0 : none;
    throng_status status = gather_keywords(&p, s == 0, published, side);
    if (status != THRONG_OK) {
      explanation_free(out);
      return status;
    }
    gather_nearest(&p, s == 0, side);
  }
  return THRONG_OK;
}
