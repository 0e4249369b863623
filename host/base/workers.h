/// Threads that share the tasks of one call and sleep between calls. What the CPU backend runs
/// rows and products on, in place of OpenMP: that has one set of threads for the whole process,
/// whose waiting (spinning, by default) and number belong to whoever loaded it first.
#ifndef THRONG_BASE_WORKERS_H
#define THRONG_BASE_WORKERS_H

#include <stdint.h>

#include "throng/base.h"

typedef struct workers workers;
typedef void workers_task(void *context, int64_t task);

/// `n_thread` threads, the caller of workers_run among them: n_thread - 1 are started. They block
/// every signal and are named "throng". Errors: MEMORY where the system starts no more.
throng_status workers_open(int n_thread, workers **out);
/// NULL is allowed.
void workers_close(workers *pool);

/// task(context, 0) .. task(context, n_task - 1), each once, in any order, on `most` threads or
/// fewer; returns when all are done. NULL for a pool is allowed: all on the caller.
///
/// Safe from several threads and from within a task: where the pool is taken, the caller does its
/// tasks alone. After a fork the child has no threads but its own; its first call starts new ones.
void workers_run(workers *pool, int most, int64_t n_task, workers_task *task, void *context);

#endif
