/// Every section of a configuration: the one file that knows all tables of options. A key is added
/// in its room's table; a section here.
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent_fields.h"
#include "backends/backends.h"
#include "base/nearest.h"
#include "config/keys.h"
#include "data/dataset_read.h"
#include "evaluate/evaluation_fields.h"
#include "sim/sim_fields.h"
#include "space/sweep_fields.h"
#include "sta/sta_fields.h"
#include "synth/synth_fields.h"
#include "train/train_fields.h"

const config_section config_sections[] = {
    {"dataset", "raw reviews or ratings, and how they become likes and dislikes"},
    {"keywords", "where liking and disliking keywords come from"},
    {"embedding", "where keyword embeddings come from"},
    {"llm", "the language model that finds reasons, and the store of its answers"},
    {"synth", "a synthetic world with planted tastes, in place of a data set"},
    {"world", "a world file made earlier, in place of a data set"},
    {"sta", "the statistical model f_sta and its fit"},
    {"votes", "how the votes are made and joined"},
    {"users", "how simulated users change, and why they leave and come back"},
    {"sim", "simulated user sessions"},
    {"agent", "the agents and how they learn"},
    {"train", "a training run"},
    {"backend", "where arrays live and kernels run"},
    {"sweep", "many trials of this config with other options (throng sweep)"},
};
const int config_section_count = sizeof config_sections / sizeof *config_sections;

// Keys that are no stage's.
#define FIELD_DEF throng_config
static const field world_rows[] = {FIELD_PATH(
    "file", world_file, NULL, "a world made earlier; neither dataset nor synth is read then")};
static const field weights_rows[] = {
    FIELD_PATH("file", sta_file, NULL, "f_sta weights fitted earlier on this world")};
static const field space_rows[] = {
    FIELD_JSON("space", sweep_space,
               "what varies: {\"agent.gamma\": {\"min\": 0.9, \"max\": 0.999}, \"agent.head\": "
               "{\"values\": [..]}}; log, step and when beside them"),
    FIELD_JSON("objective", sweep_objective,
               "what trials are judged by: average_reward, {\"metric\": .., \"direction\": "
               "maximize or minimize}, or a list of these")};
static const field seed_rows[] = {
    FIELD_SEED("seed", seed, 1, 0,
               "seed that sim, agent, sta and synth follow unless they have their own"),
    FIELD_BOOL("report", report, true, 0,
               "throng train writes report.html into the run folder at its end, a page for a "
               "browser")};
#undef FIELD_DEF
static const field_table world_fields = FIELD_TABLE_INNER("world", throng_config, world_rows);
static const field_table space_fields = FIELD_TABLE_INNER("sweep", throng_config, space_rows);
static const field_table weights_fields = FIELD_TABLE_INNER("sta", throng_config, weights_rows);
static const field_table seed_fields = FIELD_TABLE_INNER("train", throng_config, seed_rows);

/// In the order in which keys are listed.
static const struct {
  const field_table *table;
  size_t offset;  // of the Def
} parts[] = {
    {&dataset_fields, offsetof(throng_config, dataset)},
    {&keywords_fields, offsetof(throng_config, keywords)},
    {&embedding_fields, offsetof(throng_config, embedding)},
    {&llm_fields, offsetof(throng_config, llm)},
    {&synth_fields, offsetof(throng_config, synth)},
    {&world_fields, 0},
    {&weights_fields, 0},
    {&sta_fields, offsetof(throng_config, sta)},
    {&votes_fields, offsetof(throng_config, sim.votes)},
    {&users_fields, offsetof(throng_config, sim.users)},
    {&sim_fields, offsetof(throng_config, sim)},
    {&agent_fields, offsetof(throng_config, agent)},
    {&train_fields, offsetof(throng_config, train)},
    {&evaluation_fields, offsetof(throng_config, train.evaluation)},
    {&seed_fields, 0},
    {&backend_fields, offsetof(throng_config, backend)},
    {&space_fields, 0},
    {&sweep_fields, offsetof(throng_config, sweep)},
};
enum { N_PART = sizeof parts / sizeof *parts };

void config_defaults(throng_config *out) {
  memset(out, 0, sizeof *out);
  out->dataset = dataset_default_def();
  out->keywords = keywords_default_def();
  out->embedding = embedding_default_def();
  out->llm = llm_default_def();
  out->synth = throng_default_synth_def();
  out->sta = throng_default_sta_def();
  out->sim = throng_default_sim_def();
  out->agent = throng_default_agent_def();
  out->train = throng_default_train_def();
  out->seed = 1;
  out->report = true;
  out->backend = throng_default_backend_def();
  out->sweep = throng_default_sweep_def();
}

bool config_key_at(int index, config_key *out) {
  int before = 0;
  assert(index < CONFIG_MAX_KEYS);
  for (int p = 0; p < N_PART; before += parts[p++].table->count) {
    const field_table *table = parts[p].table;
    if (index - before >= table->count) continue;
    const field *f = &table->row[index - before];
    *out = (config_key){.index = index, .table = table, .field = f, .offset = parts[p].offset};
    // Configs are read by the thousand in a sweep: no formatting.
    assert(strlen(table->section) + strlen(f->name) + 2 <= sizeof out->path);
    stpcpy(stpcpy(stpcpy(out->path, table->section), "."), f->name);
    return true;
  }
  return false;
}

bool config_find_key(const char *path, config_key *out) {
  for (int p = 0, before = 0; p < N_PART; before += parts[p++].table->count) {
    const field_table *table = parts[p].table;
    const size_t length = strlen(table->section);
    if (strncmp(path, table->section, length) != 0 || path[length] != '.') continue;
    for (int k = 0; k < table->count; ++k)
      if (!strcmp(path + length + 1, table->row[k].name)) return config_key_at(before + k, out);
  }
  *out = (config_key){.index = -1};
  return false;
}

bool config_key_within(const config_key *key, const char *group) {
  size_t length = strlen(group);
  return !strncmp(key->path, group, length) && key->path[length] == '.';
}

unsigned config_key_formats(const config_key *key) {
  return key->table == &dataset_fields ? dataset_key_formats(key->path) : 0;
}

bool config_is_group(const char *path) {
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i)
    if (config_key_within(&key, path)) return true;
  return false;
}

static const char *leaf_of(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot ? dot + 1 : path;
}

/// A key that was put into the wrong section is nearer than any misspelling within the section.
bool config_nearest_key(const char *path, unsigned flags, config_key *out) {
  config_key key;
  bool found = false;
  size_t best = edit_limit(path) + 1;
  for (int i = 0; config_key_at(i, &key); ++i) {
    if ((key.field->flags & flags) != flags) continue;
    size_t distance = edit_distance(path, key.path, best);
    if (distance > 2 && !strcmp(leaf_of(path), leaf_of(key.path))) distance = 2;
    if (distance < best) best = distance, *out = key, found = true;
  }
  return found;
}
