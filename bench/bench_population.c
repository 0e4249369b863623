/// Many agents in one population: user-steps and updates a second by their number, and the memory
/// that each costs beside the sum of its arrays; and as many single agents in processes of their
/// own on the same processors.
///   bench_population --world W --sta S [--agents 1,4,16,64] [--processes N [--steps T]]
///                    [--only HEAD] [--lanes B] [--batch M] [--updates K] [--buffer R] [--table
///                    yes|no]
///                    [--backend cpu|cuda] [--threads N] [--seconds T] [--csv FILE]
/// A step: a user-step of each of an agent's B lanes (64), then K updates (1) of M transitions
/// (512) of each agent. `--processes N`: N processes of one agent and one thread each, all at once,
/// in place of populations; without the item-item table unless it is asked for, since each would
/// make its own.
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/dqn/dqn.h"
#include "base/clock.h"
#include "bench.h"
#include "sim/sim.h"

enum { SETTLE_STEPS = 24 };

/// What is trained, from the command line.
typedef struct bench_case {
  throng_sim_def sim;      // of one agent
  throng_agent_def agent;  // of one agent
  double seconds;
  const char *world_path, *sta_path;
  throng_backend_def backend;
} bench_case;

typedef struct bench_agents {
  throng_backend *backend;
  throng_world *world;
  throng_sta *sta;
  throng_sim *holder;  // keeps the item-item table between populations
  throng_sim *sim;
  throng_population *population;
} bench_agents;

static bench_case read_case(int argc, char **argv, bool processes) {
  bench_case c = {.sim = throng_default_sim_def(),
                  .agent = throng_default_agent_def(),
                  .seconds = atof(bench_option(argc, argv, "--seconds", "2")),
                  .world_path = bench_option(argc, argv, "--world", NULL),
                  .sta_path = bench_option(argc, argv, "--sta", NULL),
                  .backend = throng_default_backend_def()};
  c.sim.lanes = atoi(bench_option(argc, argv, "--lanes", "64"));
  c.sim.mask_seen = true;
  if (strcmp(bench_option(argc, argv, "--table", processes ? "no" : "yes"), "no") == 0)
    c.sim.votes.table_bytes = 0;
  c.agent.head = strcmp(bench_option(argc, argv, "--only", "two_tower"), "flat") == 0
                     ? THRONG_HEAD_FLAT
                     : THRONG_HEAD_TWO_TOWER;
  c.agent.batch = atoi(bench_option(argc, argv, "--batch", "512"));
  c.agent.updates = atoi(bench_option(argc, argv, "--updates", "1"));
  c.agent.buffer = atoll(bench_option(argc, argv, "--buffer", "250000"));
  c.agent.learning_starts = 0;
  c.agent.epsilon_start = c.agent.epsilon_end;
  c.backend.name = bench_option(argc, argv, "--backend", "cpu");
  c.backend.threads = processes ? 1 : atoi(bench_option(argc, argv, "--threads", "0"));
  return c;
}

static void open_world(const bench_case *c, bench_agents *b) {
  throng_sim_def one = c->sim;
  one.lanes = 1;
  bench_require(throng_backend_open(&c->backend, &b->backend));
  bench_require(throng_world_open(c->world_path, &b->world));
  bench_require(throng_sta_open(b->backend, b->world, c->sta_path, &b->sta));
  bench_require(throng_sim_create(b->backend, b->world, b->sta, &one, &b->holder));
}

static void close_world(bench_agents *b) {
  throng_sim_close(b->holder);
  throng_sta_close(b->sta);
  throng_world_close(b->world);
  throng_backend_close(b->backend);
}

/// `n` agents whose sessions have come apart and whose tables are settled.
static void open_agents(const bench_case *c, int32_t n, bench_agents *b) {
  throng_sim_def sim = c->sim;
  throng_agent_def agent = c->agent;
  sim.lanes *= n;
  agent.count = n;
  bench_require(throng_sim_create(b->backend, b->world, b->sta, &sim, &b->sim));
  bench_require(throng_population_create(b->sim, &agent, 0, &b->population));
  for (int t = 0; t < SETTLE_STEPS; ++t) bench_require(throng_population_train_step(b->population));
}

static void close_agents(bench_agents *b) {
  throng_population_close(b->population);
  throng_sim_close(b->sim);
}

/// What is timed; processor time too, which another process's turn on the machine leaves alone.
typedef struct counted_steps {
  throng_population *population;
  int64_t n;
} counted_steps;

static throng_status one_step(void *context) {
  counted_steps *c = context;
  ++c->n;
  return throng_population_train_step(c->population);
}

static double processor_seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

/// Bytes of this process that lie in memory.
static double resident(void) {
  long long pages = 0, of = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%lld %lld", &pages, &of) != 2) of = 0;
  if (file) fclose(file);
  return (double)of * (double)sysconf(_SC_PAGESIZE);
}

/// Bytes of the arrays that grow with the agents.
static double array_bytes(const bench_agents *b) {
  const throng_population *a = b->population;
  const tensor_set *set[] = {&a->weights, &a->hyper,   &a->intervals, &a->replay,
                             &a->clocks,  &a->scratch, &b->sim->lanes};
  double bytes = 0;
  for (size_t k = 0; k < sizeof set / sizeof *set; ++k) bytes += (double)set[k]->bytes;
  return bytes;
}

static void print_row(bench_output *out, const bench_case *c, const bench_agents *b,
                      measure_row *row, int32_t agents) {
  row->unit = "user-steps";
  row->units = (double)agents * c->sim.lanes;
  snprintf(row->size, sizeof row->size, "N=%lld d=%d H=%d lanes=%d an agent, batch=%d updates=%d%s",
           (long long)throng_world_get_info(b->world).n_item, b->world->dim, c->sim.history,
           c->sim.lanes, c->agent.batch, c->agent.updates,
           c->sim.votes.table_bytes ? ", table" : ", no table");
  bench_print(out, row);
  printf("%-44s %.1f updates/s of an agent\n", "", agents * c->agent.updates / row->seconds);
}

