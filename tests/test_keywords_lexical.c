/// Provider lexical: what separates likes from dislikes is found, and nothing that is held out
/// leaks into it.
#include "keyword_fixture.h"
#include "prepare/providers.h"
#include "text/log_odds.h"
#include "text/terms.h"

enum { N_ITEM = 8, N_USER = 6, N_ROW = N_USER * N_ITEM };

static const fixture_item songs[N_ITEM] = {
    {"s0", "rock,all", "genre: rock,type: album"},   {"s1", "rock,all", "genre: rock,type: album"},
    {"s2", "rock,all", "genre: rock,type: single"},  {"s3", "folk,all", "genre: folk,type: single"},
    {"s4", "folk,all", "genre: folk,type: album"},   {"s5", "folk,all", "genre: folk,type: single"},
    {"s6", "all,lone", "genre: noise,type: single"}, {"s7", "all", ""}};
static const char *const praise[3] = {"A warm voice, gently sung.", "Warm voice and gentle sound",
                                      "the gentle melody is warm"};
static const char *const blame[3] = {"Tinny sound, not worth it!", "sounds tinny; not worth a cent",
                                     "a tinny melody"};

/// Every user met items 0..5 (in the training part) and 6, 7 (held out). Rock is liked by all, folk
/// is not.
static dataset make_songs(bool text, const char *held_text, int held_like) {
  fixture_row row[N_ROW];
  for (int u = 0; u < N_USER; ++u)
    for (int i = 0; i < N_ITEM; ++i) {
      bool like = i < 3;
      fixture_row *r = &row[u * N_ITEM + i];
      *r = (fixture_row){u, i, like, like ? praise[(u + i) % 3] : blame[(u + i) % 3]};
      if (i >= 6) *r = (fixture_row){u, i, held_like, held_text};
      if (!text) r->text = NULL;
    }
  return fixture_dataset(songs, N_ITEM, row, N_ROW);
}

static keyword_sets extract(const keywords_def *def, dataset *d) {
  keyword_sets sets;
  EXPECT_OK(keywords_extract(def, NULL, d, NULL, &sets, NULL));
  fixture_free(d);
  return sets;
}

TEST(log_odds, z_is_that_of_the_paper_by_hand) {
  EXPECT_NEAR(log_odds_z(7, 100, 2, 50, 0.09, 1.5), 0.7293018612363, 1e-12);
  EXPECT_NEAR(log_odds_z(2, 50, 7, 100, 0.09, 1.5), -0.7293018612363, 1e-12);
}

TEST(keywords_lexical, liking_words_stand_in_p_and_disliking_words_in_n) {
  dataset d = make_songs(true, "plain", 1);
  keywords_def def = keywords_default_def();
  keyword_sets sets = extract(&def, &d);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(fixture_has(&sets, true, i, "warm"));
    EXPECT_FALSE(fixture_has(&sets, false, i, "warm"));
    EXPECT_TRUE(fixture_has(&sets, false, 3 + i, "tinny"));
    EXPECT_FALSE(fixture_has(&sets, true, 3 + i, "tinny"));
  }
  keyword_sets_free(&sets);
}

TEST(keywords_lexical, phrases_reach_over_a_negation_but_not_over_punctuation) {
  dataset d = make_songs(true, "plain", 1);
  keywords_def def = keywords_default_def();
  keyword_sets sets = extract(&def, &d);
  EXPECT_TRUE(fixture_has(&sets, false, 4, "not worth"));
  EXPECT_TRUE(fixture_has(&sets, true, 0, "warm voice"));
  for (int64_t k = 0; k < sets.keyword.n; ++k) {
    EXPECT_TRUE(strcmp(strings_get(&sets.keyword, k), "voice gently"));
    EXPECT_TRUE(strcmp(strings_get(&sets.keyword, k), "not"));
  }
  keyword_sets_free(&sets);
}

TEST(keywords_lexical, variants_are_one_keyword_in_its_most_frequent_form) {
  dataset d = make_songs(true, "plain", 1);
  keywords_def def = keywords_default_def();
  keyword_sets sets = extract(&def, &d);
  EXPECT_TRUE(fixture_has(&sets, true, 1, "gentle"));
  EXPECT_FALSE(fixture_has(&sets, true, 1, "gently"));
  keyword_sets_free(&sets);
}

