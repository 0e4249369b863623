/// A run's report.html: well-formed, self-contained, escaped; what it says is what the run's files
/// and its agent say.
#include "report/page.h"
#include "support/commas.h"
#include "support/run_report_rig.h"

// ---- names --------------------------------------------------------------------------------------
TEST(run_report, hostile_names_stay_text_and_turn_nothing_around_them) {
  rig r = rig_open();
  r.sim.mask_seen = true;
  r.sim.max_steps = 20;
  r.sim.leave_probability = 0;
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  check_page(doc);
  // All 24 items are shown to somebody: titles stand in the list of the most shown, or in sessions.
  EXPECT_GE(count(doc, "//h:bdi[. = '<script>alert(1)</script>']"), 1);
  EXPECT_EQ(count(doc, "//h:td[h:bdi and text()[contains(., 'script')]]"), 0);
  EXPECT_GE(count(doc, "//h:section[@id='users']/h:h3[contains(., \"'<user>'\")]"), 1);
  EXPECT_GE(count(doc, "//*[local-name()='text'][. = '<i>kind</i>']"), 1);
  EXPECT_GE(count(doc, "//*[local-name()='text'][. = '<b>bold</b>']"), 1);
  // Titles without anything to see are shown by their id, and a book is cut.
  EXPECT_EQ(count(doc, "//h:bdi[normalize-space(.) = '']"), 0);
  EXPECT_EQ(count(doc, "//h:bdi[string-length(.) > 121]"), 0);
  EXPECT_GE(count(doc, "//h:bdi[string-length(.) > 80]"), 1);
  EXPECT_GE(count(doc, "//h:bdi[starts-with(., '\xd7\xa9')]"), 1);
  EXPECT_GE(count(doc, "//h:bdi[. = '<u>3</u>']"), 1);
  EXPECT_GE(count(doc, "//h:bdi[. = '<u>4</u>']"), 1);
  xmlFreeDoc(doc);
  rig_close(&r);
}

TEST(run_report, a_title_without_anything_to_see_is_shown_by_its_id) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  static const char *const unseen[] = {"",
                                       "  ",
                                       "\xe2\x80\x8b\xc2\xa0",
                                       "\xe3\x80\x80\xef\xbb\xbf",
                                       "\xe2\x80\xae",
                                       "\xe2\x81\xa6\t"};
  static const char *const seen[] = {"a", "\xe2\x80\xb0", "\xc2\xa1", "\xe3\x80\x81", " x"};
  for (int k = 0; k < 6; ++k) page_name(out, unseen[k], "id", 9);
  for (int k = 0; k < 5; ++k) page_name(out, seen[k], "other", 9);
  page_name(out, "\xc3\xa9\xc3\xa9\xc3\xa9<", "id", 2);
  fclose(out);
  int ids = 0;
  for (const char *at = text; (at = strstr(at, "<bdi>id</bdi>")); ++at) ++ids;
  EXPECT_EQ(ids, 6);
  EXPECT_TRUE(strstr(text, "other") == NULL);
  EXPECT_CONTAINS(text, "<bdi>\xc3\xa9\xc3\xa9\xe2\x80\xa6</bdi>");
  free(text);
}

