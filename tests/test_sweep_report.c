/// report.html: well-formed, self-contained, escaped; what it draws is what the trials say.
#include "sweep_report/sweep_report.h"

#include "support/commas.h"
#include "support/report_sweep.h"
#include "support/xml_page.h"
#include "throng_test.h"

/// Write and parse. NULL, and a failed test, where the page is not well-formed XML.
static xmlDoc *written(const report_sweep *s, const sweep_report_extra *extra) {
  char path[4096];
  snprintf(path, sizeof path, "%s/report.html", throng_test_folder());
  EXPECT_OK(sweep_report_write(&s->list, &s->def, extra, path));
  return read_page(path);
}

static double attribute(xmlNode *node, const char *name) {
  xmlChar *value = xmlGetProp(node, BAD_CAST name);
  const double x = value ? strtod((char *)value, NULL) : (double)NAN;
  xmlFree(value);
  return x;
}

/// What the hint of a point says of its trial: its number.
static long trial_of(xmlNode *point) {
  xmlChar *content = xmlNodeGetContent(point);
  long number = -1;
  if (sscanf((char *)content, "trial %ld:", &number) != 1) number = -1;
  xmlFree(content);
  return number;
}

/// The points of a drawing lie on one straight line of (value, place): both axes.
static void check_points(xmlDoc *doc, const report_sweep *s, const char *drawing, int expected,
                         double (*x_of)(const report_sweep *s, long trial)) {
  char path[256];
  snprintf(path, sizeof path, "//h:svg[@aria-labelledby='%s-t %s-d']/h:circle[h:title]", drawing,
           drawing);
  xmlXPathObject *found = find(doc, path);
  ASSERT_TRUE(found && found->nodesetval);
  EXPECT_EQ(found->nodesetval->nodeNr, expected);
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, at_low[2] = {0},
         at_high[2] = {0};
  for (int pass = 0; pass < 2; ++pass)
    for (int i = 0; i < found->nodesetval->nodeNr; ++i) {
      xmlNode *point = found->nodesetval->nodeTab[i];
      const long trial = trial_of(point);
      ASSERT_TRUE(trial >= 0 && trial < s->list.n);
      const double value[2] = {x_of(s, trial), s->value[trial][0]};
      const double place[2] = {attribute(point, "cx"), attribute(point, "cy")};
      for (int k = 0; k < 2; ++k) {
        if (pass == 0 && value[k] < low[k]) low[k] = value[k], at_low[k] = place[k];
        if (pass == 0 && value[k] > high[k]) high[k] = value[k], at_high[k] = place[k];
        if (pass == 1)
          EXPECT_NEAR(
              place[k],
              at_low[k] + (at_high[k] - at_low[k]) * (value[k] - low[k]) / (high[k] - low[k]),
              0.15);
      }
    }
  EXPECT_LT(at_low[0], at_high[0] - 100);  // to the right
  EXPECT_GT(at_low[1], at_high[1] + 100);  // and up
  xmlXPathFreeObject(found);
}

static double learning_rate(const report_sweep *s, long trial) { return log(s->x[trial][0]); }
static double gamma_of(const report_sweep *s, long trial) { return s->x[trial][3]; }
static double head(const report_sweep *s, long trial) { return s->x[trial][1]; }
static double second(const report_sweep *s, long trial) { return s->value[trial][1]; }
static double total(const report_sweep *s, long trial) {
  double sum = 0;
  for (long i = 0; i <= trial; ++i) sum += (double)s->step[i][1] * 50000;
  return sum;
}

enum { TRIALS = 96 };

/// Complete, and complete or pruned, of the first TRIALS less the one that runs.
static void counted(const report_sweep *s, int *complete, int *scored) {
  *complete = *scored = 0;
  for (int i = 0; i < TRIALS; ++i) {
    *complete += s->row[i].state == TRIAL_COMPLETE;
    *scored += s->row[i].state == TRIAL_COMPLETE || s->row[i].state == TRIAL_PRUNED;
  }
}

TEST(sweep_report, points_lie_where_values_and_options_of_their_trials_say) {
  report_sweep *s = report_sweep_make(TRIALS);
  int complete, scored;
  counted(s, &complete, &scored);
  xmlDoc *doc = written(s, &s->extra);
  ASSERT_TRUE(doc != NULL);
  check_points(doc, s, "best0", scored, total);
  check_points(doc, s, "slice0", scored, learning_rate);
  check_points(doc, s, "slice1", scored, head);
  check_points(doc, s, "slice3", scored, gamma_of);
  check_points(doc, s, "front2", complete, second);
  xmlFreeDoc(doc);
  free(s);
}

