/// Opening a trained run to be used: the agent acts as where it was trained, the folder may move,
/// and what is wrong is said with its place.
#include "study/trained.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/run_files.h"
#include "support/tensor_edit.h"
#include "throng/throng.h"
#include "throng_test.h"
#include "world/world.h"

enum { TOP = 5, STATES = 40, ITEMS = 40 };

static const char *const run_text =
    "{\"synth\": {\"users\": 60, \"items\": 40, \"categories\": 4, \"keywords\": 200, \"dim\": 8}, "
    "\"votes\": {\"rule\": \"logical\"}, \"backend\": {\"name\": \"cpu\", \"threads\": 1}, "
    "\"sim\": {\"lanes\": 16, \"history\": 8, \"max_steps\": 6}, "
    "\"agent\": {\"count\": 2, \"hidden\": [8, 8], \"width\": 8, \"user_width\": 4, \"batch\": 8, "
    "\"buffer\": 200, \"learning_starts\": 32, \"n_steps\": 4}, "
    "\"train\": {\"steps\": 640, \"yardsticks\": false, \"evaluate_every\": 640, "
    "\"checkpoint_every\": 320, "
    "\"evaluation\": {\"episodes\": 8}}}";

/// A run in FOLDER/run, trained from within FOLDER, so that its config names no other place.
static bool train(const char *folder, const char *const *more) {
  const char *overrides[16] = {"train.out=run"};
  for (int k = 0; more && more[k]; ++k) overrides[k + 1] = more[k];
  throng_config *config;
  throng_train_report report;
  EXPECT_EQ(chdir(folder), 0);
  throng_status status = throng_config_read(run_text, "here", overrides, &config);
  if (status == THRONG_OK) {
    status = throng_config_train(config, NULL, &report);
    throng_config_close(config);
  }
  EXPECT_OK(status);
  return status == THRONG_OK;
}

static void shell(const char *command) { EXPECT_EQ(system(command), 0); }

typedef struct asked {
  throng_states states;
  int32_t user[STATES], item[STATES * 3];
  int64_t offset[STATES + 1];
  uint8_t like[STATES * 3];
} asked;

static void ask(asked *q) {
  for (int k = 0; k < STATES; ++k) {
    q->user[k] = k % 60;
    q->offset[k] = 3 * k;
    for (int e = 0; e < 3; ++e) {
      q->item[3 * k + e] = (7 * k + 11 * e) % ITEMS;
      q->like[3 * k + e] = (uint8_t)((k + e) % 2);
    }
  }
  q->offset[STATES] = 3 * STATES;
  q->states = (throng_states){STATES, q->user, q->offset, q->item, q->like, NULL};
}

/// What the population as it was trained makes of the same states.
static throng_status top_in_training(const trained *t, const asked *q, int32_t agent, int32_t *item,
                                     float *score) {
  throng_sim *sim = NULL;
  throng_population *population = NULL;
  throng_status status = throng_sim_create(t->backend, t->world, t->sta, &t->config.sim, &sim);
  if (status == THRONG_OK)
    status = throng_population_create(sim, &t->config.agent, t->config.train.steps, &population);
  if (status == THRONG_OK) status = throng_population_restore(population, t->checkpoint);
  if (status == THRONG_OK)
    status = throng_population_top(population, agent, &q->states, TOP, false, item, score);
  throng_population_close(population);
  throng_sim_close(sim);
  return status;
}

TEST(trained, an_agent_ranks_as_it_did_where_it_was_trained) {
  static const char *const kinds[][3] = {{"agent.head=two_tower"},
                                         {"agent.head=flat"},
                                         {"agent.head=flat_dueling"},
                                         {"agent.algorithm=ppo"},
                                         {"agent.algorithm=a2c"},
                                         {"agent.algorithm=trpo"},
                                         {"sim.slate_size=3", "sim.max_steps=4"}};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; ++k) {
    char folder[] = "/tmp/throng-trained-XXXXXX", command[96];
    ASSERT_TRUE(mkdtemp(folder) != NULL);
    if (!train(folder, (const char *[]){kinds[k][0], kinds[k][1], NULL})) return;
    static asked q;
    static int32_t here[STATES * TOP], there[STATES * TOP], other[STATES * TOP];
    static float score[STATES * TOP], expected[STATES * TOP];
    trained t;
    ask(&q);
    ASSERT_OK(trained_open(&(trained_def){.run = "run", .agent = 1}, NULL, &t));
    EXPECT_EQ(t.n_agent, 2);
    EXPECT_EQ(t.user_steps, 640);
    EXPECT_TRUE(t.same_world);
    ASSERT_OK(throng_population_top(t.population, 0, &q.states, TOP, false, here, score));
    ASSERT_OK(top_in_training(&t, &q, 1, there, expected));
    EXPECT_EQ(memcmp(here, there, sizeof here), 0);
    EXPECT_EQ(memcmp(score, expected, sizeof score), 0);
    ASSERT_OK(top_in_training(&t, &q, 0, other, expected));
    EXPECT_TRUE(memcmp(score, expected, sizeof score) != 0);
    trained_close(&t);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    shell(command);
  }
}

