/// LSA against numpy's exact decomposition, and what must hold of any embedding.
#include <math.h>
#include <sched.h>
#include <stdio.h>

#include "base/safetensors.h"
#include "keyword_fixture.h"
#include "prepare/providers.h"
#include "text/lsa.h"

enum { GOLDEN_ITEM = 120 };

typedef struct golden {
  safetensors_file *file;
  keyword_sets sets;
} golden;

static void *golden_tensor(const golden *g, const char *name, const safetensors_tensor **tensor) {
  void *block = NULL;
  *tensor = safetensors_find(g->file, name);
  EXPECT_TRUE(*tensor != NULL);
  if (*tensor) EXPECT_OK(safetensors_read_all(g->file, *tensor, &block));
  return block;
}

static golden golden_open(void) {
  golden g = {0};
  const safetensors_tensor *t;
  EXPECT_OK(safetensors_open(TEST_SOURCE_DIR "/golden/lsa.safetensors", &g.file));
  g.sets.pos_offset = golden_tensor(&g, "pos_offset", &t);
  g.sets.pos = golden_tensor(&g, "pos", &t);
  g.sets.neg_offset = golden_tensor(&g, "neg_offset", &t);
  g.sets.neg = golden_tensor(&g, "neg", &t);
  const safetensors_tensor *u = safetensors_find(g.file, "u");
  for (int64_t k = 0; k < u->shape[0]; ++k) {
    char name[16];
    int n = snprintf(name, sizeof name, "k%lld", (long long)k);
    EXPECT_OK(strings_append(&g.sets.keyword, name, (size_t)n));
  }
  return g;
}

static void golden_close(golden *g) {
  keyword_sets_free(&g->sets);
  safetensors_close(g->file);
}

TEST(lsa, ppmi_is_that_of_numpy) {
  golden g = golden_open();
  const safetensors_tensor *t;
  float *expected = golden_tensor(&g, "ppmi_row_sum", &t);
  sparse_matrix m;
  ASSERT_OK(lsa_ppmi(&g.sets, GOLDEN_ITEM, &m));
  for (int64_t k = 0; k < m.n_row; ++k) {
    double sum = 0;
    for (int64_t e = m.offset[k]; e < m.offset[k + 1]; ++e) sum += m.value[e];
    EXPECT_NEAR(sum, expected[k], 1e-3);
  }
  sparse_free(&m);
  free(expected);
  golden_close(&g);
}

TEST(lsa, leading_singular_values_and_their_space_are_those_of_numpy) {
  golden g = golden_open();
  const safetensors_tensor *t;
  float *value = golden_tensor(&g, "s", &t);
  float *vector = golden_tensor(&g, "u", &t);
  int32_t dim = (int32_t)t->shape[1], rank;
  sparse_matrix m;
  double *u, *s;
  ASSERT_OK(lsa_ppmi(&g.sets, GOLDEN_ITEM, &m));
  ASSERT_OK(lsa_svd(&m, dim, 1, &u, &s, &rank));
  ASSERT_EQ(rank, dim);
  for (int32_t j = 0; j < dim; ++j) {
    EXPECT_NEAR(s[j] / value[j], 1, 1e-5);
    double inside = 0;  // squared cosine between numpy's vector and the space found
    for (int32_t i = 0; i < dim; ++i) {
      double product = 0;
      for (int64_t k = 0; k < m.n_row; ++k) product += u[k * dim + i] * vector[k * dim + j];
      inside += product * product;
    }
    EXPECT_NEAR(inside, 1, 1e-6);
  }
  free(u);
  free(s);
  free(value);
  free(vector);
  sparse_free(&m);
  golden_close(&g);
}

TEST(lsa, cosines_between_keywords_are_those_of_numpy) {
  golden g = golden_open();
  const safetensors_tensor *t;
  float *expected = golden_tensor(&g, "cosine", &t);
  int64_t n_row = t->shape[0], n = t->shape[1];
  float *e;
  int32_t dim;
  ASSERT_OK(lsa_embed(&g.sets, GOLDEN_ITEM, 6, 1, &e, &dim));
  double worst = 0;
  for (int64_t i = 0; i < n_row; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double cosine = 0;
      for (int32_t d = 0; d < dim; ++d) cosine += (double)e[8 * i * dim + d] * e[j * dim + d];
      worst = fmax(worst, fabs(cosine - expected[i * n + j]));
    }
  EXPECT_NEAR(worst, 0, 1e-3);
  free(e);
  free(expected);
  golden_close(&g);
}

