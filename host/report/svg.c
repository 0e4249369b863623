/// Writes charts as SVG.
#include "report/svg.h"

#include <math.h>
#include <string.h>

#include "base/numbers.h"
#include "report/curve.h"

// ---- text ---------------------------------------------------------------------------------------
/// Bytes of the UTF-8 character at s, 0 where it is none; its number in `*code`.
static int character(const unsigned char *s, uint32_t *code) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  int n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
  if (n == 0) return 0;
  *code = n == 1 ? s[0] : s[0] & (0x7fu >> n);
  for (int k = 1; k < n; ++k) {
    if (s[k] >> 6 != 2) return 0;
    *code = *code << 6 | (s[k] & 0x3fu);
  }
  return *code >= least[n] ? n : 0;
}

/// XML 1.0, production 2.
static bool allowed(uint32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xd800) ||
         (c >= 0xe000 && c < 0xfffe) || (c >= 0x10000 && c <= 0x10ffff);
}

void svg_escaped(FILE *out, const char *text) {
  for (const unsigned char *s = (const unsigned char *)text; *s;) {
    uint32_t code = 0;
    const int n = character(s, &code);
    if (n == 0 || !allowed(code))
      fputs("\xef\xbf\xbd", out);
    else if (strchr("<>&\"'", (int)code) && n == 1)
      fprintf(out, "&#%u;", code);
    else
      fwrite(s, 1, (size_t)n, out);
    s += n ? n : 1;
  }
}

const char *svg_number(double value, bool count, char *text) {
  NUMBERS_WITHOUT_LOCALE;
  if (isnan(value)) return strcpy(text, "-");
  if (value == 0) value = 0;  // no minus
  if (count) return curve_count(value, text);
  snprintf(text, 32, "%.5g", value);
  return text;
}

void svg_style(FILE *out) {
  fputs(
      "svg{font:12px system-ui,sans-serif;color:#222;--p:#fff}\n"
      "svg text{fill:currentColor;stroke:var(--p);stroke-width:3px;paint-order:stroke}\n"
      "svg .grid{stroke:currentColor;stroke-opacity:.15;fill:none}\n"
      "svg .axis{stroke:currentColor;stroke-opacity:.6;fill:none}\n"
      "svg .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}\n"
      "svg .thin{stroke-width:1;stroke-opacity:.55}\n"
      "svg .dash{stroke-dasharray:5 4;stroke-width:1.3}\n"
      "svg .band{stroke:none;fill:currentColor;fill-opacity:.18}\n"
      "svg .dot,svg .bar{fill:currentColor;stroke:var(--p);stroke-width:.5}\n"
      "svg .hollow{fill:var(--p);stroke:currentColor;stroke-width:1}\n"
      // Okabe and Ito's colours, which the colour-blind tell apart.
      ".c0{color:#0072b2}.c1{color:#d55e00}.c2{color:#009e73}.c3{color:#cc79a7}\n"
      ".c4{color:#b8860b}.c5{color:#56b4e9}.c6{color:#777}.c7{color:#7b3294}\n"
      // From worst to best.
      ".s0{color:#c9d3df}.s1{color:#9fb6cd}.s2{color:#5f8fbf}.s3{color:#1f5f9f}.s4{color:#d55e00}\n"
      "@media (prefers-color-scheme:dark){svg{color:#ddd;--p:#16181c}\n"
      ".c0{color:#56b4e9}.c1{color:#ff9955}.c2{color:#2fd0a0}.c3{color:#e29fc4}\n"
      ".c4{color:#e6c34a}.c5{color:#8fd0ff}.c6{color:#aaa}.c7{color:#c08fd8}\n"
      ".s0{color:#39424d}.s1{color:#4a6078}.s2{color:#4f86b8}.s3{color:#86c1ee}.s4{color:#ff9955}}"
      "\n",
      out);
}

// ---- axes ---------------------------------------------------------------------------------------
svg_axis svg_axis_around(const char *label, int64_t n, const double *value, bool log) {
  svg_axis a = {.label = label, .low = INFINITY, .high = -INFINITY, .log = log};
  for (int64_t i = 0; i < n; ++i) {
    if (!isfinite(value[i])) continue;
    a.low = fmin(a.low, value[i]);
    a.high = fmax(a.high, value[i]);
  }
  if (!(a.low <= a.high)) a.low = 0, a.high = 1, a.log = false;
  if (a.log && !(a.low > 0)) a.log = false;
  if (a.log) {
    const double margin = a.high > a.low ? pow(a.high / a.low, 0.03) : 2;
    a.low /= margin, a.high *= margin;
    return a;
  }
  double margin = 0.03 * (a.high - a.low);
  if (!(margin > 1e-9 * fmax(fabs(a.low), fabs(a.high))))
    margin = a.high == 0 ? 0.5 : 0.05 * fabs(a.high);
  a.low -= margin, a.high += margin;
  return a;
}

