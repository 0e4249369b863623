/// The limits of every option: a config and a stage's call take the same values and refuse the same
/// ones, with the same words.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/keys.h"
#include "data/dataset_read.h"
#include "prepare/providers.h"
#include "space/sweep_fields.h"
#include "throng/throng.h"
#include "tiny_world.h"

typedef struct bench {
  throng_backend *backend;
  throng_world *world;
  throng_sim *sim;
} bench;

static void bench_open(bench *b) {
  throng_backend_def def = throng_default_backend_def();
  throng_sim_def sim = throng_default_sim_def();
  def.name = "cpu";
  def.threads = 1;
  sim.lanes = 4;
  sim.votes.rule = THRONG_RULE_LOGICAL;
  *b = (bench){.world = tiny_world()};
  EXPECT_OK(throng_backend_open(&def, &b->backend));
  EXPECT_OK(throng_sim_create(b->backend, b->world, NULL, &sim, &b->sim));
}

static void bench_close(bench *b) {
  throng_sim_close(b->sim);
  throng_backend_close(b->backend);
  throng_world_close(b->world);
}

static throng_status ask_votes(const bench *b, const throng_config *c) {
  throng_vote vote;
  const throng_pairs pair = {
      1, (int32_t[]){0}, (int32_t[]){0}, (int64_t[]){0, 0}, (int32_t[]){0}, (uint8_t[]){0}};
  return throng_votes_evaluate(b->backend, b->world, NULL, &c->sim.votes, 1, &pair, &vote, NULL);
}

static throng_status train(const bench *b, const throng_config *c) {
  throng_train_def def = c->train;
  def.out = throng_test_folder();
  return throng_train(b->backend, b->world, NULL, &c->sim, &c->agent, &def, NULL, NULL);
}

static throng_status evaluate(const bench *b, const throng_config *c) {
  throng_metrics metrics;
  return throng_evaluate_yardstick(b->backend, b->world, NULL, &c->sim, &c->train.evaluation,
                                   THRONG_YARDSTICK_RANDOM, NULL, &metrics);
}

/// The call that takes the Def of a section. Every value that reaches it is out of range.
static throng_status call(const bench *b, const char *section, const throng_config *c) {
  void *none = NULL;
  int32_t dim;
  dataset data = {0};
  keyword_sets sets = {.keyword = {.n = 1}};
#define IS(name) (!strcmp(section, name))
  if (IS("backend")) return throng_backend_open(&c->backend, (throng_backend **)&none);
  if (IS("synth")) return throng_synth(&c->synth, "/nowhere/world", NULL);
  if (IS("sta")) return throng_sta_create(b->backend, b->world, &c->sta, (throng_sta **)&none);
  if (IS("votes")) return ask_votes(b, c);
  if (IS("sim") || IS("users"))
    return throng_sim_create(b->backend, b->world, NULL, &c->sim, (throng_sim **)&none);
  if (IS("agent"))
    return throng_population_create(b->sim, &c->agent, 1, (throng_population **)&none);
  if (IS("train")) return train(b, c);
  if (IS("train.evaluation")) return evaluate(b, c);
  if (IS("dataset")) return dataset_read(&c->dataset, NULL, &data);
  if (IS("keywords")) return keywords_extract(&c->keywords, NULL, &data, NULL, &sets, NULL);
  if (IS("embedding"))
    return embeddings_make(&c->embedding, NULL, &sets, 1, NULL, (float **)&none, &dim);
  if (IS("llm")) return llm_check(&c->llm);
  if (IS("sweep")) return fields_check(&sweep_fields, &c->sweep);  // what a sweep begins with
#undef IS
  return throng_fail(THRONG_ERROR_DATA, "%s: no call takes it", section);
}

static bool fits_type(field_kind kind, double x) {
  if (kind == FIELD_KIND_U32) return x >= 0 && x <= UINT32_MAX;
  return kind != FIELD_KIND_I32 || (x >= INT32_MIN && x <= INT32_MAX);
}

/// The next number of the field's type beyond a limit; up: 1 or -1.
static double beyond(field_kind kind, double limit, int up) {
  if (kind == FIELD_KIND_F32)
    return (double)nextafterf((float)limit, up > 0 ? HUGE_VALF : -HUGE_VALF);
  if (kind == FIELD_KIND_F64) return nextafter(limit, up > 0 ? HUGE_VAL : -HUGE_VAL);
  return limit + up;
}

