/// Counts of reading, for people and for programs.
#include "cli/prepare_report.h"

#include <math.h>

#include "data/rating_counts.h"

static void row(FILE *to, const char *what, int64_t n, const char *more) {
  char count[32];
  if (n) fprintf(to, "  %-22s %14s%s\n", what, cli_count(n, count), more);
}

static double rate(const dataset_counts *counts) {
  return counts->seconds > 0 ? (double)counts->text_bytes / counts->seconds : 0;
}

enum { BAR = 30 };  // characters of the longest

/// "3.5", or "3 to 4" of a width.
static void bin_name(const rating_bin *bin, char *out, size_t size) {
  if (bin->from == bin->to)
    snprintf(out, size, "%g", bin->from);
  else
    snprintf(out, size, "%.4g to %.4g", bin->from, bin->to);
}

static double percent(int64_t part, int64_t whole) {
  return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void print_ratings(FILE *to, const dataset_counts *c) {
  char name[64], count[32];
  int64_t n = c->likes + c->dislikes, most = 1;
  if (!n) return;
  if (isnan(c->like_threshold)) {
    fprintf(to, "rows kept                %14s  all are likes\n", cli_count(n, count));
    return;
  }
  for (int b = 0; b < c->n_rating; ++b)
    if (c->rating[b].count > most) most = c->rating[b].count;
  fprintf(to, "ratings kept             %14s  %.1f %% reach %g and are likes\n",
          cli_count(n, count), percent(c->likes, n), c->like_threshold);
  for (int b = 0; b < c->n_rating; ++b) {
    int64_t here = c->rating[b].count;
    bin_name(&c->rating[b], name, sizeof name);
    fprintf(to, "  %-22s %14s %5.1f %%  ", name, cli_count(here, count), percent(here, n));
    for (int64_t k = 0; k < (here * BAR + most - 1) / most; ++k) fputs("▇", to);
    fputc('\n', to);
  }
}

static void print_bad_rows(FILE *to, const dataset_counts *c) {
  for (int k = 0; k < N_ROW_FAULT; ++k)
    row(to, row_fault_name(k), c->bad[k], "  bad rows dropped (dataset.max_bad_rows)");
  if (*c->first_bad) fprintf(to, "  the first of them: %s\n", cli_word(c->first_bad));
}

static void print_joins(FILE *to, const join_count *join, int n) {
  for (int k = 0; k < n; ++k)
    fprintf(to, "  %-22s %14lld of %lld in %s\n", join[k].key, (long long)join[k].found,
            (long long)join[k].total, join[k].file);
}

void prepare_report_print(FILE *to, const prepare_report *report) {
  const dataset_counts *c = &report->counts;
  char bytes[32], speed[32];
  fprintf(to, "read %s of text in %.1f s, %s/s\n", cli_bytes((double)c->text_bytes, bytes),
          c->seconds, cli_bytes(rate(c), speed));
  row(to, "lines", c->lines, "");
  static const char *const kept[] = {"  the first of each counts", "  the last of each counts",
                                     "  their mean counts"};
  row(to, "repeated ratings", c->duplicates, kept[c->repeated]);
  row(to, "unrated dropped", c->unrated, "");
  row(to, "of unknown items", c->unknown_item, "");
  row(to, "other records", c->other_kind, "");
  print_bad_rows(to, c);
  row(to, "below the k-core", c->below_core, "");
  row(to, "unseen put in", c->negatives, "  as dislikes (dataset.negatives)");
  fprintf(to, "  %-22s %s\n", "times", *c->times ? c->times : "none; the order of the file counts");
  row(to, "odd values left out", c->odd_values, "  of the items' facts");
  row(to, "items never rated kept", c->cold_items - c->later_items, "");
  row(to, "kept apart as later", c->later, "  (dataset.later_share)");
  row(to, "of users", c->later_users, "");
  row(to, "items in no others", c->later_items, "");
  print_joins(to, c->join, c->n_join);
  if (report->keyword_join.key) print_joins(to, &report->keyword_join, 1);
  print_ratings(to, c);
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

static void json_join(cJSON *list, const join_count *join) {
  cJSON *one = cJSON_CreateObject();
  cJSON_AddStringToObject(one, "key", join->key);
  cJSON_AddStringToObject(one, "file", join->file);
  cJSON_AddNumberToObject(one, "found", (double)join->found);
  cJSON_AddNumberToObject(one, "of", (double)join->total);
  cJSON_AddItemToArray(list, one);
}

static void json_ratings(cJSON *object, const dataset_counts *c) {
  int64_t n = c->likes + c->dislikes;
  cJSON_AddNumberToObject(object, "kept", (double)n);
  if (isnan(c->like_threshold))
    cJSON_AddNullToObject(object, "like_threshold");
  else
    cJSON_AddNumberToObject(object, "like_threshold", c->like_threshold);
  cJSON_AddNumberToObject(object, "likes", (double)c->likes);
  cJSON_AddNumberToObject(object, "dislikes", (double)c->dislikes);
  cJSON_AddNumberToObject(object, "like_share", percent(c->likes, n) / 100);
  cJSON *bins = cJSON_AddArrayToObject(object, "histogram");
  for (int b = 0; b < c->n_rating; ++b) {
    cJSON *bin = cJSON_CreateObject();
    cJSON_AddNumberToObject(bin, "from", c->rating[b].from);
    cJSON_AddNumberToObject(bin, "to", c->rating[b].to);
    cJSON_AddNumberToObject(bin, "count", (double)c->rating[b].count);
    cJSON_AddItemToArray(bins, bin);
  }
}

void prepare_report_json(const prepare_report *report, cJSON *object) {
  const dataset_counts *c = &report->counts;
  cJSON *read = cJSON_AddObjectToObject(object, "read");
  cJSON_AddNumberToObject(read, "lines", (double)c->lines);
  cJSON_AddNumberToObject(read, "duplicates", (double)c->duplicates);
  cJSON_AddStringToObject(read, "repeated", dataset_repeated_word(c->repeated));
  cJSON_AddNumberToObject(read, "unrated", (double)c->unrated);
  cJSON_AddNumberToObject(read, "unknown_item", (double)c->unknown_item);
  cJSON_AddNumberToObject(read, "below_core", (double)c->below_core);
  static const char *const fault[N_ROW_FAULT] = {"malformed", "no_id", "no_rating", "no_time"};
  cJSON *bad = cJSON_AddObjectToObject(read, "bad_rows");
  for (int k = 0; k < N_ROW_FAULT; ++k) cJSON_AddNumberToObject(bad, fault[k], (double)c->bad[k]);
  if (*c->first_bad) cJSON_AddStringToObject(read, "first_bad_row", c->first_bad);
  if (*c->times) cJSON_AddStringToObject(read, "times", c->times);
  cJSON_AddNumberToObject(read, "negatives", (double)c->negatives);
  cJSON_AddNumberToObject(read, "other_kind", (double)c->other_kind);
  cJSON_AddNumberToObject(read, "odd_values", (double)c->odd_values);
  cJSON_AddNumberToObject(read, "cold_items", (double)(c->cold_items - c->later_items));
  if (c->later > 0) {
    cJSON_AddNumberToObject(read, "later", (double)c->later);
    cJSON_AddNumberToObject(read, "later_users", (double)c->later_users);
    cJSON_AddNumberToObject(read, "later_items", (double)c->later_items);
  }
  cJSON_AddNumberToObject(read, "text_bytes", (double)c->text_bytes);
  cJSON_AddNumberToObject(read, "seconds", c->seconds);
  cJSON_AddNumberToObject(read, "text_bytes_per_second", rate(c));
  json_ratings(cJSON_AddObjectToObject(object, "ratings"), c);
  cJSON *joins = cJSON_AddArrayToObject(object, "joins");
  for (int k = 0; k < c->n_join; ++k) json_join(joins, &c->join[k]);
  if (report->keyword_join.key) json_join(joins, &report->keyword_join);
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
