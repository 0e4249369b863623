/// Tables of options: what a row gives, in every place where an option is known by its name.
#include "base/field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/identity.h"
#include "throng_test.h"

typedef enum shade { SHADE_DARK, SHADE_LIGHT } shade;

/// A Def of every kind of member.
typedef struct throng_lamp_def {
  int32_t size, cookie;
  const char *name, *file;
  const char *const *rooms;
  int32_t bulbs;
  uint32_t seed;
  int64_t hours;
  float power[2];
  double angle;
  bool on;
  shade shade;
  float warmth;  // the new one
} throng_lamp_def;

static const char *const shade_names[] = {"dark", "light", NULL};
static const char *const usual_rooms[] = {"hall", NULL};

#define FIELD_DEF throng_lamp_def
static const field lamp_rows[] = {
    FIELD_STRING("name", name, "lamp", "what it is called"),
    FIELD_PATH("plan.file", file, NULL, "where its plan is"),
    FIELD_TEXTS("rooms", rooms, usual_rooms, "where it stands"),
    FIELD_I32("bulbs", bulbs, 3, 1, 12, FIELD_SWEEPABLE, "bulbs in it"),
    FIELD_SEED("seed", seed, 7, FIELD_FOLLOWS_SEED, "seed of its flicker"),
    FIELD_I64("hours", hours, 5000, 0, FIELD_LARGE, FIELD_NOT_IDENTITY, "hours it lasts"),
    FIELD_F32S_FROM("power", power, 1, 2, 0, 100, FIELD_PER_AGENT, "watts of both sides", 40, 2.5),
    FIELD_F64("angle", angle, NAN, -90, 90, 0, "degrees; null: hanging"),
    FIELD_BOOL("on", on, true, 0, "does it burn"),
    FIELD_ENUM("shade", shade, shade, shade_names, SHADE_LIGHT, FIELD_SWEEPABLE, "its shade"),
    FIELD_F32("warmth", warmth, 0.3, 1e-9, 0.8, FIELD_PER_AGENT | FIELD_SWEEPABLE, "its warmth"),
};
#undef FIELD_DEF
static const field_table after = FIELD_TABLE("lamp", throng_lamp_def, lamp_rows);

/// The table as it was before `warmth` was added.
static field_table before_warmth(void) {
  field_table table = after;
  --table.count;
  return table;
}

static throng_lamp_def lamp(void) {
  throng_lamp_def def;
  fields_default(&after, &def);
  return def;
}

static throng_status assign(const char *name, void *def, const char *json, void **owned) {
  cJSON *value = cJSON_Parse(json);
  throng_status status = field_assign(fields_find(&after, name), def, value, name, owned);
  cJSON_Delete(value);
  return status;
}

TEST(field, defaults_of_every_kind_come_from_the_rows) {
  const throng_lamp_def def = lamp();
  EXPECT_EQ(def.size, (int32_t)sizeof def);
  EXPECT_EQ(def.cookie, THRONG_COOKIE);
  EXPECT_STREQ(def.name, "lamp");
  EXPECT_TRUE(def.file == NULL);
  EXPECT_STREQ(def.rooms[0], "hall");
  EXPECT_EQ(def.bulbs, 3);
  EXPECT_EQ(def.seed, 7);
  EXPECT_EQ(def.hours, 5000);
  EXPECT_NEAR(def.power[0], 40, 0);
  EXPECT_NEAR(def.power[1], 2.5, 0);
  EXPECT_TRUE(isnan(def.angle));
  EXPECT_TRUE(def.on);
  EXPECT_EQ(def.shade, SHADE_LIGHT);
  EXPECT_TRUE(def.warmth == 0.3f);
  EXPECT_OK(fields_check(&after, &def));
}

TEST(field, a_def_out_of_range_is_refused_with_key_value_and_range) {
#define REFUSED(change, message)                                  \
  do {                                                            \
    throng_lamp_def def = lamp();                                 \
    change;                                                       \
    EXPECT_EQ(fields_check(&after, &def), THRONG_ERROR_ARGUMENT); \
    EXPECT_CONTAINS(throng_error_message(), message);             \
  } while (0)
  REFUSED(def.bulbs = 0, "lamp.bulbs: expected an integer in 1..12, not 0");
  REFUSED(def.hours = -1, "lamp.hours: expected an integer in 0..1099511627776, not -1");
  REFUSED(def.power[1] = 101, "lamp.power[1]: expected a number in 0..100, not 101");
  REFUSED(def.power[1] = 200, "lamp.power[1]: expected a number in 0..100, not 200");
  REFUSED(def.power[0] = NAN, "lamp.power[0]: expected a number in 0..100, not NaN");
  REFUSED(def.angle = INFINITY, "lamp.angle: expected a number in -90..90, not inf");
  REFUSED(def.shade = (shade)2, "lamp.shade: expected dark or light, not 2");
  REFUSED(def.warmth = 0, "lamp.warmth: expected a number in 1e-09..0.8, not 0");
#undef REFUSED
  throng_lamp_def least = lamp();
  least.warmth = 1e-9f;  // in single precision below 1e-9
  least.angle = -90;
  EXPECT_OK(fields_check(&after, &least));
}