TEST(sweep_report, curves_end_where_the_last_reports_say) {
  report_sweep *s = report_sweep_make(TRIALS);
  int complete, scored;
  counted(s, &complete, &scored);
  xmlDoc *doc = written(s, &s->extra);
  ASSERT_TRUE(doc != NULL);
  xmlXPathObject *found =
      find(doc, "//h:svg[@aria-labelledby='curves-t curves-d']/h:path[h:title]");
  ASSERT_TRUE(found && found->nodesetval);
  EXPECT_EQ(found->nodesetval->nodeNr, scored);
  double slope = (double)NAN, pace = (double)NAN;
  for (int i = 0; i < found->nodesetval->nodeNr; ++i) {
    xmlNode *curve = found->nodesetval->nodeTab[i];
    const long trial = trial_of(curve);
    double x[2] = {0}, y[2] = {0};
    xmlChar *path = xmlGetProp(curve, BAD_CAST "d");
    const int n = sscanf((char *)path, "M%lf %lfL%lf %lf", &x[0], &y[0], &x[1], &y[1]);
    xmlFree(path);
    EXPECT_EQ(n, 4);
    // All begin at (1 evaluation, 0.1); some end at 16.
    const double steps = (double)s->step[trial][1] - 1, gain = s->value[trial][0] - 0.1;
    if (i == 0) pace = 0, slope = 0;
    if (steps == 15 && pace == 0) pace = (x[1] - x[0]) / steps, slope = (y[1] - y[0]) / gain;
    if (pace > 0) EXPECT_NEAR(x[1] - x[0], pace * steps, 0.3);
    if (pace > 0) EXPECT_NEAR(y[1] - y[0], slope * gain, 0.8);
  }
  EXPECT_GT(pace, 10);
  EXPECT_LT(slope, 0);
  xmlXPathFreeObject(found);
  xmlFreeDoc(doc);
  free(s);
}

TEST(sweep_report, tables_and_bars_have_the_numbers_that_were_given) {
  report_sweep *s = report_sweep_make(TRIALS);
  xmlDoc *doc = written(s, &s->extra);
  ASSERT_TRUE(doc != NULL);
  int best = 0;
  for (int i = 0; i < TRIALS; ++i)
    if (s->row[i].state == TRIAL_COMPLETE && s->value[i][0] > s->value[best][0]) best = i;
  char expected[64], path[256];
  snprintf(expected, sizeof expected, "%d", best);
  const char *row = "//h:section[h:h2='Best trials']//h:tbody/h:tr[1]/h:td";
  snprintf(path, sizeof path, "%s[1]", row);
  EXPECT_STREQ(text_at(doc, path), expected);
  snprintf(path, sizeof path, "%s[2]", row);
  EXPECT_NEAR(strtod(text_at(doc, path), NULL), s->value[best][0], 1e-4);
  snprintf(path, sizeof path, "%s[4]", row);
  EXPECT_STREQ(text_at(doc, path), "800k");
  EXPECT_EQ(count(doc, "//h:section[h:h2='Best trials']//h:tbody/h:tr"), 20);
  const char *confirmed = "//h:section[h:h2='Confirmation on fresh seeds']//h:tbody/h:tr[2]";
  EXPECT_CONTAINS(text_at(doc, confirmed), "trial 14");
  EXPECT_CONTAINS(text_at(doc, confirmed), "0.55 [0.5375, 0.5625]");
  EXPECT_CONTAINS(text_at(doc, confirmed), "0.9375 [0.85, 0.99]");
  EXPECT_CONTAINS(text_at(doc, "//h:section[h:h2='Importance of options']//h:svg"), "0.625");
  int reached = 0;
  for (int i = 0; i < TRIALS; ++i) reached += s->step[i][1] >= 4;
  snprintf(expected, sizeof expected, "%d trials reached 200k", reached);
  EXPECT_CONTAINS(text_at(doc, "//h:section[h:h2='Rungs']//h:svg"), expected);
  EXPECT_CONTAINS(text_at(doc, "//h:body"), "6 failed: the loss is no number at step 12");
  xmlFreeDoc(doc);
  free(s);
}