static void bench_populations(const bench_case *c, const char *list, bench_output *out,
                              bench_agents *b) {
  double arrays_before = 0, resident_before = 0;
  int32_t before = 0;
  for (const char *at = list; *at; at += strspn(at, ",")) {
    char *end;
    const int32_t n = (int32_t)strtol(at, &end, 10);
    if (end == at || n < 1) {
      fprintf(stderr, "--agents: expected numbers from 1 on, not \"%s\"\n", list);
      exit(2);
    }
    at = end;
    const double empty = resident();
    open_agents(c, n, b);
    measure_row row = {.threads = b->backend->n_thread};
    snprintf(row.name, sizeof row.name, "population, %d agent%s", n, n > 1 ? "s" : "");
    counted_steps steps = {.population = b->population};
    const double begin = processor_seconds();
    bench_require(measure(one_step, &steps, c->seconds, &row));
    const double busy = (processor_seconds() - begin) / (double)(steps.n * n);
    print_row(out, c, b, &row, n);
    printf("%-44s %.2f ms of a processor for an agent's step\n", "", busy * 1e3);
    const double arrays = array_bytes(b), taken = resident() - empty;
    if (before && b->backend->host_memory) {
      const double by = (arrays - arrays_before) / (n - before);
      const double is = (taken - resident_before) / (n - before);
      printf("%-44s a further agent: %.2f MB, its arrays %.2f MB: %+.1f%%\n", "", is * 1e-6,
             by * 1e-6, 100 * (is / by - 1));
    }
    arrays_before = arrays;
    resident_before = taken;
    before = n;
    close_agents(b);
  }
}

/// A process of one agent: settles, says so, waits for the others, makes `steps` steps and says how
/// much of a processor they took.
static void be_one(const bench_case *c, uint32_t seed, int64_t steps, int say, int wait_for) {
  bench_agents b = {0};
  bench_case own = *c;
  double busy = 0;
  char start;
  own.agent.seed = seed;
  open_world(&own, &b);
  open_agents(&own, 1, &b);
  if (write(say, &busy, sizeof busy) != sizeof busy || read(wait_for, &start, 1) < 0) _exit(1);
  busy = -processor_seconds();
  for (int64_t t = 0; t < steps; ++t) bench_require(throng_population_train_step(b.population));
  busy += processor_seconds();
  _exit(write(say, &busy, sizeof busy) != sizeof busy);
}

/// What `n` processes say, one after another; exits where one ends early.
static double hear(int from, int n) {
  double sum = 0, one;
  for (int k = 0; k < n; ++k) {
    if (read(from, &one, sizeof one) != sizeof one) {
      fprintf(stderr, "one of %d processes ended early\n", n);
      exit(1);
    }
    sum += one;
  }
  return sum;
}

/// All processes at once; the time from the moment when the last has settled until all have ended.
static void bench_processes(const bench_case *c, int n, int64_t steps, bench_output *out,
                            const bench_agents *b) {
  int said[2], start[2];
  if (pipe(said) || pipe(start)) {
    perror("pipe");
    exit(1);
  }
  for (int k = 0; k < n; ++k) {
    const pid_t child = fork();
    if (child < 0) {
      perror("fork");
      exit(1);
    }
    if (child > 0) continue;
    close(start[1]);  // its end of file is the signal
    be_one(c, 1 + (uint32_t)k, steps, said[1], start[0]);
  }
  close(said[1]);
  hear(said[0], n);
  const double begin = clock_now();
  close(start[1]);
  const double busy = hear(said[0], n);
  measure_row row = {.threads = 1, .chunks = 1};
  row.seconds = row.low = row.high = (clock_now() - begin) / (double)steps;
  while (wait(NULL) > 0) continue;
  snprintf(row.name, sizeof row.name, "%d process%s of one agent", n, n > 1 ? "es" : "");
  print_row(out, c, b, &row, n);
  printf("%-44s %.2f ms of a processor for an agent's step\n", "",
         1e3 * busy / (double)(n * steps));
}

int main(int argc, char **argv) {
  const int processes = atoi(bench_option(argc, argv, "--processes", "0"));
  const bench_case c = read_case(argc, argv, processes > 0);
  if (!c.world_path || !c.sta_path) {
    fprintf(stderr,
            "usage: bench_population --world FILE --sta FILE [--agents 1,4,16,64] [--processes N "
            "[--steps T]] "
            "[--only two_tower|flat] [--lanes B] [--batch M] [--updates K] [--buffer R] "
            "[--table yes|no] [--backend cpu|cuda] [--threads N] [--seconds T] [--csv FILE]\n");
    return 2;
  }
  // Blocks go back to the system when they are given back, so that what is resident tells.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  bench_agents b = {0};
  throng_backend *host = bench_host_backend();
  if (processes) {  // before threads are started: they would not be there in the children
    bench_output out = bench_open(host, argc, argv);
    bench_require(throng_world_open(c.world_path, &b.world));
    const int64_t steps = atoll(bench_option(argc, argv, "--steps", "20"));
    bench_processes(&c, processes, steps, &out, &b);
    bench_close(&out);
    throng_world_close(b.world);
  } else {
    open_world(&c, &b);
    bench_output out = bench_open(b.backend, argc, argv);
    bench_populations(&c, bench_option(argc, argv, "--agents", "1,4,16,64"), &out, &b);
    bench_close(&out);
    close_world(&b);
  }
  throng_backend_close(host);
  return 0;
}