TEST(field, a_def_that_no_default_function_made_or_of_another_version_is_refused) {
  throng_lamp_def def = lamp();
  EXPECT_EQ(fields_check(&after, NULL), THRONG_ERROR_ARGUMENT);
  EXPECT_STREQ(throng_error_message(), "throng_lamp_def: start from throng_default_lamp_def()");
  def.cookie = 0;
  EXPECT_EQ(fields_check(&after, &def), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "start from throng_default_lamp_def()");
  // A smaller block of an older header: nothing behind its two first members is looked at.
  def_head *older = malloc(sizeof *older);
  ASSERT_TRUE(older != NULL);
  *older = (def_head){(int32_t)sizeof def - 8, THRONG_COOKIE};
  EXPECT_EQ(fields_check(&after, older), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "compiled against the headers of another version");
  free(older);
}

TEST(field, values_of_json_reach_their_members_and_wrong_ones_leave_them) {
  throng_lamp_def def = lamp();
  void *owned[3] = {NULL};
  EXPECT_OK(assign("name", &def, "\"torch\"", &owned[0]));
  EXPECT_OK(assign("rooms", &def, "[\"a\", \"b,c\"]", &owned[1]));
  EXPECT_OK(assign("power", &def, "[1, 0.1]", &owned[2]));
  EXPECT_TRUE(owned[2] == NULL);
  EXPECT_OK(assign("shade", &def, "\"dark\"", &owned[2]));
  EXPECT_OK(assign("seed", &def, "4294967295", &owned[2]));
  EXPECT_OK(assign("angle", &def, "-12.5", &owned[2]));
  EXPECT_OK(assign("on", &def, "false", &owned[2]));
  EXPECT_STREQ(def.name, "torch");
  EXPECT_STREQ(def.rooms[1], "b,c");
  EXPECT_TRUE(def.rooms[2] == NULL);
  EXPECT_TRUE(def.power[1] == 0.1f);
  EXPECT_EQ(def.shade, SHADE_DARK);
  EXPECT_EQ(def.seed, 4294967295LL);
  EXPECT_NEAR(def.angle, -12.5, 0);
  EXPECT_FALSE(def.on);
  EXPECT_EQ(assign("bulbs", &def, "1.5", &owned[2]), THRONG_ERROR_CONFIG);
  EXPECT_STREQ(throng_error_message(), "bulbs: expected an integer in 1..12, not 1.5");
  EXPECT_EQ(assign("power", &def, "[1, 200]", &owned[2]), THRONG_ERROR_CONFIG);
  EXPECT_TRUE(def.power[0] == 1 && def.power[1] == 0.1f);
  EXPECT_EQ(assign("power", &def, "[]", &owned[2]), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "expected an array of 1 to 2, each a number in 0..100");
  EXPECT_OK(assign("power", &def, "[9]", &owned[2]));
  EXPECT_TRUE(def.power[0] == 9 && def.power[1] == 2.5f);  // the rest has its default
  EXPECT_EQ(assign("shade", &def, "0", &owned[2]), THRONG_ERROR_CONFIG);
  EXPECT_OK(assign("angle", &def, "null", &owned[2]));
  EXPECT_OK(assign("name", &def, "null", &owned[2]));
  EXPECT_TRUE(isnan(def.angle));
  EXPECT_STREQ(def.name, "lamp");
  free(owned[0]);
  free(owned[1]);
}

TEST(field, json_is_kept_as_its_text_and_printed_as_it_was) {
  typedef struct shelf {
    const char *plan;
  } shelf;
#define FIELD_DEF shelf
  static const field rows[] = {FIELD_JSON("plan", plan, "what stands where")};
#undef FIELD_DEF
  static const field_table table = FIELD_TABLE_INNER("shelf", shelf, rows);
  shelf def = {"x"};
  void *owned;
  fields_default(&table, &def);
  EXPECT_TRUE(def.plan == NULL);
  EXPECT_OK(fields_check(&table, &def));
  cJSON *value = cJSON_Parse("{\"a\": [1, 0.25, null], \"b\": {\"c\": true}}");
  ASSERT_OK(field_assign(&rows[0], &def, value, "shelf.plan", &owned));
  EXPECT_STREQ(def.plan, "{\"a\":[1,0.25,null],\"b\":{\"c\":true}}");
  EXPECT_TRUE(owned == def.plan);
  cJSON *again = field_json(&rows[0], &def);
  EXPECT_TRUE(cJSON_Compare(value, again, true));
  cJSON_Delete(again);
  cJSON_Delete(value);
  value = cJSON_CreateNull();
  void *none;
  ASSERT_OK(field_assign(&rows[0], &def, value, "shelf.plan", &none));
  EXPECT_TRUE(def.plan == NULL && none == NULL);
  free(owned);
  cJSON_Delete(value);
}