static bool same_sets(const keyword_sets *a, const keyword_sets *b) {
  int64_t n_pos = a->pos_offset[N_ITEM], n_neg = a->neg_offset[N_ITEM];
  return a->keyword.n == b->keyword.n &&
         !memcmp(a->keyword.offset, b->keyword.offset, (size_t)(a->keyword.n + 1) * 8) &&
         !memcmp(a->keyword.blob, b->keyword.blob, (size_t)a->keyword.offset[a->keyword.n]) &&
         !memcmp(a->pos_offset, b->pos_offset, (N_ITEM + 1) * 8) &&
         !memcmp(a->neg_offset, b->neg_offset, (N_ITEM + 1) * 8) &&
         !memcmp(a->pos, b->pos, (size_t)n_pos * 4) && !memcmp(a->neg, b->neg, (size_t)n_neg * 4);
}

TEST(keywords_lexical, the_last_two_interactions_of_a_user_change_nothing) {
  keywords_def def = keywords_default_def();
  for (int text = 0; text < 2; ++text) {
    dataset a = make_songs(text, "tinny horrible secret", 0);
    dataset b = make_songs(text, "a warm gentle voice", 1);
    keyword_sets x = extract(&def, &a), y = extract(&def, &b);
    EXPECT_TRUE(same_sets(&x, &y));
    keyword_sets_free(&x);
    keyword_sets_free(&y);
  }
}

TEST(keywords_lexical, an_item_without_reviews_gets_reasons_of_the_rest_on_both_sides) {
  dataset d = make_songs(true, "plain", 1);
  keywords_def def = keywords_default_def();
  def.max_share = 1;
  keyword_sets sets = extract(&def, &d);
  for (int i = 6; i < N_ITEM; ++i) {
    EXPECT_LT(sets.pos_offset[i], sets.pos_offset[i + 1]);
    EXPECT_LT(sets.neg_offset[i], sets.neg_offset[i + 1]);
  }
  EXPECT_EQ(sets.items_without, 0);
  keyword_sets_free(&sets);
}

TEST(keywords_lexical, keywords_and_categories_stay_within_the_document_frequency_bounds) {
  dataset d = make_songs(true, "plain", 1);
  keywords_def def = keywords_default_def();
  def.min_items = 2;
  def.max_share = 0.375;  // 3 of 8
  keyword_sets sets = extract(&def, &d);
  EXPECT_LT(0, sets.keyword.n);
  for (int64_t k = 0; k < sets.keyword.n; ++k) {
    int n = 0;
    for (int i = 0; i < N_ITEM; ++i)
      n += fixture_has(&sets, true, i, strings_get(&sets.keyword, k)) ||
           fixture_has(&sets, false, i, strings_get(&sets.keyword, k));
    EXPECT_LE(n, 3);
    EXPECT_GE(n, 2);
  }
  EXPECT_EQ(sets.category.n, 2);  // "all" is too common, "lone" too rare
  EXPECT_STREQ(strings_get(&sets.category, 0), "rock");
  EXPECT_EQ(sets.category_offset[7] - sets.category_offset[6], 0);
  keyword_sets_free(&sets);
}

TEST(keywords_lexical, without_texts_attributes_are_reasons_on_both_sides) {
  dataset d = make_songs(false, NULL, 1);
  keywords_def def = keywords_default_def();
  keyword_sets sets = extract(&def, &d);
  EXPECT_TRUE(fixture_has(&sets, true, 0, "genre: rock"));
  EXPECT_TRUE(fixture_has(&sets, false, 3, "genre: folk"));
  for (int i = 0; i < 6; ++i) {
    EXPECT_LT(sets.pos_offset[i], sets.pos_offset[i + 1]);
    EXPECT_LT(sets.neg_offset[i], sets.neg_offset[i + 1]);
  }
  // rock items are liked: their better side holds all that they are, the other only a share
  EXPECT_EQ(fixture_has(&sets, true, 0, "type: album"), 1);
  EXPECT_EQ(fixture_has(&sets, false, 0, "genre: rock"), 0);
  keyword_sets_free(&sets);
}

TEST(keywords_lexical, reception_is_a_reason_where_it_stands_out) {
  dataset d = make_songs(false, NULL, 1);
  keywords_def def = keywords_default_def();
  keyword_sets sets = extract(&def, &d);
  EXPECT_TRUE(fixture_has(&sets, true, 1, "reception: outstanding"));
  EXPECT_TRUE(fixture_has(&sets, false, 4, "reception: dismal"));
  EXPECT_FALSE(fixture_has(&sets, false, 1, "reception: poor"));
  EXPECT_FALSE(fixture_has(&sets, true, 7, "reception: good"));
  keyword_sets_free(&sets);
}

