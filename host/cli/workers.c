/// Facts that workers and their sweep must share, and the crews of `throng sweep`.
#include "cli/workers.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "crew/remote.h"

static const double silence_seconds = 180;  // opening a large world takes a while

static void add_fact(workers_facts *facts, const char *name, const char *value) {
  int k = 0;
  while (facts->list[k]) ++k;
  snprintf(facts->text[k], FACT_SIZE, "%s=%s", name, value);
  facts->list[k] = facts->text[k];
}

static void add_hash(workers_facts *facts, const char *name, uint64_t hash) {
  char value[32];
  snprintf(value, sizeof value, "%016" PRIx64, hash);
  add_fact(facts, name, value);
}

/// The hash of the program's own file: another compiler's or another day's is another program.
static throng_status hash_program(uint64_t *out) {
  enum { PART = 1 << 20 };
  FILE *file = fopen("/proc/self/exe", "rbe");
  if (!file) return throng_fail(THRONG_ERROR_IO, "/proc/self/exe: %s", strerror(errno));
  void *part;
  throng_status status = throng_alloc(&part, 1, PART, "the program's file");
  *out = 0;
  for (size_t n = 1; status == THRONG_OK && n > 0;) {
    n = fread(part, 1, PART, file);
    if (n > 0) *out = hash64(part, n, *out);
    if (ferror(file)) status = throng_fail(THRONG_ERROR_IO, "/proc/self/exe: cannot be read");
  }
  free(part);
  fclose(file);
  return status;
}

throng_status workers_program_facts(const throng_backend *backend, bool mixed, workers_facts *out) {
  uint64_t hash = 0;
  *out = (workers_facts){0};
  THRONG_TRY(hash_program(&hash));
  add_fact(out, "version", throng_version());
  add_hash(out, "build", hash);
  if (!mixed) add_fact(out, "arithmetic", throng_backend_arithmetic(backend));
  return THRONG_OK;
}

/// The config without what each machine may have otherwise.
static throng_status hash_config(const throng_config *config, uint64_t *out) {
  static const char *const of_machine[][2] = {
      {NULL, "backend"}, {"world", "file"}, {"sta", "file"}, {"train", "out"}};
  char *text;
  THRONG_TRY(config_print(config, &text));
  cJSON *root = cJSON_Parse(text);
  free(text);
  for (size_t k = 0; k < sizeof of_machine / sizeof *of_machine; ++k) {
    const char *section = of_machine[k][0];
    cJSON_DeleteItemFromObjectCaseSensitive(
        section ? cJSON_GetObjectItemCaseSensitive(root, section) : root, of_machine[k][1]);
  }
  text = root ? cJSON_PrintUnformatted(root) : NULL;
  cJSON_Delete(root);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "config: out of memory");
  *out = hash64(text, strlen(text), 0);
  cJSON_free(text);
  return THRONG_OK;
}

throng_status workers_world_facts(const throng_config *config, const throng_world *world,
                                  const throng_sta *sta, workers_facts *out) {
  uint64_t of_config = 0, of_sta = 0;
  *out = (workers_facts){0};
  THRONG_TRY(hash_config(config, &of_config));
  if (sta) THRONG_TRY(throng_sta_hash(sta, &of_sta));
  add_hash(out, "world", throng_world_hash(world));
  add_hash(out, "f_sta", of_sta);
  add_hash(out, "config", of_config);
  return THRONG_OK;
}

throng_status workers_setup(void *config_text, const char *const *overrides, crew_setup *out,
                            void **owned) {
  void *room;
  THRONG_TRY(throng_alloc(&room, 1, sizeof(throng_config), "a trial's config"));
  throng_config *config = room;
  throng_status status =
      config_load_text(config_text, strlen(config_text), "sweep's config", overrides, config);
  if (status != THRONG_OK) {
    free(config);
    return status;
  }
  *out = (crew_setup){.sim = config->sim, .agent = config->agent, .train = config->train};
  *owned = config;
  return THRONG_OK;
}

void workers_release(void *owned) {
  config_free(owned);
  free(owned);
}

enum { RANK_UNKNOWN = -1 };
static int32_t rank = RANK_UNKNOWN, ranks;
static deal *of_ranks;  // until a crew or a worker takes it over

/// MPI begins once in a process.
static throng_status begin_ranks(void) {
  if (rank == RANK_UNKNOWN && deal_mpi_open) return deal_mpi_open(&rank, &ranks, &of_ranks);
  return THRONG_OK;
}

bool workers_is_rank(cli_run *run, int *code) {
  throng_config config;
  bool lost;
  if (begin_ranks() != THRONG_OK) {
    *code = cli_fail(run);
    return true;
  }
  if (rank <= 0) return false;
  throng_status status = cli_config(run, run->argument[0], &config);
  if (status == THRONG_OK) {
    const workers_place place = {.machine = &config};
    status = workers_serve(run, of_ranks, &place, &lost);
    if (lost) status = THRONG_OK;  // rank 0 says what it has ended with
    config_free(&config);
  } else {
    of_ranks->ops->close(of_ranks);
  }
  *code = status == THRONG_OK ? CLI_DONE : cli_fail(run);
  return true;
}