static throng_status by_config(const config_key *key, double x) {
  throng_config config;
  config_defaults(&config);
  cJSON *value = cJSON_CreateNumber(x);
  if (key->field->count > 1) {
    cJSON *list = cJSON_CreateArray();
    for (int k = 0; k < key->field->count; ++k) cJSON_AddItemToArray(list, cJSON_CreateNumber(x));
    cJSON_Delete(value);
    value = list;
  }
  throng_status status = config_assign(&config, key, value, CONFIG_FILE, key->path);
  cJSON_Delete(value);
  config_free(&config);
  return status;
}

/// Both refuse `x` and name the key and what they expected.
static void expect_refused(const bench *b, const config_key *key, double x) {
  throng_config config;
  char expected[400], one[320];
  if (!fits_type(key->field->kind, x)) return;
  config_defaults(&config);
  config.sim.votes.rule = THRONG_RULE_LOGICAL;
  field_write(key->field, config_def_of(&config, key), 0, x);
  EXPECT_EQ(call(b, key->table->section, &config), THRONG_ERROR_ARGUMENT);
  if (key->field->flags & FIELD_AUTO && x == 0) return;  // "auto", which a config may say
  field f = *key->field;
  f.count = 1;
  field_expectation(&f, one, sizeof one);
  snprintf(expected, sizeof expected, "%s%s: expected %s", key->path,
           key->field->count > 1 ? "[0]" : "", one);
  EXPECT_CONTAINS(throng_error_message(), expected);
  if (key->field->kind == FIELD_KIND_ENUM || isnan(x)) return;  // no config can say it
  EXPECT_EQ(by_config(key, x), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), one);
}

/// Both take `x`.
static void expect_taken(const config_key *key, double x) {
  throng_config config;
  config_defaults(&config);
  field_write(key->field, config_def_of(&config, key), 0, x);
  EXPECT_OK(fields_check(key->table, config_def_of(&config, key)));
  if (key->field->kind != FIELD_KIND_ENUM) EXPECT_OK(by_config(key, x));
}

static int name_count(const char *const *names) {
  int n = 0;
  while (names[n]) ++n;
  return n;
}

TEST(limits, a_config_and_a_call_take_the_ends_of_every_range_and_nothing_beyond_them) {
  bench b;
  config_key key;
  int n = 0;
  bench_open(&b);
  for (int i = 0; config_key_at(i, &key); ++i) {
    const field *f = key.field;
    bool number = !field_is_text(f) && f->kind != FIELD_KIND_TEXTS && f->kind != FIELD_KIND_BOOL;
    // train.seed is a config's alone.
    if (!number || key.table->size == sizeof(throng_config)) continue;
    double least = f->names ? 0 : f->least, most = f->names ? name_count(f->names) - 1 : f->most;
    EXPECT_TRUE(least < most || f->names);
    expect_taken(&key, least);
    expect_taken(&key, most);
    expect_refused(&b, &key, beyond(f->kind, least, -1));
    expect_refused(&b, &key, beyond(f->kind, most, 1));
    if (f->kind == FIELD_KIND_F32) expect_refused(&b, &key, NAN);
    ++n;
  }
  EXPECT_TRUE(n > 90);
  bench_close(&b);
}

TEST(limits, a_def_of_another_version_or_of_no_default_function_is_refused_by_every_call) {
  static const struct {
    const char *section, *type;
  } defs[] = {{"backend", "throng_backend_def"}, {"synth", "throng_synth_def"},
              {"sta", "throng_sta_def"},         {"votes", "throng_votes_def"},
              {"sim", "throng_sim_def"},         {"agent", "throng_agent_def"},
              {"train", "throng_train_def"},     {"train.evaluation", "throng_evaluation_def"}};
  bench b;
  bench_open(&b);
  for (size_t k = 0; k < sizeof defs / sizeof *defs; ++k) {
    config_key key;
    bool found = false;
    for (int i = 0; !found && config_key_at(i, &key); ++i)
      found = key.table->type && !strcmp(key.table->section, defs[k].section);
    ASSERT_TRUE(found);
    EXPECT_STREQ(key.table->type, defs[k].type);
    for (int way = 0; way < 2; ++way) {
      throng_config config;
      char expected[96];
      config_defaults(&config);
      config.sim.votes.rule = THRONG_RULE_LOGICAL;
      def_head *head = config_def_of(&config, &key);
      EXPECT_EQ(head->size, (int32_t)key.table->size);
      if (way == 0)
        head->size -= 8;
      else
        head->cookie = 0;
      snprintf(expected, sizeof expected, "%s: %s", defs[k].type,
               way == 0 ? "it has " : "start from throng_default_");
      EXPECT_EQ(call(&b, defs[k].section, &config), THRONG_ERROR_ARGUMENT);
      EXPECT_CONTAINS(throng_error_message(), expected);
    }
  }
  bench_close(&b);
}
