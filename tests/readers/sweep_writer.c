/// Writes a sweep's files as `throng sweep` does, round by round, without training anything: what
/// other tools are to read while it goes on (tests/readers/run.sh). The values are a function of
/// the options, so that the readers know what they must see. usage: sweep_writer FOLDER TRIALS
/// SLOTS MILLISECONDS_A_ROUND
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent_fields.h"
#include "base/clock.h"
#include "base/json.h"
#include "report/sweep_board.h"
#include "throng/agent.h"
#include "trials/trials.h"

enum { MOST_SLOTS = 1024, EVALUATIONS = 16, MOST_OPTIONS = 8 };

static const char options[] =
    "{\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-2, \"log\": true},"
    "\"agent.gamma\": {\"min\": 0.8, \"max\": 0.999},"
    "\"agent.n_step\": {\"min\": 1, \"max\": 8},"
    "\"agent.double_dqn\": {\"values\": [false, true]},"
    "\"agent.epsilon\": {\"values\": [\"linear\", \"exponential\"]},"
    "\"agent.width\": {\"min\": 16, \"max\": 128, \"step\": 16, \"when\": {\"agent.epsilon\": "
    "\"exponential\"}}}";

static throng_agent_def agent;

static bool find(void *context, const char *name, const field_table **table, const field **f,
                 const void **def) {
  (void)context;
  *table = &agent_fields;
  *def = &agent;
  *f = strncmp(name, "agent.", 6) ? NULL : fields_find(&agent_fields, name + 6);
  return *f != NULL;
}

static void die(throng_status status, int line) {
  if (status == THRONG_OK) return;
  fprintf(stderr, "sweep_writer.c:%d: %s\n", line, throng_error_message());
  exit(1);
}
#define TRY(a) die(a, __LINE__)

typedef struct slot {
  int64_t trial;  // -1: free
  int64_t evaluation;
} slot;

typedef struct writer {
  space *space;
  trials *db;
  FILE *rows;
  sweep_board *board;
  slot slot[MOST_SLOTS];
  int64_t n_trial, round;
} writer;

/// A sequence that fills the unit interval (Weyl), a different one for each option.
static void point(const space *s, int64_t trial, double *x) {
  for (int32_t p = 0; p < s->n; ++p) {
    double u = 0.5 + (double)trial * sqrt(2.0 + (double)p * (double)p);
    x[p] = space_from_unit(&s->parameter[p], u - floor(u));
  }
  space_round(s, x);
}

static double value_at(const double *x, int64_t evaluation) {
  double rate = log10(x[0]) + 3;
  double best = 1 - 0.3 * rate * rate - 4 * fabs(x[1] - 0.95) - 0.01 * x[2] + 0.2 * x[3];
  return best * (1 - exp(-(double)evaluation / 4));
}

static void hparams(const space *s, const double *x, tensorboard_hparam *out, int64_t *n,
                    char text[][64]) {
  *n = 0;
  for (int32_t p = 0; p < s->n; ++p) {
    const space_parameter *a = &s->parameter[p];
    if (x && isnan(x[p])) continue;
    tensorboard_hparam *h = &out[(*n)++];
    *h = (tensorboard_hparam){.name = a->name, .kind = TENSORBOARD_NUMBER, .number = x ? x[p] : 0};
    if (a->kind != SPACE_CHOICE) continue;
    space_value_text(a, x ? x[p] : 0, text[p], sizeof text[p]);
    h->kind = *text[p] == '"' ? TENSORBOARD_STRING : TENSORBOARD_BOOL;
    h->number = !strcmp(text[p], "true");
    h->text = text[p] + 1;
    if (*text[p] == '"') text[p][strlen(text[p]) - 1] = '\0';
  }
}

static void begin_trial(writer *w, slot *at) {
  double x[MOST_OPTIONS];
  tensorboard_hparam has[MOST_OPTIONS];
  char text[MOST_OPTIONS][64];
  int64_t n;
  point(w->space, w->n_trial, x);
  TRY(trials_add(w->db, w->n_trial, x));
  TRY(trials_set_number(w->db, w->n_trial, TRIALS_SLOT, (double)(at - w->slot)));
  *at = (slot){.trial = w->n_trial++};
  hparams(w->space, x, has, &n, text);
  char group[32];
  snprintf(group, sizeof group, "trial %05lld", (long long)at->trial);
  for (int32_t seed = 0; seed < 2; ++seed)
    TRY(sweep_board_trial_start(w->board, at->trial, seed, group, 0, has, n));
}

/// What becomes of a trial: one in four is complete, two are given up on the way, one in sixteen
/// diverges.
static trial_state end_of(int64_t trial, int64_t *evaluations) {
  *evaluations = trial % 4 == 0 ? EVALUATIONS : 1 + trial % 5;
  return trial % 16 == 15 ? TRIAL_FAILED : trial % 4 == 0 ? TRIAL_COMPLETE : TRIAL_PRUNED;
}

