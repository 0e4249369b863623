/// The whole path from a data set to keywords against a real server that fails: nothing asked
/// twice, a killed run goes on, budgets hold, and reviews that give orders change nothing.
#include "base/file_lock.h"
#include "support/llm_stage.h"

TEST(llm_extract, evidence_decides_what_is_kept_and_plurals_are_joined) {
  begin();
  keyword_sets sets;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(st.seen, N_REQUEST);
  EXPECT_EQ(counts.requests, N_REQUEST);
  EXPECT_EQ(counts.asked, N_REQUEST);
  // i0's liked review has the piano and the voice; nobody said anything of angels.
  EXPECT_TRUE(fixture_has(&sets, true, 0, "warm voice"));
  EXPECT_TRUE(fixture_has(&sets, true, 1, "soft pianos"));
  EXPECT_FALSE(fixture_has(&sets, true, 0, "soft pianos"));  // "pianos" is not what was quoted
  EXPECT_TRUE(fixture_has(&sets, false, 2, "muddy sounds"));
  EXPECT_TRUE(fixture_has(&sets, false, 3, "muddy sounds"));
  EXPECT_TRUE(fixture_has(&sets, false, 0, "albums"));  // from the facts
  for (int64_t k = 0; k < sets.keyword.n; ++k)
    EXPECT_TRUE(strcmp(strings_get(&sets.keyword, k), "angelic choir") != 0);
  EXPECT_EQ(counts.kept + counts.unproven + counts.unusable, counts.keywords);
  EXPECT_GT(counts.unproven, 0);
  EXPECT_GT(counts.other_side, 0);  // a request on liked reviews takes no dislikes
  EXPECT_EQ(counts.items_both_sides, 1);
  keyword_sets_free(&sets);
  end();
}

TEST(llm_extract, held_out_reviews_are_never_shown_and_control_tokens_never_sent) {
  begin();
  keyword_sets sets;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_FALSE(st.zebra);
  EXPECT_FALSE(st.raw_end);
  keyword_sets_free(&sets);
  end();
}

TEST(llm_extract, a_second_run_asks_nothing_and_gives_the_same_keywords) {
  begin();
  keyword_sets first, second;
  ASSERT_OK(extract(&kdef, NULL, &first));
  int64_t kept = counts.kept;
  int seen = st.seen;
  ASSERT_OK(extract(&kdef, NULL, &second));
  EXPECT_EQ(st.seen, seen);
  EXPECT_EQ(counts.from_store, N_REQUEST);
  EXPECT_EQ(second.keyword.n, first.keyword.n);
  EXPECT_EQ(counts.kept, kept);
  keyword_sets_free(&first);
  keyword_sets_free(&second);
  end();
}

TEST(llm_extract, another_prompt_or_model_asks_again_only_what_it_changes) {
  begin();
  keyword_sets sets;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  keyword_sets_free(&sets);
  char path[600];
  snprintf(path, sizeof path, "%s/objective.txt", throng_test_folder());
  FILE *file = fopen(path, "w");
  fputs("What about this?\n{{facts}}\n{{form}}", file);
  fclose(file);
  def.objective_prompt = path;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(st.seen, N_REQUEST + 5);
  EXPECT_EQ(counts.from_store, 5);
  EXPECT_EQ(counts.asked, 5);
  keyword_sets_free(&sets);
  def.model = "another";
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(counts.asked, N_REQUEST);
  keyword_sets_free(&sets);
  def.in_flight = 3;  // how it is asked is not what is asked
  def.retries = 2;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(counts.asked, 0);
  keyword_sets_free(&sets);
  end();
}

TEST(llm_extract, a_server_that_takes_no_schema_is_asked_for_the_next_form) {
  static const int forms[] = {LLM_FORM_SCHEMA, LLM_FORM_OBJECT, LLM_FORM_LINES};
  for (int f = 0; f < 3; ++f) {
    begin();
    snprintf(store, sizeof store, "%s/form-%d.sqlite", throng_test_folder(), f);
    st.refuse_form = forms[f];
    keyword_sets sets;
    ASSERT_OK(extract(&kdef, NULL, &sets));
    EXPECT_EQ(counts.asked, N_REQUEST);
    EXPECT_EQ(counts.failed, 0);
    EXPECT_TRUE(fixture_has(&sets, false, 2, f == 2 ? "muddy sound" : "muddy sounds"));
    keyword_sets_free(&sets);
    // What was answered in another form than the first is not asked again either.
    int seen = st.seen;
    ASSERT_OK(extract(&kdef, NULL, &sets));
    EXPECT_EQ(st.seen, seen);
    keyword_sets_free(&sets);
    def.form = LLM_FORM_BOUNDED;
    def.model = "n";
    EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_IO);
    EXPECT_CONTAINS(throng_error_message(), "response_format is not supported");
    end();
  }
}

TEST(llm_extract, a_model_that_obeys_a_review_brings_nothing_of_it_through) {
  begin();
  st.obey = true;
  keyword_sets sets;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(sets.keyword.n, 0);
  EXPECT_EQ(counts.kept, 0);
  EXPECT_GT(counts.unproven + counts.other_side, 0);
  keyword_sets_free(&sets);
  end();
}

