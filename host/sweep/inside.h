/// The inside of a sweep, for the files of this room alone.
#ifndef THRONG_SWEEP_INSIDE_H
#define THRONG_SWEEP_INSIDE_H

#include <stdio.h>

#include "report/sweep_board.h"
#include "schedule/scheduler.h"
#include "statistics/statistics.h"
#include "sweep/sweep.h"

/// A trial's attributes beside those of trials.h.
#define SWEEP_ROUND "round"  // that it began in
#define SWEEP_PARENT_STEPS "parent_steps"
#define SWEEP_TESTS "test_values"  // {"1000": [value, ...], ...} by seed
/// The study's.
#define SWEEP_SECONDS "throng:seconds"  // of all processes together
#define SWEEP_WORLD "throng:world"      // hashes of the world and of f_sta
#define SWEEP_ENDED "throng:ended"      // the search has ended: why

enum { SWEEP_FOLDER_SIZE = 3584, SWEEP_PATH_SIZE = 4096 };
enum { SWEEP_FIRST_TEST = 1000 };  // test seeds are base + 1000, base + 1001, ...

/// What a slot's agent is made of.
typedef struct trial_setup {
  throng_config config;
  char **override;  // NULL-terminated, one block
  crew_setup crew;
  bool made;
} trial_setup;

/// How an agent's clock goes: in steps of all its lanes, from evaluation to evaluation.
typedef struct trial_clock {
  int64_t lanes, every, steps;
} trial_clock;

typedef struct sweep_slot {
  int64_t trial;  // -1: free
  int64_t
      options;    // the trial whose values it trains with: an ancestor's while a schedule is tested
  int32_t seed;   // of the trial: 0 .. seeds - 1, or SWEEP_FIRST_TEST + k
  int64_t clock;  // user-steps of the seed's agent
  trial_clock at;
  bool dead;                 // PBT: its agent has diverged and waits to be replaced
  bool held;                 // the crew has its agent
  bool pending;              // an agent is to begin with the next round:
  int32_t from;              // as a copy of this slot's; -1: fresh
  char *unable;              // why it could not
  trial_setup setup;         // lives as long as the crew's agent
  schedule_decision *asked;  // of this round; NULL: the scheduler was not
} sweep_slot;

/// A slot's round as it is judged: from the crew or from the database.
typedef struct slot_report {
  int32_t slot, seed;
  int64_t trial;
  bool dead;  // the trial had ended before: PBT's slot waits to be replaced
  bool failed, seed_ended;
  const char *cause;
  int64_t clock;
  double value[SWEEP_MOST_OBJECTIVES];
  const crew_report *full;  // NULL where it was not trained in this process
} slot_report;

/// What an earlier process wrote down of a trial, beside its row.
typedef struct past_trial {
  int64_t first_round, parent;
  int32_t slot;
} past_trial;

/// A caller's progress whose wish to stop is kept until the round is done, where that is near.
typedef struct patient {
  const throng_progress *progress;
  const sweep *s;
  bool asked;
} patient;

struct sweep {
  throng_config *config;
  char *config_text;  // of a single agent: what overrides are put over
  throng_sweep_def def;
  space *space;
  char *space_text;
  int32_t n_objective;
  config_objective given[SWEEP_MOST_OBJECTIVES];
  sweep_objective objective[SWEEP_MOST_OBJECTIVES];
  sampler *sampler;
  scheduler *scheduler;
  bool population;    // the scheduler's members keep their slots
  bool clock_varies;  // trials may differ in lanes or lengths
  trial_clock clock;  // of the config's own

  char folder[SWEEP_FOLDER_SIZE];
  char db_path[SWEEP_PATH_SIZE];
  char world[48];  // hashes of the world and of f_sta; "": not known
  trials *db;
  crew *crew;
  int32_t n_slot;
  sweep_slot *slot;                    // (n_slot)
  crew_report *crew_report;            // (n_slot)
  slot_report *report;                 // (n_slot) of the present round
  int32_t n_report;                    // so many of them
  scheduler_report *scheduler_report;  // (n_slot)
  schedule_decision *decision;         // (n_slot)
  double *decision_x;                  // (n_slot, space->n)

