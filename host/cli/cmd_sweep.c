/// throng sweep: many trials of a config with other options, and what the best of them are worth.
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/sweep_plan.h"
#include "cli/sweep_table.h"
#include "cli/workers.h"
#include "study/open_or_make.h"

/// All that a sweep of this process needs.
typedef struct parts {
  throng_config config;
  throng_backend *backend;
  train_inputs in;
  sweep *sweep;
  sweep_memory memory;
  crew *crew;
  bool elsewhere;  // workers train
} parts;

static void parts_close(parts *p) {
  sweep_close(p->sweep);
  if (p->crew) p->crew->ops->close(p->crew);
  train_inputs_close(&p->in);
  throng_backend_close(p->backend);
  config_free(&p->config);
}

/// The line that goes on with a sweep that was stopped: its folder knows what it was started with.
static void print_resume(const throng_config *config) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/trials.db", config->train.out);
  if (access(path, F_OK) != 0) {
    fprintf(stderr, "no trial has begun; to go on, give the same command again\n");
    return;
  }
  snprintf(path, sizeof path, "%s/config.json", config->train.out);
  fprintf(stderr, "what has been done is kept; to go on:\n  %s sweep ",
          cli_shell_word(cli_program));
  fprintf(stderr, "%s --resume\n", cli_shell_word(path));
}

/// Slots that fit, where the config asks for as many; an error where those that it asks for do not.
static throng_status choose_slots(const cli_run *run, parts *p) {
  const sweep_memory *memory = &p->memory;
  const int32_t asked = sweep_get_def(p->sweep)->slots;
  char agent[32], all[32];
  cli_bytes(memory->agent_bytes, agent);
  cli_bytes(memory->shared_bytes + memory->agent_bytes * asked, all);
  if (asked > memory->most && !p->elsewhere)
    return throng_fail(THRONG_ERROR_MEMORY,
                       "sweep.slots: %d agents of %s each take %s in all; at most %" PRId64
                       " fit, which sweep.slots=0 takes",
                       asked, agent, all, memory->most);
  if (asked > 0) {
    throng_note(&run->progress, "memory: %s an agent, %s in all; at most %" PRId64 " agents fit",
                agent, all, memory->most);
    return THRONG_OK;
  }
  const int32_t slots = memory->most < SWEEP_MOST_SLOTS ? (int32_t)memory->most : SWEEP_MOST_SLOTS;
  throng_note(&run->progress, "memory: %s an agent; at most %" PRId64 " agents fit: %d slots",
              agent, memory->most, slots);
  if (slots < 1)
    return throng_fail(THRONG_ERROR_MEMORY, "sweep.slots: not one agent of %s fits", agent);
  return sweep_set_slots(p->sweep, slots);
}

/// A file that this sweep has opened, for workers who may have it too; "": none.
static void find_file(const char *given, const char *folder, const char *name,
                      char path[PATH_MAX]) {
  char here[PATH_MAX];
  snprintf(here, sizeof here, "%s%s%s", given ? given : folder, given ? "" : "/",
           given ? "" : name);
  if (!realpath(here, path)) path[0] = '\0';
}

static throng_status open_crew(cli_run *run, parts *p) {
  char world[PATH_MAX], sta[PATH_MAX];
  find_file(p->config.world_file, p->config.train.out, "world.safetensors", world);
  find_file(p->config.sta_file, p->config.train.out, "sta.safetensors", sta);
  const workers_def def = {.config_text = sweep_config_text(p->sweep),
                           .backend = p->backend,
                           .world = p->in.world,
                           .sta = p->in.sta,
                           .world_path = world,
                           .sta_path = p->in.sta ? sta : NULL,
                           .n_slot = sweep_get_def(p->sweep)->slots,
                           .folder = p->config.train.out};
  return workers_crew_open(run, &def, &p->crew);
}

