/// Keywords from a language model: ask what is missing, then fold the kept keywords of all answers
/// into lists, as the lexical provider does with its terms.
#include "llm/keywords_llm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "llm/extract.h"
#include "text/keyword_builder.h"

typedef struct gathering {
  keyword_builder builder;
  interner *stem;     // keywords are joined by their stems
  interner *surface;  // pairs of stem and writing
  int64_t *of;        // (surfaces) stem
  int64_t *count;     // (surfaces)
  size_t of_capacity, count_capacity;
} gathering;

static throng_status gather(void *context, int64_t item, chat_side side, const char *surface,
                            const char *stem) {
  gathering *g = context;
  int64_t keyword, writing;
  bool fresh;
  THRONG_TRY(interner_add(g->stem, stem, strlen(stem), &keyword, NULL));
  THRONG_TRY(interner_add(g->surface, surface, strlen(surface), &writing, &fresh));
  THRONG_TRY(throng_grow((void **)&g->of, &g->of_capacity, (size_t)writing + 1, sizeof *g->of,
                         "keywords"));
  THRONG_TRY(throng_grow((void **)&g->count, &g->count_capacity, (size_t)writing + 1,
                         sizeof *g->count, "keywords"));
  if (fresh) g->count[writing] = 0;
  g->of[writing] = keyword;  // the stem follows from the writing
  ++g->count[writing];
  return builder_add(&g->builder, side == CHAT_LIKE ? SIDE_POS : SIDE_NEG, item, keyword);
}

/// The most frequent writing of each keyword, the first seen where several are as frequent.
static throng_status name_keywords(const gathering *g, string_table *name) {
  int64_t n_keyword = interner_strings(g->stem)->n, n_writing = interner_strings(g->surface)->n;
  int64_t *best = NULL;  // writing + 1
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&best, (size_t)n_keyword, sizeof *best, "keywords"));
  for (int64_t w = 0; w < n_writing; ++w) {
    int64_t *b = &best[g->of[w]];
    if (!*b || g->count[w] > g->count[*b - 1]) *b = w + 1;
  }
  for (int64_t k = 0; k < n_keyword; ++k)
    THRONG_TRY_GOTO(strings_append(name, strings_get(interner_strings(g->surface), best[k] - 1),
                                   strings_length(interner_strings(g->surface), best[k] - 1)));
done:
  free(best);
  return status;
}

static throng_status finish(const keywords_def *def, const dataset *data, gathering *g,
                            keyword_sets *out, int64_t *items_both_sides) {
  string_table name = {0};
  int64_t *n_items = NULL;
  int64_t n_keyword = interner_strings(g->stem)->n;
  throng_status status;
  THRONG_TRY_GOTO(name_keywords(g, &name));
  THRONG_TRY_GOTO(
      throng_alloc((void **)&n_items, (size_t)n_keyword, sizeof *n_items, "items by keyword"));
  builder_bound(&g->builder, item_bounds_of(def, data), n_keyword, n_items, &out->dropped_common,
                &out->dropped_rare);
  THRONG_TRY_GOTO(builder_finish(&g->builder, &name, data->n_item, out));
  for (int64_t i = 0; i < data->n_item; ++i)
    *items_both_sides +=
        out->pos_offset[i] < out->pos_offset[i + 1] && out->neg_offset[i] < out->neg_offset[i + 1];
done:
  strings_free(&name);
  free(n_items);
  return status;
}

static void tell(const llm_counts *c, const keyword_sets *sets, const throng_progress *progress) {
  throng_note(progress,
              "%lld requests: %lld from the store, %lld asked, %lld without an answer; %lld "
              "answers refused or filtered, %lld cut off, %lld not to be read",
              (long long)c->requests, (long long)c->from_store, (long long)c->asked,
              (long long)c->failed, (long long)(c->refused + c->filtered), (long long)c->cut_off,
              (long long)c->unreadable);
  throng_note(progress,
              "%lld keywords of %lld reasons: %lld kept, %lld dropped for evidence that is not in "
              "the text, %lld without a usable word; joined to %lld (%lld too common and %lld too "
              "rare dropped); %lld items have both sides",
              (long long)c->keywords, (long long)c->reasons, (long long)c->kept,
              (long long)c->unproven, (long long)c->unusable, (long long)sets->keyword.n,
              (long long)sets->dropped_common, (long long)sets->dropped_rare,
              (long long)c->items_both_sides);
  if (c->reread)
    throng_note(progress, "%lld stored answers read again: %lld give reasons that gave none before",
                (long long)c->reread, (long long)c->recovered);
  if (c->reread && c->failed)
    throng_note(progress,
                "%lld of them are empty, and an older version kept nothing else of what the server "
                "sent: the next run asks again",
                (long long)c->failed);
  char text[600];
  // More than half is an error, at the end (extract_verdict).
  if (10 * c->unreadable <= c->answers || 2 * c->unreadable > c->answers) return;
  extract_fault_text(c, text, sizeof text);
  throng_note(progress, "warning: %s", text);
}

throng_status keywords_llm(const keywords_def *def, const llm_def *llm, const dataset *data,
                           const throng_progress *progress, keyword_sets *out, llm_counts *counts) {
  request_list *requests = NULL;
  llm_store *store = NULL;
  gathering g = {0};
  item_bounds bounds = item_bounds_of(def, data);
  int64_t dropped;
  throng_status status;
  THRONG_TRY_GOTO(llm_check(llm));
  THRONG_TRY_GOTO(request_list_open(llm, data, &requests));
  if (llm->reread && access(llm->store, F_OK) != 0)
    THRONG_TRY_GOTO(throng_fail(THRONG_ERROR_IO,
                                "%s: %s; expected the store of an earlier `throng extract` to read "
                                "again",
                                llm->store, strerror(errno)));
  THRONG_TRY_GOTO(store_open(llm->store, false, &store));
  THRONG_TRY_GOTO(interner_create(&g.stem));
  THRONG_TRY_GOTO(interner_create(&g.surface));
  if (llm->reread)
    THRONG_TRY_GOTO(extract_reread(requests, store, progress, counts));
  else
    THRONG_TRY_GOTO(extract_run(llm, requests, store, progress, counts));
  THRONG_TRY_GOTO(extract_read(requests, store, progress, gather, &g, counts));
  THRONG_TRY_GOTO(categories_from_dataset(data, &bounds, out, &dropped));
  THRONG_TRY_GOTO(finish(def, data, &g, out, &counts->items_both_sides));
  tell(counts, out, progress);
done:
  builder_free(&g.builder);
  interner_free(g.stem);
  interner_free(g.surface);
  free(g.of);
  free(g.count);
  store_close(store);
  request_list_close(requests);
  return status;
}
