/// The config as resolved, where it differs from what is usual, and how to repeat the run.
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/numbers.h"
#include "base/processors.h"
#include "config/keys.h"
#include "run_report/parts.h"

enum { PATH = 160, VALUE = 1200 };

// ---- differences --------------------------------------------------------------------------------
typedef struct walk {
  const throng_config *usual;
  void (*tell)(void *context, const char *key, const char *value, const char *usual);
  void *context;
} walk;

/// Sections that say nothing about a run: the language model's has what one would not pass on.
static bool is_left_out(const char *path) {
  return !strncmp(path, "llm", 3) || !strncmp(path, "sweep", 5) || !strncmp(path, "$schema", 7);
}

static void value_text(const cJSON *value, char *text, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  char *printed = value ? cJSON_PrintUnformatted(value) : NULL;
  snprintf(text, size, "%s", printed ? printed : "");
  free(printed);
}

/// As a file has it once it is read: numbers are written as they are printed, 1e+02 for 100.
static cJSON *as_read(cJSON *written) {
  NUMBERS_WITHOUT_LOCALE;
  char *text = written ? cJSON_PrintUnformatted(written) : NULL;
  cJSON *value = text ? cJSON_Parse(text) : NULL;
  free(text);
  cJSON_Delete(written);
  return value;
}

static void look_at(const walk *w, const char *path, const cJSON *value) {
  config_key key;
  char now[VALUE], then[VALUE];
  if (!config_find_key(path, &key)) return;
  cJSON *usual = as_read(config_value_json(w->usual, &key));
  if (usual && !cJSON_Compare(usual, value, true)) {
    value_text(value, now, sizeof now);
    value_text(usual, then, sizeof then);
    w->tell(w->context, path, now, then);
  }
  cJSON_Delete(usual);
}

static void look_within(const walk *w, const char *path, const cJSON *object) {
  const cJSON *item;
  char name[PATH];
  cJSON_ArrayForEach(item, object) {
    snprintf(name, sizeof name, "%s%s%.80s", path, *path ? "." : "", item->string);
    if (is_left_out(name)) continue;
    if (cJSON_IsObject(item))
      look_within(w, name, item);
    else
      look_at(w, name, item);
  }
}

/// What other keys follow is as it is in the run: what follows it then is usual.
throng_status run_page_differences(const cJSON *config,
                                   void (*tell)(void *context, const char *key, const char *value,
                                                const char *usual),
                                   void *context) {
  static const char *const leads[][2] = {
      {"agent", "algorithm"}, {"train", "seed"}, {"users", "preset"}};
  enum { LEADS = sizeof leads / sizeof *leads };
  char text[LEADS][VALUE + 64];
  const char *overrides[LEADS + 1] = {NULL};
  int n = 0;
  throng_config usual;
  for (int k = 0; k < LEADS; ++k) {
    char value[VALUE];
    const cJSON *lead = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(config, leads[k][0]), leads[k][1]);
    if (!lead || cJSON_IsNull(lead)) continue;
    if (cJSON_IsString(lead))  // as on a command line
      snprintf(value, sizeof value, "%s", lead->valuestring);
    else
      value_text(lead, value, sizeof value);
    snprintf(text[n], sizeof text[n], "%s.%s=%s", leads[k][0], leads[k][1], value);
    overrides[n] = text[n];
    ++n;
  }
  THRONG_TRY(config_load(NULL, overrides, &usual));
  const walk w = {&usual, tell, context};
  look_within(&w, "", config);
  config_free(&usual);
  return THRONG_OK;
}

static void write_difference(void *context, const char *key, const char *value, const char *usual) {
  FILE *out = context;
  fputs("<tr>", out);
  page_cell(out, "th", key);
  fputs("<td class=\"text\">", out);
  svg_escaped(out, value);
  fputs("</td><td class=\"text\">", out);
  svg_escaped(out, usual);
  fputs("</td></tr>\n", out);
}

/// The whole of it, but for the language model's section.
static void write_config(const run_page *p) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *copy = cJSON_Duplicate(p->files->config, true);
  cJSON_DeleteItemFromObjectCaseSensitive(copy, "llm");
  char *text = copy ? cJSON_Print(copy) : NULL;
  cJSON_Delete(copy);
  if (!text) return;
  page_heading(p->out, "All of it, as resolved");
  fputs("<pre class=\"all\" tabindex=\"0\" role=\"region\" aria-label=\"The config\">", p->out);
  svg_escaped(p->out, text);
  fputs("</pre>\n", p->out);
  free(text);
}

throng_status run_page_settings(const run_page *p) {
  static const char *const head[] = {"key", "\tin this run", "\tusual"};
  page_section(
      p->out, "config", "Configuration",
      "What differs from the usual values of this release. What a key means: throng config "
      "--keys.");
  page_table(p->out, NULL, 3, head);
  throng_status status = run_page_differences(p->files->config, write_difference, p->out);
  page_table_end(p->out);
  write_config(p);
  page_section_end(p->out);
  return status;
}