// ---- numbers ------------------------------------------------------------------------------------
TEST(run_report, tables_say_what_the_summary_says) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  cJSON *summary = summary_of("run");
  ASSERT_TRUE(doc && summary);
  static const char *const title[] = {"DQN", "random", "popular", "most similar", "myopic"};
  static const char *const name[] = {"agent", "random", "popular", "most_similar", "myopic"};
  char path[200];
  for (int k = 0; k < 5; ++k) {
    snprintf(path, sizeof path, "//h:section[@id='policies']//h:table[1]//h:tr[h:th='%s']/h:td[1]",
             title[k]);
    EXPECT_NEAR(strtod(text_at(doc, path), NULL),
                member(summary, "policies", name[k], "average_reward"), 0.0051);
    snprintf(path, sizeof path,
             "(//h:section[@id='policies']//h:table)[1]//h:tr[h:th='%s']/h:td[5]", title[k]);
    EXPECT_NEAR(strtod(text_at(doc, path), NULL), member(summary, "policies", name[k], "gini"),
                0.00051);
  }
  const cJSON *pair = cJSON_GetObjectItemCaseSensitive(
      cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(summary, "policies"),
                                       "agent"),
      "against_random");
  char expected[64];
  snprintf(expected, sizeof expected, "%+.2f [%+.2f, %+.2f]",
           cJSON_GetNumberValue(cJSON_GetObjectItem(pair, "mean")),
           cJSON_GetNumberValue(cJSON_GetObjectItem(pair, "low")),
           cJSON_GetNumberValue(cJSON_GetObjectItem(pair, "high")));
  EXPECT_STREQ(text_at(doc, "(//h:section[@id='policies']//h:table)[2]//h:tr[h:th='DQN']/h:td[1]"),
               expected);
  cJSON_Delete(summary);
  xmlFreeDoc(doc);
  rig_close(&r);
}

/// The page's agent met the evaluation's users: what it showed is what the run has measured.
TEST(run_report, the_opened_agent_shows_what_the_run_has_measured) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  cJSON *summary = summary_of("run");
  ASSERT_TRUE(doc && summary);
  static const char *const title[] = {"DQN", "random", "popular"};
  static const char *const name[] = {"agent", "random", "popular"};
  char path[200];
  for (int k = 0; k < 3; ++k) {
    const char *row = "(//h:section[@id='exposure']//h:table)[1]//h:tr[h:th='%s']/h:td[%d]";
    snprintf(path, sizeof path, row, title[k], 1);
    EXPECT_NEAR(strtod(text_at(doc, path), NULL),
                24 * member(summary, "policies", name[k], "session_length"), 1e-6);
    snprintf(path, sizeof path, row, title[k], 3);
    EXPECT_NEAR(strtod(text_at(doc, path), NULL),
                100 * member(summary, "policies", name[k], "coverage"), 0.051);
    snprintf(path, sizeof path, row, title[k], 4);
    EXPECT_NEAR(strtod(text_at(doc, path), NULL), member(summary, "policies", name[k], "gini"),
                0.00051);
  }
  // Bars by popularity are shares of all that was shown.
  xmlXPathObject *bars =
      find(doc, "//h:svg[@aria-labelledby='popularity-t popularity-d']/h:rect[h:title]");
  ASSERT_TRUE(bars && bars->nodesetval);
  EXPECT_EQ(bars->nodesetval->nodeNr, 10);
  double sum = 0;
  for (int k = 0; k < bars->nodesetval->nodeNr; ++k) {
    xmlChar *hint = xmlNodeGetContent(bars->nodesetval->nodeTab[k]);
    sum += strtod(strrchr((char *)hint, ':') + 1, NULL);
    xmlFree(hint);
  }
  EXPECT_NEAR(sum, 100, 0.6);
  xmlXPathFreeObject(bars);
  cJSON_Delete(summary);
  xmlFreeDoc(doc);
  rig_close(&r);
}