TEST(field, a_printed_def_reads_back_to_the_same_one) {
  throng_lamp_def def = lamp(), again = lamp();
  def.name = NULL;
  def.file = "~/${x}";
  def.power[0] = 0.1f;
  def.hours = 123456789012;
  cJSON *root = cJSON_CreateObject();
  ASSERT_TRUE(fields_put(&after, &def, root));
  const cJSON *section = cJSON_GetObjectItemCaseSensitive(root, "lamp");
  const cJSON *plan = cJSON_GetObjectItemCaseSensitive(section, "plan");
  const cJSON *file = cJSON_GetObjectItemCaseSensitive(plan, "file");
  EXPECT_STREQ(cJSON_GetStringValue(file), "./~/$${x}");  // a config would else put something in
  char *text = cJSON_PrintUnformatted(section);
  EXPECT_CONTAINS(text, "\"name\":\"\"");
  EXPECT_CONTAINS(text, "\"power\":[0.1,2.5]");
  EXPECT_CONTAINS(text, "\"angle\":null");
  EXPECT_CONTAINS(text, "\"shade\":\"light\"");
  cJSON *read = cJSON_Parse(text);
  for (const field *f = NULL; (f = fields_next(&after, f, 0));) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(read, f->name);
    void *owned = NULL;
    if (field_is_text(f) || f->kind == FIELD_KIND_TEXTS) continue;
    ASSERT_TRUE(value != NULL);
    EXPECT_OK(field_assign(f, &again, value, f->name, &owned));
    for (int k = 0; k < f->count; ++k) {
      double x = field_get(f, &def, k), y = field_get(f, &again, k);
      EXPECT_TRUE(x == y || (isnan(x) && isnan(y)));
    }
  }
  cJSON_free(text);
  cJSON_Delete(read);
  cJSON_Delete(root);
}

TEST(field, numbers_are_got_and_set_by_name_within_their_limits) {
  throng_lamp_def def = lamp();
  const field *power = fields_find(&after, "power");
  ASSERT_TRUE(power != NULL);
  EXPECT_OK(field_set(&after, power, &def, 1, 12));
  EXPECT_NEAR(def.power[1], 12, 0);
  EXPECT_NEAR(field_get(power, &def, 0), 40, 0);
  EXPECT_EQ(field_set(&after, power, &def, 1, -1), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "lamp.power[1]: expected a number in 0..100, not -1");
  EXPECT_NEAR(def.power[1], 12, 0);
  EXPECT_EQ(field_set(&after, fields_find(&after, "bulbs"), &def, 0, 1.5), THRONG_ERROR_ARGUMENT);
  EXPECT_TRUE(fields_find(&after, "bulb") == NULL);
}

static throng_status compare(const throng_lamp_def *def, const char *line) {
  const identity_part part[] = {{&after, def}, {NULL, NULL}};
  const identity_fact fact[] = {{.name = "house", .value = "12 b"},
                                {.name = "maker", .value = "us", .usual = "us", .leads = true},
                                {NULL}};
  return identity_compare(&(identity){part, fact}, "x", "lamp", line);
}

TEST(field, a_line_of_options_tells_defs_apart_and_is_read_though_it_is_older) {
  throng_lamp_def def = lamp();
  const identity_part part[] = {{&after, &def}, {NULL, NULL}};
  const identity_fact fact[] = {{.name = "house", .value = "12 b"}, {NULL}};
  char *line;
  ASSERT_OK(identity_text(&(identity){part, fact}, &line));
  EXPECT_STREQ(line,
               "bulbs 3, seed 7, power 40 2.5, angle nan, on 1, shade light, warmth 0.300000012, "
               "house 12 b");
  def.hours = 1;  // no identity
  def.file = "elsewhere";
  EXPECT_OK(compare(&def, line));
  def.warmth = 0.4f;
  EXPECT_EQ(compare(&def, line), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(),
                  "x: written by another lamp: it has warmth 0.300000012, this one has warmth "
                  "0.400000006;");
  free(line);
  // Before warmth was an option, with the shade by its number and one power.
  static const char old[] = "bulbs 3, seed 7, power 40, on 1, shade 1, house 12 b";
  EXPECT_EQ(compare(&def, old), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "it has no warmth, this one has warmth 0.4");
  def.warmth = 0.3f;
  EXPECT_OK(compare(&def, old));
  def.power[1] = 2;
  EXPECT_EQ(compare(&def, old), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "it has power 40, this one has power 40 2;");
  def = lamp();
  EXPECT_EQ(compare(&def, "bulbs 3, seed 7, house 12"), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "it has house 12, this one has house 12 b");
  EXPECT_EQ(compare(&def, "bulbs 4, house 12, maker them"), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "it has maker them, this one has maker us;");
  EXPECT_EQ(compare(&def, "house 12 b, dimmer 2"), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "dimmer 2, which this version does not know");
}

