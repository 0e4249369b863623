/// A sweep's trials as people read them: what `throng trials` shows.
#ifndef THRONG_CLI_TRIALS_VIEW_H
#define THRONG_CLI_TRIALS_VIEW_H

#include "cli/cli.h"
#include "trials/trials.h"

typedef struct trials_view {
  const char *folder;
  const trials_def *def;
  trials_list list;
  double period;  // user-steps between evaluations; 0: not said
} trials_view;

/// A number as tables show it: "0.5312", "1e-05", "-" for none. 16 bytes.
const char *trials_view_number(double x, char text[16]);
/// A trial's value of objective k; of the first one its last report while it has none. NaN: nothing
/// yet.
double trials_view_value(const trial_row *row, int32_t k);
/// User-steps that it has trained; NaN: not said.
double trials_view_steps(const trials_view *v, const trial_row *row);
/// The trial that it began as a copy of (PBT); -1: none.
int64_t trials_view_parent(const trial_row *row);
/// A parameter's value without quotes, "-" where it does not apply; the second as short as tables
/// need it, fractions to four digits.
void trials_view_parameter(const space_parameter *p, double x, char *text, size_t size);
void trials_view_brief(const space_parameter *p, double x, char *text, size_t size);
/// "learning_rate" of "agent.learning_rate", where no other option ends so.
const char *trials_view_short(const space *s, int32_t parameter);
const char *trials_view_state(const trial_row *row);  // "complete"
/// Two blanks and the text at the right of its column.
void trials_view_cell(const char *text, int width);

/// Everything of one trial.
int trials_view_show(const trials_view *v, int64_t number);
/// `n` trials beside each other, the options in which they differ first.
int trials_view_compare(const trials_view *v, const int64_t *number, int64_t n);
/// The same for programs; `reports`: with every evaluation's value. NULL where memory is short.
cJSON *trials_view_json(const trials_view *v, const trial_row *row, bool reports);

#endif
