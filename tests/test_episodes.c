/// Logged episodes: propensities are those of what was played, and files hold every row.
#include "episodes/episodes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "episodes/episodes_file.h"
#include "support/small_run.h"

enum { MOST_ROWS = 40000 };

typedef struct log_rows {
  episodes_row row[MOST_ROWS];
  int64_t n, sessions;
  int wrong;  // steps that are not 0, 1, .., or an end within a session
} log_rows;

static throng_status take(void *context, const episodes_row *row, int32_t n) {
  log_rows *log = context;
  if (log->n + n > MOST_ROWS) return THRONG_ERROR_MEMORY;
  for (int32_t k = 0; k < n; ++k) {
    log->wrong += row[k].step != k || row[k].session != row[0].session ||
                  row[k].user != row[0].user || (row[k].end != 0) != (k == n - 1);
    log->row[log->n++] = row[k];
  }
  ++log->sessions;
  return THRONG_OK;
}

static log_rows *play(const small_run *run, int64_t sessions, int32_t lanes,
                      const episodes_policy *policy, const episodes_policy *target) {
  const episodes_def def = {.sessions = sessions, .lanes = lanes, .seed = 3};
  log_rows *log = calloc(1, sizeof *log);
  EXPECT_OK(episodes_play(run->backend, run->world, NULL, &run->sim, &def, policy, target, NULL,
                          take, log));
  EXPECT_EQ(log->sessions, sessions);
  EXPECT_EQ(log->wrong, 0);
  return log;
}

TEST(episodes, random_items_are_all_eligible_ones_alike_and_none_is_shown_twice_under_a_mask) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  run.sim.mask_seen = true;
  const episodes_policy random = {.yardstick = THRONG_YARDSTICK_RANDOM};
  log_rows *log = play(&run, 300, 32, &random, NULL);
  const int32_t n_item = (int32_t)throng_world_get_info(run.world).n_item;
  int twice = 0, wrong = 0;
  int64_t shown[240] = {0}, sessions_seen = 0;
  for (int64_t k = 0; k < log->n; ++k) {
    const episodes_row *r = &log->row[k];
    wrong += r->eligible != n_item - r->step;
    for (int32_t back = 1; back <= r->step; ++back) twice += log->row[k - back].item == r->item;
    ++shown[r->item];
    sessions_seen += r->step == 0;
  }
  EXPECT_EQ(twice, 0);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(sessions_seen, 300);
  double chi = 0;
  const double expected = (double)log->n / n_item;
  for (int32_t i = 0; i < n_item; ++i)
    chi += ((double)shown[i] - expected) * ((double)shown[i] - expected) / expected;
  EXPECT_LT(chi, 239 + 5 * sqrt(2 * 239.0));  // mean 239, standard deviation 21.9
  free(log);
  small_run_close(&run);
}

TEST(episodes, weights_of_a_target_policy_average_to_one_by_exact_propensities) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  for (int masked = 0; masked < 2; ++masked) {
    run.sim.mask_seen = masked;
    const episodes_policy popular = {.yardstick = THRONG_YARDSTICK_POPULAR, .epsilon = 0.5f};
    const episodes_policy similar = {.yardstick = THRONG_YARDSTICK_MOST_SIMILAR, .epsilon = 0.9f};
    log_rows *log = play(&run, 500, 64, &popular, &similar);
    double weight = 0, own = 0, squares = 0;
    for (int64_t k = 0; k < log->n; ++k) {
      const episodes_row *r = &log->row[k];
      const double p = episodes_propensity(r->item, r->best, r->eligible, popular.epsilon);
      const double w =
          episodes_propensity(r->item, r->target_best, r->eligible, similar.epsilon) / p;
      weight += w;
      squares += w * w;
      own += r->item == r->best;
    }
    const double n = (double)log->n, mean = weight / n;
    EXPECT_NEAR(mean, 1, 5 * sqrt((squares / n - mean * mean) / n));
    EXPECT_NEAR(own / n, 0.5, 5 * sqrt(0.25 / n));  // and 1 in some 240 of the explored ones
    free(log);
  }
  small_run_close(&run);
}

TEST(episodes, a_planner_keeps_users_who_leave_on_repetition_longer_than_a_myopic_policy) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  run.sim.mask_seen = true;
  run.sim.leave_probability = 0;
  run.sim.max_steps = 12;
  run.sim.users.repeat_window = 1;
  const episodes_policy myopic = {.yardstick = THRONG_YARDSTICK_MYOPIC};
  const episodes_policy planner = {.yardstick = THRONG_YARDSTICK_PLANNER};
  log_rows *shown = play(&run, 8, 8, &myopic, NULL), *planned = play(&run, 8, 8, &planner, NULL);
  EXPECT_GT(planned->n, 2 * shown->n);
  free(shown);
  free(planned);
  small_run_close(&run);
}