double svg_place(const svg_axis *a, double value) {
  const double share =
      a->log ? log(value / a->low) / log(a->high / a->low) : (value - a->low) / (a->high - a->low);
  return a->from + share * (a->to - a->from);
}

/// The step 1, 2 or 5 times a power of ten that leaves at most `wanted` ticks.
static double round_step(double range, int wanted) {
  const double raw = range / wanted, power = pow(10, floor(log10(raw)));
  static const double of[] = {1, 2, 5};
  for (int k = 0; k < 3; ++k)
    if (of[k] * power >= raw * (1 - 1e-9)) return of[k] * power;
  return 10 * power;
}

static int linear_ticks(const svg_axis *a, int wanted, double *tick) {
  const double step = round_step(a->high - a->low, wanted);
  int n = 0;
  for (double k = ceil(a->low / step - 1e-9); k * step <= a->high + 1e-9 * step; ++k)
    if (n < SVG_MOST_TICKS) tick[n++] = k * step;
  return n;
}

int svg_ticks(const svg_axis *a, int wanted, double *tick) {
  if (wanted > SVG_MOST_TICKS - 1) wanted = SVG_MOST_TICKS - 1;
  if (!a->log) return linear_ticks(a, wanted, tick);
  const double decades = log10(a->high / a->low);
  if (decades < 1) return linear_ticks(a, wanted, tick);
  const int every = (int)fmax(1, ceil(decades / wanted));
  int n = 0;
  for (int k = (int)floor(log10(a->low)); k <= log10(a->high) + 1e-9; k += every) {
    static const double of[] = {1, 2, 5};
    for (int j = 0; j < (decades < 2.5 ? 3 : 1); ++j) {
      const double at = of[j] * pow(10, k);
      if (at >= a->low * (1 - 1e-9) && at <= a->high * (1 + 1e-9) && n < SVG_MOST_TICKS)
        tick[n++] = at;
    }
  }
  return n;
}

// ---- drawing ------------------------------------------------------------------------------------
void svg_begin(FILE *out, const char *id, double width, double height, const char *title,
               const char *description, bool own_file) {
  NUMBERS_WITHOUT_LOCALE;
  fprintf(out,
          "<svg %sviewBox=\"0 0 %.0f %.0f\" style=\"min-width:%.0fpx;max-width:%.0fpx\" "
          "role=\"img\" aria-labelledby=\"%s-t %s-d\">\n<title id=\"%s-t\">",
          own_file ? "xmlns=\"http://www.w3.org/2000/svg\" " : "", width, height, width * 0.68,
          width * 1.4, id, id, id);
  svg_escaped(out, title);
  fprintf(out, "</title>\n<desc id=\"%s-d\">", id);
  svg_escaped(out, description);
  fputs("</desc>\n", out);
  if (!own_file) return;
  fputs("<style>\n", out);
  svg_style(out);
  fputs("</style>\n<rect width=\"100%\" height=\"100%\" fill=\"var(--p)\"/>\n", out);
}

void svg_end(FILE *out) { fputs("</svg>\n", out); }

void svg_text(FILE *out, const char *anchor, double x, double y, const char *text) {
  NUMBERS_WITHOUT_LOCALE;
  fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
  svg_escaped(out, text);
  fputs("</text>\n", out);
}

const char *svg_shortened(const char *name, size_t most, char *text, size_t size) {
  size_t end = 0, n = 0;
  while (name[end] && n < most && end + 8 < size) {
    ++end;
    while ((name[end] & 0xc0) == 0x80) ++end;
    ++n;
  }
  snprintf(text, size, "%.*s%s", (int)end, name, name[end] ? "\xe2\x80\xa6" : "");
  return text;
}

