/// throng worker: trains slots of a sweep that another process owns, until it is over.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/workers.h"
#include "crew/worker.h"
#include "study/open_or_make.h"

/// What a worker has open while it works.
typedef struct workplace {
  cli_run *run;
  const workers_place *place;
  throng_backend *backend;
  char *config_text;
  train_inputs inputs;
  workers_facts facts;
  char folder[PATH_MAX];
} workplace;

static bool readable(const char *path) { return access(path, R_OK) == 0; }

/// The sweep's files where they are here, else made from its config in a folder of the worker's.
static throng_status open_inputs(workplace *w, const worker_welcome *welcome, throng_config *config,
                                 const throng_progress *progress) {
  const char *world = w->place->world ? w->place->world : welcome->world;
  const char *sta = w->place->sta ? w->place->sta : welcome->sta;
  if (w->place->world || w->place->sta || (readable(world) && (!*sta || readable(sta)))) {
    THRONG_TRY(throng_world_open(world, &w->inputs.world));
    return *sta ? throng_sta_open(w->backend, w->inputs.world, sta, &w->inputs.sta) : THRONG_OK;
  }
  if (!w->place->folder)
    return throng_fail(THRONG_ERROR_IO,
                       "%s: the sweep's world or its f_sta's weights are not on this machine: copy "
                       "them and name them with --world and --sta, or make them with -o FOLDER",
                       world);
  config->train.out = w->place->folder;
  THRONG_TRY(train_inputs_use(config));
  return train_inputs_open(config, w->backend, progress, &w->inputs);
}

static throng_status prepare(void *context, const worker_welcome *welcome,
                             const throng_progress *progress, crew_seat_def *seat,
                             const char *const **facts) {
  workplace *w = context;
  throng_config config;
  w->config_text = strdup(welcome->config);
  if (!w->config_text) return throng_fail(THRONG_ERROR_MEMORY, "worker: out of memory");
  THRONG_TRY(config_load_text(w->config_text, strlen(w->config_text), "sweep's config", w->run->set,
                              &config));
  throng_status status = open_inputs(w, welcome, &config, progress);
  if (status == THRONG_OK)
    status = workers_world_facts(&config, w->inputs.world, w->inputs.sta, &w->facts);
  config_free(&config);
  THRONG_TRY(status);
  *seat = (crew_seat_def){.backend = w->backend,
                          .world = w->inputs.world,
                          .sta = w->inputs.sta,
                          .n_slot = seat->n_slot,
                          .setup = workers_setup,
                          .release = workers_release,
                          .context = w->config_text,
                          .folder = w->folder};
  *facts = w->facts.list;
  return THRONG_OK;
}

static throng_status open_folder(workplace *w) {
  const char *above = getenv("TMPDIR");
  snprintf(w->folder, sizeof w->folder, "%s/throng-worker-XXXXXX",
           above && *above ? above : "/tmp");
  if (mkdtemp(w->folder)) return THRONG_OK;
  const int cause = errno;
  throng_status status = throng_fail(THRONG_ERROR_IO, "%s: %s", w->folder, strerror(cause));
  w->folder[0] = '\0';
  return status;
}

throng_status workers_serve(cli_run *run, deal *d, const workers_place *place, bool *lost) {
  workplace w = {.run = run, .place = place};
  char host[32] = "", name[64];
  workers_facts program;
  throng_status status;
  *lost = false;
  gethostname(host, sizeof host - 1);
  snprintf(name, sizeof name, "%s:%d", host, (int)getpid());
  THRONG_TRY_GOTO(cli_backend(run, place->machine, &w.backend));
  THRONG_TRY_GOTO(open_folder(&w));
  THRONG_TRY_GOTO(workers_program_facts(w.backend, false, &program));
  const worker_def def = {.deal = d,
                          .name = name,
                          .slots = place->slots,
                          .facts = program.list,
                          .prepare = prepare,
                          .context = &w};
  THRONG_TRY_GOTO(crew_work(&def, &run->progress, lost));
done:
  d->ops->close(d);
  train_inputs_close(&w.inputs);
  throng_backend_close(w.backend);
  free(w.config_text);
  if (*w.folder) rmdir(w.folder);
  return status;
}

/// The sweep makes the file where it is missing: workers may be there before it.
static throng_status read_token(const cli_run *run, const char *path, double wait,
                                deal_token *out) {
  const double end = clock_now() + wait;
  throng_status status;
  while ((status = deal_token_read(path, out)) != THRONG_OK && clock_now() < end &&
         access(path, F_OK) != 0) {
    if (!throng_report(&run->progress, "wait for the token", 0, 0, ""))
      return throng_cancelled("waiting for the token");
    nanosleep(&(struct timespec){0, 200000000}, NULL);
  }
  return status;
}

int cmd_worker(cli_run *run) {
  const char *address = run->argument[0], *token_path = cli_text(run, "token-file");
  const double wait = cli_number(run, "wait", 60);
  deal_token token;
  throng_config machine;
  if (!token_path) return cli_wrong(run, "--token-file FILE is missing: the sweep's");
  if (config_load(NULL, run->set, &machine) != THRONG_OK) return cli_fail(run);
  const workers_place place = {.machine = &machine,
                               .slots = (int32_t)cli_number(run, "slots", 0),
                               .world = cli_text(run, "world"),
                               .sta = cli_text(run, "sta"),
                               .folder = cli_text(run, "output")};
  throng_status status = read_token(run, token_path, wait, &token);
  for (bool lost = true; status == THRONG_OK && lost;) {
    deal *d;
    lost = false;
    status = deal_connect(address, &token, wait, &run->progress, &d);
    if (status == THRONG_OK) status = workers_serve(run, d, &place, &lost);
    if (!lost) continue;
    // It was killed, perhaps, and is resumed.
    throng_note(&run->progress, "%s; looking for it again", throng_error_message());
    nanosleep(&(struct timespec){0, 500000000}, NULL);
    status = THRONG_OK;
  }
  memset(&token, 0, sizeof token);
  config_free(&machine);
  if (status != THRONG_OK) return cli_fail(run);
  throng_note(&run->progress, "the sweep is over");
  return CLI_DONE;
}
