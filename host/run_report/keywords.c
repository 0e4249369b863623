/// Which keywords decide what users answer to the agent.
#include <stdio.h>
#include <stdlib.h>

#include "run_report/parts.h"

enum { MOST = 15 };

static int most_decided_first(const void *a, const void *b) {
  const keyword_count *x = a, *y = b;
  if (x->decided != y->decided) return x->decided > y->decided ? -1 : 1;
  if (x->met != y->met) return x->met < y->met ? -1 : 1;
  return (x->keyword > y->keyword) - (x->keyword < y->keyword);
}

/// `count` is put into order.
static void draw_side(const run_page *p, const char *id, const char *title, const char *description,
                      const char *style, keyword_count *count, int64_t n) {
  int rows = 0;
  int64_t widest = 1;
  qsort(count, (size_t)n, sizeof *count, most_decided_first);
  while (rows < MOST && rows < n && count[rows].decided > 0) ++rows;
  for (int k = 0; k < rows; ++k)
    if (count[k].met > widest) widest = count[k].met;
  page_heading(p->out, "%s", title);
  if (rows == 0) {
    fputs("<p>None was met in an answer of this kind.</p>\n", p->out);
    return;
  }
  page_drawing(p->out, id, PAGE_FULL, 12 + PAGE_BAR * rows, title, description);
  for (int k = 0; k < rows; ++k) {
    char text[64];
    snprintf(text, sizeof text, "%lld of %lld", (long long)count[k].decided,
             (long long)count[k].met);
    page_bar(p->out, style, k, PAGE_FULL, (double)count[k].decided / (double)widest,
             (double)count[k].met / (double)widest,
             throng_world_keyword(p->m->opened.world, count[k].keyword), text);
  }
  page_figure_end(p->out);
}

throng_status run_page_keywords(const run_page *p) {
  const run_measures *m = p->m;
  page_section(p->out, "keywords", "Which keywords decide",
               "Keywords of shown items that the user's past items of the same kind have. Full: "
               "answers that went this way; hollow: all answers in which the keyword was met.");
  if (!m->exposure[PLAYED_AGENT] || !m->count[0]) {
    page_note(p->out, "Not measured: %s", m->why);
    page_section_end(p->out);
    return THRONG_OK;
  }
  char answers[32];
  const int64_t n = throng_world_get_info(m->opened.world).n_keyword;
  page_note(p->out, "Of %s answers in %d of the sessions.",
            page_count((double)m->explained, answers),
            m->episodes < MEASURE_EXPLAINED ? m->episodes : MEASURE_EXPLAINED);
  draw_side(p, "liking", "Reasons to like that end in a like",
            "A bar for each keyword: in how many answers it was met among liked items and the "
            "answer was a like, and, hollow, in how many it was met.",
            "c2", m->count[0], n);
  draw_side(p, "disliking", "Reasons to dislike that end in a dislike",
            "A bar for each keyword: in how many answers it was met among disliked items and the "
            "answer was none, and, hollow, in how many it was met.",
            "c1", m->count[1], n);
  page_section_end(p->out);
  return THRONG_OK;
}
