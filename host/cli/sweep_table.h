/// How a sweep stands, for people: a table that is redrawn on a terminal, plain lines elsewhere.
#ifndef THRONG_CLI_SWEEP_TABLE_H
#define THRONG_CLI_SWEEP_TABLE_H

#include "cli/cli.h"
#include "sweep/sweep.h"

typedef struct sweep_table {
  const cli_run *run;
  bool terminal, bold;
  int lines;      // that stand on the terminal
  double shown;   // clock of the last drawing
  int64_t begun;  // user-steps of this process when its rate began to count
} sweep_table;

void sweep_table_start(const cli_run *run, sweep_table *table);
/// Called after every round (sweep_observer).
bool sweep_table_round(void *context, const sweep *s, const sweep_view *view);
/// Take it away, before other output.
void sweep_table_clear(sweep_table *table);

/// "learning_rate=0.0012 gamma=0.97", as much as there is room for.
void sweep_options_text(const sweep *s, int64_t trial, char *text, size_t size);
/// The end of a sweep on stdout: its best trials, and what they are worth on fresh seeds.
void sweep_print(const sweep *s);

#endif
