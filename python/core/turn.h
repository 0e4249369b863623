/// Whose turn it is on a backend. Its counts and its list are guarded by the interpreter's lock.
#ifndef THRONG_PYTHON_TURN_H
#define THRONG_PYTHON_TURN_H

#include <pthread.h>

#include "core.h"

struct turn {
  pthread_mutex_t mutex;
  int uses;   // owners that share it
  bool held;  // by `holder`, in the process of `generation`
  unsigned long holder;
  unsigned generation;
  owner *waiting;  // to be closed by whoever holds it
};

/// Forks between the process that imported the module and this one.
extern unsigned turn_generation;

/// Close what was dropped meanwhile; the turn is ours.
void turn_close_waiting(turn *t);

#endif