TEST(sweep_report, hostile_names_stay_text_and_nothing_is_fetched) {
  report_sweep *s = report_sweep_make(TRIALS);
  const char *hostile = "<script>alert(1)</script>&\"'</svg>\x01\xff\xc0\xaf\xed\xa0\x80]]>";
  s->extra.title = s->def.metric[0] = s->def.metric[1] = s->extra.importance_name = hostile;
  s->extra.version = s->def.study = hostile;
  for (int k = 0; k < SWEEP_OPTIONS; ++k) s->parameter[k].name = hostile;
  for (int k = 0; k < 3; ++k) s->choice[k] = "\"<img src=x onerror=alert(1)>\"";
  snprintf(s->attributes[7], sizeof s->attributes[7],
           "{\"cause\":\"</p><script>alert(2)</script>\"}");
  xmlDoc *doc = written(s, &s->extra);
  ASSERT_TRUE(doc != NULL);
  EXPECT_CONTAINS(text_at(doc, "//h:h1"), "<script>alert(1)</script>&\"'</svg>");
  EXPECT_EQ(count(doc, "//h:h1/*"), 0);
  const char *never[] = {"//h:script", "//h:img", "//h:link", "//h:iframe",
                         "//h:object", "//@href", "//@src",   "//@*[starts-with(name(), 'on')]"};
  for (size_t k = 0; k < sizeof never / sizeof *never; ++k) EXPECT_EQ(count(doc, never[k]), 0);
  EXPECT_EQ(count(doc, "//h:style[contains(., 'url(') or contains(., '@import')]"), 0);
  xmlFreeDoc(doc);
  free(s);
}

TEST(sweep_report, sweeps_without_trials_numbers_or_extras_have_pages_too) {
  for (int64_t n = 0; n < 3; ++n) {
    report_sweep *s = report_sweep_make(n);
    xmlFreeDoc(written(s, NULL));
    for (int64_t i = 0; i < n; ++i) {
      s->value[i][0] = s->value[i][1] = i ? (double)INFINITY : (double)NAN;
      s->row[i].n_report = 0;
      s->row[i].attributes = i ? NULL : "no json";
    }
    xmlFreeDoc(written(s, NULL));
    free(s);
  }
}

TEST(sweep_report, of_thousands_of_trials_some_are_drawn_and_all_are_counted) {
  report_sweep *s = report_sweep_make(SWEEP_MOST);
  xmlDoc *doc = written(s, &s->extra);
  ASSERT_TRUE(doc != NULL);
  EXPECT_CONTAINS(text_at(doc, "//h:body/h:p[1]"), "6000 trials: 3000 complete");
  EXPECT_LE(count(doc, "//h:circle"), 12000);
  EXPECT_GE(count(doc, "//h:circle"), 3000);
  xmlFreeDoc(doc);
  free(s);
}

TEST(sweep_report, a_locale_with_decimal_commas_changes_no_byte) {
  report_sweep *s = report_sweep_make(TRIALS);
  xmlDoc *plain = written(s, &s->extra), *other = NULL;
  const bool commas = use_commas();
  if (commas) {
    EXPECT_TRUE(commas_now());
    other = written(s, &s->extra);
    setlocale(LC_ALL, "C");
    xmlChar *text[2];
    int size[2];
    xmlDocDumpMemory(plain, &text[0], &size[0]);
    xmlDocDumpMemory(other, &text[1], &size[1]);
    EXPECT_EQ(size[0], size[1]);
    EXPECT_EQ(memcmp(text[0], text[1], (size_t)size[0]), 0);
    xmlFree(text[0]);
    xmlFree(text[1]);
  }
  xmlFreeDoc(plain);
  xmlFreeDoc(other);
  free(s);
  if (!commas) SKIP("localedef or its sources are missing (Debian: locales)");
}

/// For tests/checks/browser.sh, which looks at it in a browser.
TEST(sweep_report, a_page_is_left_for_a_browser) {
  report_sweep *s = report_sweep_make(256);
  EXPECT_OK(sweep_report_write(&s->list, &s->def, &s->extra, TEST_BINARY_DIR "/report.html"));
  free(s);
}

TEST(sweep_report, a_folder_that_is_not_there_is_named) {
  report_sweep *s = report_sweep_make(3);
  EXPECT_EQ(sweep_report_write(&s->list, &s->def, NULL, "/nowhere/report.html"), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/nowhere/report.html");
  free(s);
}
