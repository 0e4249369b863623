/// The client's own cost: requests a second through the whole path (prompt, lookup, HTTP, parsing,
/// evidence, store) against a server that answers at once, memory from first to last, and how busy
/// a slower server's slots are kept. The server runs in a process of its own.
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "http/server.h"
#include "llm/extract.h"

/// What the two processes share.
typedef struct shared {
  atomic_int port, stop;
  double delay;  // seconds an answer takes; 0: at once
} shared;

static void serve(void *context, const server_request *request, server_reply *reply) {
  reply->delay = ((const shared *)context)->delay;
  reply_chat(reply, request,
             "{\"like\":[{\"reason\":\"the playing is gentle\",\"evidence\":\"a soft piano\","
             "\"keywords\":[\"soft piano\",\"gentle playing\"]},{\"reason\":\"made "
             "up\",\"evidence\":\"never said\",\"keywords\":[\"invented\"]}]}",
             "stop");
}

static pid_t start_server(shared *s) {
  s->port = s->stop = 0;
  pid_t child = fork();
  if (child == 0) {
    http_server *server = http_server_start(serve, s);
    s->port = http_server_port(server);
    while (!s->stop) usleep(20000);
    http_server_stop(server);
    _exit(0);
  }
  while (!s->port) usleep(1000);
  return child;
}

/// `n` items with one review each of about 600 bytes that is learned from.
static void make_data(dataset *d, int64_t n) {
  *d = (dataset){.n_user = n, .n_item = n, .n_interaction = 3 * n, .has_text = true};
  d->user_offset = calloc((size_t)n + 1, sizeof *d->user_offset);
  d->item = calloc((size_t)(3 * n), sizeof *d->item);
  d->rating = calloc((size_t)(3 * n), sizeof *d->rating);
  d->like = malloc((size_t)(3 * n));
  d->time = calloc((size_t)(3 * n), sizeof *d->time);
  d->category_offset = calloc((size_t)n + 1, sizeof *d->category_offset);
  if (!d->user_offset || !d->item || !d->rating || !d->like || !d->time || !d->category_offset)
    exit(1);
  memset(d->like, 1, (size_t)(3 * n));
  for (int64_t i = 0; i < n; ++i) {
    char text[1200];
    int length = snprintf(text, sizeof text, "%lld", (long long)i);
    bench_require(strings_append(&d->item_id, text, (size_t)length));
    bench_require(strings_append(&d->user_id, text, (size_t)length));
    bench_require(strings_append(&d->item_name, "", 0));
    bench_require(strings_append(&d->facts, "", 0));
    length = snprintf(text, sizeof text, "Number %lld has a soft piano and a warm voice. ",
                      (long long)i);
    while (length < 600)
      length += snprintf(text + length, sizeof text - (size_t)length,
                         "The songs are short, the sound is clear and nothing is too loud. ");
    bench_require(strings_append(&d->text, text, (size_t)length));
    bench_require(strings_append(&d->text, "", 0));
    bench_require(strings_append(&d->text, "", 0));
    for (int k = 0; k < 3; ++k) d->item[3 * i + k] = (int32_t)(k ? (i + k) % n : i);
    d->user_offset[i + 1] = 3 * (i + 1);
  }
}

static double resident(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file && fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
  if (file) fclose(file);
  return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/// Resident bytes when a tenth is done and at the end.
typedef struct watch {
  double early, late;
} watch;

static bool look(void *context, const char *stage, int64_t done, int64_t total, const char *unit) {
  watch *w = context;
  (void)stage;
  (void)unit;
  if (done * 10 >= total && w->early == 0) w->early = resident();
  w->late = resident();
  return true;
}

static void run_once(bench_output *out, shared *s, int64_t n, int in_flight, const char *name) {
  char path[] = "/tmp/throng-bench-llm-XXXXXX", store[64], url[64];
  if (!mkdtemp(path)) exit(1);
  snprintf(store, sizeof store, "%s/llm.sqlite", path);
  pid_t child = start_server(s);
  snprintf(url, sizeof url, "http://127.0.0.1:%d/v1", s->port);
  dataset data;
  make_data(&data, n);
  llm_def def = llm_default_def();
  def.url = url;
  def.model = "immediate";
  def.store = store;
  def.in_flight = in_flight;
  request_list *requests;
  llm_store *answers;
  watch w = {0};
  throng_progress progress = {.report = look, .context = &w};
  llm_counts counts = {0};
  bench_require(request_list_open(&def, &data, &requests));
  bench_require(store_open(store, false, &answers));
  bench_require(extract_run(&def, requests, answers, &progress, &counts));
  measure_row row = {.units = (double)counts.asked,
                     .seconds = counts.seconds,
                     .low = counts.seconds,
                     .high = counts.seconds,
                     .unit = "requests",
                     .threads = 1};
  snprintf(row.name, sizeof row.name, "%s", name);
  snprintf(row.size, sizeof row.size, "n=%lld in_flight=%d delay=%gms", (long long)n, in_flight,
           1e3 * s->delay);
  bench_print(out, &row);
  // With as many in flight as slots, a slot is idle from an answer's leaving to the next request.
  printf("    resident %.1f MB at a tenth, %.1f MB at the end; %.1f %% of %d slots busy\n",
         w.early * 1e-6, w.late * 1e-6,
         s->delay > 0 ? 100 * (double)counts.asked * s->delay / (counts.seconds * in_flight) : 0,
         in_flight);
  s->stop = 1;
  waitpid(child, NULL, 0);
  store_close(answers);
  request_list_close(requests);
  dataset_free(&data);
  char command[128];
  snprintf(command, sizeof command, "rm -r %s", path);
  if (system(command) != 0) fprintf(stderr, "%s is left behind\n", path);
}

int main(int argc, char **argv) {
  shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (s == MAP_FAILED) return 1;
  int64_t n = atoll(bench_option(argc, argv, "--requests", "100000"));
  throng_backend_def backend_def = throng_default_backend_def();
  throng_backend *backend;
  bench_require(throng_backend_open(&backend_def, &backend));
  bench_output out = bench_open(backend, argc, argv);
  s->delay = 0;
  run_once(&out, s, n, 16, "extract, immediate server");
  s->delay = 0.1;
  run_once(&out, s, 800, 8, "extract, server of 8 slots, 100 ms");
  bench_close(&out);
  throng_backend_close(backend);
  return 0;
}