  sweep_trial *trial;  // (n_trial)
  double *x;           // (n_trial, space->n)
  double *seed_value;  // (n_trial, seeds, n_objective)
  int64_t n_trial;
  size_t trial_capacity, x_capacity, seed_capacity;
  int64_t n_written;  // trials that the database has

  int64_t round;     // complete ones
  trials_list past;  // what the database had at the start
  past_trial *past_trial;
  int64_t past_rounds;   // rounds that it had
  int64_t state_round;   // complete rounds that the crew's checkpoint is of; 0: none
  bool live;             // the crew follows
  bool exhausted;        // the sampler has no more
  const char *stopping;  // a bound is reached: which
  bool ended;            // nothing is left to train
  int64_t user_steps, process_steps;
  double earlier_seconds;  // of processes before this one
  double started;          // clock_now of this one
  double checkpointed;     // clock_now of the last checkpoint
  double round_seconds;    // of the last round
  int64_t rounds_used, rounds_slots;
  bool testing;  // slots train test seeds
  sweep_tested *tested;
  int32_t n_tested;
  double *tau;  // (n_tau) levels of performance profiles
  int32_t n_tau;
  int64_t tests_done, tests_planned;
  FILE *rows;          // metrics.jsonl
  sweep_board *board;  // TensorBoard
};

// open.c
#define SWEEP_STUDY "throng"
scheduler_def sweep_scheduler_def(const sweep *s);
throng_status sweep_make_judges(sweep *s);  // sampler and scheduler
throng_status sweep_open_trials(sweep *s, bool resume);
/// Written beside and renamed. Errors: IO.
throng_status sweep_write_file(const sweep *s, const char *name, const char *text);
double sweep_seconds(const sweep *s);
/// "FOLDER/name".
const char *sweep_path(const sweep *s, const char *name, char path[SWEEP_PATH_SIZE]);

// resume.c
/// Is the config that of the sweep in the folder, but for bounds and places? Errors: CONFIG (what
/// has changed), IO, DATA.
throng_status resume_check(sweep *s);

// ask.c
/// Are the folder's trials of callers that train themselves, or the sweep's own? Errors: DATA.
throng_status ask_check(const sweep *s, bool asked);

// plan.c
/// User-steps that the whole search is expected to take.
int64_t sweep_planned_steps(const sweep *s);

// trial_setup.c
/// The config of trial `x` with seed j (j 0: the config's own). Errors: CONFIG, ARGUMENT, MEMORY.
throng_status setup_make(const sweep *s, const double *x, int32_t seed, trial_setup *out);
void setup_free(trial_setup *setup);
/// Without reading a config where trials do not differ in it.
throng_status setup_clock(const sweep *s, const double *x, trial_clock *out);
int64_t clock_next(const trial_clock *at, int64_t now);
/// Evaluations of a whole run.
int64_t clock_reports(const trial_clock *at);
/// The user-steps of the trial's own present seed after `n` evaluations.
int64_t clock_after(const trial_clock *at, int64_t n);

// trial_list.c
/// A new RUNNING trial with the values x; told to the sampler. Errors: MEMORY.
throng_status trial_add(sweep *s, const double *x, int64_t first_round, int32_t slot,
                        int64_t *number);
static inline double *trial_x(const sweep *s, int64_t number) {
  return s->x + number * s->space->n;
}
static inline double *trial_seed_value(const sweep *s, int64_t number, int32_t seed) {
  return s->seed_value + (number * s->def.seeds + seed) * s->n_objective;
}
/// Tell the sampler how the trial stands. Errors: MEMORY.
throng_status trial_tell(sweep *s, int64_t number);
/// The trial ends: its value is made, the sampler told. `cause` may be NULL. Errors: MEMORY.
throng_status trial_end(sweep *s, int64_t number, trial_state state, const char *cause);
/// Is a better than b by the first objective? NaN is never.
bool trial_better(const sweep *s, int64_t a, int64_t b);
int64_t trial_best(const sweep *s);  // complete; -1: none
void trial_list_free(sweep *s);