TEST(lsa, rows_have_unit_length_and_a_keyword_of_nobody_has_none) {
  golden g = golden_open();
  float *e;
  int32_t dim;
  ASSERT_OK(lsa_embed(&g.sets, GOLDEN_ITEM, 6, 1, &e, &dim));
  for (int64_t k = 0; k < g.sets.keyword.n; ++k) {
    double square = 0;
    for (int32_t d = 0; d < dim; ++d) square += (double)e[k * dim + d] * e[k * dim + d];
    EXPECT_NEAR(square, k == 5 ? 0 : 1, 1e-5);
  }
  free(e);
  golden_close(&g);
}

TEST(lsa, the_number_of_threads_changes_no_bit) {
  golden g = golden_open();
  float *e[2];
  int32_t dim;
  // It takes as many threads as there are processors for this process: one, then all.
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); ++cpu)
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  for (int run = 0; run < 2; ++run) {
    ASSERT_EQ(sched_setaffinity(0, sizeof one, run == 0 ? &one : &all), 0);
    ASSERT_OK(lsa_embed(&g.sets, GOLDEN_ITEM, 16, 1, &e[run], &dim));
  }
  EXPECT_EQ(memcmp(e[0], e[1], (size_t)g.sets.keyword.n * (size_t)dim * sizeof **e), 0);
  free(e[0]);
  free(e[1]);
  golden_close(&g);
}

typedef struct heard {
  char text[512];
} heard;
static void hear(void *context, const char *text) {
  heard *h = context;
  snprintf(h->text, sizeof h->text, "%s", text);
}

/// Three items; keywords a b (item 0), c (item 1), d (item 2) on the liking side.
static keyword_sets small_sets(void) {
  keyword_sets sets = {0};
  static const char *const name[] = {"a", "b", "c", "d"};
  for (int k = 0; k < 4; ++k) EXPECT_OK(strings_append(&sets.keyword, name[k], 1));
  sets.pos_offset = calloc(4, sizeof *sets.pos_offset);
  sets.neg_offset = calloc(4, sizeof *sets.neg_offset);
  sets.pos = calloc(4, sizeof *sets.pos);
  for (int i = 0; i < 3; ++i) sets.pos_offset[i + 1] = i + 2;
  for (int k = 0; k < 4; ++k) sets.pos[k] = k;
  return sets;
}

TEST(embeddings, dim_is_lowered_to_the_rank_with_a_note) {
  keyword_sets sets = small_sets();
  embedding_def def = embedding_default_def();
  heard h = {0};
  throng_progress progress = {.note = hear, .context = &h};
  float *e;
  int32_t dim;
  ASSERT_OK(embeddings_make(&def, NULL, &sets, 3, &progress, &e, &dim));
  EXPECT_EQ(dim, 3);
  EXPECT_CONTAINS(h.text, "lowered from 128 to 3");
  double same = 0, other = 0;  // a and b stand in the same item, c elsewhere
  for (int d = 0; d < dim; ++d) {
    same += (double)e[d] * e[dim + d];
    other += (double)e[d] * e[2 * dim + d];
  }
  EXPECT_NEAR(same, 1, 1e-6);
  EXPECT_NEAR(other, 0, 1e-6);
  free(e);
  keyword_sets_free(&sets);
}

TEST(embeddings, no_keyword_at_all_is_an_error) {
  keyword_sets sets = {0};
  embedding_def def = embedding_default_def();
  float *e;
  int32_t dim;
  EXPECT_EQ(embeddings_make(&def, NULL, &sets, 3, NULL, &e, &dim), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "no keyword at all");
}

static char file_path[512], vocabulary_path[512];

