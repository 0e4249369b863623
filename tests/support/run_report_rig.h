/// Small runs in a world of hostile names, and their pages.
#ifndef TESTS_RUN_REPORT_RIG_H
#define TESTS_RUN_REPORT_RIG_H

#include <cjson/cJSON.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "hostile_world.h"
#include "run_report/run_report.h"
#include "throng_test.h"
#include "xml_page.h"

typedef struct rig {
  throng_backend *backend;
  throng_world *world;
  throng_sim_def sim;
  throng_agent_def agent;
  throng_train_def train;
} rig;

static inline const char *in(const char *name) {
  static char path[4][PATH_MAX];
  static int turn;
  char *to = path[turn++ % 4];
  snprintf(to, PATH_MAX, "%s/%s", throng_test_folder(), name);
  return to;
}

static inline rig rig_open(void) {
  rig r = {0};
  throng_backend_def backend = throng_default_backend_def();
  backend.name = "cpu";
  backend.threads = 1;
  hostile_world(in("world.safetensors"));
  EXPECT_OK(throng_backend_open(&backend, &r.backend));
  EXPECT_OK(throng_world_open(in("world.safetensors"), &r.world));
  r.sim = throng_default_sim_def();
  r.sim.lanes = 8;
  r.sim.history = 16;
  r.sim.max_steps = 8;
  r.sim.votes.rule = THRONG_RULE_LOGICAL;
  r.agent = throng_default_agent_def();
  r.agent.hidden[0] = r.agent.hidden[1] = r.agent.width = 8;
  r.agent.user_width = 0;
  r.agent.batch = 16;
  r.agent.buffer = 512;
  r.agent.learning_starts = 64;
  r.train = throng_default_train_def();
  r.train.steps = 960;
  r.train.evaluate_every = 320;
  r.train.checkpoint_every = 320;
  r.train.evaluation.episodes = 24;
  return r;
}

static inline void rig_close(rig *r) {
  throng_world_close(r->world);
  throng_backend_close(r->backend);
}

static inline throng_status train(rig *r, const char *folder) {
  r->train.out = in(folder);
  return throng_train(r->backend, r->world, NULL, &r->sim, &r->agent, &r->train, NULL, NULL);
}

/// The page of a run, parsed. NULL, and a failed test, where there is none.
static inline xmlDoc *page_of(const char *folder) {
  char wrote[PATH_MAX];
  const char *run = in(folder);
  const run_report_def def = {.n_run = 1, .run = &run};
  EXPECT_OK(run_report_write(&def, NULL, wrote));
  char expected[PATH_MAX];
  snprintf(expected, sizeof expected, "%s/report.html", run);
  EXPECT_STREQ(wrote, expected);
  return read_page(wrote);
}

static inline cJSON *summary_of(const char *folder) {
  char path[PATH_MAX], *text = calloc(1, 1 << 16);
  snprintf(path, sizeof path, "%s/summary.json", in(folder));
  FILE *file = fopen(path, "r");
  if (!file || fread(text, 1, (1 << 16) - 1, file) == 0)
    throng_test_fail(__FILE__, __LINE__, "%s: cannot be read", path);
  if (file) fclose(file);
  cJSON *json = cJSON_Parse(text);
  free(text);
  return json;
}

static inline double member(const cJSON *json, const char *a, const char *b, const char *c) {
  const cJSON *at = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, a), b);
  return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(at, c));
}

static const char *const sections[] = {"curves",   "policies", "fidelity", "exposure",
                                       "keywords", "users",    "config",   "repeat"};
enum { SECTIONS = sizeof sections / sizeof *sections };

/// What holds for every page, whatever ran.
static inline void check_page(xmlDoc *doc) {
  char path[160];
  for (int k = 0; k < SECTIONS; ++k) {
    snprintf(path, sizeof path, "//h:section[@id='%s']/h:h2", sections[k]);
    EXPECT_EQ(count(doc, path), 1);
    snprintf(path, sizeof path, "//h:nav//h:a[@href='#%s']", sections[k]);
    EXPECT_EQ(count(doc, path), 1);
  }
  const char *never[] = {"//h:script",
                         "//h:img",
                         "//h:link",
                         "//h:iframe",
                         "//h:object",
                         "//@src",
                         "//h:b/h:b",
                         "//h:u",
                         "//h:i",
                         "//@*[starts-with(name(), 'on')]",
                         "//@href[not(starts-with(., '#'))]",
                         "//h:h1/*"};
  for (size_t k = 0; k < sizeof never / sizeof *never; ++k) EXPECT_EQ(count(doc, never[k]), 0);
  EXPECT_EQ(count(doc, "//h:style[contains(., 'url(') or contains(., '@import')]"), 0);
  EXPECT_EQ(count(doc, "//@d[contains(., 'nan') or contains(., 'inf')]"), 0);
  EXPECT_EQ(count(doc, "//@*[. = 'nan' or . = '-nan' or . = 'inf' or . = '-inf']"), 0);
  EXPECT_EQ(count(doc, "//h:svg[not(h:title) or not(h:desc)]"), 0);
}

static inline double attribute(xmlNode *node, const char *name) {
  xmlChar *value = xmlGetProp(node, BAD_CAST name);
  const double x = value ? strtod((char *)value, NULL) : (double)NAN;
  xmlFree(value);
  return x;
}

static inline void write_text(const char *name, const char *text) {
  FILE *file = fopen(in(name), "w");
  ASSERT_TRUE(file != NULL);
  fputs(text, file);
  fclose(file);
}

#endif