TEST(llm_extract, refusals_filters_and_cut_answers_are_counted_and_not_asked_again) {
  begin();
  keyword_sets sets;
  st.refusal = true;
  def.max_items = 1;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(counts.refused, 2);
  keyword_sets_free(&sets);
  st.refusal = false;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(counts.asked, 0);
  keyword_sets_free(&sets);
  def.model = "n";
  st.finish = "content_filter";
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(counts.filtered, 2);
  keyword_sets_free(&sets);
  def.model = "o";
  st.finish = "length";
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(counts.cut_off, 2);
  keyword_sets_free(&sets);
  end();
}

TEST(llm_extract, through_429_500_503_and_half_answers_nothing_is_lost_or_asked_twice) {
  begin();
  st.faults = true;
  keyword_sets sets;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(counts.asked, N_REQUEST);
  EXPECT_EQ(counts.failed, 0);
  EXPECT_EQ(st.answered, N_REQUEST);
  EXPECT_EQ(st.same, 0);
  EXPECT_GT(st.seen, N_REQUEST);
  keyword_sets_free(&sets);
  end();
}

TEST(llm_extract, a_budget_stops_the_run_and_the_next_run_goes_on) {
  begin();
  def.in_flight = 2;
  def.budget_requests = 4;
  keyword_sets sets;
  EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_CANCELLED);
  EXPECT_CONTAINS(throng_error_message(), "llm.budget_requests is spent");
  EXPECT_EQ(st.seen, 4);
  EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_CANCELLED);
  EXPECT_EQ(st.seen, 8);
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(st.seen, N_REQUEST);
  EXPECT_EQ(st.same, 0);
  keyword_sets_free(&sets);
  def.model = "n";
  def.budget_requests = 0;
  def.budget_tokens = 3000;
  EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_CANCELLED);
  EXPECT_CONTAINS(throng_error_message(), "llm.budget_tokens is spent");
  llm_store *s;
  store_totals sum;
  ASSERT_OK(store_open(store, true, &s));
  EXPECT_OK(store_sum(s, "n", &sum));
  store_close(s);
  EXPECT_GT(sum.answered, 0);
  EXPECT_LE(sum.prompt_tokens + sum.completion_tokens, 3000);
  end();
}

TEST(llm_extract, a_filter_that_speaks_by_an_error_is_an_answer_that_is_not_asked_for_again) {
  begin();
  st.refuse_word = "muddy";
  st.refused =
      "{\"error\":{\"message\":\"The response was filtered due to the prompt triggering Azure "
      "OpenAI's content management policy.\",\"code\":\"content_filter\",\"status\":400}}";
  keyword_sets sets;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_GT(counts.filtered, 0);
  EXPECT_EQ(counts.failed, 0);
  EXPECT_EQ(st.seen, N_REQUEST);
  keyword_sets_free(&sets);
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(st.seen, N_REQUEST);
  keyword_sets_free(&sets);
  end();
}

TEST(llm_extract, a_budget_of_tokens_below_one_request_is_said_to_be) {
  begin();
  def.budget_tokens = 20;
  keyword_sets sets;
  EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "llm.budget_tokens 20 lets no request through: one may");
  EXPECT_EQ(st.seen, 0);
  end();
}

TEST(llm_extract,
     a_second_run_on_a_store_that_is_being_filled_asks_nothing_but_reads_what_is_there) {
  begin();
  char path[700];
  file_lock *lock;
  keyword_sets sets;
  snprintf(path, sizeof path, "%s.lock", store);
  ASSERT_OK(file_lock_take(path, "first", "", &lock));
  EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "is writing there; wait until it is done");
  EXPECT_EQ(st.seen, 0);
  file_lock_release(lock);
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(st.seen, N_REQUEST);
  keyword_sets_free(&sets);
  ASSERT_OK(file_lock_take(path, "first", "", &lock));
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(st.seen, N_REQUEST);
  keyword_sets_free(&sets);
  file_lock_release(lock);
  end();
}

TEST(llm_extract, a_key_that_is_refused_ends_the_run_at_once_and_stands_nowhere) {
  begin();
  setenv("THRONG_TEST_KEY", "sk-very-secret", 1);
  def.api_key_env = "THRONG_TEST_KEY";
  st.status = 401;
  keyword_sets sets;
  EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "HTTP 401: server says no");
  EXPECT_TRUE(strstr(throng_error_message(), "secret") == NULL);
  EXPECT_LE(st.seen, def.in_flight);
  st.status = 0;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  keyword_sets_free(&sets);
  // Not in the store's bytes, those of its log included.
  char command[1400];
  snprintf(command, sizeof command, "grep -a -q very-secret %s %s-wal 2>/dev/null", store, store);
  EXPECT_NE(system(command), 0);
  unsetenv("THRONG_TEST_KEY");
  EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "llm.api_key_env: the environment variable");
  setenv("THRONG_TEST_KEY", "a\r\nHost: evil", 1);
  EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_CONFIG);
  EXPECT_TRUE(strstr(throng_error_message(), "evil") == NULL);
  unsetenv("THRONG_TEST_KEY");
  end();
}

