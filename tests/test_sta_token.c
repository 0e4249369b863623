/// Inference of f_sta one token at a time: equal to the definition, and the cache changes nothing.
#include "sta_reference.h"
#include "throng_test.h"

typedef struct shape {
  int32_t width, layers, heads, window, labels;
} shape;

static const shape shapes[] = {{32, 2, 1, 50, 1}, {64, 1, 1, 20, 0}, {32, 2, 2, 16, 1},
                               {24, 1, 3, 10, 1}, {7, 2, 1, 6, 1},   {48, 3, 4, 34, 0}};
enum { N_SHAPE = sizeof shapes / sizeof *shapes, N_ITEM = 40, N_USER = 5, LONG = 180 };

static uint32_t next_word(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static sta_view view_of(int i) {
  const shape *s = &shapes[i];
  return reference_view((uint64_t)i + 1, N_USER, N_ITEM, s->width, s->layers, s->heads, s->window,
                        s->labels);
}

TEST(sta_token, probabilities_are_those_of_the_definition_at_every_length_and_shape) {
  for (int i = 0; i < N_SHAPE; ++i) {
    sta_view v = view_of(i);
    int32_t item[LONG];
    int like[LONG];
    uint32_t entry[LONG];
    uint64_t state = 7;
    for (int n = 0; n < LONG; ++n) {
      item[n] = (int32_t)(next_word(&state) % N_ITEM);
      like[n] = (int)(next_word(&state) % 2);
      entry[n] = history_pack(item[n], like[n]);
    }
    float *scratch = calloc((size_t)sta_cache_size(&v), sizeof *scratch);
    float query[STA_MAX_WIDTH];
    for (int32_t n = 0; n < LONG; n += n < 12 ? 1 : 13) {
      history_view h = {entry, n, n};
      sta_encode(&v, n % N_USER, &h, scratch, query);
      int32_t candidate = n % N_ITEM;
      EXPECT_NEAR(sta_score(&v, query, n % N_USER, candidate),
                  reference_p(&v, n % N_USER, n, item, like, candidate), 1e-5);
    }
    free(scratch);
  }
  reference_free();
}

TEST(sta_token, cached_inference_equals_full_recomputation_bit_for_bit_over_hops_and_resets) {
  for (int i = 0; i < N_SHAPE; ++i) {
    sta_view v = view_of(i);
    enum { N_LANE = STA_TOGETHER };
    const int64_t size = sta_cache_size(&v);
    int32_t encoded[N_LANE] = {-1, 0, -1}, count[N_LANE] = {0}, user[N_LANE] = {0, 1, 2};
    uint64_t state = 11;
    sta_cache cache = {reference_random(&state, N_LANE * size, 9, 0), encoded,
                       reference_random(&state, N_LANE * v.width, 9, 0)};
    float *scratch = reference_random(&state, size, 9, 0);
    const int32_t capacity = v.window + 3;
    uint32_t *ring = calloc((size_t)(N_LANE * capacity), sizeof *ring);
    int differing = 0, together = 0;
    for (int step = 0; step < LONG; ++step) {
      sta_lanes lanes = {0};
      for (int lane = 0; lane < N_LANE; ++lane) {
        if (next_word(&state) % 97 == 0) {
          count[lane] = 0;
          encoded[lane] = -1;
          user[lane] = (user[lane] + 1) % N_USER;
        }
        int appended = (int)(next_word(&state) % 3);  // none, one or two between two looks
        for (int k = 0; k < appended; ++k) {
          uint32_t entry =
              history_pack((int32_t)(next_word(&state) % N_ITEM), (int)(next_word(&state) % 2));
          ring[lane * capacity + count[lane]++ % capacity] = entry;
        }
        history_view h = {ring + lane * capacity, capacity, count[lane]};
        sta_cache_begin(&v, &cache, lane, user[lane], &h, &lanes);
      }
      together += lanes.n == N_LANE;
      sta_cache_finish(&v, &cache, &lanes, NULL);
      for (int lane = 0; lane < N_LANE; ++lane) {
        history_view h = {ring + lane * capacity, capacity, count[lane]};
        float query[STA_MAX_WIDTH];
        sta_encode(&v, user[lane], &h, scratch, query);
        EXPECT_EQ(encoded[lane], count[lane]);
        differing += memcmp(query, cache.query + lane * v.width, (size_t)v.width * 4) != 0;
      }
    }
    EXPECT_GT(together, LONG / 10);
    EXPECT_EQ(differing, 0);
    free(ring);
  }
  reference_free();
}

TEST(sta_token, what_an_item_was_answered_matters_only_where_labels_are_visible) {
  for (int labels = 0; labels < 2; ++labels) {
    sta_view v = reference_view(3, N_USER, N_ITEM, 32, 2, 1, 10, labels);
    uint32_t liked[2] = {history_pack(4, 1), history_pack(5, 1)};
    uint32_t disliked[2] = {history_pack(4, 0), history_pack(5, 1)};
    float scratch[2 * 10 * 32] = {0}, a[32], b[32];
    sta_encode(&v, 0, &(history_view){liked, 2, 2}, scratch, a);
    sta_encode(&v, 0, &(history_view){disliked, 2, 2}, scratch, b);
    EXPECT_EQ(memcmp(a, b, sizeof a) != 0, labels);
  }
  reference_free();
}

TEST(sta_token, portable_exponential_is_within_a_unit_in_the_last_place) {
  double worst = 0;
  for (int i = -86000; i <= 87900; ++i) {
    float x = (float)i * 1e-3f;
    double error = fabs(exp_portable(x) - exp((double)x)) / exp((double)x);
    if (error > worst) worst = error;
  }
  EXPECT_TRUE(worst < 1.2e-7);
  EXPECT_TRUE(exp_portable(-INFINITY) == 0.0f);
  EXPECT_TRUE(exp_portable(0.0f) == 1.0f);
  EXPECT_TRUE(isnan(exp_portable(NAN)));
}