TEST(field, a_line_of_options_that_is_cut_off_anywhere_is_compared_within_its_bytes) {
  static const char whole[] = "bulbs 4, seed 8, power 40 3, shade dark, house 12 b";
  throng_lamp_def def = lamp();
  def.bulbs = 4;
  def.seed = 8;
  def.power[1] = 3;
  def.shade = SHADE_DARK;
  EXPECT_OK(compare(&def, whole));
  for (size_t n = 0; n < sizeof whole - 1; ++n) {
    char *cut = strndup(whole, n);  // of its own block, so that a sanitizer sees its end
    ASSERT_TRUE(cut != NULL);
    EXPECT_EQ(compare(&def, cut), THRONG_ERROR_DATA);
    free(cut);
  }
}

/// What the table says of an option everywhere: the number of places that speak of `name`.
static int places(const field_table *table, const char *name) {
  throng_lamp_def def;
  fields_default(table, &def);
  int n = 0;
  const field *f = fields_find(table, name);
  n += f != NULL;
  for (f = NULL; (f = fields_next(table, f, FIELD_PER_AGENT));) n += !strcmp(f->name, name);
  for (f = NULL; (f = fields_next(table, f, FIELD_SWEEPABLE));) n += !strcmp(f->name, name);
  cJSON *root = cJSON_CreateObject();
  if (fields_put(table, &def, root))
    n += cJSON_GetObjectItemCaseSensitive(root->child, name) != NULL;
  cJSON_Delete(root);
  const identity_part part[] = {{table, &def}, {NULL, NULL}};
  const identity_fact fact[] = {{NULL}};
  char *line;
  size_t length;
  if (identity_text(&(identity){part, fact}, &line) == THRONG_OK)
    n += identity_value(line, name, &length) != NULL;
  free(line);
  def.warmth = 9;
  return n + (fields_check(table, &def) != THRONG_OK);
}

TEST(field, a_new_option_is_a_member_and_a_row) {
  const field_table table = before_warmth();
  EXPECT_EQ(places(&table, "warmth"), 0);
  EXPECT_EQ(places(&after, "warmth"), 6);
  cJSON *schema = field_schema(fields_find(&after, "warmth"));
  char *text = cJSON_PrintUnformatted(schema);
  EXPECT_STREQ(text,
               "{\"description\":\"its warmth\",\"type\":[\"number\",\"null\"],\"minimum\":1e-09,"
               "\"maximum\":0.8,\"default\":0.3}");
  cJSON_free(text);
  cJSON_Delete(schema);
}

/// Exit status of the compiler for a table of these rows; -1 where there is no compiler.
static int compile(const char *rows) {
  char path[600], command[2400];
  snprintf(path, sizeof path, "%s/rows.c", throng_test_folder());
  FILE *file = fopen(path, "w");
  if (!file || system("command -v cc >/dev/null") != 0) return -1;
  fprintf(file,
          "#include \"base/field.h\"\n#include \"throng/agent.h\"\n#define FIELD_DEF "
          "throng_agent_def\nconst field rows[] = {%s};\n",
          rows);
  fclose(file);
  snprintf(command, sizeof command,
           "cc -std=gnu11 -fsyntax-only -I%s/../include -I%s/../host %s 2>/dev/null",
           TEST_SOURCE_DIR, TEST_SOURCE_DIR, path);
  return system(command);
}

TEST(field, a_row_of_another_type_or_length_than_its_member_does_not_compile) {
  const int good = compile("FIELD_F32(\"gamma\", gamma, 1, 0, 1, 0, \"\")");
  if (good == -1) SKIP("there is no compiler");
  EXPECT_EQ(good, 0);
  EXPECT_NE(compile("FIELD_F64(\"gamma\", gamma, 1, 0, 1, 0, \"\")"), 0);
  EXPECT_NE(compile("FIELD_I32(\"loss\", loss, 1, 0, 1, 0, \"\")"), 0);
  EXPECT_EQ(compile("FIELD_I32S(\"hidden\", hidden, 2, 0, 1, 0, \"\", 1, 1)"), 0);
  EXPECT_NE(compile("FIELD_I32S(\"hidden\", hidden, 3, 0, 1, 0, \"\", 1, 1, 1)"), 0);
  EXPECT_NE(compile("FIELD_I32(\"hidden\", hidden, 1, 0, 1, 0, \"\")"), 0);
}
