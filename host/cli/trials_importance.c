/// throng trials --importance: which options matter, by two ways of asking.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/trials_view.h"
#include "statistics/importance.h"

enum { LEAST_TRIALS = 2, BAR = 20 };

/// Complete trials with a number, to be minimised; memory is one block, freed by the caller.
static throng_status gather(const trials_view *v, importance_data *data, void **block) {
  const int32_t n_option = v->def->space->n;
  *data = (importance_data){.space = v->def->space};
  THRONG_TRY(throng_alloc(block, (size_t)v->list.n * ((size_t)n_option + 1) + 1, sizeof(double),
                          "importance"));
  double *value = *block, *x = value + v->list.n;
  for (int64_t k = 0; k < v->list.n; ++k) {
    const trial_row *row = &v->list.row[k];
    if (row->state != TRIAL_COMPLETE || !isfinite(row->value[0])) continue;
    value[data->n] = v->def->maximise[0] ? -row->value[0] : row->value[0];
    memcpy(x + data->n++ * n_option, row->x, (size_t)n_option * sizeof(double));
  }
  data->x = x;
  data->value = value;
  return THRONG_OK;
}

static void put_option(text_table *t, const char *name, double ped, double forest) {
  char bar[4 * BAR + 1] = "";
  for (int i = 0; i < (int)lround(ped * BAR); ++i) strcat(bar, cli_unicode() ? "█" : "#");
  text_table_put(t, "%s", name);
  text_table_put(t, "%.3f", ped);
  if (isnan(forest))
    text_table_put(t, "-");
  else
    text_table_put(t, "%.3f", forest);
  text_table_put(t, "%s", bar);
}

static int print_text(const trials_view *v, const importance_data *d, const double *ped,
                      const double *forest) {
  int32_t order[SPACE_MOST];
  const int32_t n = d->space->n;
  for (int32_t i = 0; i < n; ++i) {
    int32_t at = i;
    for (; at > 0 && ped[i] > ped[order[at - 1]]; --at) order[at] = order[at - 1];
    order[at] = i;
  }
  cli_say(2, "%s: what its %lld complete trials say of %s", cli_word(v->folder), (long long)d->n,
          v->def->metric[0]);
  text_table t;
  text_table_begin(&t, 4);
  t.left[3] = true;
  text_table_put(&t, "option");
  text_table_put(&t, "PED-ANOVA");
  text_table_put(&t, "fANOVA");
  text_table_put(&t, "%s", "");
  for (int32_t i = 0; i < n; ++i)
    put_option(&t, d->space->parameter[order[i]].name, ped[order[i]], forest[order[i]]);
  cli_print_table(&t);
  cli_say(0,
          "PED-ANOVA: how the best tenth differs from all. fANOVA: share of the value's variance "
          "that the option explains alone; - where not every trial has it. Each sums to 1.");
  return CLI_DONE;
}

static int print_json(const trials_view *v, const importance_data *d, const double *ped,
                      const double *forest) {
  cJSON *document = cJSON_CreateObject();
  cJSON_AddStringToObject(document, "metric", v->def->metric[0]);
  cJSON_AddNumberToObject(document, "complete", (double)d->n);
  cJSON *of_ped = cJSON_AddObjectToObject(document, "ped_anova");
  cJSON *of_forest = cJSON_AddObjectToObject(document, "fanova");
  for (int32_t i = 0; i < d->space->n; ++i) {
    const char *name = d->space->parameter[i].name;
    cJSON_AddNumberToObject(of_ped, name, ped[i]);
    json_add_number(of_forest, name, forest[i]);
  }
  return cli_json(document);
}

int trials_importance(const cli_run *run, const trials_view *v) {
  importance_data data;
  void *block = NULL;
  double ped[SPACE_MOST], forest[SPACE_MOST];
  int code = CLI_FAILED;
  throng_status status = gather(v, &data, &block);
  if (status == THRONG_OK && data.n < LEAST_TRIALS) {
    code = cli_wrong(run, "%s: %lld complete trials; expected at least %d to tell what matters",
                     cli_word(v->folder), (long long)data.n, LEAST_TRIALS);
  } else {
    if (status == THRONG_OK) status = importance_ped_anova(&data, ped);
    if (status == THRONG_OK) status = importance_fanova(&data, 1, forest);
    code = status != THRONG_OK ? cli_fail(run)
           : run->json         ? print_json(v, &data, ped, forest)
                               : print_text(v, &data, ped, forest);
  }
  free(block);
  return code;
}
