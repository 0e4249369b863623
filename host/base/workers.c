/// A call opens a job, wakes who sleeps, takes tasks itself, and closes the job when none is left:
/// it waits for those who have begun a task, never for one who has still to wake. So a thread that
/// gets no processor, on a machine that others use too, costs nothing but its help.
#include "base/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/processors.h"
#include "base/status.h"

enum {
  CLOSED = 1 << 30,  // of `inside`: no one may enter
  LOOKS = 64,        // between two looks at the clock
};

/// Seconds that a thread looks before it sleeps, where each has a processor: some three times what
/// a sleep costs its job, and longer than nearly all that callers do alone between jobs of an
/// update.
static const double patience = 1e-4;

struct workers {
  int n_thread, n_started;
  pthread_t *thread;  // (n_thread - 1)
  bool spins;
  unsigned born;       // `forks` when the threads were started
  atomic_uint holder;  // 0, or 1 + `forks` of the process whose call has the pool
  // The job. Written while it is closed and nobody is inside.
  workers_task *task;
  void *context;
  int64_t n_task;
  int most;
  atomic_llong next;   // task to be taken
  atomic_int inside;   // workers that take tasks, + CLOSED
  atomic_uint opened;  // jobs so far
  atomic_bool ending;
  // Sleeping: `opened` and `inside` are looked at once more under the lock.
  pthread_mutex_t lock;
  pthread_cond_t job_opened, all_left;
  atomic_int n_asleep;
  atomic_bool caller_asleep;
};

/// How many forks lie between this process and the first. Threads do not outlive a fork.
static atomic_uint forks;
static void count_fork(void) { atomic_fetch_add(&forks, 1); }
static void watch_forks(void) { (void)pthread_atfork(NULL, NULL, count_fork); }

