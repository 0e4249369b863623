/// The keys of a configuration as one table, the schema made of it, and the configs that are
/// shipped.
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "config/config.h"
#include "config/keys.h"
#include "throng_test.h"

TEST(config_keys, every_default_lies_within_its_range) {
  throng_config defaults;
  config_defaults(&defaults);
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i) {
    char text[256];
    config_value_text(&defaults, &key, text, sizeof text);
    cJSON *value = cJSON_Parse(text);
    ASSERT_TRUE(value != NULL);
    throng_config copy;
    config_defaults(&copy);
    EXPECT_OK(config_assign(&copy, &key, value, CONFIG_FILE, key.path));
    config_free(&copy);
    cJSON_Delete(value);
  }
}

TEST(config_keys, every_key_belongs_to_a_section_and_stands_once) {
  config_key key, other;
  int n = 0;
  for (; config_key_at(n, &key); ++n) {
    bool found = false;
    for (int s = 0; s < config_section_count; ++s)
      found |= config_key_within(&key, config_sections[s].name);
    EXPECT_TRUE(found);
    for (int j = 0; j < n && config_key_at(j, &other); ++j)
      EXPECT_NE(strcmp(key.path, other.path), 0);
  }
  EXPECT_TRUE(n > 100 && n <= CONFIG_MAX_KEYS);
}

static char *file_text(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  char *text = calloc(1, 1 << 20);
  if (fread(text, 1, (1 << 20) - 1, file) == 0) text[0] = '\0';
  fclose(file);
  return text;
}

TEST(config_keys, the_committed_schema_is_the_one_that_the_table_gives) {
  char *schema = NULL;
  ASSERT_OK(config_schema(&schema));
  char *committed = file_text(TEST_SOURCE_DIR "/../configs/throng.schema.json");
  ASSERT_TRUE(committed != NULL);
  size_t length = strlen(schema);
  EXPECT_TRUE(!strncmp(schema, committed, length) && !strcmp(committed + length, "\n"));
  free(schema);
  free(committed);
}

TEST(config_keys, every_shipped_config_is_accepted) {
  setenv("THRONG_DATA", "/data", 1);
  DIR *folder = opendir(TEST_SOURCE_DIR "/../configs");
  ASSERT_TRUE(folder != NULL);
  int configs = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    char path[1024];
    snprintf(path, sizeof path, TEST_SOURCE_DIR "/../configs/%s", entry->d_name);
    if (!strstr(path, ".json") || strstr(path, "schema.json")) continue;
    throng_config config;
    throng_status status = config_load(path, NULL, &config);
    EXPECT_OK(status);
    if (status != THRONG_OK) continue;
    if (!config.world_file && !config_has_section(&config, "synth"))
      EXPECT_OK(config_check_dataset(&config));
    config_free(&config);
    ++configs;
  }
  closedir(folder);
  EXPECT_GE(configs, 11);
}

TEST(nearest, distance_counts_edits_and_swaps_and_ignores_case) {
  EXPECT_EQ(edit_distance("lanes", "lanes", 9), 0);
  EXPECT_EQ(edit_distance("lanes", "LANES", 9), 0);
  EXPECT_EQ(edit_distance("lanes", "lane", 9), 1);
  EXPECT_EQ(edit_distance("lanes", "alnes", 9), 1);
  EXPECT_EQ(edit_distance("kitten", "sitting", 9), 3);
  EXPECT_EQ(edit_distance("", "abc", 9), 3);
  EXPECT_EQ(edit_distance("abcdef", "uvwxyz", 3), 4);
}