// ---- the machine, and again
// -----------------------------------------------------------------------
static void write_machine(const run_page *p) {
  static const char *const head[] = {"what", "\tvalue"};
  const run_files *f = p->files;
  const trained *t = &p->m->opened;
  const char *version =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(f->summary, "version"));
  const char *arithmetic =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(f->summary, "arithmetic"));
  char text[96], begun[32], ended[32], now[32], seconds[64];
  page_table(p->out, NULL, 2, head);
  page_fact(p->out, "state", "%s", page_state(f, text));
  page_fact(p->out, "run", "from %s to %s%s%s", page_time(f->begun, begun),
            page_time(f->ended, ended), *f->machine ? " on " : "", f->machine);
  const double taken = json_number(f->row[f->n_row - 1], "seconds");
  page_fact(p->out, "training alone", "%s s, %s user-steps a second",
            page_mean(taken, (double)NAN, 1, seconds),
            page_count(taken > 0 ? f->steps / taken : (double)NAN, text));
  if (version) page_fact(p->out, "trained by", "throng %s", version);
  page_fact(p->out, "page written by", "throng %s, %s, %d processors", throng_version(),
            page_time((double)time(NULL), now), processors_usable());
  if (arithmetic) page_fact(p->out, "arithmetic", "%s", arithmetic);
  if (t->backend)
    page_fact(p->out, "backend of this page", "%s", throng_backend_describe(t->backend));
  if (t->world) {
    const throng_world_info w = throng_world_get_info(t->world);
    char users[32], items[32], rows[32], likes[32];
    page_fact(
        p->out, "world", "%s: %s users, %s items, %s answers of which %s likes, hash %016llx%s",
        t->config.world_file ? t->config.world_file : "-", page_count((double)w.n_user, users),
        page_count((double)w.n_item, items), page_count((double)w.n_interaction, rows),
        page_percent((double)w.n_like / fmax(1, (double)w.n_interaction), likes),
        (unsigned long long)throng_world_hash(t->world),
        t->same_world ? "" : " (not the one that it was trained in)");
    if (t->sta && t->config.sta_file)
      page_fact(p->out, "weights of f_sta", "%s", t->config.sta_file);
    page_fact(p->out, "checkpoint", "%s", t->checkpoint);
  }
  if (p->m->seconds > 0)
    page_fact(p->out, "sessions and questions of this page", "%s s",
              page_mean(p->m->seconds, (double)NAN, 1, seconds));
  page_table_end(p->out);
}

static void write_commands(const run_page *p) {
  const run_files *f = p->files;
  char path[PATH_MAX], config[2 * PATH_MAX], folder[2 * PATH_MAX];
  snprintf(path, sizeof path, "%s/config.json", f->folder);
  page_shell_word(path, config, sizeof config);
  page_shell_word(f->folder, folder, sizeof folder);
  fputs("<pre tabindex=\"0\" role=\"region\" aria-label=\"Commands\">", p->out);
  fputs("# the same run again, to the same bits on such a processor\nthrong train ", p->out);
  svg_escaped(p->out, config);
  fputs(" -o runs/again\n", p->out);
  if (!f->summary) {
    fputs("# go on with it\nthrong train ", p->out);
    svg_escaped(p->out, config);
    fputs(" --resume\n", p->out);
  }
  fputs("# this page again\nthrong report ", p->out);
  svg_escaped(p->out, folder);
  const trained *t = &p->m->opened;
  if (t->world && t->config.world_file && p->m->n_told > 0 && p->m->told[0].n > 0) {
    char word[2 * PATH_MAX];
    fputs("\n# why one of these users answers as they do\nthrong explain ", p->out);
    page_shell_word(t->config.world_file, word, sizeof word);
    svg_escaped(p->out, word);
    fputc(' ', p->out);
    svg_escaped(p->out, config);
    if (t->sta && t->config.sta_file) {
      page_shell_word(t->config.sta_file, word, sizeof word);
      fputs(" --sta ", p->out);
      svg_escaped(p->out, word);
    }
    page_shell_word(throng_world_user_id(t->world, p->m->told[0].user), word, sizeof word);
    fputs(" --user ", p->out);
    svg_escaped(p->out, word);
    page_shell_word(throng_world_item_id(t->world, p->m->told[0].step[0].item), word, sizeof word);
    fputs(" --item ", p->out);
    svg_escaped(p->out, word);
  }
  fputs("</pre>\n", p->out);
}

throng_status run_page_repeat(const run_page *p) {
  page_section(p->out, "repeat", "Machine, and how to repeat it", NULL);
  write_machine(p);
  page_heading(p->out, "Commands");
  write_commands(p);
  page_section_end(p->out);
  return THRONG_OK;
}
