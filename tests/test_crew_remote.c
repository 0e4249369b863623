/// A crew of workers in other processes against one in this process: the same orders come to the
/// same reports, whoever trains what, whoever is killed, and wherever states travel.
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew/remote.h"
#include "crew/worker.h"
#include "support/agent_rig.h"

enum { LANES = 6, SLOTS = 6, MOST_REPORTS = 200, MOST_WORKERS = 4 };

static const deal_token secret = {"a token of some length", 22};
static const char *const facts[] = {"build=test", "arithmetic=this", NULL};
static const char *const world_facts[] = {"world=small", NULL};

// --- what is trained: trial k, by overrides "trial=K", "gamma=X"
// -----------------------------------

static throng_status setup_from(void *context, const char *const *overrides, crew_setup *out,
                                void **owned) {
  (void)context;
  int k = 0, n_step = 1;
  double gamma = 0.9;
  for (; *overrides; ++overrides) {
    sscanf(*overrides, "trial=%d", &k);
    sscanf(*overrides, "gamma=%lf", &gamma);
    sscanf(*overrides, "n_step=%d", &n_step);
  }
  if (k == 99) return throng_fail(THRONG_ERROR_CONFIG, "trial: there is no 99");
  *out = (crew_setup){.sim = rig_sim_def(LANES, 8),
                      .agent = rig_agent_def(k % 3 == 2 ? THRONG_HEAD_FLAT : THRONG_HEAD_TWO_TOWER),
                      .train = throng_default_train_def()};
  out->sim.first_lane = (uint32_t)(1000 * k);
  out->sim.mask_seen = true;
  out->agent.seed = (uint32_t)(17 + k);
  out->agent.gamma = (float)gamma;
  out->agent.n_step = n_step;
  out->agent.learning_starts = 30;
  out->train.steps = 600;
  out->train.evaluate_every = 60;
  out->train.evaluation.episodes = 5;
  out->train.evaluation.top = 3;
  *owned = malloc(16);  // so that leaks are noticed
  return THRONG_OK;
}

typedef struct stage {
  throng_world world;
  throng_backend *backend;
  crew_seat_def seat;
} stage;

static void stage_open(stage *s, const char *folder) {
  s->world = small_world(7, 20, 60, 6, 12);
  EXPECT_OK(backend_cpu_open(1, &s->backend));
  s->seat = (crew_seat_def){.backend = s->backend,
                            .world = &s->world,
                            .n_slot = SLOTS,
                            .setup = setup_from,
                            .release = free,
                            .folder = folder};
}

static void stage_close(stage *s) {
  throng_backend_close(s->backend);
  small_world_free(&s->world);
}

// --- workers: processes
// ----------------------------------------------------------------------------

typedef struct worker_options {
  const char *folder;
  const char *const *world_facts;
  int32_t slots;
  stage stage;
} worker_options;

static throng_status prepare(void *context, const worker_welcome *welcome,
                             const throng_progress *progress, crew_seat_def *seat,
                             const char *const **out) {
  worker_options *o = context;
  (void)progress;
  if (strcmp(welcome->config, "the config") != 0)
    return throng_fail(THRONG_ERROR_CONFIG, "another config");
  stage_open(&o->stage, o->folder);
  const int32_t n_slot = seat->n_slot;
  *seat = o->stage.seat;
  seat->n_slot = n_slot;
  *out = o->world_facts;
  return THRONG_OK;
}

/// The worker's exit code is its status.
static pid_t worker_begin(const char *where, const char *folder, const char *const *of_program,
                          const char *const *of_world, int32_t slots) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  worker_options o = {.folder = folder, .world_facts = of_world, .slots = slots};
  worker_def def = {
      .name = "w", .slots = slots, .facts = of_program, .prepare = prepare, .context = &o};
  throng_status status = deal_connect(where, &secret, 10, NULL, &def.deal);
  bool lost;
  if (status == THRONG_OK) status = crew_work(&def, NULL, &lost);
  _exit(status);
}