/// What this process is asked to do about its slots.
typedef struct plan {
  deal *deal;  // NULL: all slots are here
  int32_t workers, own_slots;
} plan;

/// Ranks of an MPI job share the slots evenly.
static void plan_ranks(const workers_def *def, plan *out) {
  out->deal = of_ranks;
  of_ranks = NULL;
  out->workers = ranks - 1;
  out->own_slots = (def->n_slot + ranks - 1) / ranks;
}

static throng_status plan_sockets(const cli_run *run, const workers_def *def, plan *out) {
  const char *token_path = cli_text(run, "token-file");
  char where[DEAL_WHERE];
  deal_token token;
  if (!token_path)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "--listen wants --token-file FILE, which its workers have too");
  THRONG_TRY(deal_token_make(token_path));
  THRONG_TRY(deal_token_read(token_path, &token));
  THRONG_TRY(deal_listen(cli_text(run, "listen"), &token, silence_seconds, where, &out->deal));
  memset(&token, 0, sizeof token);
  out->workers = (int32_t)cli_number(run, "workers", 0);
  out->own_slots = out->workers > 0 ? 0 : def->n_slot;
  throng_note(&run->progress, "workers join with: throng worker %s --token-file %s", where,
              token_path);
  return THRONG_OK;
}

const char *workers_stray_option(const cli_run *run) {
  static const char *const names[] = {"token-file", "workers", "own-slots", "mixed"};
  for (size_t k = 0; k < sizeof names / sizeof *names && !workers_asked(run); ++k)
    if (cli_text(run, names[k])) return names[k];
  return NULL;
}

bool workers_asked(const cli_run *run) { return cli_text(run, "listen") || ranks > 1; }

static throng_status make_plan(const cli_run *run, const workers_def *def, plan *out) {
  *out = (plan){0};
  if (cli_text(run, "listen")) {
    THRONG_TRY(plan_sockets(run, def, out));
  } else if (ranks > 1) {
    plan_ranks(def, out);
  }
  out->own_slots = (int32_t)cli_number(run, "own-slots", out->own_slots);
  if (out->own_slots > def->n_slot) out->own_slots = def->n_slot;
  return THRONG_OK;
}

static char folder[PATH_MAX];  // of states on their way

static throng_status open_remote(cli_run *run, const workers_def *def, const plan *plan,
                                 crew **out) {
  static workers_facts facts, world_facts;  // as long as the crew
  throng_config config;
  throng_status status = workers_program_facts(def->backend, cli_flag(run, "mixed"), &facts);
  if (status == THRONG_OK)
    status = config_load_text(def->config_text, strlen(def->config_text), "sweep's config", NULL,
                              &config);
  if (status == THRONG_OK) {
    status = workers_world_facts(&config, def->world, def->sta, &world_facts);
    config_free(&config);
  }
  snprintf(folder, sizeof folder, "%s/crew", def->folder);
  if (status == THRONG_OK && mkdir(folder, 0777) != 0 && errno != EEXIST)
    status = throng_fail(THRONG_ERROR_IO, "%s: %s", folder, strerror(errno));
  if (status != THRONG_OK) {
    plan->deal->ops->close(plan->deal);
    return status;
  }
  const crew_remote_def remote = {
      .deal = plan->deal,
      .seat = {.backend = def->backend,
               .world = def->world,
               .sta = def->sta,
               .n_slot = def->n_slot,
               .setup = workers_setup,
               .release = workers_release,
               .context = (void *)def->config_text,
               .folder = folder},
      .own_slots = plan->own_slots,
      .config = def->config_text,
      .world = def->world_path,
      .sta = def->sta_path,
      .facts = facts.list,
      .world_facts = world_facts.list,
      .progress = &run->progress,
  };
  THRONG_TRY(crew_remote_create(&remote, out));
  status = crew_remote_gather(*out, plan->workers);
  if (status == THRONG_OK) return THRONG_OK;
  (*out)->ops->close(*out);
  *out = NULL;
  return status;
}

throng_status workers_crew_open(cli_run *run, const workers_def *def, crew **out) {
  plan plan;
  *out = NULL;
  THRONG_TRY(make_plan(run, def, &plan));
  if (plan.deal) return open_remote(run, def, &plan, out);
  return crew_local_create(def->backend, def->world, def->sta, def->n_slot, out);
}

void workers_end(void) {
  if (of_ranks && rank == 0) of_ranks->ops->close(of_ranks);
  of_ranks = NULL;
  if (*folder) rmdir(folder);
}
