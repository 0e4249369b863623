/// Questions to f_sta that share a history are answered together: the bits are those of each asked
/// alone, whatever stands beside it.
#include <string.h>

#include "kernels/base/random.h"
#include "sta/sta.h"
#include "support/planted_world.h"
#include "throng_test.h"

enum { USERS = 6, ITEMS = 30, PAIRS = 3000, LONG = 60 };

static uint32_t draw(uint32_t a, uint32_t b) { return random_draw(3, 99, a, b, 0, 0).w[0]; }

/// Pairs in runs; what a run's history differs in from the run's before goes through all there is:
/// the user alone, one answer alone, one item alone, its length alone, nothing at all.
typedef struct questions {
  int32_t user[PAIRS], candidate[PAIRS], item[PAIRS * LONG];
  uint8_t like[PAIRS * LONG];
  int64_t offset[PAIRS + 1];
  int64_t runs;
} questions;

static void ask(questions *q) {
  int32_t user = 0, count = 0, item[LONG];
  uint8_t like[LONG];
  for (uint32_t k = 0; k < LONG; ++k) {
    item[k] = (int32_t)(draw(1, k) % ITEMS);
    like[k] = draw(2, k) % 2;
  }
  q->offset[0] = 0;
  q->runs = 0;
  for (uint32_t r = 0; r < PAIRS; ++r) {
    if (r % 3 == 0) {
      const uint32_t at = draw(3, r) % LONG;
      ++q->runs;
      switch (q->runs % 5) {
        case 0: user = (user + 1) % USERS; break;
        case 1: like[count ? at % (uint32_t)count : 0] ^= 1; break;
        case 2: item[count ? at % (uint32_t)count : 0] = (int32_t)(draw(4, r) % ITEMS); break;
        case 3: count = (int32_t)at; break;
        default: break;
      }
    }
    q->user[r] = user;
    q->candidate[r] = (int32_t)(draw(5, r) % ITEMS);
    memcpy(q->item + q->offset[r], item, (size_t)count * sizeof *item);
    memcpy(q->like + q->offset[r], like, (size_t)count * sizeof *like);
    q->offset[r + 1] = q->offset[r] + count;
  }
}

TEST(sta_score, pairs_that_share_a_history_get_the_bits_that_each_has_alone) {
  static questions q;
  planted p = planted_world(USERS, ITEMS, 12);
  throng_backend *backend = cpu(2);
  throng_sta_def def = small_def(THRONG_STA_LABEL);
  static float together[PAIRS];
  ask(&q);
  for (int biases = 0; biases < 2; ++biases) {
    throng_sta *sta;
    def.biases = biases;
    ASSERT_OK(throng_sta_create(backend, &p.world, &def, &sta));
    ASSERT_OK(
        throng_sta_score(sta, PAIRS, q.user, q.candidate, q.offset, q.item, q.like, together));
    int differ = 0;
    for (int r = 0; r < PAIRS; ++r) {
      const int64_t begin = q.offset[r], offset[2] = {0, q.offset[r + 1] - begin};
      float alone;
      ASSERT_OK(throng_sta_score(sta, 1, &q.user[r], &q.candidate[r], offset, q.item + begin,
                                 q.like + begin, &alone));
      EXPECT_EQ(memcmp(&alone, &together[r], sizeof alone), 0);
      differ += r > 0 && together[r] != together[r - 1];
    }
    EXPECT_GT(differ, PAIRS / 2);
    throng_sta_close(sta);
  }
  throng_backend_close(backend);
  planted_free(&p);
}
