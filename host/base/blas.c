/// Leave to call OpenBLAS: its work memory is had before it is needed.
#include "base/blas.h"
#include "base/numbers.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum {
  MOST = 64,  // half of the buffers that Debian's build has room for, see reserve()
};
// Of address space, for each thread that is in a call; little of it is ever touched. As Debian
// builds it (BUFFER_SIZE), and a page or two.
static const size_t buffer_bytes = ((size_t)128 << 20) + ((size_t)64 << 10);

static struct {
  pthread_mutex_t lock;
  pthread_cond_t left;
  int running;   // threads that have leave
  int reserved;  // buffers that OpenBLAS has for sure
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .left = PTHREAD_COND_INITIALIZER};

/// In a fork's child nobody is in a call, whatever the parent's other threads were doing.
static void forget(void) {
  state.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  state.left = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
  // A buffer that was in use is lost to the child.
  state.reserved = state.reserved > state.running ? state.reserved - state.running : 0;
  state.running = 0;
}
static void watch_forks(void) { (void)pthread_atfork(NULL, NULL, forget); }

static bool room_for(int n_buffer) {
  size_t bytes = (size_t)n_buffer * buffer_bytes;
  void *block =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED) return false;
  munmap(block, bytes);
  return true;
}

/// Make OpenBLAS own `wanted` buffers, by taking them all at once and giving them back: it keeps
/// them. Those who are in a call meanwhile may hold as many as `running`, so as many more may come
/// into being.
static bool reserve(int wanted) {
  if (wanted <= state.reserved) return true;
  void *buffer[MOST];
  if (!room_for(wanted + state.running - state.reserved)) return false;
  int had = 0;
  while (had < wanted && (buffer[had] = blas()->take_buffer(0))) ++had;
  for (int k = 0; k < had; ++k) blas()->give_buffer(buffer[k]);
  if (had == wanted) state.reserved = wanted;
  return had == wanted;
}

static throng_status no_room(void) {
  NUMBERS_WITHOUT_LOCALE;
  struct rlimit limit;
  char of[64] = "the system gave none";
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    snprintf(of, sizeof of, "the limit is %zu MiB in all (ulimit -v)",
             (size_t)limit.rlim_cur >> 20);
  return throng_fail(THRONG_ERROR_MEMORY,
                     "matrix products: OpenBLAS needs %zu MiB of address space, and %s; raise it "
                     "by as much",
                     buffer_bytes >> 20, of);
}

throng_status blas_begin(int wanted, int *granted) {
  static pthread_once_t watching = PTHREAD_ONCE_INIT;
  pthread_once(&watching, watch_forks);
  pthread_mutex_lock(&state.lock);
  int n;
  for (;;) {
    n = wanted < MOST - state.running ? wanted : MOST - state.running;
    while (n > 0 && !reserve(state.running + n)) --n;
    if (n > 0 || state.running == 0) break;
    pthread_cond_wait(&state.left, &state.lock);
  }
  state.running += n;
  pthread_mutex_unlock(&state.lock);
  *granted = n;
  return n > 0 ? THRONG_OK : no_room();
}

void blas_end(int granted) {
  pthread_mutex_lock(&state.lock);
  state.running -= granted;
  pthread_cond_broadcast(&state.left);
  pthread_mutex_unlock(&state.lock);
}

const char *blas_describe(void) {
  static char text[128];
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  if (!*text) {
    // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": name and version are the first two words.
    const char *config = blas()->config(), *end = strchr(config, ' ');
    if (end) end += 1 + strcspn(end + 1, " ");
    int length = end ? (int)(end - config) : (int)strlen(config);
    snprintf(text, sizeof text, "%.*s %s", length < 64 ? length : 64, config, blas()->kernel());
  }
  pthread_mutex_unlock(&lock);
  return text;
}
