/// Counts of reading, for people and for programs.
#include "cli/prepare_report.h"

static void row(FILE *to, const char *what, int64_t n, const char *more) {
  char count[32];
  if (n) fprintf(to, "  %-22s %14s%s\n", what, cli_count(n, count), more);
}

static double rate(const dataset_counts *counts) {
  return counts->seconds > 0 ? (double)counts->text_bytes / counts->seconds : 0;
}

void prepare_report_print(FILE *to, const prepare_report *report) {
  const dataset_counts *c = &report->counts;
  char bytes[32], speed[32];
  fprintf(to, "read %s of text in %.1f s, %s/s\n", cli_bytes((double)c->text_bytes, bytes),
          c->seconds, cli_bytes(rate(c), speed));
  row(to, "lines", c->lines, "");
  row(to, "repeated pairs dropped", c->duplicates, "  the earliest of each is kept");
  row(to, "unrated dropped", c->unrated, "");
  row(to, "of unknown items", c->unknown_item, "");
  row(to, "below the k-core", c->below_core, "");
  fprintf(to, "made keywords in %.1f s, embeddings in %.1f s\n", report->keyword_seconds,
          report->embedding_seconds);
  if (report->llm.requests) {
    row(to, "answers of the model", report->llm.from_store + report->llm.asked, "");
    row(to, "its keywords", report->llm.keywords, "");
    row(to, "evidence not in text", report->llm.unproven, "");
    row(to, "without a usable word", report->llm.unusable, "");
  }
  row(to, "keywords kept", report->keywords, "");
  row(to, "too common, dropped", report->dropped_common, "");
  row(to, "too rare, dropped", report->dropped_rare, "");
  row(to, "items without keywords", report->items_without, "");
}

void prepare_report_json(const prepare_report *report, cJSON *object) {
  const dataset_counts *c = &report->counts;
  cJSON *read = cJSON_AddObjectToObject(object, "read");
  cJSON_AddNumberToObject(read, "lines", (double)c->lines);
  cJSON_AddNumberToObject(read, "duplicates", (double)c->duplicates);
  cJSON_AddNumberToObject(read, "unrated", (double)c->unrated);
  cJSON_AddNumberToObject(read, "unknown_item", (double)c->unknown_item);
  cJSON_AddNumberToObject(read, "below_core", (double)c->below_core);
  cJSON_AddNumberToObject(read, "text_bytes", (double)c->text_bytes);
  cJSON_AddNumberToObject(read, "seconds", c->seconds);
  cJSON_AddNumberToObject(read, "text_bytes_per_second", rate(c));
  cJSON_AddNumberToObject(object, "keywords_dropped_common", (double)report->dropped_common);
  cJSON_AddNumberToObject(object, "keywords_dropped_rare", (double)report->dropped_rare);
  if (report->llm.requests) {
    const llm_counts *l = &report->llm;
    cJSON *llm = cJSON_AddObjectToObject(object, "llm");
    cJSON_AddNumberToObject(llm, "requests", (double)l->requests);
    cJSON_AddNumberToObject(llm, "from_store", (double)l->from_store);
    cJSON_AddNumberToObject(llm, "asked", (double)l->asked);
    cJSON_AddNumberToObject(llm, "failed", (double)l->failed);
    cJSON_AddNumberToObject(llm, "keywords", (double)l->keywords);
    cJSON_AddNumberToObject(llm, "unproven", (double)l->unproven);
    cJSON_AddNumberToObject(llm, "unusable", (double)l->unusable);
    cJSON_AddNumberToObject(llm, "kept", (double)l->kept);
    cJSON_AddNumberToObject(llm, "items_both_sides", (double)l->items_both_sides);
  }
  cJSON_AddNumberToObject(object, "keyword_seconds", report->keyword_seconds);
  cJSON_AddNumberToObject(object, "embedding_seconds", report->embedding_seconds);
}
