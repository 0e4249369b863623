/// Keyword vectors of length 7 to 9 from a file, through the whole way from ratings to votes,
/// against code of its own (tests/golden/make_file_vectors.py).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/safetensors.h"
#include "config/config_prepare.h"
#include "throng_test.h"
#include "world/world.h"

#define GOLDEN(name) TEST_SOURCE_DIR "/golden/file_vectors/" name

enum { TIE = 2 };

static throng_world *make_world(void) {
  char path[512];
  throng_config config;
  throng_world *world = NULL;
  snprintf(path, sizeof path, "%s/world.safetensors", throng_test_folder());
  const char *const keys[] = {"dataset.format=csv",
                              "dataset.file=" GOLDEN("ratings.csv"),
                              "dataset.like_threshold=4",
                              "keywords.provider=file",
                              "keywords.file=" GOLDEN("keywords.jsonl"),
                              "embedding.provider=file",
                              "embedding.file=" GOLDEN("vectors.safetensors"),
                              "embedding.vocabulary=" GOLDEN("vocabulary.txt"),
                              NULL};
  EXPECT_OK(config_load(NULL, keys, &config));
  EXPECT_OK(config_prepare(&config, path, NULL, NULL));
  EXPECT_OK(throng_world_open(path, &world));
  config_free(&config);
  return world;
}

/// Every (user, item), each after the user's other interactions.
typedef struct all_pairs {
  int64_t n;
  int32_t *user, *candidate, *item;
  uint8_t *like;
  int64_t *offset;
} all_pairs;

static all_pairs make_pairs(const throng_world *w) {
  size_t n = (size_t)(w->n_user * w->n_item), most = (size_t)(w->n_interaction * w->n_item);
  all_pairs p = {.user = calloc(n, sizeof *p.user),
                 .candidate = calloc(n, sizeof *p.candidate),
                 .item = calloc(most, sizeof *p.item),
                 .like = calloc(most, 1),
                 .offset = calloc(n + 1, sizeof *p.offset)};
  int64_t used = 0;
  for (int32_t u = 0; u < w->n_user; ++u)
    for (int32_t c = 0; c < w->n_item; ++c) {
      p.user[p.n] = u;
      p.candidate[p.n] = c;
      for (int64_t k = w->user_offset[u]; k < w->user_offset[u + 1]; ++k) {
        if (w->history_item[k] == c) continue;
        p.item[used] = w->history_item[k];
        p.like[used++] = w->history_like[k];
      }
      p.offset[++p.n] = used;
    }
  return p;
}

static void *tensor_of(safetensors_file *file, const char *rule, const char *name) {
  char full[64];
  void *block = NULL;
  snprintf(full, sizeof full, "%s.%s", rule, name);
  const safetensors_tensor *t = safetensors_find(file, full);
  EXPECT_TRUE(t != NULL);
  if (t) EXPECT_OK(safetensors_read_all(file, t, &block));
  return block;
}

static void compare(const throng_world *w, throng_semantics semantics, const char *rule) {
  throng_backend_def any = throng_default_backend_def();
  any.name = "cpu";
  throng_backend *backend;
  safetensors_file *file;
  ASSERT_OK(throng_backend_open(&any, &backend));
  ASSERT_OK(safetensors_open(GOLDEN("votes.safetensors"), &file));
  int32_t *matches = tensor_of(file, rule, "matches"), *vote = tensor_of(file, rule, "votes");
  float *similarity = tensor_of(file, rule, "similarity");
  all_pairs p = make_pairs(w);
  throng_vote *ours = calloc((size_t)p.n + 1, sizeof *ours);
  throng_sim_def def = throng_default_sim_def();
  def.votes.semantics = semantics;
  def.votes.rule = THRONG_RULE_LOGICAL;
  const throng_pairs pairs = {p.n, p.user, p.candidate, p.offset, p.item, p.like};
  ASSERT_OK(throng_votes_evaluate(backend, w, NULL, &def.votes, 1, &pairs, ours, NULL));
  int64_t other_matches = 0, other_votes = 0;
  double worst = 0;
  for (int64_t k = 0; k < p.n; ++k) {
    other_matches += ours[k].alpha_pos != matches[2 * k];
    other_matches += ours[k].alpha_neg != matches[2 * k + 1];
    worst = fmax(worst, fabs((double)ours[k].beta_pos - similarity[2 * k]));
    worst = fmax(worst, fabs((double)ours[k].beta_neg - similarity[2 * k + 1]));
    other_votes += vote[2 * k] != TIE && ours[k].f_mat != vote[2 * k];
    other_votes += vote[2 * k + 1] != TIE && ours[k].f_sim != vote[2 * k + 1];
  }
  EXPECT_EQ(p.n, 1500);
  EXPECT_EQ(other_matches, 0);
  EXPECT_EQ(other_votes, 0);
  EXPECT_NEAR(worst, 0, 1e-6);
  free(ours);
  free(p.user);
  free(p.candidate);
  free(p.item);
  free(p.like);
  free(p.offset);
  free(matches);
  free(vote);
  free(similarity);
  safetensors_close(file);
  throng_backend_close(backend);
}

TEST(file_vectors, votes_and_similarities_are_those_of_equations_4_to_8) {
  throng_world *w = make_world();
  compare(w, THRONG_SEMANTICS_PAPER, "paper");
  throng_world_close(w);
}

TEST(file_vectors, the_published_code_compares_the_means_of_the_vectors_as_given) {
  throng_world *w = make_world();
  compare(w, THRONG_SEMANTICS_PUBLISHED_CODE, "published");
  throng_world_close(w);
}

TEST(file_vectors, the_world_holds_the_vectors_as_the_file_does) {
  throng_world *w = make_world();
  for (int64_t k = 0; k < w->n_keyword; ++k) {
    double square = 0;
    for (int32_t d = 0; d < w->dim; ++d)
      square += pow((double)w->keyword_embedding[k * w->dim + d], 2);
    EXPECT_TRUE(sqrt(square) > 6.99 && sqrt(square) < 9.01);
  }
  throng_world_close(w);
}