static int worker_end(pid_t pid) {
  int status = -1;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// An owner, its workers, and whom to kill when.
typedef struct company {
  stage stage;
  crew *crew;
  char where[DEAL_WHERE];
  pid_t worker[MOST_WORKERS];
  int n_worker;
  char notes[4096];
  int kill_in_round;      // the round during which the last worker is killed; -1: none
  int kill_before_round;  // the same between rounds
  bool replace;           // and another one comes
  int round;
  throng_progress progress;
} company;

static void company_hire(company *c, int32_t slots) {
  c->worker[c->n_worker++] =
      worker_begin(c->where, throng_test_folder(), facts, world_facts, slots);
}

static void company_kill(company *c) {
  kill(c->worker[--c->n_worker], SIGKILL);
  EXPECT_EQ(worker_end(c->worker[c->n_worker]), 1000 + SIGKILL);
  if (c->replace) company_hire(c, 0);
}

static bool report(void *context, const char *stage, int64_t done, int64_t total,
                   const char *unit) {
  company *c = context;
  (void)stage, (void)done, (void)total, (void)unit;
  if (c->round != c->kill_in_round) return true;
  c->kill_in_round = -1;
  company_kill(c);
  return true;
}

static void note(void *context, const char *text) {
  company *c = context;
  const size_t n = strlen(c->notes);
  snprintf(c->notes + n, sizeof c->notes - n, "%s\n", text);
}

static void company_open(company *c, int32_t own_slots) {
  deal *d;
  *c = (company){.kill_in_round = -1, .kill_before_round = -1};
  stage_open(&c->stage, throng_test_folder());
  c->progress = (throng_progress){report, note, c};
  ASSERT_OK(deal_listen("0", &secret, 30, c->where, &d));
  const crew_remote_def def = {.deal = d,
                               .seat = c->stage.seat,
                               .own_slots = own_slots,
                               .config = "the config",
                               .facts = facts,
                               .world_facts = world_facts,
                               .progress = &c->progress};
  ASSERT_OK(crew_remote_create(&def, &c->crew));
}

static void company_close(company *c) {
  if (c->crew) c->crew->ops->close(c->crew);
  for (int k = 0; k < c->n_worker; ++k) EXPECT_EQ(worker_end(c->worker[k]), THRONG_OK);
  stage_close(&c->stage);
}

// --- a story: orders, and what is reported
// ----------------------------------------------------------

typedef struct told {
  int n;
  crew_report report[MOST_REPORTS];
} told;

static void start(crew *crew, int32_t slot, int trial) {
  char text[32];
  snprintf(text, sizeof text, "trial=%d", trial);
  const char *const overrides[] = {text, NULL};
  crew_setup setup;
  void *owned;
  setup_from(NULL, overrides, &setup, &owned);
  setup.overrides = overrides;
  EXPECT_OK(crew->ops->start(crew, slot, &setup));
  free(owned);
}

static void copy(crew *crew, int32_t slot, int32_t from, int trial, const char *gamma) {
  char text[32];
  snprintf(text, sizeof text, "trial=%d", trial);
  const char *const overrides[] = {text, gamma, NULL};
  crew_setup setup;
  void *owned;
  setup_from(NULL, overrides, &setup, &owned);
  setup.overrides = overrides;
  EXPECT_OK(crew->ops->copy(crew, slot, from, &setup));
  free(owned);
}

static void train(crew *crew, company *c, told *t) {
  int32_t n;
  if (c && c->round == c->kill_before_round) company_kill(c);
  ASSERT_TRUE(t->n + SLOTS <= MOST_REPORTS);
  ASSERT_OK(crew->ops->round(crew, c ? &c->progress : NULL, t->report + t->n, &n));
  t->n += n;
  if (c) ++c->round;
}

/// Twelve rounds of trials that come, go, are copied and are saved.
static void story(crew *crew, company *c, told *t) {
  char path[4096];
  crew_setup setup;
  void *owned;
  t->n = 0;
  for (int k = 0; k < 5; ++k) start(crew, k, k);
  train(crew, c, t);
  train(crew, c, t);
  EXPECT_OK(crew->ops->stop(crew, 1));
  start(crew, 5, 6);
  start(crew, 1, 7);
  train(crew, c, t);
  copy(crew, 4, 0, 9, "gamma=0.5");  // onto one that trains
  copy(crew, 3, 1, 10, "n_step=3");  // more than anybody has whose arrays it is put into
  EXPECT_OK(crew->ops->stop(crew, 2));
  train(crew, c, t);
  copy(crew, 2, 4, 12, "gamma=0.3");  // of a copy, into a free slot
  train(crew, c, t);
  snprintf(path, sizeof path, "%s/state_%d.safetensors", throng_test_folder(), c != NULL);
  EXPECT_OK(crew->ops->save(crew, 0, path));
  train(crew, c, t);
  copy(crew, 5, 0, 13, "gamma=0.6");  // of one that was saved
  copy(crew, 0, 0, 15, "n_step=4");   // of itself
  train(crew, c, t);
  train(crew, c, t);
  EXPECT_OK(crew->ops->stop(crew, 0));
  const char *const first[] = {"trial=0", NULL};
  setup_from(NULL, first, &setup, &owned);
  setup.overrides = first;
  EXPECT_OK(crew->ops->load(crew, 0, &setup, path));
  free(owned);
  unlink(path);
  for (int k = 0; k < 4; ++k) train(crew, c, t);
}

static void tell_here(told *t) {
  stage s;
  crew *crew;
  stage_open(&s, throng_test_folder());
  ASSERT_OK(crew_local_create(s.backend, &s.world, NULL, SLOTS, &crew));
  story(crew, NULL, t);
  crew->ops->close(crew);
  stage_close(&s);
}

static void expect_same(const told *here, const told *there) {
  ASSERT_EQ(here->n, there->n);
  int differ = 0;
  for (int k = 0; k < here->n; ++k) {
    crew_report a = here->report[k], b = there->report[k];
    a.seconds = b.seconds = 0;
    differ += memcmp(&a, &b, sizeof a) != 0;
  }
  EXPECT_EQ(differ, 0);
}

TEST(crew_remote, two_workers_report_what_one_process_does) {
  static told here, there;
  company c;
  tell_here(&here);
  EXPECT_GT(here.n, 60);
  company_open(&c, 0);
  company_hire(&c, 3);
  company_hire(&c, 0);
  ASSERT_OK(crew_remote_gather(c.crew, 2));
  story(c.crew, &c, &there);
  expect_same(&here, &there);
  EXPECT_CONTAINS(c.notes, "worker w has joined, for 3 slots");
  company_close(&c);
}

TEST(crew_remote, the_owner_may_train_too) {
  static told here, there;
  company c;
  tell_here(&here);
  company_open(&c, 2);
  company_hire(&c, 0);
  ASSERT_OK(crew_remote_gather(c.crew, 1));
  story(c.crew, &c, &there);
  expect_same(&here, &there);
  company_close(&c);
}

/// Two workers and a slot of the owner's; one is killed in or before a round.
static void with_a_loss(int in_round, int before_round, bool replace) {
  static told here, there;
  company c;
  tell_here(&here);
  company_open(&c, replace ? 0 : 1);
  company_hire(&c, 0);
  if (!replace) company_hire(&c, 0);
  ASSERT_OK(crew_remote_gather(c.crew, replace ? 1 : 2));
  c.kill_in_round = in_round;
  c.kill_before_round = before_round;
  c.replace = replace;
  story(c.crew, &c, &there);
  expect_same(&here, &there);
  EXPECT_CONTAINS(c.notes, "worker w is lost");
  company_close(&c);
}

TEST(crew_remote, a_worker_killed_in_the_middle_of_a_round_changes_nothing) {
  with_a_loss(0, -1, false);
  with_a_loss(4, -1, false);
  with_a_loss(7, -1, false);
}

TEST(crew_remote, a_worker_killed_between_rounds_changes_nothing) {
  with_a_loss(-1, 1, false);
  with_a_loss(-1, 5, false);
  with_a_loss(-1, 10, false);
}

TEST(crew_remote, a_new_worker_takes_over_all_that_the_only_one_had) {
  with_a_loss(5, -1, true);
  with_a_loss(-1, 6, true);
}

TEST(crew_remote, what_cannot_be_trained_is_refused_as_one_process_does) {
  company c;
  company_open(&c, 0);
  company_hire(&c, 0);
  ASSERT_OK(crew_remote_gather(c.crew, 1));
  const char *const bad[] = {"trial=99", NULL};
  crew_setup setup = {.overrides = bad};
  start(c.crew, 0, 1);
  EXPECT_EQ(c.crew->ops->start(c.crew, 1, &setup), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "trial: there is no 99");
  EXPECT_EQ(c.crew->ops->stop(c.crew, 1), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "slot 1: nobody is there");
  EXPECT_EQ(c.crew->ops->start(c.crew, 0, &setup), THRONG_ERROR_ARGUMENT);
  const char *const flat[] = {"trial=2", NULL};
  setup.overrides = flat;
  EXPECT_EQ(c.crew->ops->copy(c.crew, 1, 0, &setup), THRONG_ERROR_ARGUMENT);
  start(c.crew, 1, 4);
  static told t;
  t.n = 0;
  train(c.crew, &c, &t);
  EXPECT_EQ(t.n, 2);
  company_close(&c);
}

TEST(crew_remote, who_would_compute_otherwise_is_refused_with_what_differs) {
  company c;
  company_open(&c, 1);
  const char *const other_build[] = {"build=older", "arithmetic=this", NULL};
  const char *const other_world[] = {"world=larger", NULL};
  const pid_t older = worker_begin(c.where, throng_test_folder(), other_build, world_facts, 0);
  const pid_t larger = worker_begin(c.where, throng_test_folder(), facts, other_world, 0);
  company_hire(&c, 0);
  ASSERT_OK(crew_remote_gather(c.crew, 1));
  for (int k = 0; k < 50 && !(strstr(c.notes, "build") && strstr(c.notes, "larger")); ++k) {
    EXPECT_EQ(crew_remote_gather(c.crew, 1), THRONG_OK);
    static told t;
    t.n = 0;
    train(c.crew, &c, &t);
    usleep(50000);
  }
  EXPECT_CONTAINS(c.notes, "its build is older, here it is test");
  EXPECT_CONTAINS(c.notes, "its world is larger, here it is small");
  EXPECT_EQ(worker_end(older), THRONG_ERROR_CONFIG);
  EXPECT_EQ(worker_end(larger), THRONG_ERROR_CONFIG);
  company_close(&c);
}
