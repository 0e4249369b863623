/// throng info: what this program was built as and runs on; what a world holds and lanes take.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/processors.h"
#include "cli/cli.h"
#include "cli/device_capacity.h"
#include "cli/world_summary.h"
#include "sim/sim_memory.h"
#include "world/world.h"

static const char build[] = THRONG_BUILD_TYPE;  // CMake's name of it: "Release"
#ifdef __clang__
static const char compiler[] = __VERSION__;
#else
static const char compiler[] = "gcc " __VERSION__;
#endif

static double memory(int what) { return (double)sysconf(what) * (double)sysconf(_SC_PAGESIZE); }

static int print_machine(const cli_run *run, const throng_config *config) {
  throng_backend *backend = NULL;
  if (throng_backend_open(&config->backend, &backend) != THRONG_OK) return cli_fail(run);
  int code = CLI_DONE;
  if (run->json) {
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "version", throng_version());
    cJSON_AddStringToObject(document, "build", build);
    cJSON_AddStringToObject(document, "compiler", compiler);
    cJSON_AddStringToObject(document, "backend", throng_backend_name(backend));
    cJSON_AddStringToObject(document, "backend_description", throng_backend_describe(backend));
    cJSON_AddStringToObject(document, "arithmetic", throng_backend_arithmetic(backend));
    cJSON_AddNumberToObject(document, "cores", processors_usable());
    cJSON_AddNumberToObject(document, "memory_bytes", memory(_SC_PHYS_PAGES));
    cJSON_AddNumberToObject(document, "memory_free_bytes", memory(_SC_AVPHYS_PAGES));
    devices_json(document);
    code = cli_json(document);
  } else {
    char total[32], available[32];
    cli_say(10, "throng    %s, %s build by %s", throng_version(), build, compiler);
    cli_say(10, "backend   %s", throng_backend_describe(backend));
    cli_say(10, "results   of fits and training repeat bit for bit with %s",
            throng_backend_arithmetic(backend));
    cli_say(10, "cores     %d that this process may use", processors_usable());
    cli_say(10, "memory    %s, of which %s free", cli_bytes(memory(_SC_PHYS_PAGES), total),
            cli_bytes(memory(_SC_AVPHYS_PAGES), available));
    devices_print();
  }
  throng_backend_close(backend);
  return code;
}

/// What a simulator of this configuration takes, by the lists that it allocates from.
typedef struct sizes {
  int64_t lane;   // bytes a lane
  int64_t lanes;  // number of them
  int64_t world;  // arrays of the world
  int64_t table;  // item-item table, 0 where the budget forbids it
  int64_t table_wanted;
} sizes;

static throng_status measure(const throng_world *world, const throng_config *config, sizes *out) {
  sizes z = {.lanes = config->sim.lanes, .table_wanted = 8 * world->n_item * world->n_item};
  THRONG_TRY(sim_lane_bytes(&config->sim, world, &config->sta, &z.lane));
#define X(type, tensor_type, name, d0, d1) \
  z.world += (int64_t)(d0) * (int64_t)(d1) * (int64_t)sizeof(type);
  WORLD_ARRAYS(X, world)
  if (world->n_later > 0) {
    WORLD_LATER_ARRAYS(X, world)
  }
#undef X
  z.table = z.table_wanted <= config->sim.votes.table_bytes ? z.table_wanted : 0;
  *out = z;
  return THRONG_OK;
}

static int print_world(const cli_run *run, const throng_world *world, const throng_config *config) {
  sizes z;
  if (measure(world, config, &z) != THRONG_OK) return cli_fail(run);
  double total = (double)z.lane * (double)z.lanes + (double)z.world + (double)z.table;
  const double n_item = world->n_item > 0 ? (double)world->n_item : 1;
  const capacity_sizes sizes = {.item = (double)z.world / n_item,
                                .world = (double)z.world,
                                .table = (double)z.table,
                                .lane = (double)z.lane,
                                .n_item = n_item,
                                .n_lane = (double)z.lanes};
  const capacity_memory into = capacity_find_memory();
  if (run->json) {
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "world", run->argument[0]);
    world_summary_json(world, document);
    cJSON *bytes = cJSON_AddObjectToObject(document, "memory");
    cJSON_AddNumberToObject(bytes, "lanes", (double)z.lanes);
    cJSON_AddNumberToObject(bytes, "bytes_per_lane", (double)z.lane);
    cJSON_AddNumberToObject(bytes, "world_bytes", (double)z.world);
    cJSON_AddNumberToObject(bytes, "table_bytes", (double)z.table);
    cJSON_AddNumberToObject(bytes, "total_bytes", total);
    capacity_json(&sizes, &into, document);
    return cli_json(document);
  }
  char a[32], b[32], c[32], n[32];
  cli_say(10, "made from      %s", world->source ? cli_word(world->source) : "(not said)");
  world_summary_print(world);
  cli_say(10, "times          %s", world->has_time ? "yes" : "no, only the order of interactions");
  puts("\nMemory of a simulator on this world");
  cli_say(10, "  lanes   %s x %s = %s", cli_count(z.lanes, n), cli_bytes((double)z.lane, a),
          cli_bytes((double)z.lane * (double)z.lanes, b));
  cli_say(10,
          "          a lane: history of %d, and of f_sta keys and values of %d layers x %d x %d",
          config->sim.history, config->sta.layers, config->sta.window, config->sta.width);
  cli_say(10, "  world   %s", cli_bytes((double)z.world, a));
  if (z.table)
    cli_say(10, "  table   8 B x %s^2 items = %s", cli_count(world->n_item, n),
            cli_bytes((double)z.table, a));
  else
    cli_say(10, "  table   none: 8 B x %s^2 items = %s is beyond votes.table_bytes, %s",
            cli_count(world->n_item, n), cli_bytes((double)z.table_wanted, a),
            cli_bytes((double)config->sim.votes.table_bytes, b));
  cli_say(10, "  in all  %s", cli_bytes(total, c));
  capacity_print(&sizes, &into);
  return CLI_DONE;
}

int cmd_info(cli_run *run) {
  throng_config config;
  if (cli_config(run, run->n_argument > 1 ? run->argument[1] : NULL, &config) != THRONG_OK)
    return cli_fail(run);
  int code;
  if (run->n_argument == 0) {
    code = print_machine(run, &config);
  } else {
    throng_world *world = NULL;
    if (throng_world_open(run->argument[0], &world) != THRONG_OK)
      code = cli_fail(run);
    else
      code = print_world(run, world, &config);
    throng_world_close(world);
  }
  config_free(&config);
  return code;
}