/// Everything up to the first round, but for the folder's own files.
static throng_status open_parts(cli_run *run, bool dry, bool resume, parts *p) {
  THRONG_TRY(train_inputs_use(&p->config));
  if (p->config.agent.count != 1)
    throng_note(&run->progress,
                "agent.count: a trial trains one agent; sweep.slots of them at once");
  THRONG_TRY(sweep_create(&p->config, &p->sweep));
  if (!p->config.train.out || !*p->config.train.out)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "%s: train.out: missing; expected the path of the sweep's folder, there or "
                       "as -o",
                       p->config.source ? p->config.source : "config");
  if (!dry) THRONG_TRY(sweep_check(p->sweep, p->config.train.out, resume));
  THRONG_TRY(cli_backend(run, &p->config, &p->backend));
  p->config.train.resume = resume;  // then what trials were trained in is not made anew
  THRONG_TRY(train_inputs_open(&p->config, p->backend, &run->progress, &p->in));
  THRONG_TRY(sweep_set_world(p->sweep, p->in.world, p->in.sta));
  THRONG_TRY(sweep_plan_memory(p->sweep, p->backend, p->in.world, p->in.sta, &p->memory));
  THRONG_TRY(choose_slots(run, p));
  if (p->elsewhere) return open_crew(run, p);
  return crew_local_create(p->backend, p->in.world, p->in.sta, sweep_get_def(p->sweep)->slots,
                           &p->crew);
}

static throng_status search(cli_run *run, bool resume, parts *p) {
  sweep_table table;
  sweep_table_start(run, &table);
  const sweep_observer observer = {sweep_table_round, &table};
  THRONG_TRY(sweep_begin(p->sweep, p->config.train.out, resume, p->crew));
  throng_status status = sweep_search(p->sweep, &observer, &run->progress);
  if (status == THRONG_OK) status = sweep_confirm(p->sweep, &observer, &run->progress);
  sweep_table_clear(&table);
  if (status == THRONG_ERROR_CANCELLED || status == THRONG_ERROR_DIVERGED) {
    // What there is can be looked at meanwhile; the message is the search's own.
    char message[1024];
    snprintf(message, sizeof message, "%s", throng_error_message());
    THRONG_TRY(sweep_finish(p->sweep));
    return throng_fail(status, "%s", message);
  }
  THRONG_TRY(status);
  sweep_view view;
  sweep_look(p->sweep, &view);
  if (resume && view.process_steps == 0)
    throng_note(&run->progress, "%s: this sweep was finished already", p->config.train.out);
  return sweep_finish(p->sweep);
}

static int print_end(const cli_run *run, const parts *p) {
  if (run->json) {
    char *text;
    if (sweep_summary(p->sweep, &text) != THRONG_OK) return cli_fail(run);
    cJSON *document = cJSON_Parse(text);
    free(text);
    return cli_json(document);
  }
  int64_t used, had;
  int32_t cohorts;
  sweep_print(p->sweep);
  if (!p->elsewhere) crew_local_usage(p->crew, &used, &had, &cohorts);
  if (!p->elsewhere && had > 0)
    printf("\nagents that trained, of those that populations had room for: %.1f %%\n",
           100.0 * (double)used / (double)had);
  printf("sweep folder: %s (trials.db, trials.csv, metrics.jsonl, summary.json, report.html)\n",
         p->config.train.out);
  return CLI_DONE;
}

static throng_status play_again(cli_run *run, parts *p, int64_t trial) {
  THRONG_TRY(sweep_begin(p->sweep, p->config.train.out, true, p->crew));
  return sweep_replay_print(run, p->sweep, trial);
}

static int own_sweep(cli_run *run) {
  int code = CLI_DONE;
  parts p = {.crew = NULL};
  const bool resume = cli_flag(run, "resume"), dry = cli_flag(run, "dry-run");
  const char *replay = cli_text(run, "replay");
  if (resume + dry + (replay != NULL) > 1)
    return cli_wrong(run, "expected one of --resume, --dry-run and --replay");
  const char *stray = workers_stray_option(run);
  if (stray) return cli_wrong(run, "--%s is about workers: expected --listen ADDRESS:PORT", stray);
  if (cli_config(run, run->argument[0], &p.config) != THRONG_OK) return cli_fail(run);
  p.elsewhere = workers_asked(run) && !dry && !replay;
  throng_status status = open_parts(run, dry, resume || replay, &p);
  if (status == THRONG_OK) {
    if (dry)
      status = sweep_plan_print(run, p.sweep, &p.memory, p.crew);
    else if (replay)
      status = play_again(run, &p, strtoll(replay, NULL, 10));
    else if ((status = search(run, resume, &p)) == THRONG_OK)
      code = print_end(run, &p);
  }
  cli_progress_clear();
  if (status != THRONG_OK) {
    code = cli_fail(run);
    if (status == THRONG_ERROR_CANCELLED && !dry && !replay) print_resume(&p.config);
  }
  parts_close(&p);
  return code;
}

int cmd_sweep(cli_run *run) {
  int code;
  if (workers_is_rank(run, &code)) return code;
  code = own_sweep(run);
  workers_end();
  return code;
}