static char moved[] = "/tmp/throng-trained-XXXXXX";

TEST(trained, a_folder_that_was_moved_opens_by_what_lies_in_it) {
  trained t;
  ASSERT_TRUE(mkdtemp(moved) != NULL);
  if (!train(moved, NULL)) return;
  shell("mkdir -p far/away && mv run far/away/kept");
  ASSERT_OK(trained_open(&(trained_def){.run = "far/away/kept/"}, NULL, &t));
  EXPECT_STREQ(t.config.world_file, "far/away/kept/world.safetensors");
  trained_close(&t);
  // A path into the old folder, and one beside it whose file was moved into the folder.
  shell("sed -i '/\"world\":/,/}/s|null|\"run/world.safetensors\"|' far/away/kept/config.json");
  ASSERT_OK(trained_open(&(trained_def){.run = "far/away/kept"}, NULL, &t));
  EXPECT_STREQ(t.config.world_file, "far/away/kept/world.safetensors");
  trained_close(&t);
  shell("sed -i 's|run/world|elsewhere/world|' far/away/kept/config.json");
  ASSERT_OK(trained_open(&(trained_def){.run = "far/away/kept"}, NULL, &t));
  trained_close(&t);
  // From inside, and by a checkpoint.
  ASSERT_EQ(chdir("far/away/kept"), 0);
  ASSERT_OK(trained_open(&(trained_def){.run = "checkpoint-320.safetensors"}, NULL, &t));
  EXPECT_EQ(t.user_steps, 320);
  trained_close(&t);
  shell("mv world.safetensors ../w.safetensors");
  EXPECT_EQ(trained_open(&(trained_def){.run = "."}, NULL, &t), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "elsewhere/world.safetensors");
  EXPECT_CONTAINS(throng_error_message(), "--set world.file=FILE");
  ASSERT_OK(trained_open(
      &(trained_def){.run = ".",
                     .overrides = (const char *[]){"world.file=../w.safetensors", NULL}},
      NULL, &t));
  EXPECT_TRUE(t.same_world);
  trained_close(&t);
  shell("mv ../w.safetensors world.safetensors");
  ASSERT_EQ(chdir(moved), 0);
  shell("mv far/away/kept run && rm -rf far");
  shell("sed -i 's|elsewhere/world|run/world|' run/config.json");
}

static throng_status open_with(const trained_def *def) {
  trained t;
  throng_status status = trained_open(def, NULL, &t);
  trained_close(&t);
  return status;
}