TEST(episodes, a_greedy_policy_shows_its_best_with_propensity_one) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  const episodes_policy popular = {.yardstick = THRONG_YARDSTICK_POPULAR};
  log_rows *log = play(&run, 20, 8, &popular, NULL);
  int wrong = 0;
  for (int64_t k = 0; k < log->n; ++k)
    wrong += log->row[k].item != log->row[k].best || log->row[k].target_best != -1 ||
             episodes_propensity(log->row[k].item, log->row[k].best, log->row[k].eligible, 0) != 1;
  EXPECT_EQ(wrong, 0);
  free(log);
  small_run_close(&run);
}

TEST(episodes, an_agent_of_a_population_is_logged_as_it_is_alone) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  throng_sim *sim, *small;
  throng_population *many, *one;
  char path[4096];
  snprintf(path, sizeof path, "%s/agent.safetensors", throng_test_folder());
  run.agent.count = 4;
  ASSERT_OK(throng_sim_create(run.backend, run.world, NULL, &run.sim, &sim));
  ASSERT_OK(throng_population_create(sim, &run.agent, 3200, &many));
  ASSERT_OK(throng_population_save_agent(many, 2, path));
  run.agent.count = 1;
  throng_sim_def lanes = run.sim;
  lanes.lanes = 8;
  lanes.first_lane = 16;
  ASSERT_OK(throng_sim_create(run.backend, run.world, NULL, &lanes, &small));
  ASSERT_OK(throng_population_create(small, &run.agent, 800, &one));
  ASSERT_OK(throng_population_load_agent(one, 0, path));
  const episodes_policy first = {.population = many, .agent = 0, .epsilon = 0.3f};
  const episodes_policy third = {.population = many, .agent = 2, .epsilon = 0.3f};
  const episodes_policy alone = {.population = one, .agent = 0, .epsilon = 0.3f};
  log_rows *a = play(&run, 40, 8, &third, NULL), *b = play(&run, 40, 8, &alone, NULL);
  log_rows *c = play(&run, 40, 8, &first, NULL);
  ASSERT_EQ(a->n, b->n);
  int same = 0, differ = 0;
  for (int64_t k = 0; k < a->n; ++k) {
    const episodes_row *x = &a->row[k], *y = &b->row[k];
    differ += x->session != y->session || x->user != y->user || x->item != y->item ||
              x->best != y->best || x->like != y->like;
  }
  EXPECT_EQ(differ, 0);
  for (int64_t k = 0; k < a->n && k < c->n; ++k) same += a->row[k].best == c->row[k].best;
  EXPECT_LT(same, a->n / 2);  // other weights, other favourites
  EXPECT_EQ(a->row[0].user, c->row[0].user);
  free(a);
  free(b);
  free(c);
  throng_population_close(one);
  throng_population_close(many);
  throng_sim_close(small);
  throng_sim_close(sim);
  small_run_close(&run);
}

TEST(episodes, what_has_no_propensity_is_refused) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  const episodes_def def = {.sessions = 1, .lanes = 1, .seed = 1};
  episodes_policy policy = {.yardstick = THRONG_YARDSTICK_RANDOM, .epsilon = 2};
  log_rows *log = calloc(1, sizeof *log);
#define PLAY() \
  episodes_play(run.backend, run.world, NULL, &run.sim, &def, &policy, NULL, NULL, take, log)
  EXPECT_EQ(PLAY(), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "epsilon is 2");
  policy.epsilon = 1;
  run.sim.slate_size = 3;
  EXPECT_EQ(PLAY(), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sim.slate_size is 3");
#undef PLAY
  EXPECT_EQ(log->n, 0);
  free(log);
  small_run_close(&run);
}

static const char *write_file(const small_run *run, episodes_format format, const char *name,
                              int64_t *rows) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", throng_test_folder(), name);
  const episodes_policy policy = {.yardstick = THRONG_YARDSTICK_POPULAR, .epsilon = 0.5f};
  const episodes_def def = {.sessions = 50, .lanes = 16, .seed = 3};
  episodes_file *file;
  EXPECT_OK(episodes_file_create(run->world, format, path, policy.epsilon, -1, true, &file));
  EXPECT_OK(episodes_play(run->backend, run->world, NULL, &run->sim, &def, &policy, NULL, NULL,
                          episodes_file_session, file));
  *rows = episodes_file_rows(file);
  EXPECT_NE(access(path, F_OK), 0);  // not before it is whole
  EXPECT_OK(episodes_file_commit(file));
  return path;
}