static void report(writer *w, slot *at) {
  double x[MOST_OPTIONS];
  int64_t last;
  trial_state end = end_of(at->trial, &last);
  point(w->space, at->trial, x);
  ++at->evaluation;
  double value = value_at(x, at->evaluation);
  bool ends = at->evaluation == last;
  if (ends && end == TRIAL_FAILED) value = NAN;
  for (int32_t seed = 0; seed < 2; ++seed) {
    const run_value all[] = {{"average_reward", value + (seed ? 0.25 : -0.25)},
                             {"loss", 1.0 / (double)at->evaluation},
                             {"user_steps", 5e9 * (double)at->evaluation}};
    fprintf(w->rows, "{\"round\": %lld, \"trial\": %lld, \"seed\": %d, \"evaluation\": %lld",
            (long long)w->round, (long long)at->trial, seed, (long long)at->evaluation);
    for (int k = 0; k < 3; ++k) {
      char number[40];
      field_number_text(all[k].value, false, number, sizeof number);
      fprintf(w->rows, ", \"%s\": %s", all[k].name, number);
    }
    fputs("}\n", w->rows);
    TRY(sweep_board_report(w->board, at->trial, seed, at->evaluation, all, 3));
    if (ends)
      TRY(sweep_board_trial_end(w->board, at->trial, seed,
                                end == TRIAL_FAILED ? TENSORBOARD_END_FAILED : TENSORBOARD_END_OK));
  }
  TRY(trials_report(w->db, at->trial, at->evaluation, value));
  if (!ends) return;
  TRY(trials_set_number(w->db, at->trial, TRIALS_USER_STEPS, 5e9 * (double)at->evaluation));
  if (end == TRIAL_FAILED) TRY(trials_set_text(w->db, at->trial, TRIALS_CAUSE, "diverged"));
  TRY(trials_finish(w->db, at->trial, end, end == TRIAL_FAILED ? NULL : &value));
  at->trial = -1;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  int64_t n_trial = atoll(argv[2]), n_slot = atoll(argv[3]);
  static writer w;
  char path[3][4096];
  static const char *const names[] = {"trials.db", "metrics.jsonl", "tensorboard"};
  for (int k = 0; k < 3; ++k) snprintf(path[k], sizeof path[k], "%s/%s", argv[1], names[k]);
  if (n_slot < 1 || n_slot > MOST_SLOTS) return 2;
  agent = throng_default_agent_def();
  cJSON *json;
  TRY(json_parse("options", 1, options, strlen(options), JSON_STRICT, &json));
  TRY(space_read(json, "space", &(space_options){find, NULL, NULL, NULL}, &w.space));
  cJSON_Delete(json);
  trials_def def = {.path = path[0],
                    .study = "sweep",
                    .space = w.space,
                    .n_objective = 1,
                    .metric = {"average_reward"},
                    .maximise = {true}};
  TRY(trials_open(&def, false, &w.db));
  w.rows = fopen(path[1], "w");
  if (!w.rows) return perror(path[1]), 1;
  tensorboard_hparam varied[MOST_OPTIONS];
  char text[MOST_OPTIONS][64];
  int64_t n;
  hparams(w.space, NULL, varied, &n, text);
  static const char *const metric[] = {"average_reward", "loss", "user_steps"};
  TRY(sweep_board_open(&(sweep_board_def){path[2], "sweep", varied, n, metric, 3, 0}, &w.board));
  TRY(trials_note(w.db, "# A sweep\n\nwritten by *throng*"));
  for (int64_t k = 0; k < n_slot; ++k) w.slot[k].trial = -1;
  double logging = 0, started = clock_now();
  for (bool busy = true; busy; ++w.round) {
    double before = clock_now();
    TRY(trials_begin(w.db));
    for (int64_t k = 0; k < n_slot; ++k)
      if (w.slot[k].trial < 0 && w.n_trial < n_trial) begin_trial(&w, &w.slot[k]);
    busy = false;
    for (int64_t k = 0; k < n_slot; ++k) {
      if (w.slot[k].trial < 0) continue;
      report(&w, &w.slot[k]);
      busy = true;
    }
    char round[32];
    snprintf(round, sizeof round, "%lld", (long long)w.round);
    TRY(trials_set(w.db, -1, TRIALS_ROUND, round));
    fflush(w.rows);
    TRY(trials_commit(w.db));
    logging += clock_now() - before;
    usleep((unsigned)atoi(argv[4]) * 1000);
  }
  TRY(sweep_board_close(w.board));
  fclose(w.rows);
  TRY(trials_close(w.db));
  space_free(w.space);
  printf("%lld trials, %lld rounds, %.3f s of %.3f s for logging\n", (long long)w.n_trial,
         (long long)w.round, logging, clock_now() - started);
  return 0;
}
