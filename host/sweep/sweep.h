/// A sweep: trials of a config with other options, trained round by round, given up or carried on,
/// written down, and the best of them confirmed on fresh seeds. A function of the config and of the
/// sweep's seed alone: a sweep that was killed goes on to the same rows.
///
///   sweep_create   reads space, objectives and options; touches no file
///   sweep_begin    a folder and a crew; with `resume` what was done is taken from the database
///   sweep_search   rounds until a bound is reached
///   sweep_confirm  the best trials and the config's own on fresh seeds
///   sweep_finish   summary.json, trials.csv, report.html
#ifndef THRONG_SWEEP_SWEEP_H
#define THRONG_SWEEP_SWEEP_H

#include "config/config.h"
#include "crew/crew.h"
#include "space/space.h"
#include "statistics/statistics.h"
#include "sweep/objective.h"
#include "throng/sweep.h"
#include "trials/trials.h"

enum { SWEEP_MOST_SLOTS = 1024 };  // that "as many as fit" takes

typedef struct sweep sweep;

/// A trial as the sweep knows it.
typedef struct sweep_trial {
  trial_state state;
  int32_t slot;          // -1: it never had one (its config or its memory did not do)
  int64_t first_round;   // from 0
  int64_t parent;        // PBT: what it began as a copy of; -1: nothing
  int64_t parent_steps;  // user-steps that the parent had then
  int32_t n_seed;        // finished ones
  int64_t n_report;      // evaluations so far, a copy's parent's among them
  int64_t ended_at;      // user-steps of all trials when it ended
  int64_t user_steps;    // trained, over all seeds; a copy's own alone
  double seconds;
  double last;                          // objective 0 of the last report; NaN: none
  double value[SWEEP_MOST_OBJECTIVES];  // mean over the finished seeds; pruned: `last`; NaN: none
  char *cause;                          // why it failed or was given up, or NULL
} sweep_trial;

/// How far it is, for whoever shows it.
typedef struct sweep_view {
  int64_t round;              // complete ones
  int64_t n_trial, count[5];  // by trial_state
  int32_t slots, in_use;
  int64_t user_steps;                 // of all trials
  int64_t process_steps;              // that this process trained
  double seconds;                     // of all processes that worked on it
  double process_seconds;             // of this one
  int64_t rounds_used, rounds_slots;  // agent-rounds that trained, and that the slots had
  int64_t planned_steps;              // user-steps that are to be expected in all; 0: unknown
  int64_t tests_done, tests_planned;  // confirmation: runs; 0, 0 while searching
  bool finished;                      // the search has ended
} sweep_view;

/// A trial that is trained again on fresh seeds.
typedef struct sweep_tested {
  int64_t trial;
  double *value;  // (test_seeds, n_objective) NaN: not done, or failed
  bool *done;     // (test_seeds)
  // What came of the first objective:
  int32_t n, n_failed;
  double *score;                         // (n)
  statistics_interval iqm, improvement;  // P(better than trial 0); NaN: it is trial 0
  statistics_interval *profile;          // (n_tau)
} sweep_tested;

/// Called after every round; false asks to stop, as a progress does.
typedef struct sweep_observer {
  bool (*round)(void *context, const sweep *s, const sweep_view *view);
  void *context;
} sweep_observer;

/// `config` is the caller's and outlives the sweep. Errors: CONFIG (place, cause, what was
/// expected), ARGUMENT, MEMORY.
throng_status sweep_create(throng_config *config, sweep **out);
/// For callers that train themselves: any objective.
throng_status sweep_create_to_ask(throng_config *config, sweep **out);
void sweep_close(sweep *s);
const throng_sweep_def *sweep_get_def(const sweep *s);
/// The config that trials put their overrides over, as text; lives as long as the sweep.
const char *sweep_config_text(const sweep *s);
/// In place of a config's 0, which stands for as many as fit. Errors: MEMORY.
throng_status sweep_set_slots(sweep *s, int32_t slots);
/// What every trial begins from: the config's own setup, agent and lanes. It lives as long as the
/// config.
crew_setup sweep_setup(const sweep *s);
const space *sweep_get_space(const sweep *s);
int32_t sweep_objectives(const sweep *s, const sweep_objective **out);

/// What can be told before a world is opened or made: may a sweep begin in the folder, or go on
/// there? With `resume` slots of 0 become those that it was begun with. Errors: IO (a sweep is
/// there and `resume` was not asked), CONFIG (resume: what has changed), DATA (nothing to resume; a
/// damaged database).
throng_status sweep_check(sweep *s, const char *folder, bool resume);
/// Before sweep_begin: what trials are trained in, so that a resume in another world is refused
/// (DATA). `sta` may be NULL. Errors: BACKEND, MEMORY.
throng_status sweep_set_world(sweep *s, const throng_world *world, const throng_sta *sta);
/// The folder exists and is locked by the caller (train_inputs_open). Errors: as sweep_check, IO
/// (full disk).
throng_status sweep_begin(sweep *s, const char *folder, bool resume, crew *crew);
/// May be called again after CANCELLED or an error of the disk, or by another process with
/// `resume`. Errors: CANCELLED (with a checkpoint where one was due), IO, BACKEND, MEMORY, DIVERGED
/// (every trial has failed; the message has the last one's cause).
throng_status sweep_search(sweep *s, const sweep_observer *observer,
                           const throng_progress *progress);
/// Errors: as sweep_search.
throng_status sweep_confirm(sweep *s, const sweep_observer *observer,
                            const throng_progress *progress);
/// What a sweep came to as JSON text, malloc'd; summary.json holds it. Errors: MEMORY.
throng_status sweep_summary(const sweep *s, char **out);
/// summary.json, trials.csv, report.html. Errors: IO, MEMORY.
throng_status sweep_finish(sweep *s);

/// The crew may be closed from here on; the sweep can still be looked at.
void sweep_leave_crew(sweep *s);

void sweep_look(const sweep *s, sweep_view *out);
int64_t sweep_trials(const sweep *s, const sweep_trial **out);
const double *sweep_point(const sweep *s, int64_t trial);  // (space->n)
/// Ask and tell, in place of a crew and of rounds (throng/sweep.h says what they do).
throng_status sweep_ask_begin(sweep *s, const char *folder, bool resume);
throng_status sweep_ask(sweep *s, int64_t *number, bool *end);
throng_status sweep_tell(sweep *s, int64_t number, int64_t user_steps, double value, bool *stop);
throng_status sweep_tell_end(sweep *s, int64_t number, trial_state state, const double *value,
                             const char *cause);
/// The overrides of a trial and its whole config as JSON; both malloc'd. Errors: CONFIG, MEMORY.
throng_status sweep_trial_config(const sweep *s, int64_t number, char ***overrides, char **json);

/// Complete trials, best first by the first objective (ties: the earlier one); several objectives:
/// the Pareto front. At most `most`; their number is returned.
int32_t sweep_best(const sweep *s, int64_t *trial, int32_t most);
/// Those that sweep_confirm has trained again, best first by what they were chosen by, the config's
/// own last; 0 before.
int32_t sweep_get_tested(const sweep *s, const sweep_tested **out);

#endif