TEST(episodes, a_csv_holds_histories_and_sessions_by_raw_ids) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  int64_t rows, n = 0, past = 0, shown = 0;
  FILE *file = fopen(write_file(&run, EPISODES_CSV, "log.csv", &rows), "r");
  ASSERT_TRUE(file != NULL);
  char line[256], user[64], item[64], propensity[64];
  ASSERT_TRUE(fgets(line, sizeof line, file) != NULL);
  EXPECT_STREQ(line, "user,item,like,time,session,step,end,propensity\n");
  for (; fgets(line, sizeof line, file); ++n) {
    int like, end, step;
    long long time, session;
    *propensity = '\0';
    const int fields = sscanf(line, "%63[^,],%63[^,],%d,%lld,%lld,%d,%d,%63s", user, item, &like,
                              &time, &session, &step, &end, propensity);
    ASSERT_TRUE(fields >= 7);
    const int64_t u = throng_world_find_user(run.world, user);
    ASSERT_TRUE(u >= 0 && throng_world_find_item(run.world, item) >= 0);
    const int64_t *real_time;
    const int32_t *real_item;
    const int64_t length = throng_world_history(run.world, u, &real_item, NULL, &real_time);
    if (step < 0) {
      EXPECT_STREQ(throng_world_item_id(run.world, real_item[length + step]), item);
      EXPECT_EQ(real_time[length + step], time);
      EXPECT_STREQ(propensity, "");
      ++past;
    } else {
      EXPECT_EQ(time, real_time[length - 1] + 1 + step);
      const double p = atof(propensity);
      EXPECT_TRUE(fabs(p - 0.5 / 240) < 1e-15 || fabs(p - (0.5 + 0.5 / 240)) < 1e-15);
      ++shown;
    }
  }
  fclose(file);
  EXPECT_EQ(n, rows);
  EXPECT_GT(past, 50);
  EXPECT_GT(shown, 50);
  small_run_close(&run);
}

TEST(episodes, a_numpy_file_tells_its_records_in_a_header_of_its_size) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  int64_t rows;
  FILE *file = fopen(write_file(&run, EPISODES_NUMPY, "log.npy", &rows), "rb");
  ASSERT_TRUE(file != NULL);
  char header[512], shape[64];
  ASSERT_EQ(fread(header, 1, sizeof header, file), sizeof header);
  EXPECT_EQ(memcmp(header, "\x93NUMPY\x01\x00\xf6\x01", 10), 0);
  EXPECT_EQ(header[511], '\n');
  header[511] = '\0';
  snprintf(shape, sizeof shape, "'shape': (%lld,), }", (long long)rows);
  EXPECT_CONTAINS(header + 10, shape);
  fseek(file, 0, SEEK_END);
  EXPECT_EQ(ftell(file), 512 + rows * (6 + 6 + 1 + 8 + 8 + 4 + 1 + 8));  // ids u00000, i00000
  fclose(file);
  small_run_close(&run);
}

TEST(episodes, recbole_s_files_stand_together_and_an_abandoned_one_leaves_nothing) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  char path[4096], line[256];
  int64_t rows, n = 0;
  const char *suffix[] = {".inter", ".item", ".user"};
  const char *header[] = {"user_id:token\titem_id:token\tlabel:float",
                          "item_id:token\ttitle:token\tcategories:token_seq", "user_id:token\t"};
  (void)write_file(&run, EPISODES_RECBOLE, "log", &rows);
  for (int k = 0; k < 3; ++k) {
    snprintf(path, sizeof path, "%s/log%s", throng_test_folder(), suffix[k]);
    FILE *file = fopen(path, "r");
    ASSERT_TRUE(file != NULL);
    ASSERT_TRUE(fgets(line, sizeof line, file) != NULL);
    EXPECT_CONTAINS(line, header[k]);
    for (n = 0; fgets(line, sizeof line, file);) ++n;
    EXPECT_EQ(n, k == 0 ? rows : k == 1 ? 240 : 400);
    fclose(file);
  }
  episodes_file *file;
  snprintf(path, sizeof path, "%s/gone", throng_test_folder());
  ASSERT_OK(episodes_file_create(run.world, EPISODES_RECBOLE, path, 1, -1, false, &file));
  episodes_file_abort(file);
  snprintf(path, sizeof path, "ls %s/gone* %s/.gone* 2>/dev/null | wc -l | grep -q '^0$'",
           throng_test_folder(), throng_test_folder());
  EXPECT_EQ(system(path), 0);
  small_run_close(&run);
}
