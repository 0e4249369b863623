/// throng extract: a language model's reasons alone, and what they have cost and will cost.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "data/dataset_read.h"
#include "llm/extract.h"
#include "prepare/providers.h"

/// Tokens and money that are gone or to come.
typedef struct estimate {
  double prompt, answer;  // tokens
  double cost;            // NaN without prices
} estimate;

static estimate price(const llm_def *def, double prompt, double answer) {
  bool priced = def->price_prompt > 0 || def->price_answer > 0;
  double cost = (prompt * def->price_prompt + answer * def->price_answer) * 1e-6;
  return (estimate){prompt, answer, priced ? cost : NAN};
}

static void row(const char *what, int64_t n, const char *more) {
  char count[32];
  printf("  %-26s %14s%s\n", what, cli_count(n, count), more);
}

static void print_estimate(const char *what, const estimate *e, const char *how) {
  char prompt[32], answer[32], cost[64] = "";
  if (!isnan(e->cost)) snprintf(cost, sizeof cost, ", cost %.4f", e->cost);
  printf("  %-26s %14s prompt, %s answer%s%s\n", what, cli_count((int64_t)e->prompt, prompt),
         cli_count((int64_t)e->answer, answer), cost, how);
}

static void json_estimate(cJSON *document, const char *key, const estimate *e) {
  cJSON *object = cJSON_AddObjectToObject(document, key);
  cJSON_AddNumberToObject(object, "prompt_tokens", round(e->prompt));
  cJSON_AddNumberToObject(object, "answer_tokens", round(e->answer));
  if (isnan(e->cost))
    cJSON_AddNullToObject(object, "cost");
  else
    cJSON_AddNumberToObject(object, "cost", e->cost);
}

static void left_text(double minutes, char *text, size_t size) {
  if (minutes >= 120)
    snprintf(text, size, "%.1f hours", minutes / 60);
  else
    snprintf(text, size, "%.0f minutes", ceil(minutes));
}

static int print_state(const cli_run *run, const llm_def *def, const extract_state *s) {
  int64_t total = s->objective + s->subjective, left = total - s->answered;
  const store_totals *t = &s->totals;
  estimate spent = price(def, (double)t->prompt_tokens, (double)t->completion_tokens);
  bool known = s->completion_mean > 0;
  estimate ahead =
      price(def, (double)s->missing_bytes * s->tokens_per_byte,
            (double)left * (known ? fmin(s->completion_mean, def->max_tokens) : def->max_tokens));
  double rate = t->last_minutes_rate, minutes = rate > 0 ? (double)left / rate : NAN;
  if (run->json) {
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "store", def->store);
    cJSON_AddStringToObject(document, "model", def->model);
    cJSON_AddNumberToObject(document, "requests", (double)total);
    cJSON_AddNumberToObject(document, "objective", (double)s->objective);
    cJSON_AddNumberToObject(document, "subjective", (double)s->subjective);
    cJSON_AddNumberToObject(document, "answered", (double)s->answered);
    cJSON_AddNumberToObject(document, "failed", (double)s->failed);
    cJSON_AddNumberToObject(document, "missing", (double)s->missing);
    cJSON_AddNumberToObject(document, "answers_per_minute", rate);
    if (isnan(minutes))
      cJSON_AddNullToObject(document, "minutes_left");
    else
      cJSON_AddNumberToObject(document, "minutes_left", minutes);
    json_estimate(document, "spent", &spent);
    json_estimate(document, "ahead", &ahead);
    return cli_json(document);
  }
  char text[64];
  printf("%s, model %s\n", def->store, def->model);
  row("requests", total, "");
  row("  on facts", s->objective, "");
  row("  on reviews", s->subjective, "");
  snprintf(text, sizeof text, "  %.1f %%", total ? 100.0 * (double)s->answered / (double)total : 0);
  row("answered", s->answered, text);
  if (s->failed) row("failed, asked again", s->failed, "");
  print_estimate("tokens so far", &spent, "");
  if (left)
    print_estimate("tokens to come", &ahead,
                   known ? "  (by what was answered)"
                         : "  (prompts at 4 bytes a token, answers at llm.max_tokens at most)");
  if (rate > 0) printf("  %-26s %14.1f a minute\n", "answers, of late", rate);
  if (rate > 0 && left) {
    left_text(minutes, text, sizeof text);
    printf("  %-26s %14s\n", "time left at that rate", text);
  }
  return CLI_DONE;
}

static void write_list(FILE *to, const char *key, const string_table *name, const int64_t *offset,
                       const int32_t *list, int64_t item) {
  fprintf(to, ",\"%s\":[", key);
  for (int64_t k = offset[item]; k < offset[item + 1]; ++k) {
    if (k > offset[item]) putc(',', to);
    json_write_string(to, strings_get(name, list[k]));
  }
  putc(']', to);
}

static void write_items(FILE *to, const dataset *data, const keyword_sets *sets) {
  for (int64_t i = 0; i < data->n_item; ++i) {
    fputs("{\"item\":", to);
    json_write_string(to, strings_get(&data->item_id, i));
    write_list(to, "categories", &sets->category, sets->category_offset, sets->category_id, i);
    write_list(to, "pros", &sets->keyword, sets->pos_offset, sets->pos, i);
    write_list(to, "cons", &sets->keyword, sets->neg_offset, sets->neg, i);
    fputs("}\n", to);
  }
}

