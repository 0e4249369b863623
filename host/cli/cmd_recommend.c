/// throng recommend: what a trained agent would show.
#include <string.h>

#include "cli/recommend.h"
#include "world/world.h"

static throng_status open_session(const cli_run *run, recommend_session *s) {
  const bool one = !cli_flag(run, "users");
  s->whys = one && !cli_flag(run, "no-reasons");
  const trained_def def = {.run = run->argument[0],
                           .overrides = run->set,
                           .agent = (int32_t)cli_number(run, "agent", 0),
                           .without_sta = !s->whys,
                           .stop = cli_stop};
  THRONG_TRY(trained_open(&def, &run->progress, &s->t));
  const int64_t n_item = s->t.world->n_item;
  const double top = cli_number(run, "top", n_item < 10 ? (double)n_item : 10);
  if (top < 1 || top > (double)n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT, "--top: expected 1 to the world's %lld items",
                       (long long)n_item);
  s->top = (int32_t)top;
  // Where the agent may not show what the history holds, it does not here either.
  const bool seen = cli_flag(run, "exclude-seen") || s->t.config.sim.mask == THRONG_MASK_ALL;
  s->exclude = seen ? THRONG_EXCLUDE_HISTORY : THRONG_EXCLUDE_NONE;
  return THRONG_OK;
}

int cmd_recommend(cli_run *run) {
  recommend_session s = {.top = 0};
  const bool batch = cli_flag(run, "users");
  if (!batch && !cli_flag(run, "user") && !cli_flag(run, "history"))
    return cli_wrong(run, "expected --user ID, --history FILE, or --users FILE for many");
  if (batch && (cli_flag(run, "user") || cli_flag(run, "history")))
    return cli_wrong(run, "--users stands for many users; --user and --history are about one");
  if (!batch && cli_flag(run, "output"))
    return cli_wrong(run, "-o is for --users; what is said of one user goes to standard output");
  if (cli_number(run, "top", 1) < 1) return cli_wrong(run, "--top: expected 1 or more items");
  int code = open_session(run, &s) != THRONG_OK ? cli_fail(run)
             : batch                            ? recommend_batch(run, &s)
                                                : recommend_one(run, &s);
  trained_close(&s.t);
  return code;
}
