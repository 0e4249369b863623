/// docs/file_formats.md against files that are written here: every tensor of a file stands on the
/// page with its type and shape, and what the page promises is there.
#include <stdio.h>

#include "export/export.h"
#include "support/agent_rig.h"
#include "support/formats_page.h"
#include "throng/throng.h"
#include "throng_test.h"

#define PAGE TEST_SOURCE_DIR "/../docs/file_formats.md"

typedef struct fixture {
  throng_world *world;
  throng_backend *backend;
  throng_sta *sta;
  throng_sim *sim;
  char path[4096];
} fixture;

static throng_sta_def sta_def(void) {
  throng_sta_def def = throng_default_sta_def();
  def.width = 8;
  def.layers = 3;
  def.window = 6;
  def.biases = true;
  return def;
}

static throng_sim_def sim_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = 12;
  def.history = 10;
  def.slate_size = 2;
  def.users.choice = THRONG_CHOICE_CASCADE;
  def.users.sessions = 2;
  def.max_steps = 15;
  def.mask_seen = true;
  def.preferences = true;
  def.votes.rule = THRONG_RULE_WEIGHTED;
  def.votes.weights[THRONG_VOTE_F_POP] = 1;
  def.votes.weights[THRONG_VOTE_F_CAL] = 1;
  return def;
}

static bool open_fixture(fixture *f) {
  const throng_sta_def sta = sta_def();
  const throng_sim_def sim = sim_def();
  throng_backend_def any = throng_default_backend_def();
  throng_synth_def synth = throng_default_synth_def();
  *f = (fixture){0};
  any.name = "cpu";
  synth.n_user = 90;
  synth.n_item = 70;
  synth.n_keyword = 128;
  synth.n_taste = 8;
  synth.n_category = 5;
  synth.dim = 9;
  synth.history_mean = 8;
  synth.later_share = 0.25;
  snprintf(f->path, sizeof f->path, "%s/file.safetensors", throng_test_folder());
  EXPECT_OK(throng_synth(&synth, f->path, NULL));
  EXPECT_OK(throng_world_open(f->path, &f->world));
  EXPECT_OK(throng_backend_open(&any, &f->backend));
  EXPECT_OK(throng_sta_create(f->backend, f->world, &sta, &f->sta));
  return throng_sim_create(f->backend, f->world, f->sta, &sim, &f->sim) == THRONG_OK;
}

static void close_fixture(fixture *f) {
  throng_sim_close(f->sim);
  throng_sta_close(f->sta);
  throng_backend_close(f->backend);
  throng_world_close(f->world);
}

/// Elements of an array of the world.
static int64_t entries(const throng_world *world, const char *name) {
  throng_array array[32];
  const throng_array *a = throng_array_find(array, throng_world_arrays(world, 32, array), name);
  return a ? a->shape[0] : -1;
}

TEST(file_formats, the_page_lists_every_tensor_of_a_world) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f));
  const throng_world_info info = throng_world_get_info(f.world);
  const page_symbol symbol[] = {{"n_user", info.n_user},
                                {"n_item", info.n_item},
                                {"n_category", info.n_category},
                                {"n_keyword", info.n_keyword},
                                {"n_interaction", info.n_interaction},
                                {"n_later", info.n_later},
                                {"n_category_entry", entries(f.world, "category")},
                                {"n_pos_entry", entries(f.world, "pos")},
                                {"n_neg_entry", entries(f.world, "neg")},
                                {"dim", info.dim},
                                {"bytes", PAGE_ANY},
                                {0}};
  page_compare(PAGE, "World", symbol, f.path, "");
  close_fixture(&f);
}

TEST(file_formats, the_page_lists_every_weight_of_f_sta) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f));
  const throng_sta_def def = sta_def();
  const page_symbol symbol[] = {{"n_user", 90},    {"n_item", 70},         {"D", def.width},
                                {"L", def.layers}, {"window", def.window}, {0}};
  const throng_votes_def votes = throng_default_votes_def();
  ASSERT_OK(throng_calibrate(f.sta, f.world, &votes, NULL));
  ASSERT_OK(throng_sta_save(f.sta, f.path));
  page_compare(PAGE, "Weights of f_sta", symbol, f.path, "");
  close_fixture(&f);
}

TEST(file_formats, the_page_lists_every_array_of_saved_lanes) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f));
  const throng_sta_def sta = sta_def();
  const throng_sim_def sim = sim_def();
  const page_symbol symbol[] = {{"B", sim.lanes},
                                {"H", sim.history},
                                {"S", sim.slate_size},
                                {"record", sizeof(throng_vote)},
                                {"n_seen_word", (70 + 31) / 32},
                                {"n_sta_cache", (int64_t)sta.window * sta.layers * sta.width},
                                {"n_sta_width", sta.width},
                                {"n_preference", (int64_t)2 * 9},
                                {"n_evicted", sim.slate_size},
                                {"n_f_pop", sim.slate_size},
                                {"n_f_cal", sim.slate_size},
                                {"n_number", sim.lanes},
                                {"n_left", sim.lanes},
                                {"n_examined", sim.slate_size},
                                {"n_shown_at", sim.history},
                                {"n_session", 1},
                                {0}};
  ASSERT_OK(sim_number_lanes(f.sim, 3, 2, 77));
  ASSERT_OK(throng_sim_save(f.sim, f.path));
  page_compare(PAGE, "Lanes", symbol, f.path, "");
  close_fixture(&f);
}

