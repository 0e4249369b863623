/// The parts of a run's page, in the order in which it has them.
#ifndef THRONG_RUN_REPORT_PARTS_H
#define THRONG_RUN_REPORT_PARTS_H

#include "report/page.h"
#include "run_report/files.h"
#include "run_report/measured.h"

typedef struct run_page {
  FILE *out;
  const run_files *files;
  const run_measures *m;  // nothing opened where its `why` says so
} run_page;

enum { PAGE_PLAYERS_MOST = SVG_COLOURS };

throng_status run_page_curves(const run_page *p);
throng_status run_page_players(const run_page *p);
throng_status run_page_fidelity(const run_page *p);
throng_status run_page_exposure(const run_page *p);
throng_status run_page_keywords(const run_page *p);
throng_status run_page_users(const run_page *p);
throng_status run_page_settings(const run_page *p);
throng_status run_page_repeat(const run_page *p);

/// One curve of runs' pages: a level is a line across, named at its right end.
typedef struct page_level {
  const char *name;
  double y;
  const char *style;  // of a patch before the name, or NULL
} page_level;
typedef struct page_curve {
  const char *name;  // at its end, or NULL
  const char *style;
  int64_t n;
  const double *x, *y;
  const double *low, *high;  // of a band, or NULL
} page_curve;
/// Curves and levels over user-steps, in one drawing. `label`: of the values.
throng_status run_page_draw_curves(FILE *out, const char *id, double width, double height,
                                   const char *label, const char *description, int n,
                                   const page_curve *curve, int n_level, const page_level *level);

/// A row for each mean with its interval (NaN: none), 0 within the axis.
typedef struct page_interval {
  const char *name, *style;
  double mean, low, high;
} page_interval;
void run_page_draw_intervals(FILE *out, const char *id, const char *label, const char *description,
                             int n, const page_interval *row);

/// "35.28 ± 1.20", of a mean and its standard error at 95 %; "-" where there is none.
const char *page_mean(double mean, double error, int digits, char text[64]);
/// "1,000,448"
const char *page_count(double n, char text[32]);
/// "12.3 %", "-"
const char *page_percent(double share, char text[32]);
/// Where the run stands: "finished", "stopped after 40,000 of 60,000 user-steps".
const char *page_state(const run_files *files, char text[96]);
/// Seconds since 1970 as "2026-11-28 18:22 UTC"; "not known".
const char *page_time(double seconds, char text[32]);
/// A path as a shell takes it.
void page_shell_word(const char *text, char *to, size_t size);
/// A row of two cells: what it is, and the value.
void page_fact(FILE *out, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Where a config differs from what is usual: "section.key", its value, the usual one, as JSON.
/// Calls `tell` for each. Seeds and files are told, too.
throng_status run_page_differences(const cJSON *config,
                                   void (*tell)(void *context, const char *key, const char *value,
                                                const char *usual),
                                   void *context);

#endif