TEST(llm_extract, a_server_that_fails_every_time_is_left_after_ten_requests) {
  begin();
  st.status = 500;
  def.retries = 0;
  def.in_flight = 1;
  keyword_sets sets;
  EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "10 requests in a row failed");
  EXPECT_CONTAINS(throng_error_message(), "server says no");
  // What failed is asked again when the server is back.
  st.status = 0;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(counts.asked, N_REQUEST);
  keyword_sets_free(&sets);
  end();
}

TEST(llm_extract, a_few_requests_that_all_fail_are_an_error_too) {
  begin();
  st.status = 500;
  def.retries = 0;
  def.in_flight = 1;
  def.max_items = 1;
  keyword_sets sets;
  EXPECT_EQ(extract(&kdef, NULL, &sets), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "requests failed, the last one with");
  EXPECT_CONTAINS(throng_error_message(), "server says no");
  end();
}

static bool stop_at(void *context, const char *stage_name, int64_t done, int64_t total,
                    const char *unit) {
  (void)total;
  (void)unit;
  return strcmp(stage_name, "ask the model") != 0 || done < *(const int64_t *)context;
}

TEST(llm_extract, a_stop_on_request_keeps_what_was_answered) {
  begin();
  def.in_flight = 1;
  st.delay = 0.03;
  int64_t most = 3;
  throng_progress progress = {.report = stop_at, .context = &most};
  keyword_sets sets;
  EXPECT_EQ(extract(&kdef, &progress, &sets), THRONG_ERROR_CANCELLED);
  EXPECT_CONTAINS(throng_error_message(), "the next run goes on from there");
  EXPECT_GE(st.answered, 3);
  EXPECT_LT(st.answered, N_REQUEST);
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(st.answered, N_REQUEST);
  EXPECT_EQ(st.same, 0);
  keyword_sets_free(&sets);
  end();
}

TEST(llm_extract, two_items_of_which_the_same_is_known_are_asked_about_once) {
  begin();
  static const fixture_item twins[] = {{"a", "Jazz", ""}, {"b", "Jazz", ""}};
  fixture_free(&data);
  data = fixture_dataset(twins, 2, (fixture_row[]){{0, 0, 1, ""}, {0, 1, 0, ""}, {0, 0, 1, ""}}, 3);
  st.delay = 0.05;
  keyword_sets sets;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  EXPECT_EQ(st.seen, 1);
  EXPECT_EQ(counts.requests, 2);
  EXPECT_EQ(counts.asked, 1);
  EXPECT_EQ(counts.from_store, 1);
  keyword_sets_free(&sets);
  end();
}

TEST(llm_extract, a_look_counts_without_asking_or_making_a_store) {
  begin();
  extract_state state;
  ASSERT_OK(extract_survey(&def, &data, NULL, &state));
  EXPECT_EQ(state.objective, 5);
  EXPECT_EQ(state.subjective, 5);
  EXPECT_EQ(state.missing, N_REQUEST);
  EXPECT_EQ(st.seen, 0);
  EXPECT_NE(access(store, F_OK), 0);
  EXPECT_GT(state.missing_bytes, 1000);
  keyword_sets sets;
  ASSERT_OK(extract(&kdef, NULL, &sets));
  keyword_sets_free(&sets);
  ASSERT_OK(extract_survey(&def, &data, NULL, &state));
  EXPECT_EQ(state.answered, N_REQUEST);
  EXPECT_EQ(state.missing, 0);
  EXPECT_EQ(state.totals.answered, N_REQUEST);
  end();
}

TEST(llm_extract, reviews_are_grouped_by_request_as_the_settings_say) {
  begin();
  dataset d = data;
  // All five long reviews on one item and one side: the sampled three go into two requests.
  for (int r = 0; r < 5; ++r) d.item[r] = 0, d.like[r] = 1;
  def.reviews_per_side = 3;
  def.reviews_per_request = 2;
  request_list *p;
  ASSERT_OK(request_list_open(&def, &d, &p));
  int64_t objective, subjective;
  EXPECT_OK(request_list_count(p, &objective, &subjective));
  EXPECT_EQ(subjective, 2);
  request_place place = {.stage = 1};
  llm_request request = {0};
  ASSERT_TRUE(request_list_next(p, &place));
  ASSERT_OK(request_list_make_named(p, &place, &request));
  EXPECT_CONTAINS(bytes_text(&request.body), "Review 2, rated 5");
  EXPECT_TRUE(strstr(bytes_text(&request.body), "Review 3") == NULL);
  char id[SHA256_TEXT];
  memcpy(id, request.id, sizeof id);
  ++place.part;
  ASSERT_TRUE(request_list_next(p, &place));
  ASSERT_OK(request_list_make_named(p, &place, &request));
  EXPECT_TRUE(strcmp(id, request.id) != 0);
  llm_request_free(&request);
  request_list_close(p);
  end();
}