/// A checkpoint of two agents with this network, made with and without what lanes may keep.
static void follow_checkpoint(throng_algorithm algorithm, throng_head head, bool numbered,
                              bool norm, const char *section) {
  throng_sim_def sim = rig_sim_def(16, 8);
  if (numbered) {
    sim.slate_size = 2;
    sim.users.choice = THRONG_CHOICE_CASCADE;
    sim.users.sessions = 2;
  }
  throng_agent_def agent = rig_agent_def(head);
  agent.algorithm = algorithm;
  agent.layer_norm = norm;
  char path[4096];
  safetensors_file *file;
  size_t there = 0;
  agent_rig rig;
  agent.count = 2;
  ASSERT_OK(rig_make(&rig, 1, &sim, &agent, 10000));
  const network *net = &rig.agent->net;
  const page_symbol symbol[] = {{"A", 2},
                                {"B", sim.lanes},
                                {"H", sim.history},
                                {"S", sim.slate_size},
                                {"T", rig.agent->log.n_time},
                                {"H0", agent.hidden[0]},
                                {"H1", agent.hidden[1]},
                                {"W", agent.width},
                                {"U", agent.user_width},
                                {"n_user", rig.world.n_user},
                                {"n_item", rig.world.n_item},
                                {"n_input", net->n_input},
                                {"n_feature", net->n_feature},
                                {"record", sizeof(throng_vote)},
                                {"n_seen_word", 0},
                                {"n_sta_cache", 0},
                                {"n_sta_width", 0},
                                {"n_preference", 0},
                                {"n_evicted", 0},
                                {"n_f_pop", 0},
                                {"n_f_cal", 0},
                                {"n_number", numbered ? sim.lanes : 0},
                                {"n_left", numbered ? sim.lanes : 0},
                                {"n_examined", numbered ? sim.slate_size : 0},
                                {"n_shown_at", numbered ? sim.history : 0},
                                {"n_session", numbered},
                                {"n_norm", norm},
                                {"n_slots", head == THRONG_HEAD_FLAT},
                                {0}};
  for (int t = 0; t < 12; ++t) ASSERT_OK(throng_population_train_step(rig.agent));
  if (numbered) ASSERT_OK(sim_number_lanes(rig.sim, 0, 4, 77));
  snprintf(path, sizeof path, "%s/checkpoint.safetensors", throng_test_folder());
  ASSERT_OK(throng_population_save(rig.agent, path));
  ASSERT_OK(safetensors_open(path, &file));
  page_section(PAGE, "Checkpoint", symbol, file, "", &there);
  page_section(PAGE, "Lanes", symbol, file, "lane.", &there);
  page_section(PAGE, section, symbol, file, "", &there);
  for (size_t k = 0; algorithm && k < rig.agent->weights.count; ++k)  // the network's own
    there += !strncmp(rig.agent->weights.tensor[k].name, "weight.", 7) ||
             !strncmp(rig.agent->weights.tensor[k].name, "moment", 6);
  EXPECT_EQ(there, safetensors_count(file));
  safetensors_close(file);
  rig_free(&rig);
}

TEST(file_formats, the_page_lists_every_tensor_of_a_checkpoint) {
  follow_checkpoint(THRONG_ALGORITHM_DQN, THRONG_HEAD_TWO_TOWER, true, true,
                    "Weights of two_tower");
  follow_checkpoint(THRONG_ALGORITHM_DQN, THRONG_HEAD_FLAT, false, false, "Weights of flat");
  follow_checkpoint(THRONG_ALGORITHM_DQN, THRONG_HEAD_FLAT, false, true, "Weights of flat");
  follow_checkpoint(THRONG_ALGORITHM_DQN, THRONG_HEAD_FLAT_DUELING, false, true,
                    "Weights of flat_dueling");
  follow_checkpoint(THRONG_ALGORITHM_PPO, THRONG_HEAD_TWO_TOWER, true, false,
                    "Checkpoint of policies");
  follow_checkpoint(THRONG_ALGORITHM_PPO, THRONG_HEAD_FLAT, false, false, "Checkpoint of policies");
}

/// A key as the page writes it: players and numbers of agents by their common names.
static void common_name(const char *key, size_t length, char *name, size_t size) {
  const char *const begin[] = {"evaluation/agent_", "train/agent_", "evaluation/"};
  const char *const common[] = {"evaluation/agent_K", "train/agent_K", "evaluation/PLAYER"};
  for (int k = 0; k < 3; ++k) {
    if (strncmp(key, begin[k], strlen(begin[k])) != 0) continue;
    const size_t at = strlen(begin[k]), rest = strcspn(key + at, "/");
    snprintf(name, size, "%s%.*s", common[k], (int)(length - at - rest), key + at + rest);
    return;
  }
  snprintf(name, size, "%.*s", (int)length, key);
}