static void breathe(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

typedef struct spin {
  int looks;
  double end;  // 0: not known yet
} spin;

/// May one look again before one sleeps?
static bool look_again(const workers *w, spin *s) {
  if (!w->spins) return false;
  breathe();
  if (++s->looks % LOOKS) return true;
  const double now = clock_now();
  if (s->end == 0) s->end = now + patience;
  return now < s->end;
}

static void take_tasks(workers *w) {
  for (int64_t task; (task = atomic_fetch_add(&w->next, 1)) < w->n_task;) w->task(w->context, task);
}

static void leave(workers *w) {
  if (atomic_fetch_sub(&w->inside, 1) - 1 != CLOSED || !atomic_load(&w->caller_asleep)) return;
  pthread_mutex_lock(&w->lock);
  pthread_cond_signal(&w->all_left);
  pthread_mutex_unlock(&w->lock);
}

/// Take part in the present job, unless it is closed or has hands enough (the caller is one).
static void join_job(workers *w) {
  int others = atomic_fetch_add(&w->inside, 1);
  if (others < CLOSED && others + 1 < w->most) take_tasks(w);
  leave(w);
}

static void wait_for_job(workers *w, unsigned seen) {
  spin s = {0};
  do {
    if (atomic_load_explicit(&w->opened, memory_order_relaxed) != seen) return;
  } while (look_again(w, &s));
  pthread_mutex_lock(&w->lock);
  atomic_fetch_add(&w->n_asleep, 1);
  while (atomic_load(&w->opened) == seen) pthread_cond_wait(&w->job_opened, &w->lock);
  atomic_fetch_sub(&w->n_asleep, 1);
  pthread_mutex_unlock(&w->lock);
}

static void *work(void *pool) {
  workers *w = pool;
  for (unsigned seen = 0;;) {
    wait_for_job(w, seen);
    seen = atomic_load(&w->opened);
    if (atomic_load(&w->ending)) return NULL;
    join_job(w);
  }
}

/// Wake up to `wanted` threads for what has just been opened.
static void wake(workers *w, int wanted) {
  atomic_fetch_add(&w->opened, 1);
  // Whoever is about to sleep counts itself before it looks at `opened`, so one of us sees the
  // other.
  int asleep = atomic_load(&w->n_asleep);
  if (asleep == 0) return;
  pthread_mutex_lock(&w->lock);
  if (wanted >= asleep)
    pthread_cond_broadcast(&w->job_opened);
  else
    for (int k = 0; k < wanted; ++k) pthread_cond_signal(&w->job_opened);
  pthread_mutex_unlock(&w->lock);
}

static void wait_until_left(workers *w) {
  spin s = {0};
  do {
    if (atomic_load(&w->inside) == CLOSED) return;
  } while (look_again(w, &s));
  pthread_mutex_lock(&w->lock);
  atomic_store(&w->caller_asleep, true);
  while (atomic_load(&w->inside) != CLOSED) pthread_cond_wait(&w->all_left, &w->lock);
  atomic_store(&w->caller_asleep, false);
  pthread_mutex_unlock(&w->lock);
}

/// Start what is missing of the threads; the error of the first that could not be.
static int start_threads(workers *w) {
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->job_opened, NULL);
  pthread_cond_init(&w->all_left, NULL);
  atomic_store(&w->inside, CLOSED);
  atomic_store(&w->opened, 0);
  atomic_store(&w->n_asleep, 0);
  atomic_store(&w->caller_asleep, false);
  w->born = atomic_load(&forks);
  w->n_started = 0;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the program's
  int error = 0;
  while (w->n_started < w->n_thread - 1) {
    error = pthread_create(&w->thread[w->n_started], NULL, work, w);
    if (error) break;
    (void)pthread_setname_np(w->thread[w->n_started++], "throng");
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

throng_status workers_open(int n_thread, workers **out) {
  static pthread_once_t watching = PTHREAD_ONCE_INIT;
  *out = NULL;
  if (n_thread <= 1) return THRONG_OK;
  pthread_once(&watching, watch_forks);
  void *block, *thread;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(workers), "threads"));
  throng_status status = throng_alloc(&thread, (size_t)n_thread - 1, sizeof(pthread_t), "threads");
  if (status != THRONG_OK) {
    free(block);
    return status;
  }
  workers *w = block;
  w->n_thread = n_thread;
  w->thread = thread;
  w->spins = n_thread <= processors_usable();
  int error = start_threads(w);
  if (!error) {
    *out = w;
    return THRONG_OK;
  }
  int started = w->n_started;
  workers_close(w);
  return throng_fail(THRONG_ERROR_MEMORY,
                     "threads: %d of %d could be started, then: %s; ask for fewer, or raise the "
                     "limit on processes (ulimit -u) or memory (ulimit -v)",
                     started + 1, n_thread, strerror(error));
}

void workers_close(workers *w) {
  if (!w) return;
  if (w->born == atomic_load(&forks)) {
    atomic_store(&w->ending, true);
    wake(w, w->n_thread);
    for (int k = 0; k < w->n_started; ++k) pthread_join(w->thread[k], NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->job_opened);
    pthread_cond_destroy(&w->all_left);
  }  // else they were left behind by a fork
  free(w->thread);
  free(w);
}

/// True where no other call has the pool. What a call of before a fork held is free again.
static bool take_pool(workers *w) {
  unsigned own = atomic_load(&forks), held = atomic_load(&w->holder);
  if (held == own + 1 || !atomic_compare_exchange_strong(&w->holder, &held, own + 1)) return false;
  if (w->born != own) (void)start_threads(w);  // with those that could be started
  return true;
}

void workers_run(workers *w, int most, int64_t n_task, workers_task *task, void *context) {
  if (!w || most <= 1 || n_task <= 1 || !take_pool(w)) {
    for (int64_t k = 0; k < n_task; ++k) task(context, k);
    return;
  }
  if (most > w->n_thread) most = w->n_thread;
  w->task = task;
  w->context = context;
  w->n_task = n_task;
  w->most = most;
  atomic_store(&w->next, 0);
  atomic_fetch_sub(&w->inside, CLOSED);
  wake(w, most - 1 < n_task - 1 ? most - 1 : (int)(n_task - 1));
  take_tasks(w);
  atomic_fetch_add(&w->inside, CLOSED);
  wait_until_left(w);
  atomic_store(&w->holder, 0);
}