/// Write a vocabulary and an embedding (rows, 2) into this test's folder.
static embedding_def write_files(const char *vocabulary, const float *rows, int64_t n_row) {
  embedding_def def = embedding_default_def();
  snprintf(file_path, sizeof file_path, "%s/e.safetensors", throng_test_folder());
  snprintf(vocabulary_path, sizeof vocabulary_path, "%s/words.txt", throng_test_folder());
  FILE *f = fopen(vocabulary_path, "w");
  fputs(vocabulary, f);
  fclose(f);
  safetensors_writer *w;
  size_t number;
  EXPECT_OK(safetensors_writer_create(file_path, &w));
  EXPECT_OK(
      safetensors_writer_declare(w, "embedding", TENSOR_F32, 2, (int64_t[]){n_row, 2}, &number));
  EXPECT_OK(safetensors_writer_begin(w));
  EXPECT_OK(safetensors_writer_data(w, number, rows, (size_t)n_row * 8));
  EXPECT_OK(safetensors_writer_commit(w));
  def.provider = EMBEDDING_FILE;
  def.file = file_path;
  def.vocabulary = vocabulary_path;
  return def;
}

static void expect_file_error(const char *vocabulary, const float *rows, int64_t n_row,
                              const char *part) {
  keyword_sets sets = small_sets();
  embedding_def def = write_files(vocabulary, rows, n_row);
  float *e;
  int32_t dim;
  EXPECT_EQ(embeddings_make(&def, NULL, &sets, 3, NULL, &e, &dim), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), part);
  EXPECT_TRUE(e == NULL);
  keyword_sets_free(&sets);
}

static const float four_rows[8] = {3, 4, 0, 2, -1, 0, 7, -24};

static void expect_rows(const char *vocabulary, const float *rows, int64_t n_row,
                        const float expected[8]) {
  keyword_sets sets = small_sets();
  embedding_def def = write_files(vocabulary, rows, n_row);
  float *e;
  int32_t dim;
  ASSERT_OK(embeddings_make(&def, NULL, &sets, 3, NULL, &e, &dim));
  EXPECT_EQ(dim, 2);
  for (int k = 0; k < 8; ++k) EXPECT_EQ(e[k], expected[k]);
  free(e);
  keyword_sets_free(&sets);
}

TEST(embeddings, rows_of_a_file_are_found_by_keyword_and_taken_as_they_are) {
  expect_rows("d\nc\nb\na\n", four_rows, 4, (const float[]){7, -24, -1, 0, 0, 2, 3, 4});
}

TEST(embeddings, a_mark_line_ends_spaces_and_blank_lines_of_a_vocabulary_count_for_nothing) {
  const float expected[8] = {7, -24, -1, 0, 0, 2, 3, 4};
  expect_rows(
      "\xEF\xBB\xBF"
      "d\r\nc \r\n\tb\r\na",
      four_rows, 4, expected);
  expect_rows("d\n\nc\n  \nb\na\n\n\n", four_rows, 4, expected);
  // A row for the blank line too.
  const float five[10] = {3, 4, 9, 9, 0, 2, -1, 0, 7, -24};
  expect_rows("d\n\nc\nb\na\n\n", five, 5, expected);
}

TEST(embeddings, a_keyword_twice_is_no_harm_where_its_vectors_are_equal_or_it_is_not_asked_for) {
  const float expected[8] = {7, -24, -1, 0, 0, 2, 3, 4};
  const float twice[10] = {3, 4, 0, 2, -1, 0, 7, -24, 3, 4};
  expect_rows("d\nc\nb\na\nd\n", twice, 5, expected);
  const float others[12] = {3, 4, 0, 2, -1, 0, 7, -24, 1, 1, 2, 2};
  expect_rows("d\nc\nb\na\nx\nx\n", others, 6, expected);
}

TEST(embeddings, a_vector_of_zeros_is_refused_with_its_keyword) {
  const float rows[8] = {3, 4, 0, 0, -1, 0, 7, -24};
  expect_file_error("a\nb\nc\nd\n", rows, 4, "row 1 (keyword \"b\") is all zeros");
}

TEST(embeddings, a_vocabulary_of_other_words_says_how_many_are_there_and_what_would_match) {
  expect_file_error("A\nB\nc\nD\n", four_rows, 4,
                    "keyword \"a\" is missing: 1 of 4 keywords of the items are in it: \"a\" and "
                    "\"A\" would match if upper and lower case were written alike");
}