static throng_status write_keywords(const char *path, const dataset *data,
                                    const keyword_sets *sets) {
  if (cli_is_stdout(path)) {
    cli_progress_clear();
    write_items(cli_data_stream(), data, sets);
    return THRONG_OK;  // main finds what could not be written
  }
  atomic_file *file;
  THRONG_TRY(atomic_file_create(path, &file));
  write_items(atomic_file_stream(file), data, sets);
  return atomic_file_commit(file);
}

static int print_report(const cli_run *run, const dataset *data, const keyword_sets *sets,
                        const llm_counts *c) {
  struct {
    const char *key, *what;
    int64_t n;
  } rows[] = {
      {"requests", "requests", c->requests},
      {"from_store", "answered before", c->from_store},
      {"asked", "answered now", c->asked},
      {"failed", "failed", c->failed},
      {"refused", "answers refused", c->refused},
      {"filtered", "answers filtered", c->filtered},
      {"cut_off", "answers cut off", c->cut_off},
      {"empty", "answers that there is none", c->empty},
      {"unreadable", "answers not to be read", c->unreadable},
      {"reread", "answers read again", c->reread},
      {"recovered", "  with reasons now alone", c->recovered},
      {"reasons", "reasons", c->reasons},
      {"other_side", "  of a side not asked for", c->other_side},
      {"malformed", "  without their fields", c->malformed},
      {"keywords", "keywords of the reasons", c->keywords},
      {"unproven", "  evidence not in the text", c->unproven},
      {"unusable", "  no usable word", c->unusable},
      {"kept", "  kept", c->kept},
      {"dropped_common", "too common, dropped", sets->dropped_common},
      {"dropped_rare", "too rare, dropped", sets->dropped_rare},
      {"distinct", "distinct keywords", sets->keyword.n},
      {"items", "items", data->n_item},
      {"items_both_sides", "  with both sides", c->items_both_sides},
      {"items_without", "  without a keyword", sets->items_without},
      {"prompt_tokens", "prompt tokens, now", c->prompt_tokens},
      {"completion_tokens", "answer tokens, now", c->completion_tokens},
  };
  double in_flight = c->seconds > 0 ? c->busy / c->seconds : 0;
  if (run->json) {
    cJSON *document = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
      cJSON_AddNumberToObject(document, rows[i].key, (double)rows[i].n);
    cJSON_AddNumberToObject(document, "seconds", c->seconds);
    cJSON_AddNumberToObject(document, "mean_in_flight", in_flight);
    cJSON_AddNumberToObject(document, "peak_memory_bytes", cli_peak_memory());
    return cli_json(document);
  }
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) row(rows[i].what, rows[i].n, "");
  if (c->asked)
    printf("asked for %.1f s, %.1f answers a second, %.2f requests in flight\n", c->seconds,
           (double)c->asked / c->seconds, in_flight);
  return CLI_DONE;
}

int cmd_extract(cli_run *run) {
  bool look = cli_flag(run, "status") || cli_flag(run, "dry-run");
  const char *path = cli_text(run, "output");
  if (look && path) return cli_wrong(run, "--output goes with neither --status nor --dry-run");
  if (look && cli_flag(run, "reread"))
    return cli_wrong(run, "--reread goes with neither --status nor --dry-run");
  bool to_stdout = path && cli_is_stdout(path);
  if (to_stdout && run->json)
    return cli_wrong(run, "--json needs -o FILE: standard output cannot hold both");
  throng_config config;
  if (cli_config(run, run->argument[0], &config) != THRONG_OK) return cli_fail(run);
  config.llm.reread = cli_flag(run, "reread");
  dataset data = {0};
  keyword_sets sets = {0};
  llm_counts counts = {0};
  extract_state state;
  throng_status status;
  // Whatever the world's keywords come from, here the model is asked.
  config.keywords.provider = KEYWORDS_LLM;
  config.keywords.file = NULL;
  THRONG_TRY_GOTO(config_check_dataset(&config));
  if (path && !to_stdout) THRONG_TRY_GOTO(cli_check_output(path));
  THRONG_TRY_GOTO(dataset_read(&config.dataset, &run->progress, &data));
  if (look) {
    THRONG_TRY_GOTO(extract_survey(&config.llm, &data, &run->progress, &state));
  } else {
    THRONG_TRY_GOTO(
        keywords_extract(&config.keywords, &config.llm, &data, &run->progress, &sets, &counts));
    if (path) THRONG_TRY_GOTO(write_keywords(path, &data, &sets));
  }
done:;
  cli_progress_clear();
  int code = status != THRONG_OK ? cli_fail(run)
             : look              ? print_state(run, &config.llm, &state)
             : to_stdout         ? CLI_DONE
                                 : print_report(run, &data, &sets, &counts);
  // All is written and told by now; a run that was mostly lost is no success all the same.
  if (status == THRONG_OK && !look && extract_verdict(&counts, config.llm.store) != THRONG_OK)
    code = cli_fail(run);
  keyword_sets_free(&sets);
  dataset_free(&data);
  config_free(&config);
  return code;
}