/// Two of the curve's points and a yardstick's line tell the axis; all others must lie on it.
TEST(run_report, points_of_the_curve_lie_where_the_rows_say) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  xmlXPathObject *found =
      find(doc, "//h:svg[@aria-labelledby='curve-reward-t curve-reward-d']/h:circle[h:title]");
  ASSERT_TRUE(found && found->nodesetval);
  const int n = found->nodesetval->nodeNr;
  EXPECT_EQ(n, 4);  // untrained, and every 320 of 960
  double x[4], y[4], steps[4], value[4];
  for (int k = 0; k < n && k < 4; ++k) {
    xmlNode *point = found->nodesetval->nodeTab[k];
    xmlChar *hint = xmlNodeGetContent(point);
    EXPECT_EQ(sscanf((char *)hint, "DQN, %lf user-steps: %lf", &steps[k], &value[k]), 2);
    xmlFree(hint);
    x[k] = attribute(point, "cx");
    y[k] = attribute(point, "cy");
  }
  for (int k = 2; k < 4; ++k)
    EXPECT_NEAR((x[k] - x[0]) / (steps[k] - steps[0]), (x[1] - x[0]) / (steps[1] - steps[0]), 1e-3);
  for (int k = 1; k < 4; ++k) EXPECT_EQ(value[k] > value[0], y[k] < y[0]);
  EXPECT_EQ(steps[0], 960);
  EXPECT_EQ(steps[3], 0);
  EXPECT_EQ(count(doc,
                  "//h:svg[@aria-labelledby='curve-reward-t curve-reward-d']/h:path[contains("
                  "@class, 'dash')]"),
            4);
  xmlXPathFreeObject(found);
  xmlFreeDoc(doc);
  rig_close(&r);
}

TEST(run_report, what_differs_from_the_usual_is_listed_and_nothing_else) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  const char *row = "//h:section[@id='config']//h:tr[h:th='%s']/h:td[%d]";
  static const char *const expected[][3] = {{"sim.lanes", "8", "4096"},
                                            {"votes.rule", "\"logical\"", "\"majority\""},
                                            {"agent.hidden", "[8,8]", "[64,64]"},
                                            {"train.evaluation.episodes", "24", "512"}};
  char path[200];
  for (int k = 0; k < 4; ++k)
    for (int j = 1; j < 3; ++j) {
      snprintf(path, sizeof path, row, expected[k][0], j);
      EXPECT_STREQ(text_at(doc, path), expected[k][j]);
    }
  EXPECT_EQ(count(doc, "//h:section[@id='config']//h:tr[h:th='agent.gamma']"), 0);
  EXPECT_EQ(count(doc, "//h:section[@id='config']//h:tr[h:td[1] = h:td[2]]"), 0);
  EXPECT_EQ(count(doc, "//h:section[@id='config']//h:tr[starts-with(h:th, 'llm')]"), 0);
  EXPECT_CONTAINS(text_at(doc, "//h:section[@id='config']/h:pre"), "world.safetensors");
  xmlFreeDoc(doc);
  rig_close(&r);
}

TEST(run_report, a_locale_with_decimal_commas_changes_no_number) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  const bool commas = use_commas();
  if (commas) {
    EXPECT_TRUE(commas_now());
    xmlDoc *doc = page_of("run");
    setlocale(LC_ALL, "C");
    ASSERT_TRUE(doc != NULL);
    EXPECT_EQ(count(doc, "//@d[contains(., ',')] | //@cx[contains(., ',')]"), 0);
    EXPECT_GE(count(doc, "//h:section[@id='config']//h:td[. = '0.025' or contains(., '.')]"), 1);
    xmlFreeDoc(doc);
  }
  rig_close(&r);
  if (!commas) SKIP("localedef or its sources are missing (Debian: locales)");
}

/// For tests/checks/browser.sh and sound_html.py, which look at them.
TEST(run_report, pages_are_left_for_a_browser) {
  rig r = rig_open();
  char wrote[PATH_MAX], first[PATH_MAX];
  EXPECT_OK(train(&r, "a"));
  snprintf(first, sizeof first, "%s", in("a"));
  r.agent.gamma = 0.5f;
  EXPECT_OK(train(&r, "b"));
  const char *run[] = {first, in("b")};
  run_report_def def = {.n_run = 1, .run = run, .path = TEST_BINARY_DIR "/run_report.html"};
  EXPECT_OK(run_report_write(&def, NULL, wrote));
  def.n_run = 2;
  def.path = TEST_BINARY_DIR "/runs_report.html";
  EXPECT_OK(run_report_write(&def, NULL, wrote));
  rig_close(&r);
}