TEST(trained, what_is_wrong_is_said_with_its_place) {
  if (chdir(moved) != 0 || access("run", F_OK) != 0) return;
  EXPECT_EQ(open_with(&(trained_def){.run = "nowhere"}), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "nowhere: No such file or directory");
  shell("mkdir -p empty sweep && touch sweep/trials.db");
  EXPECT_EQ(open_with(&(trained_def){.run = "empty"}), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "empty: no config.json");
  EXPECT_EQ(open_with(&(trained_def){.run = "sweep"}), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "the folder of a sweep");
  EXPECT_EQ(open_with(&(trained_def){.run = "run/world.safetensors"}), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "is a world");
  EXPECT_EQ(open_with(&(trained_def){.run = "run", .agent = 2}), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent 2 is not in 0..1");
  const char *const gamma[] = {"agent.gamma=0.5", NULL};
  EXPECT_EQ(open_with(&(trained_def){.run = "run", .overrides = gamma}), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "agent.gamma");
  shell("cp -r run young && rm young/checkpoint-*");
  EXPECT_EQ(open_with(&(trained_def){.run = "young"}), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "young: no checkpoint yet");
}

TEST(trained, a_damaged_checkpoint_gives_way_to_the_one_before_it) {
  trained t;
  if (chdir(moved) != 0 || access("run", F_OK) != 0) return;
  shell("cp -r run hurt && truncate -s -100 hurt/checkpoint-640.safetensors");
  ASSERT_OK(trained_open(&(trained_def){.run = "hurt"}, NULL, &t));
  EXPECT_EQ(t.user_steps, 320);
  trained_close(&t);
  shell("truncate -s -100 hurt/checkpoint-320.safetensors");
  EXPECT_EQ(open_with(&(trained_def){.run = "hurt"}), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "no checkpoint is whole");
}

/// A world like the run's but for what `override` says, in FOLDER/NAME.
static bool other_world(const char *override, const char *name) {
  throng_config *config;
  throng_world *world;
  throng_status status =
      throng_config_read(run_text, "here", (const char *[]){override, NULL}, &config);
  EXPECT_OK(status);
  if (status != THRONG_OK) return false;
  status = throng_config_make_world(config, name, NULL, &world);
  EXPECT_OK(status);
  if (status == THRONG_OK) throng_world_close(world);
  throng_config_close(config);
  return status == THRONG_OK;
}

TEST(trained, another_world_must_be_asked_for_and_have_the_items_that_the_agent_knows) {
  if (chdir(moved) != 0 || access("run", F_OK) != 0) return;
  if (!other_world("synth.seed=5", "five.safetensors") ||
      !other_world("synth.items=41", "more.safetensors") ||
      !other_world("synth.users=61", "users.safetensors"))
    return;
  shell("cp -r run changed && cp five.safetensors changed/world.safetensors");
  EXPECT_EQ(open_with(&(trained_def){.run = "changed"}), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "changed since the agent was trained");
  const char *const five[] = {"world.file=five.safetensors", NULL};
  EXPECT_EQ(open_with(&(trained_def){.run = "run", .overrides = five}), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "features differ: item 0");
  const char *const more[] = {"world.file=more.safetensors", NULL};
  EXPECT_EQ(open_with(&(trained_def){.run = "run", .overrides = more}), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "trained on a world of 40 items, this one has 41");
  const char *const users[] = {"world.file=users.safetensors", NULL};
  EXPECT_EQ(open_with(&(trained_def){.run = "run", .overrides = users}), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "rows of 60 users");
}

TEST(trained, an_agent_sees_users_as_in_training_whatever_users_it_is_to_meet) {
  trained t;
  if (chdir(moved) != 0 || access("run", F_OK) != 0) return;
  const char *const mood[] = {"users.temper=2", "users.features=true", NULL};
  ASSERT_OK(trained_open(&(trained_def){.run = "run", .overrides = mood}, NULL, &t));
  EXPECT_EQ(t.config.sim.users.temper, 2.0f);
  EXPECT_EQ(throng_sim_get_def(t.sim).users.temper, 0.0f);
  trained_close(&t);
}

TEST(trained, callers_outside_get_the_same_agent) {
  if (chdir(moved) != 0 || access("run", F_OK) != 0) return;
  static asked q;
  static int32_t inner[STATES * TOP], outer[STATES * TOP];
  trained t;
  throng_trained *public;
  ask(&q);
  ASSERT_OK(trained_open(&(trained_def){.run = "run", .agent = 1}, NULL, &t));
  ASSERT_OK(throng_population_recommend(t.population, 0, &q.states, TOP, THRONG_EXCLUDE_HISTORY,
                                        inner, NULL));
  trained_close(&t);
  EXPECT_EQ(throng_trained_open("run", NULL, 2, NULL, &public), THRONG_ERROR_ARGUMENT);
  EXPECT_TRUE(public == NULL);
  ASSERT_OK(throng_trained_open("run", NULL, 1, NULL, &public));
  ASSERT_OK(throng_population_recommend(throng_trained_population(public), 0, &q.states, TOP,
                                        THRONG_EXCLUDE_HISTORY, outer, NULL));
  EXPECT_EQ(memcmp(inner, outer, sizeof inner), 0);
  EXPECT_STREQ(throng_trained_checkpoint(public), "run/checkpoint-640.safetensors");
  EXPECT_EQ(throng_world_get_info(throng_trained_world(public)).n_item, ITEMS);
  EXPECT_TRUE(throng_trained_sta(public) == NULL);  // rule logical
  EXPECT_TRUE(throng_trained_sim(public) && throng_trained_backend(public));
  throng_trained_close(public);
  throng_trained_close(NULL);
}

TEST(trained, callers_outside_are_told_what_was_opened) {
  if (chdir(moved) != 0 || access("run", F_OK) != 0) return;
  throng_trained *t;
  const char *text, *const calm[] = {"sim.max_steps=9", NULL};
  ASSERT_OK(throng_trained_open("run", calm, 1, NULL, &t));
  const throng_trained_info info = throng_trained_get_info(t);
  EXPECT_STREQ(info.folder, "run");
  EXPECT_STREQ(info.checkpoint, "run/checkpoint-640.safetensors");
  EXPECT_STREQ(info.title, "DQN");
  EXPECT_STREQ(info.score, "Q");
  EXPECT_EQ(info.agent, 1);
  EXPECT_EQ(info.n_agent, 2);
  EXPECT_EQ(info.user_steps, 640);
  EXPECT_TRUE(info.same_world);
  EXPECT_EQ(throng_config_get_sim_def(throng_trained_config(t)).max_steps, 9);
  ASSERT_OK(throng_config_get_json(throng_trained_config(t), &text));
  EXPECT_CONTAINS(text, "run/world.safetensors");
  throng_trained_close(t);
}

/// What the run's summary says of its agents' mean.
static double summary_of(const char *run, const char *key) {
  size_t n;
  char *text = read_file(run, "summary.json", &n);
  cJSON *summary = cJSON_Parse(text ? text : "");
  const cJSON *policies = cJSON_GetObjectItemCaseSensitive(summary, "policies");
  const cJSON *agent = cJSON_GetObjectItemCaseSensitive(policies, "agent");
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(agent, key);
  EXPECT_TRUE(cJSON_IsNumber(value));
  const double found = value ? value->valuedouble : -1;
  cJSON_Delete(summary);
  free(text);
  return found;
}

TEST(trained, judged_again_agents_have_the_figures_of_the_runs_summary_and_who_acts_stays) {
  if (chdir(moved) != 0 || access("run", F_OK) != 0) return;
  static asked q;
  static int32_t before[STATES * TOP], after[STATES * TOP];
  throng_trained *t;
  throng_train_report report, alone;
  throng_metrics each[2], one;
  throng_comparison against[2];
  ask(&q);
  ASSERT_OK(throng_trained_open("run", NULL, 0, NULL, &t));
  throng_population *agent = throng_trained_population(t);
  ASSERT_OK(throng_population_recommend(agent, 0, &q.states, TOP, 0, before, NULL));
  ASSERT_OK(throng_trained_evaluate(t, -1, NULL, &report, each, against));
  EXPECT_NEAR(report.agent.average_reward, summary_of("run", "average_reward"), 0);
  EXPECT_NEAR(report.agent.liking, summary_of("run", "liking"), 1e-12);
  EXPECT_NEAR((each[0].average_reward + each[1].average_reward) / 2, report.agent.average_reward,
              1e-12);
  EXPECT_EQ(report.agent.episodes, 8);
  EXPECT_EQ(report.user_steps, 0);
  EXPECT_EQ(report.yardstick[THRONG_YARDSTICK_RANDOM].episodes, 0);  // the run plays none
  EXPECT_EQ(against[1].random.sessions, 0);
  ASSERT_OK(throng_population_recommend(agent, 0, &q.states, TOP, 0, after, NULL));
  EXPECT_EQ(memcmp(before, after, sizeof before), 0);
  EXPECT_EQ(throng_trained_get_info(t).agent, 0);
  ASSERT_OK(throng_trained_evaluate(t, 1, NULL, &alone, &one, NULL));
  EXPECT_EQ(memcmp(&one, &each[1], sizeof one), 0);
  EXPECT_EQ(throng_trained_evaluate(t, 2, NULL, &alone, NULL, NULL), THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(throng_trained_evaluate(t, -2, NULL, &alone, NULL, NULL), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent -2 is not in 0..1");
  throng_trained_close(t);
  const char *const beside[] = {"train.yardsticks=true", NULL};
  ASSERT_OK(throng_trained_open("run", beside, 0, NULL, &t));
  ASSERT_OK(throng_trained_evaluate(t, -1, NULL, &report, each, against));
  EXPECT_EQ(report.yardstick[THRONG_YARDSTICK_RANDOM].episodes, 8);
  EXPECT_NEAR(against[1].random.mean,
              each[1].average_reward - report.yardstick[THRONG_YARDSTICK_RANDOM].average_reward,
              1e-9);
  throng_trained_close(t);
}

TEST(trained, other_dynamics_are_played_by_the_same_agent) {
  trained t;
  if (chdir(moved) != 0 || access("run", F_OK) != 0) return;
  const char *const calm[] = {"sim.leave_probability=0", "sim.max_steps=9", NULL};
  ASSERT_OK(trained_open(&(trained_def){.run = "run", .overrides = calm, .lanes = 4}, NULL, &t));
  int32_t action[4];
  for (int step = 0; step < 9; ++step) {
    ASSERT_OK(throng_population_act(t.population, t.sim, true, action));
    for (int lane = 0; lane < 4; ++lane) EXPECT_TRUE(action[lane] >= 0 && action[lane] < ITEMS);
    ASSERT_OK(throng_sim_step(t.sim, action));
  }
  trained_close(&t);
  char command[96];
  ASSERT_EQ(chdir("/"), 0);
  snprintf(command, sizeof command, "rm -rf %s", moved);
  shell(command);
}
