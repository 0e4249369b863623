/// The backend's threads: every task once, whoever calls; asleep when idle; alive after a fork.
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/processors.h"
#include "base/workers.h"
#include "throng_test.h"

enum { TASKS = 1000 };

typedef struct tally {
  atomic_int done[TASKS];
  atomic_int inside, most_inside;
  workers *pool;
  int pause_us;  // a task's length
} tally;

static void pause_us(int us) {
  if (us) nanosleep(&(struct timespec){.tv_nsec = 1000L * us}, NULL);
}

static void count(void *context, int64_t task) {
  tally *t = context;
  int inside = atomic_fetch_add(&t->inside, 1) + 1, most = atomic_load(&t->most_inside);
  while (inside > most && !atomic_compare_exchange_weak(&t->most_inside, &most, inside))
    ;
  pause_us(t->pause_us);
  atomic_fetch_add(&t->done[task], 1);
  atomic_fetch_sub(&t->inside, 1);
}

/// Each of the first `n` was done `times` times, and no other.
static bool all_done(tally *t, int n, int times) {
  for (int k = 0; k < TASKS; ++k)
    if (atomic_load(&t->done[k]) != (k < n ? times : 0)) return false;
  return true;
}

TEST(workers, every_task_is_done_once_for_any_number_of_threads_and_tasks) {
  for (int n_thread = 1; n_thread <= 9; n_thread += 2) {
    workers *pool;
    ASSERT_OK(workers_open(n_thread, &pool));
    for (int run = 0; run < 300; ++run) {
      tally t = {0};
      int n = run % 7 == 0 ? TASKS : run % 40;
      workers_run(pool, 1 + run % (n_thread + 2), n, count, &t);
      ASSERT_TRUE(all_done(&t, n, 1));
    }
    workers_close(pool);
  }
}

TEST(workers, as_many_threads_as_asked_for_work_at_once_and_no_more) {
  workers *pool;
  ASSERT_OK(workers_open(6, &pool));
  for (int most = 1; most <= 6; most += 1) {
    tally t = {.pause_us = 2000};
    workers_run(pool, most, 60, count, &t);
    EXPECT_TRUE(all_done(&t, 60, 1));
    EXPECT_LE(atomic_load(&t.most_inside), most);
    if (most > 1) EXPECT_GT(atomic_load(&t.most_inside), 1);
  }
  workers_close(pool);
}

static void run_more(void *context, int64_t task) {
  tally *t = context;
  (void)task;
  workers_run(t->pool, 4, 100, count, t);
}

TEST(workers, a_task_may_ask_the_same_threads_for_more) {
  tally t = {0};
  ASSERT_OK(workers_open(4, &t.pool));
  workers_run(t.pool, 4, 50, run_more, &t);
  EXPECT_TRUE(all_done(&t, 100, 50));
  workers_close(t.pool);
}

static void *run_often(void *context) {
  tally *t = context;
  for (int run = 0; run < 200; ++run) workers_run(t->pool, 4, 100, count, t);
  return NULL;
}

TEST(workers, several_threads_may_call_at_once) {
  tally t = {0};
  pthread_t caller[5];
  ASSERT_OK(workers_open(4, &t.pool));
  for (int k = 0; k < 5; ++k) ASSERT_EQ(pthread_create(&caller[k], NULL, run_often, &t), 0);
  for (int k = 0; k < 5; ++k) pthread_join(caller[k], NULL);
  EXPECT_TRUE(all_done(&t, 100, 5 * 200));
  workers_close(t.pool);
}

static double processor_seconds(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
         1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

TEST(workers, threads_that_have_nothing_to_do_take_no_processor_time) {
  workers *pool;
  tally t = {0};
  ASSERT_OK(workers_open(8, &pool));
  workers_run(pool, 8, TASKS, count, &t);
  double before = processor_seconds();
  pause_us(300000);
  // Seven that spin would take as much as the processors give: 0.3 s on one.
  EXPECT_LT(processor_seconds() - before, 0.05);
  workers_close(pool);
}

static void note_signals(void *context, int64_t task) {
  tally *t = context;
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, NULL, &blocked);
  atomic_fetch_add(&t->done[sigismember(&blocked, SIGINT) ? 1 : 0], 1);
  (void)task;
  pause_us(1000);
}

