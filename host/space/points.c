/// Points of a space: what applies, what lies on the grid, and how far along its range a value is.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/numbers.h"
#include "space/decimal.h"
#include "space/parts.h"

bool space_applies(const space *s, const double *x, int32_t parameter) {
  const space_parameter *p = &s->parameter[parameter];
  if (p->parent < 0) return true;
  return space_applies(s, x, p->parent) && space_holds(p, x[p->parent]);
}

bool space_holds(const space_parameter *p, double at) {
  if (p->n_when == 0) return at >= p->when_low && at <= p->when_high;
  for (int32_t k = 0; k < p->n_when; ++k)
    if (p->when[k] == at) return true;
  return false;
}

static double clamp(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

/// low + k * step as a decimal: 0.3, not 0.30000000000000004.
static double grid_value(const space_parameter *p, double k) {
  return clamp(decimal_sum(p->low, p->step, k), p->low, p->high);
}

/// A float option trains with single precision: the shortest decimal of that number is as good, and
/// shorter to read.
static double shortened(const space_parameter *p, double x) {
  char text[40];
  if (p->field->kind != FIELD_KIND_F32) return x;
  NUMBERS_WITHOUT_LOCALE;
  field_number_text((double)(float)x, true, text, sizeof text);
  return clamp(strtod(text, NULL), p->low, p->high);
}

double space_rounded(const space_parameter *p, double x) {
  if (p->kind == SPACE_CHOICE) return clamp(rint(x), 0, p->n_choice - 1);
  x = clamp(x, p->low, p->high);
  if (p->kind == SPACE_INT) return p->low + rint((x - p->low) / p->step) * p->step;
  return p->step > 0 ? grid_value(p, rint((x - p->low) / p->step)) : shortened(p, x);
}

bool space_contains(const space_parameter *p, double x) {
  if (p->kind == SPACE_CHOICE) return x == rint(x) && x >= 0 && x < p->n_choice;
  const double miss = p->kind == SPACE_INT ? 0 : 1e-9 * fmax(fabs(p->low), fabs(p->high));
  return x >= p->low - miss && x <= p->high + miss && (p->kind != SPACE_INT || x == rint(x));
}

void space_round(const space *s, double *x) {
  for (int32_t k = 0; k < s->n; ++k) {
    const space_parameter *p = &s->parameter[k];
    if (!space_applies(s, x, k))
      x[k] = (double)NAN;
    else
      x[k] = isnan(x[k]) ? p->initial : space_rounded(p, x[k]);
  }
}

void space_initial(const space *s, double *x) {
  for (int32_t k = 0; k < s->n; ++k) x[k] = s->parameter[k].initial;
  space_round(s, x);
}

int64_t space_values(const space_parameter *p) {
  if (p->kind == SPACE_CHOICE) return p->n_choice;
  if (p->low == p->high) return 1;
  if (p->step <= 0) return -1;
  const double steps = rint((p->high - p->low) / p->step);
  return steps < 0x1p53 ? (int64_t)steps + 1 : INT64_C(1) << 53;
}

/// The range within which a value is drawn: half a step wider where there are steps, so that the
/// ends are as likely as the others.
static void drawn_range(const space_parameter *p, double *low, double *high) {
  *low = p->low - p->step / 2;
  *high = p->high + p->step / 2;
  if (p->log) *low = log(*low), *high = log(*high);
}

double space_to_unit(const space_parameter *p, double x) {
  double low, high;
  if (p->kind == SPACE_CHOICE) return (x + 0.5) / p->n_choice;
  drawn_range(p, &low, &high);
  if (low >= high) return 0.5;
  return clamp(((p->log ? log(x) : x) - low) / (high - low), 0, 1);
}

double space_from_unit(const space_parameter *p, double u) {
  double low, high;
  if (p->kind == SPACE_CHOICE) return fmin(floor(u * p->n_choice), p->n_choice - 1);
  drawn_range(p, &low, &high);
  const double x = low + u * (high - low);
  return space_rounded(p, p->log ? exp(x) : x);
}