static void x_tick(FILE *out, const svg_axis *x, const svg_axis *y, double at, const char *name) {
  const double place = svg_place(x, at);
  fprintf(out, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n", place, y->from, y->to);
  svg_text(out, "middle", place, y->from + 15, name);
}

static void y_tick(FILE *out, const svg_axis *x, const svg_axis *y, double at, const char *name) {
  const double place = svg_place(y, at);
  fprintf(out, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n", x->from, place, x->to);
  svg_text(out, "end", x->from - 5, place + 4, name);
}

static void ticks(FILE *out, const svg_axis *x, const svg_axis *y, bool along_x) {
  const svg_axis *a = along_x ? x : y;
  const double length = fabs(a->to - a->from);
  double tick[SVG_MOST_TICKS];
  char text[256];
  if (a->name) {
    for (int32_t k = 0; k < a->n_name; ++k)
      (along_x ? x_tick : y_tick)(
          out, x, y, k,
          svg_shortened(a->name[k], along_x ? (size_t)(length / 7.5 / a->n_name) + 1 : 21, text,
                        sizeof text));
    return;
  }
  const int n = svg_ticks(a, (int)(length / (along_x ? 60 : 40)) + 1, tick);
  for (int k = 0; k < n; ++k)
    (along_x ? x_tick : y_tick)(out, x, y, tick[k], svg_number(tick[k], a->count, text));
}

void svg_grid(FILE *out, const svg_axis *x, const svg_axis *y) {
  NUMBERS_WITHOUT_LOCALE;
  ticks(out, x, y, true);
  ticks(out, x, y, false);
  fprintf(out, "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", x->from, y->to, y->from,
          x->to);
  if (x->label) svg_text(out, "end", x->to, y->from + 31, x->label);
  if (y->label) svg_text(out, "start", 4, y->to - 10, y->label);
}

void svg_line(FILE *out, const char *style, const svg_axis *x, const svg_axis *y, int64_t n,
              const double *x_value, const double *y_value, bool steps) {
  NUMBERS_WITHOUT_LOCALE;
  fprintf(out, "<path class=\"line %s\" d=\"", style);
  bool pen = false;
  for (int64_t i = 0; i < n; ++i) {
    if (!isfinite(x_value[i]) || !isfinite(y_value[i])) {
      pen = false;
      continue;
    }
    const double px = svg_place(x, x_value[i]), py = svg_place(y, y_value[i]);
    if (pen && steps) fprintf(out, "H%.1f", px);
    fprintf(out, "%c%.1f %.1f", pen ? 'L' : 'M', px, py);
    pen = true;
  }
  fputs("\"/>\n", out);
}

void svg_band(FILE *out, const char *style, const svg_axis *x, const svg_axis *y, int64_t n,
              const double *x_value, const double *low, const double *high) {
  NUMBERS_WITHOUT_LOCALE;
  fprintf(out, "<path class=\"band %s\" d=\"", style);
  bool pen = false;
  for (int64_t i = 0; i < 2 * n; ++i) {
    const int64_t at = i < n ? i : 2 * n - 1 - i;
    if (!isfinite(low[at]) || !isfinite(high[at])) continue;
    fprintf(out, "%c%.1f %.1f", pen ? 'L' : 'M', svg_place(x, x_value[at]),
            svg_place(y, i < n ? low[at] : high[at]));
    pen = true;
  }
  fputs(pen ? "Z\"/>\n" : "\"/>\n", out);
}

static void end_with_hint(FILE *out, const char *element, const char *hint) {
  if (!hint) {
    fputs("/>\n", out);
    return;
  }
  fputs("><title>", out);
  svg_escaped(out, hint);
  fprintf(out, "</title></%s>\n", element);
}

void svg_point(FILE *out, const char *style, double x, double y, double radius, const char *hint) {
  NUMBERS_WITHOUT_LOCALE;
  fprintf(out, "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"", style, x, y, radius);
  end_with_hint(out, "circle", hint);
}

void svg_bar(FILE *out, const char *style, double x, double y, double width, double height,
             const char *hint) {
  NUMBERS_WITHOUT_LOCALE;
  fprintf(out, "<rect class=\"bar %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", style,
          x, y, fmax(width, 0), fmax(height, 0));
  end_with_hint(out, "rect", hint);
}

void svg_legend(FILE *out, double x, double y, int n, const char *const *style,
                const char *const *name) {
  char text[256];
  for (int k = 0; k < n; ++k) {
    svg_shortened(name[k], 24, text, sizeof text);
    svg_bar(out, style[k], x, y - 9, 10, 10, NULL);
    svg_text(out, "start", x + 14, y, text);
    x += 26 + 6.8 * (double)strlen(text);
  }
}
