/// A training run: as a session that its caller drives from mark to mark, and as one call from a
/// world to a folder of metrics and checkpoints, which is a short loop on a session.
#ifndef THRONG_TRAIN_H
#define THRONG_TRAIN_H

#include "agent.h"
#include "base.h"
#include "evaluate.h"
#include "sim.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How long a run is, when it is measured and saved, and where it writes.
typedef struct throng_train_def {
  int32_t size, cookie;              ///< set by throng_default_train_def(); do not touch
  int64_t steps;                     ///< 2,000,000 user-steps
  int64_t evaluate_every;            ///< 100,000 user-steps
  int64_t checkpoint_every;          ///< 500,000 user-steps
  throng_evaluation_def evaluation;  ///< its default function's; sessions of an evaluation
  bool yardsticks;  ///< true: evaluate random, popular, most-similar and the myopic policy too
  bool resume;      ///< go on from the folder's last good checkpoint
  const char *out;  ///< run folder; made where missing
  /// The config.json to write beside the results; NULL: made of the Defs, of the file that the
  /// world was read from and of f_sta's file or options. `throng train` takes it and does the same
  /// run.
  const char *config_json;
} throng_train_def;

/// Room for yardsticks in a report: a number of its own, so that a new yardstick moves no member of
/// a struct that programs were built with.
#define THRONG_YARDSTICKS_MOST 16

/// What a run came to.
typedef struct throng_train_report {
  int64_t user_steps;            ///< over all agents
  double seconds;                ///< training alone
  double user_steps_per_second;  ///< of training alone
  /// The last evaluation: the mean over the agents that still learn.
  throng_metrics agent;
  /// By throng_yardstick; filled where evaluated (episodes > 0).
  throng_metrics yardstick[THRONG_YARDSTICKS_MOST];
  /// The agents' mean against the yardsticks that were played, over the users' means.
  throng_comparison agent_against;
  /// Yardsticks against each other, by throng_yardstick.
  throng_comparison yardstick_against[THRONG_YARDSTICKS_MOST];
} throng_train_report;

/// Every field with its usual value; `out` is yours to set.
THRONG_API throng_train_def throng_default_train_def(void);

/// A training run that its caller drives: lanes, a population that learns on them, and lanes to
/// measure it on. It touches no file but those it is told to. Threads: as its backend,
/// from one at a time.
typedef struct throng_session throng_session;

/// Where a step ended; marks may come together.
typedef enum throng_mark {
  THRONG_MARK_EVALUATION = 1,  ///< a multiple of evaluate_every was passed, or the end
  THRONG_MARK_CHECKPOINT = 2,  ///< a multiple of checkpoint_every was passed, or the end
  THRONG_MARK_END = 4,         ///< all of `steps` are taken
} throng_mark;

/// Make everything and take all memory. `def` gives steps, the marks and the evaluation (`out`,
/// `resume` and `config_json` are throng_train's); `yardsticks` also makes lanes for them. World
/// and `sta` must outlive the session. Errors: ARGUMENT (a field, with its key), MEMORY (on a
/// device, before anything is taken), BACKEND, CANCELLED.
THRONG_API throng_status throng_session_create(throng_backend *backend, const throng_world *world,
                                               const throng_sta *sta, const throng_sim_def *sim,
                                               const throng_agent_def *agent,
                                               const throng_train_def *def,
                                               const throng_progress *progress,
                                               throng_session **out);
/// NULL is allowed.
THRONG_API void throng_session_close(throng_session *session);

/// Train until a mark is reached or passed: at least one step of all lanes, and no more than up to
/// the first mark. `*marks`: throng_mark, joined by |; 0 after an error. A session goes on past its
/// end too, from mark to mark, so that slots can be filled anew (throng_population_start), and
/// at every further `steps` with THRONG_MARK_END alone.
/// Agents that diverge do not end it while others learn. Errors: DIVERGED (no agent learns any more
/// and one has diverged), CANCELLED (every step that was begun is whole: saving and going on is
/// possible), BACKEND.
THRONG_API throng_status throng_session_step(throng_session *session,
                                             const throng_progress *progress, uint32_t *marks);
/// What the agents had come to at the last mark, since the mark before; arrays (count) are valid
/// until the next step or throng_population_get_stats.
THRONG_API throng_population_stats throng_session_get_stats(const throng_session *session);

/// Let all agents play greedily with the users of `def.evaluation`; learning does not notice, and
/// the numbers are the same each time. `each` (count) or NULL; the mean over the agents that still
/// learn goes into the report. Errors: CANCELLED, BACKEND.
THRONG_API throng_status throng_session_evaluate(throng_session *session,
                                                 const throng_progress *progress,
                                                 throng_metrics *each);
/// The same users for a yardstick; `out` or NULL. Without an item-item table, over more than 4,096
/// items, most-similar and the myopic policy play 32 episodes at most. Errors: ARGUMENT (no such
/// yardstick; a session made without them), CANCELLED, BACKEND.
THRONG_API throng_status throng_session_evaluate_yardstick(throng_session *session,
                                                           throng_yardstick yardstick,
                                                           const throng_progress *progress,
                                                           throng_metrics *out);

/// One agent of the last evaluation against the yardsticks that this session has evaluated, over
/// the sessions that both played. Errors: ARGUMENT (no such agent, or nothing was evaluated yet).
THRONG_API throng_status throng_session_compare(throng_session *session, int32_t agent,
                                                throng_comparison *out);

/// Everything that going on exactly needs, into one file, at any mark or between two; it is a
/// population's (throng_population_save). Errors: as throng_population_save.
THRONG_API throng_status throng_session_save(throng_session *session, const char *path);
/// Take it back: the session goes on from there, its seconds begin at 0.
/// Errors: as throng_population_restore.
THRONG_API throng_status throng_session_restore(throng_session *session, const char *path);

/// The session's own, not to be closed: to start, copy and stop agents between two steps
/// (throng_population_start and others).
THRONG_API throng_population *throng_session_get_population(throng_session *session);
/// The lanes that the agents learn on, not to be closed; for looking at them between two steps.
THRONG_API throng_sim *throng_session_get_sim(throng_session *session);
/// Steps so far, seconds of them in this session, and the last evaluations.
THRONG_API void throng_session_get_report(const throng_session *session, throng_train_report *out);

/// Train and write config.json, metrics.jsonl, TensorBoard events, checkpoints, summary.json.
/// Errors: ARGUMENT, MEMORY; IO (another process is writing into the folder, too); DATA (with
/// `resume`: checkpoints of another agent or simulator, or none that is whole); DIVERGED;
/// CANCELLED once the progress asked to stop, with the checkpoint that was saved.
THRONG_API throng_status throng_train(throng_backend *backend, const throng_world *world,
                                      const throng_sta *sta, const throng_sim_def *sim,
                                      const throng_agent_def *agent, const throng_train_def *def,
                                      const throng_progress *progress, throng_train_report *report);

#ifdef __cplusplus
}
#endif
#endif