// past.c: what the database says of rounds that were.
/// Errors: IO, DATA.
throng_status past_read(sweep *s);
/// Has a trial of the past a value of every option that applies to it, and of no other? DATA.
throng_status past_check(const sweep *s, int64_t number);
static inline bool past_knows(const sweep *s, int64_t round) { return round < s->past_rounds; }
/// The report of slot k in this round. Errors: DATA.
throng_status past_report(const sweep *s, int32_t k, int64_t round, slot_report *out);
/// Did the trial end in this round, and how?
bool past_ended(const sweep *s, int64_t trial, int64_t round, trial_state *state);
/// Did trial `number` begin in this round?
bool past_begun(const sweep *s, int64_t round, int64_t number);
/// Need the crew train the agent of slot k in `round`, or is all written down that it comes to?
bool past_needs(const sweep *s, int32_t k, int64_t round);
/// (n_objective) Errors: DATA.
throng_status past_seed_value(const sweep *s, int64_t trial, int32_t seed, double *value);
/// Why it failed or was given up; malloc'd, or NULL.
char *past_cause(const sweep *s, int64_t trial);

// state.c: checkpoints of all running slots.
/// The newest: `s->state_round`.
throng_status state_find(sweep *s);
/// The crew takes its agents from it, and follows from here on.
throng_status state_load(sweep *s);
throng_status state_save(sweep *s);
/// Runs of test seeds that were under way, into their slots.
throng_status state_load_tests(sweep *s);
void state_clear(sweep *s);

// slots.c: what the crew is told.
/// All that is pending begins. What an agent cannot do (its config, its memory) is kept as the
/// slot's `unable`. Errors: those of the crew that are no trial's fault.
throng_status slots_begin(sweep *s);
/// The slot's agent is let go; it keeps its trial.
throng_status slot_stop(sweep *s, int32_t k);
/// The slot is free.
throng_status slot_free(sweep *s, int32_t k);
/// The trial itself, or the ancestor whose options its schedule had at this clock (PBT).
int64_t options_at(const sweep *s, int64_t trial, int64_t clock);
/// Put a trial's seed into the slot, to begin with the next round. Errors: MEMORY.
throng_status slot_put(sweep *s, int32_t k, int64_t trial, int32_t seed);
/// All agents that the crew holds train a round; reports of all slots in use, by slot.
throng_status slots_train(sweep *s, const throng_progress *progress);
int32_t slots_in_use(const sweep *s);

// engine.c
throng_progress patient_progress(patient *p);

// confirm.c
void tested_free(sweep *s);

// summary.c
/// "options": {"agent.gamma": 0.97, ...} of a trial.
void options_json(cJSON *object, const sweep *s, int64_t trial);

// note.c: what optuna-dashboard shows beside the study. Errors: IO, MEMORY.
throng_status note_write(sweep *s);

// report.c
throng_status report_write(const sweep *s, const trials_list *list);

// measure.c
#define SWEEP_LEVEL 0.95  // of intervals
throng_status tested_measure(sweep *s);

// write.c: a round into the database.
/// Errors: IO.
throng_status write_round(sweep *s);

// rows.c: metrics.jsonl
throng_status rows_begin(sweep *s);
/// The round's evaluations; before the round is committed.
throng_status rows_add(sweep *s);
throng_status rows_end(sweep *s);

// board.c: TensorBoard
throng_status board_begin(sweep *s);
/// The round's evaluations, and the ends of runs; before the round is committed.
throng_status board_add(sweep *s);
throng_status board_end(sweep *s);

#endif