/// Where `name` stands among the page's keys, or -1.
static int page_key(char key[][64], int n, const char *name) {
  for (int k = 0; k < n; ++k)
    if (!strcmp(key[k], name)) return k;
  return -1;
}

enum { MOST_KEYS = 128 };

static int read_page_keys(char key[][64]) {
  char line[1024];
  bool inside = false;
  int n = 0;
  FILE *page = fopen(PAGE, "r");
  while (page && fgets(line, sizeof line, page)) {
    if (!strncmp(line, "## ", 3)) inside = !strcmp(line, "## metrics.jsonl\n");
    if (inside && n < MOST_KEYS && sscanf(line, "| `%63[^`]` |", key[n]) == 1) ++n;
  }
  if (page) fclose(page);
  return n;
}

TEST(file_formats, the_page_lists_every_key_of_metrics_jsonl) {
  static char key[MOST_KEYS][64], line[1 << 16];
  bool met[MOST_KEYS] = {0};
  const int n = read_page_keys(key);
  fixture f;
  char path[4200];
  throng_agent_def agent = throng_default_agent_def();
  throng_train_def train = throng_default_train_def();
  throng_sim_def sim = sim_def();
  throng_train_report report;
  ASSERT_TRUE(open_fixture(&f));
  agent.count = 2;
  agent.hidden[0] = agent.hidden[1] = agent.width = 8;
  agent.batch = 8;
  agent.buffer = 400;
  agent.learning_starts = 60;
  train.steps = 1200;
  train.evaluate_every = 600;
  train.evaluation.episodes = 16;
  agent.n_steps = 20;
  for (int algorithm = THRONG_ALGORITHM_DQN; algorithm <= THRONG_ALGORITHM_PPO; ++algorithm) {
    agent.algorithm = (throng_algorithm)algorithm;
    snprintf(f.path, sizeof f.path, "%s/run%d", throng_test_folder(), algorithm);
    train.out = f.path;
    ASSERT_OK(throng_train(f.backend, f.world, f.sta, &sim, &agent, &train, NULL, &report));
    snprintf(path, sizeof path, "%s/metrics.jsonl", f.path);
    FILE *in = fopen(path, "r");
    ASSERT_TRUE(in != NULL);
    while (fgets(line, sizeof line, in))
      for (const char *at = strchr(line, '"'); at; at = strchr(at, '"')) {
        const size_t length = strcspn(++at, "\"");
        char name[128];
        common_name(at, length, name, sizeof name);
        const int k = page_key(key, n, name);
        if (k < 0) throng_test_fail(__FILE__, __LINE__, "the page has no key %s", name);
        if (k >= 0) met[k] = true;
        at += length + 1;
      }
    fclose(in);
  }
  for (int k = 0; k < n; ++k)
    if (!met[k]) throng_test_fail(__FILE__, __LINE__, "no line has the page's key %s", key[k]);
  EXPECT_GT(n, 10);
  close_fixture(&f);
}

TEST(file_formats, the_page_lists_every_tensor_of_an_exported_agent) {
  for (int head = 0; head < 3; ++head) {
    fixture f;
    export_agent e;
    ASSERT_TRUE(open_fixture(&f));
    throng_agent_def def = throng_default_agent_def();
    throng_population *agent;
    def.head = (throng_head)head;
    def.hidden[0] = 6;
    def.hidden[1] = 5;
    def.width = 4;
    def.user_width = 3;
    def.batch = 8;
    def.buffer = 200;
    ASSERT_OK(throng_population_create(f.sim, &def, 1000, &agent));
    ASSERT_OK(export_begin(agent, f.world, 0, &e));
    ASSERT_OK(export_safetensors(&e, f.path));
    const bool tower = def.head == THRONG_HEAD_TWO_TOWER;
    const int n_direction = e.network.n_direction, own = e.network.n_user_feature + 3;
    const int d = n_direction + e.network.n_category + 1;
    const page_symbol symbol[] = {{"n_user", 90},
                                  {"n_item", 70},
                                  {"n", EXPORT_SAMPLES},
                                  {"n_own", own},
                                  {"n_x", own + (tower ? 6 * d + 3 * (d - n_direction) + 4 : 70)},
                                  {"D", d},
                                  {"n_norm", 0},
                                  {"n_tower", tower},
                                  {"H0", 6},
                                  {"H1", 5},
                                  {"W", tower ? 4 : 5},
                                  {"entries", e.offset[e.n]},
                                  {"bytes", PAGE_ANY},
                                  {0}};
    page_compare(PAGE, "Exported agent", symbol, f.path, "");
    export_end(&e);
    throng_population_close(agent);
    close_fixture(&f);
  }
}