TEST(keywords_lexical, an_item_without_any_keyword_is_counted) {
  dataset d = make_songs(false, NULL, 1);
  keywords_def def = keywords_default_def();
  keyword_sets sets = extract(&def, &d);
  // "genre: noise" is rare; s6 keeps "type: single", s7 has no attribute and no known answer
  EXPECT_EQ(sets.items_without, 1);
  EXPECT_EQ(sets.dropped_rare, 1);
  keyword_sets_free(&sets);
}

TEST(keywords_lexical, nothing_to_learn_from_is_an_error) {
  fixture_row row[2] = {{0, 0, 1, "fine"}, {0, 1, 0, "bad"}};
  dataset d = fixture_dataset(songs, N_ITEM, row, 2);
  keywords_def def = keywords_default_def();
  keyword_sets sets;
  EXPECT_EQ(keywords_extract(&def, NULL, &d, NULL, &sets, NULL), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "more than two interactions");
  fixture_free(&d);
}

TEST(keywords_lexical, settings_out_of_range_are_named) {
  dataset d = make_songs(true, "plain", 1);
  keyword_sets sets;
  keywords_def def = keywords_default_def();
  def.max_share = 0;
  EXPECT_EQ(keywords_extract(&def, NULL, &d, NULL, &sets, NULL), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "keywords.max_share");
  def = keywords_default_def();
  def.prior = (double)NAN;
  EXPECT_EQ(keywords_extract(&def, NULL, &d, NULL, &sets, NULL), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "keywords.prior");
  fixture_free(&d);
}

TEST(terms, counts_are_kept_by_item_and_answer) {
  dataset d = make_songs(true, "plain", 1);
  training train;
  term_table terms;
  ASSERT_OK(training_make(&d, &train));
  EXPECT_EQ(train.n, N_USER * 6);
  EXPECT_EQ(train.n_like, N_USER * 3);
  ASSERT_OK(terms_make(&d, &train, 2, NULL, &terms));
  for (int32_t t = 0; t < terms.name.n; ++t) {
    EXPECT_TRUE(strcmp(strings_get(&terms.name, t), "plain"));
    if (strcmp(strings_get(&terms.name, t), "tinny")) continue;
    int entries = 0;
    for (term_walk w = terms_of(&terms, 3); terms_next(&w);)
      if (w.count.term == t) {
        EXPECT_EQ(w.count.dislike, N_USER);
        EXPECT_EQ(w.count.like, 0);
        ++entries;
      }
    EXPECT_EQ(entries, 1);
    for (term_walk w = terms_of(&terms, 0); terms_next(&w);) EXPECT_NE(w.count.term, t);
  }
  term_table_free(&terms);
  training_free(&train);
  fixture_free(&d);
}

/// `n` times "loud", then 676 other words: "xaab" to "xzzb".
static char *noisy_text(int n) {
  char *text = malloc((size_t)n * 5 + 676 * 5 + 1), *at = text;
  for (int k = 0; k < n; ++k) at += sprintf(at, "loud ");
  for (int k = 0; k < 676; ++k) at += sprintf(at, "x%c%cb ", 'a' + k / 26, 'a' + k % 26);
  return text;
}

TEST(terms, counts_and_terms_of_any_size_are_kept) {
  char *text[2] = {noisy_text(20000), noisy_text(130)};
  const fixture_row row[] = {{0, 0, true, text[0]},  {0, 2, true, "plain"}, {0, 3, true, "plain"},
                             {1, 1, false, text[1]}, {1, 2, true, "plain"}, {1, 3, true, "plain"}};
  dataset d = fixture_dataset(songs, N_ITEM, row, 6);
  training train;
  term_table terms;
  ASSERT_OK(training_make(&d, &train));
  ASSERT_OK(terms_make(&d, &train, 2, NULL, &terms));
  for (int item = 0; item < 2; ++item) {
    int64_t loud = 0, others = 0;
    int32_t before = -1;
    for (term_walk w = terms_of(&terms, item); terms_next(&w);) {
      EXPECT_GT(w.count.term, before);
      before = w.count.term;
      const bool is_loud = !strcmp(strings_get(&terms.name, w.count.term), "loud");
      if (is_loud)
        loud = item ? w.count.dislike : w.count.like;
      else
        others += item ? w.count.dislike : w.count.like;
      EXPECT_EQ(item ? w.count.like : w.count.dislike, 0);
    }
    EXPECT_EQ(loud, item ? 130 : 20000);
    EXPECT_EQ(others, 2 * 676);  // each word, and each with the word before it
  }
  term_table_free(&terms);
  training_free(&train);
  fixture_free(&d);
  free(text[0]);
  free(text[1]);
}
