/// A few sessions, told: what was shown, what was answered, why.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/numbers.h"
#include "run_report/parts.h"

enum { TITLE = 90, KEYWORD = 40 };

static void write_item(const run_page *p, int32_t item) {
  const throng_world *w = p->m->opened.world;
  page_name(p->out, throng_world_item_name(w, item), throng_world_item_id(w, item), TITLE);
}

/// "for: vivid songbirds, rich penguins and 3 more; like The Puppies of Havana (0.87)"
static void write_side(const run_page *p, const told_side *s, const char *what, const char *past) {
  NUMBERS_WITHOUT_LOCALE;
  FILE *out = p->out;
  if (s->met == 0 && s->nearest < 0) return;
  fprintf(out, "<div><b>%s</b>: ", what);
  for (int k = 0; k < s->n_named; ++k) {
    fputs(k ? ", " : "", out);
    page_name(out, s->keyword[k], "(no keyword)", KEYWORD);
  }
  if (s->met > s->n_named) fprintf(out, " and %d more keywords", s->met - s->n_named);
  if (s->nearest >= 0) {
    fprintf(out, "%snear ", s->met ? "; " : "");
    write_item(p, s->nearest);
    fprintf(out, ", %s (%.2f)", past, s->similarity);
  }
  fputs("</div>", out);
}

static void write_votes(const run_page *p, const told_step *s) {
  NUMBERS_WITHOUT_LOCALE;
  bool any = false;
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
    if (!s->asked[k]) continue;
    fprintf(p->out, "%s%s %.2f", any ? ", " : "", throng_vote_name(k), s->value[k]);
    any = true;
  }
}

static const char *answer_of(const told_step *s) {
  if (!s->known) return "not looked at";
  return s->like ? "liked" : "not liked";
}

static const char *left_words(throng_leave left) {
  switch (left) {
    case THRONG_LEAVE_MOOD: return "left: the mood was used up";
    case THRONG_LEAVE_REPETITION: return "left: a category came again too soon";
    case THRONG_LEAVE_CHANCE: return "left, by chance";
    case THRONG_LEAVE_NO_RETURN: return "did not come back";
    default: return NULL;
  }
}

static void write_step(const run_page *p, int number, const told_step *s) {
  fprintf(p->out, "<tr><th>%d</th><td class=\"text\">", number);
  write_item(p, s->item);
  fprintf(p->out, "</td><td class=\"%s\">%s",
          !s->known ? ""
          : s->like ? "good"
                    : "bad",
          answer_of(s));
  const char *left = left_words(s->left);
  if (left) fprintf(p->out, "<br/>%s", left);
  fputs("</td>", p->out);
  page_cell_of(p->out, "%.2f", s->score);
  fputs("<td class=\"text\">", p->out);
  write_side(p, &s->side[0], "for", "which was liked");
  write_side(p, &s->side[1], "against", "which was not");
  fputs("<div class=\"small\">", p->out);
  write_votes(p, s);
  fputs("</div></td></tr>\n", p->out);
}

static void write_user(const run_page *p, const told_user *u) {
  static const char *const head[] = {"step", "\tshown", "answer", "score", "\twhy"};
  FILE *out = p->out;
  fputs("<h3>User ", out);
  page_name(out, throng_world_user_id(p->m->opened.world, u->user), "(no id)", 60);
  fputs("</h3>\n", out);
  page_note(out,
            "%lld remembered answers, %lld of them likes. A session of %d step%s, %.0f like%s.",
            (long long)u->history, (long long)u->liked, u->steps, u->steps == 1 ? "" : "s",
            u->likes, u->likes == 1 ? "" : "s");
  page_table(out, NULL, 5, head);
  for (int k = 0; k < u->n; ++k) write_step(p, k + 1, &u->step[k]);
  page_table_end(out);
  if (u->steps > u->n)
    page_note(out, "%d more step%s.", u->steps - u->n, u->steps - u->n == 1 ? "" : "s");
}

throng_status run_page_users(const run_page *p) {
  const run_measures *m = p->m;
  char title[128];
  snprintf(title, sizeof title, "%s explained user%s",
           m->n_told == 5 ? "Five"
           : m->n_told    ? "Some"
                          : "No",
           m->n_told == 1 ? "" : "s");
  page_section(p->out, "users", m->n_told ? title : "Explained users",
               "The first steps of sessions that the agent played. Score: what the rule makes of "
               "the votes, 0 to 1; a rule that draws likes with it as the chance. For and against: "
               "keywords met in past items, and the nearest past item by its text.");
  if (!m->exposure[PLAYED_AGENT] || m->n_told == 0) {
    page_note(p->out, "Not measured: %s", m->why);
    page_section_end(p->out);
    return THRONG_OK;
  }
  const int32_t slate = m->opened.config.sim.slate_size;
  if (slate > 1) page_note(p->out, "Of slates of %d items the first one is told.", slate);
  for (int k = 0; k < m->n_told; ++k)
    if (m->told[k].n > 0) write_user(p, &m->told[k]);
  page_section_end(p->out);
  return THRONG_OK;
}
