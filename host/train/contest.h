/// Who is measured beside whom: agents and yardsticks on lanes that meet the same users with the
/// same draws, and what each came to session by session. Of a training run, and of its agents when
/// they are judged again.
#ifndef THRONG_TRAIN_CONTEST_H
#define THRONG_TRAIN_CONTEST_H

#include "evaluate/returns.h"
#include "throng/train.h"

typedef struct contest {
  evaluator *agents;      // the agents' blocks of lanes
  evaluator *yardsticks;  // one block: the agents' where it is one, else of its own; NULL for none
  evaluator *searches;    // fewer lanes for yardsticks that search without a table, or NULL
  returns_table returns;  // of the sessions that everybody played last
  throng_metrics yardstick[THRONG_YARDSTICKS_MOST];  // by throng_yardstick, where it has played
} contest;

/// Lanes like those of `sim`, `n_block` blocks of them for `n_agent` agents, who play at once (a
/// block each) or one after the other (one block). Errors: as evaluator_create; `*out` may be freed
/// after them.
throng_status contest_create(throng_backend *backend, const throng_world *world,
                             const throng_sta *sta, const throng_sim_def *sim,
                             const throng_evaluation_def *def, int32_t n_agent, int32_t n_block,
                             bool yardsticks, const throng_progress *progress, contest *out);
/// A zeroed one may be freed.
void contest_free(contest *c);

/// Is it one of the yardsticks that play?
bool contest_plays(const contest *c, throng_yardstick yardstick);
/// Let it play: its metrics are then in `yardstick`. Errors: ARGUMENT (no such yardstick, a contest
/// without them), CANCELLED, MEMORY, BACKEND.
throng_status contest_play(contest *c, throng_yardstick yardstick, const throng_progress *progress);
/// The same, taken from what was kept beside the world where all that it depends on is the same
/// (`*kept`), else played and kept.
throng_status contest_find(contest *c, throng_yardstick yardstick, const throng_progress *progress,
                           bool *kept);
/// Yardsticks and how they compare, into a report.
void contest_report(const contest *c, throng_train_report *out);

#endif
