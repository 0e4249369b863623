/// Exporting a trained agent: its run opened, its network written.
#include "cli/agent_export.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file_kind.h"
#include "export/export.h"
#include "study/trained.h"

/// Its number, or -1.
static int format_of(const cli_run *run) {
  const char *name = cli_text(run, "format");
  for (int k = 0; name && k < THRONG_EXPORT_FORMAT_COUNT; ++k)
    if (!strcmp(name, export_format_names[k])) return k;
  return name ? -1 : (int)THRONG_EXPORT_SAFETENSORS;
}

bool agent_export_is_asked(const cli_run *run, const char **wrong) {
  static const char *const of_episodes[] = {"policy", "epsilon", "checkpoint", "sessions",
                                            "history"};
  const file_kind kind = file_kind_of(run->argument[0]);
  const bool is_run = file_kind_is_run(kind);
  const bool named = cli_flag(run, "format") && format_of(run) >= 0;
  *wrong = NULL;
  if (!is_run && !named) return false;
  if (named && kind == FILE_KIND_WORLD)
    *wrong =
        "this format is an agent's: expected RUN, the folder of a run or a checkpoint in one, "
        "not a world, whose episodes are csv, recbole or numpy";
  if (is_run && format_of(run) < 0)
    *wrong =
        "this format is for episodes: expected a world, not a run, whose agent is safetensors, "
        "onnx or vectors; episodes that the agent plays: WORLD CONFIG --checkpoint FILE";
  if (is_run && run->n_argument > 1)
    *wrong = "a run has its config with it: expected RUN alone; --set overrides it";
  for (size_t k = 0; k < sizeof of_episodes / sizeof *of_episodes; ++k)
    if (!*wrong && cli_flag(run, of_episodes[k]))
      *wrong =
          "--policy, --epsilon, --checkpoint, --sessions and --history are for episodes, which "
          "a world gives; an agent's own formats take --agent";
  return true;
}

static int print(const cli_run *run, const trained *t, const export_agent *e, double seconds) {
  const char *path = cli_text(run, "output");
  const agent_copy *c = &e->network;
  const int format = format_of(run);
  if (run->json) {
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "out", path);
    cJSON_AddStringToObject(document, "format", export_format_names[format]);
    cJSON_AddStringToObject(document, "checkpoint", t->checkpoint);
    cJSON_AddNumberToObject(document, "agent", t->agent);
    cJSON_AddStringToObject(document, "algorithm", c->algorithm);
    cJSON_AddStringToObject(document, "head", c->head);
    cJSON_AddNumberToObject(document, "items", (double)c->n_item);
    cJSON_AddNumberToObject(document, "users", (double)c->n_user);
    cJSON_AddNumberToObject(document, "width", c->width);
    cJSON_AddNumberToObject(document, "state", (double)c->n_state);
    cJSON_AddNumberToObject(document, "seconds", seconds);
    return cli_json(document);
  }
  char items[32], users[32];
  printf("%s (%s), agent %d of %s: %s items and %s users in %s%s, in %.1f s\n", t->title, c->head,
         t->agent, cli_word(t->checkpoint), cli_count(c->n_item, items),
         cli_count(c->n_user, users), cli_word(path),
         format == THRONG_EXPORT_VECTORS ? ".items.npy, .queries.npy, .items.csv, .users.csv"
         : format == THRONG_EXPORT_ONNX  ? " and .sample.safetensors beside it"
                                         : "",
         seconds);
  return CLI_DONE;
}

int agent_export(cli_run *run) {
  const char *path = cli_text(run, "output");
  if (cli_check_tensor_output(path) != THRONG_OK) return cli_fail(run);
  const double start = clock_now();
  const trained_def def = {.run = run->argument[0],
                           .overrides = run->set,
                           .agent = (int32_t)cli_number(run, "agent", 0),
                           .without_sta = true,
                           .stop = cli_stop};
  trained t = {.agent = 0};
  export_agent e = {.agent = 0};
  throng_status status;
  THRONG_TRY_GOTO(trained_open(&def, &run->progress, &t));
  THRONG_TRY_GOTO(export_begin(t.population, t.world, 0, &e));
  THRONG_TRY_GOTO(export_write(&e, (throng_export_format)format_of(run), path, &run->progress));
done:
  cli_progress_clear();
  int code = status == THRONG_OK ? print(run, &t, &e, clock_now() - start) : cli_fail(run);
  export_end(&e);
  trained_close(&t);
  return code;
}
