/// Which checkpoint a run goes on from.
#include "train/resume.h"

#include <inttypes.h>
#include <string.h>

#include "base/safetensors.h"
#include "train/session.h"

enum { MOST_CHECKPOINTS = 64 };

/// Checkpoints newest first, and what became of them. Damaged are those that open and are not what
/// was written; whatever else keeps one from being read says nothing about it.
typedef struct checkpoints {
  int64_t step[MOST_CHECKPOINTS];
  int n, damaged;  // there; of which, from the newest, damaged
} checkpoints;

static throng_status no_checkpoint_left(const checkpoints *c, int aside, const char *path,
                                        const throng_progress *progress) {
  if (c->damaged > 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "cannot resume: %s: all %d checkpoints are damaged (%s); nothing was "
                       "changed: bring one back from a copy, or train without resuming, which "
                       "moves this run aside and begins again",
                       path, c->damaged, throng_error_message());
  if (aside > 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "cannot resume: %s: its only checkpoints were put aside as damaged; bring "
                       "one back from a copy, or train without resuming, which moves this run "
                       "aside and begins again",
                       path);
  throng_note(progress, "%s holds no checkpoint: training starts from the beginning", path);
  return THRONG_OK;
}

/// Bits depend on the instruction set and on the kernels that OpenBLAS chose for the machine.
static void compare_arithmetic(const safetensors_file *file, const char *now,
                               const throng_progress *progress) {
  const char *then = safetensors_metadata(file, "arithmetic");
  if (then && strcmp(then, now) != 0)
    throng_note(progress,
                "warning: the checkpoint was computed with (%s) and this machine computes with "
                "(%s): the run goes on, but not to the same bits",
                then, now);
}

static throng_status restore(throng_session *session, const safetensors_file *file, int64_t step) {
  throng_status status = session_restore_from(session, file);
  if (status != THRONG_OK) return throng_fail_context(status, "cannot resume");
  if (session_user_steps(session) != step)
    return throng_fail(THRONG_ERROR_DATA,
                       "cannot resume: %s: its clock stands at %" PRId64
                       " user-steps, its name says %" PRId64,
                       safetensors_path(file), session_user_steps(session), step);
  return THRONG_OK;
}

throng_status resume_newest(run_folder *folder, const char *path, throng_session *session,
                            const char *arithmetic, const throng_progress *progress,
                            int64_t *step) {
  checkpoints c = {.n = 0};
  int aside = 0;
  *step = -1;
  THRONG_TRY(run_folder_checkpoints(folder, c.step, MOST_CHECKPOINTS, &c.n, &aside));
  safetensors_file *file = NULL;
  while (!file && c.damaged < c.n) {
    throng_status status =
        safetensors_open(run_folder_checkpoint_path(folder, c.step[c.damaged]), &file);
    if (status == THRONG_OK) break;
    if (status != THRONG_ERROR_DATA) return throng_fail_context(status, "cannot resume");
    ++c.damaged;
    if (c.damaged < c.n)
      throng_note(progress, "warning: %s; going back to the checkpoint before it",
                  throng_error_message());
  }
  if (!file) return no_checkpoint_left(&c, aside, path, progress);
  throng_status status = restore(session, file, c.step[c.damaged]);
  if (status == THRONG_OK) {
    *step = c.step[c.damaged];
    compare_arithmetic(file, arithmetic, progress);
  }
  safetensors_close(file);
  THRONG_TRY(status);
  throng_note(progress, "resumed from %s", run_folder_checkpoint_path(folder, *step));
  for (int i = 0; i < c.damaged; ++i) THRONG_TRY(run_folder_set_aside(folder, c.step[i]));
  return THRONG_OK;
}