TEST(workers, signals_are_left_to_the_program) {
  workers *pool;
  tally t = {0};
  ASSERT_OK(workers_open(3, &pool));
  workers_run(pool, 3, 60, note_signals, &t);
  EXPECT_GT(atomic_load(&t.done[0]), 0);  // the caller's
  EXPECT_GT(atomic_load(&t.done[1]), 0);  // the others'
  workers_close(pool);
}

/// The child's exit status, or 1000 + the signal that ended it.
static int status_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(workers, a_forked_child_goes_on_with_threads_of_its_own_and_so_does_its_parent) {
  workers *pool;
  ASSERT_OK(workers_open(4, &pool));
  tally t = {0};
  workers_run(pool, 4, TASKS, count, &t);
  pid_t child = fork();
  if (child == 0) {
    alarm(30);  // rather than hang
    bool sound = true;
    for (int run = 0; run < 20; ++run) {
      tally own = {.pause_us = 100};
      workers_run(pool, 4, 40, count, &own);
      sound = sound && all_done(&own, 40, 1) && atomic_load(&own.most_inside) > 1;
    }
    pid_t grandchild = fork();
    if (grandchild == 0) {
      alarm(30);
      workers_close(pool);  // without a call in between
      _exit(0);
    }
    sound = sound && status_of(grandchild) == 0;
    workers_close(pool);
    _exit(sound ? 0 : 1);
  }
  ASSERT_TRUE(child > 0);
  EXPECT_EQ(status_of(child), 0);
  workers_run(pool, 4, TASKS, count, &t);
  EXPECT_TRUE(all_done(&t, TASKS, 2));
  workers_close(pool);
}

static void *fork_amid(void *context) {
  tally *t = context;
  pid_t child = fork();
  if (child == 0) {
    alarm(30);
    tally own = {0};
    workers_run(t->pool, 4, TASKS, count, &own);
    _exit(all_done(&own, TASKS, 1) ? 0 : 1);
  }
  return (void *)(intptr_t)status_of(child);
}

TEST(workers, a_fork_amid_another_threads_call_does_not_hang_the_child) {
  tally t = {.pause_us = 200};
  ASSERT_OK(workers_open(4, &t.pool));
  for (int run = 0; run < 10; ++run) {
    pthread_t thread;
    void *status;
    ASSERT_EQ(pthread_create(&thread, NULL, fork_amid, &t), 0);
    workers_run(t.pool, 4, 200, count, &t);
    pthread_join(thread, &status);
    EXPECT_EQ((intptr_t)status, 0);
  }
  workers_close(t.pool);
}

TEST(workers, a_limit_on_processes_is_an_error_that_names_it) {
#ifdef __SANITIZE_ADDRESS__
  SKIP("the sanitizer itself ends where memory does");
#endif
  pid_t child = fork();
  if (child == 0) {
    // Root has no such limit, but the limit on memory stands for everyone: a thread needs a stack
    // (a few are left over from the threads of other tests).
    struct rlimit limit = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_AS, &limit);
    workers *pool;
    bool said = workers_open(200, &pool) == THRONG_ERROR_MEMORY && !pool &&
                strstr(throng_error_message(), " of 200 could be started") &&
                strstr(throng_error_message(), "ulimit -v");
    _exit(said ? 0 : 1);
  }
  ASSERT_TRUE(child > 0);
  EXPECT_EQ(status_of(child), 0);
}

TEST(processors, an_affinity_of_one_processor_counts_as_one) {
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  EXPECT_GE(processors_usable(), 1);
  EXPECT_LE(processors_usable(), CPU_COUNT(&all));
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); ++cpu)
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(processors_usable(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
}

TEST(processors, a_quota_is_rounded_up_to_whole_processors) {
  EXPECT_EQ(processors_of_quota("200000 100000\n"), 2);
  EXPECT_EQ(processors_of_quota("200001 100000\n"), 3);
  EXPECT_EQ(processors_of_quota("10000 100000\n"), 1);
  EXPECT_EQ(processors_of_quota("max 100000\n"), 0);
  EXPECT_EQ(processors_of_quota("-1 100000\n"), 0);
  EXPECT_EQ(processors_of_quota("5\n"), 0);
  EXPECT_EQ(processors_of_quota("5 0\n"), 0);
  EXPECT_EQ(processors_of_quota("9223372036854775807 1\n"), 0);
  EXPECT_EQ(processors_of_quota(""), 0);
}