TEST(embeddings, a_missing_keyword_is_named) {
  expect_file_error("a\nb\nc\nx\n", four_rows, 4, "keyword \"d\" is missing");
}
TEST(embeddings, a_nan_is_named_with_its_keyword) {
  const float rows[8] = {1, 0, 1, 0, 1, (float)NAN, 1, 0};
  expect_file_error("a\nb\nc\nd\n", rows, 4, "row 2 (keyword \"c\"), column 1");
}
TEST(embeddings, rows_and_lines_must_be_as_many) {
  expect_file_error("a\nb\nc\n", four_rows, 4, "4 rows, but the vocabulary");
}
TEST(embeddings, a_keyword_on_two_lines_with_two_vectors_is_named_with_both) {
  const float rows[10] = {3, 4, 0, 2, -1, 0, 7, -24, 5, 5};
  expect_file_error("a\nb\nc\nd\na\n", rows, 5,
                    "words.txt:5: keyword \"a\" stood already on line 1");
  expect_file_error("a\nb\n\nd\n", four_rows, 4, "keyword \"c\" is missing");
  expect_file_error("a\n\xff\nc\nd\n", four_rows, 4, "words.txt:2:");
}
TEST(embeddings, missing_settings_and_files_are_named) {
  keyword_sets sets = small_sets();
  embedding_def def = embedding_default_def();
  float *e;
  int32_t dim;
  def.provider = EMBEDDING_FILE;
  EXPECT_EQ(embeddings_make(&def, NULL, &sets, 3, NULL, &e, &dim), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "embedding.file");
  def.file = "/nowhere/e.safetensors";
  def.vocabulary = "/nowhere/words.txt";
  EXPECT_EQ(embeddings_make(&def, NULL, &sets, 3, NULL, &e, &dim), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/nowhere/words.txt");
  def = embedding_default_def();
  def.dim = 0;
  EXPECT_EQ(embeddings_make(&def, NULL, &sets, 3, NULL, &e, &dim), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "embedding.dim");
  keyword_sets_free(&sets);
}

TEST(embeddings, other_kinds_of_files_are_named_with_what_makes_them_safetensors) {
  static const struct {
    const char *bytes;
    size_t n;
    const char *part;
  } other[] = {
      {"\x93NUMPY\x01\x00v\x00{'descr'", 18, "a NumPy array (.npy), expected a safetensors file"},
      {"PK\x03\x04\x14\x00\x00\x00\x08\x00", 10, "a file of PyTorch (.pt) or a NumPy archive"},
      {"\x80\x04\x95\x10\x00\x00\x00\x00", 8, "a Python pickle"},
      {"4 2\na 0.5 1.5\nb", 14, "a text, expected a safetensors file"},
  };
  keyword_sets sets = small_sets();
  for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
    embedding_def def = write_files("a\nb\nc\nd\n", four_rows, 4);
    float *e;
    int32_t dim;
    FILE *f = fopen(def.file, "wb");
    fwrite(other[i].bytes, 1, other[i].n, f);
    fclose(f);
    EXPECT_EQ(embeddings_make(&def, NULL, &sets, 3, NULL, &e, &dim), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), other[i].part);
    EXPECT_CONTAINS(throng_error_message(), "save_file({'embedding': a}");
  }
  keyword_sets_free(&sets);
}

TEST(embeddings, a_tensor_of_another_name_and_one_turned_round_are_named) {
  keyword_sets sets = small_sets();
  embedding_def def = write_files("a\nb\nc\nd\n", four_rows, 4);
  float *e;
  int32_t dim;
  size_t number;
  safetensors_writer *w;
  ASSERT_OK(safetensors_writer_create(def.file, &w));
  ASSERT_OK(safetensors_writer_declare(w, "weight", TENSOR_F32, 2, (int64_t[]){4, 2}, &number));
  ASSERT_OK(safetensors_writer_begin(w));
  ASSERT_OK(safetensors_writer_data(w, number, four_rows, sizeof four_rows));
  ASSERT_OK(safetensors_writer_commit(w));
  EXPECT_EQ(embeddings_make(&def, NULL, &sets, 3, NULL, &e, &dim), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "it has 'weight'");
  keyword_sets_free(&sets);
  expect_file_error("a\nb\n", four_rows, 4, "it has as many columns, so turn it round");
}
