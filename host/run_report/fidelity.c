/// How well the simulator answers as real users did.
#include "run_report/fidelity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/numbers.h"
#include "run_report/parts.h"
#include "sim/rule.h"

reliability_curve fidelity_curve(const fidelity_report *r, int contender,
                                 double value[4][RELIABILITY_BINS]) {
  const reliability_bin *bin = r->contender[contender].bin;
  int n = 0;
  for (int b = 0; b < RELIABILITY_BINS; ++b) {
    if (bin[b].n == 0) continue;
    value[0][n] = bin[b].said;
    value[1][n] = bin[b].real;
    value[2][n] = bin[b].low;
    value[3][n++] = bin[b].high;
  }
  return (reliability_curve){contender_name(contender),
                             r->contender[contender].all[MEASURE_ECE].value,
                             n,
                             value[0],
                             value[1],
                             value[2],
                             value[3]};
}

throng_status fidelity_draw(const fidelity_report *r, const char *path) {
  reliability_curve curve[CONTENDER_COUNT];
  double value[CONTENDER_COUNT][4][RELIABILITY_BINS];
  char subject[96];
  int n = 0;
  for (int k = 0; k < CONTENDER_COUNT && n < SVG_COLOURS; ++k) {
    const int c = k == 0 ? CONTENDER_OF_ENSEMBLE : CONTENDER_OF_RULES - k;
    if (c < FIDELITY_BIASED_MF || !r->contender[c].measured) continue;
    curve[n] = fidelity_curve(r, c, value[n]);
    ++n;
  }
  snprintf(subject, sizeof subject, "%lld answers of %lld users",
           (long long)(r->basic.questions + r->basic.sampled), (long long)r->basic.users);
  return reliability_draw(path, subject, n, curve);
}

// ---- a run's section ----------------------------------------------------------------------------
/// The contender that answers in this run: its rule, or the vote that the rule asks alone.
static int own_contender(const run_measures *m) {
  const int rule = CONTENDER_OF_RULES + (int)m->opened.config.sim.votes.rule;
  const contender_report *c = &m->fidelity->contender[rule];
  return c->same_as >= 0 ? c->same_as : rule;
}

static void interval_cell(FILE *out, const measured_value *v) {
  NUMBERS_WITHOUT_LOCALE;
  if (isnan(v->value))
    page_cell(out, "td", "-");
  else if (isnan(v->low) || isnan(v->high))
    page_cell_of(out, "%.3f", v->value);
  else
    fprintf(out, "<td>%.3f<small>[%.3f, %.3f]</small></td>", v->value, v->low, v->high);
}

/// One answer a user says nothing of an order within users.
static bool has_within(const run_page *p) {
  return !isnan(p->m->fidelity->contender[CONTENDER_OF_ENSEMBLE].all[MEASURE_WITHIN_AUC].value);
}

static void write_row(const run_page *p, int contender, int own) {
  const contender_report *c = &p->m->fidelity->contender[contender];
  const bool is_own = contender == own;
  if (!c->measured || (c->same_as >= 0 && !is_own)) return;
  fputs(is_own ? "<tr><th><b>" : "<tr><th>", p->out);
  if (contender_kind_of(contender) == CONTENDER_RULE) fputs("rule ", p->out);
  svg_escaped(p->out, contender_name(contender));
  if (is_own) fputs(" (this run)", p->out);
  fputs(is_own ? "</b></th>" : "</th>", p->out);
  interval_cell(p->out, &c->all[MEASURE_AUC]);
  if (has_within(p)) interval_cell(p->out, &c->all[MEASURE_WITHIN_AUC]);
  interval_cell(p->out, &c->all[MEASURE_LOG_LOSS]);
  page_cell_of(p->out, "%.3f", c->all[MEASURE_BRIER].value);
  interval_cell(p->out, &c->all[MEASURE_ECE]);
  page_cell_of(p->out, "%.3f", c->all[MEASURE_LIKE_RATE_SAID].value);
  fputs("</tr>\n", p->out);
}

static void write_table(const run_page *p, int own) {
  static const char *const all[] = {"who", "AUC", "log-loss", "Brier", "ECE", "says"};
  static const char *const within[] = {"who",   "AUC", "within users", "log-loss",
                                       "Brier", "ECE", "says"};
  const bool has = has_within(p);
  page_table(p->out, "95 % intervals over resampled users", has ? 7 : 6, has ? within : all);
  for (int k = 0; k < CONTENDER_OF_RULES; ++k) write_row(p, k, own);
  if (own >= CONTENDER_OF_RULES) write_row(p, own, own);
  page_table_end(p->out);
}

static void draw_reliability(const run_page *p, int own) {
  const int drawn[] = {own, FIDELITY_BIASED_MF, FIDELITY_ITEM_MEAN, FIDELITY_USER_MEAN};
  enum { MOST = sizeof drawn / sizeof *drawn, HIGH = 440, WIDTH = 560 };
  reliability_curve curve[MOST];
  double value[MOST][4][RELIABILITY_BINS];
  int n = 0;
  for (int k = 0; k < MOST; ++k)
    if (p->m->fidelity->contender[drawn[k]].measured) {
      curve[n] = fidelity_curve(p->m->fidelity, drawn[k], value[n]);
      ++n;
    }
  svg_axis x = reliability_said(), y = reliability_real();
  x.from = 52, x.to = WIDTH - 12, y.from = HIGH - 40, y.to = 66;
  page_drawing(p->out, "reliability", WIDTH, HIGH, "Reliability",
               "What was said to be the probability of a like, in bins of equal size, against the "
               "share of likes in each, with 95 % intervals; on the diagonal both agree.");
  svg_grid(p->out, &x, &y);
  reliability_curves(p->out, &x, &y, n, curve);
  reliability_legend(p->out, 52, 14, 2, n, curve);
  page_figure_end(p->out);
}

throng_status run_page_fidelity(const run_page *p) {
  const fidelity_report *r = p->m->fidelity;
  page_section(
      p->out, "fidelity", "Fidelity: are these users like the real ones?",
      "Real answers that were held back (each user's last one) and what the simulator says "
      "to them, beside what knows no keywords and no texts.");
  if (!r) {
    page_note(p->out, "Not measured: %s",
              *p->m->why_no_fidelity ? p->m->why_no_fidelity : p->m->why);
    page_section_end(p->out);
    return THRONG_OK;
  }
  const int own = own_contender(p->m);
  char users[32], share[32];
  page_note(p->out, "%s users were asked; %s of their real answers are likes.",
            page_count((double)r->basic.users, users),
            page_percent((double)r->basic.likes / (double)(r->basic.questions + r->basic.sampled),
                         share));
  write_table(p, own);
  draw_reliability(p, own);
  page_note(p->out,
            "AUC: how often a liked item scores above a disliked one; 0.5 is chance. Log-loss, "
            "Brier: of the probability; lower is better. ECE: mean distance from the diagonal. "
            "\"says\" is the mean probability.");
  page_section_end(p->out);
  return THRONG_OK;
}
