/// The sweep in words beside its study in optuna-dashboard: what it was, and what fresh seeds say.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/numbers.h"
#include "sweep/inside.h"

static void put_tested(const sweep *s, FILE *to) {
  NUMBERS_WITHOUT_LOCALE;
  fprintf(to,
          "\nThe best again on %d fresh seeds (interquartile mean, 95 %% interval). The values in "
          "the table of trials are higher than that by the choice of the best.\n\n"
          "| trial | %s | interval | P(better than trial 0) |\n| --- | --- | --- | --- |\n",
          s->def.test_seeds, s->objective[0].name);
  for (int32_t k = 0; k < s->n_tested; ++k) {
    const sweep_tested *c = &s->tested[k];
    fprintf(to, "| %" PRId64 " | %.4g | %.4g .. %.4g | ", c->trial, c->iqm.point, c->iqm.low,
            c->iqm.high);
    if (isnan(c->improvement.point))
      fputs("the config's own values |\n", to);
    else
      fprintf(to, "%.3f (%.3f .. %.3f) |\n", c->improvement.point, c->improvement.low,
              c->improvement.high);
  }
}

throng_status note_write(sweep *s) {
  NUMBERS_WITHOUT_LOCALE;
  char *text = NULL;
  size_t size;
  FILE *to = open_memstream(&text, &size);
  if (to) {
    fprintf(to,
            "# throng %s\n\n%" PRId64 " trials by %s and %s, %" PRId64
            " user-steps. A step is an evaluation, every %" PRId64
            " user-steps. Trial 0 has the config's own values.\n",
            throng_version(), s->n_trial, sampler_name(s->def.sampler),
            scheduler_name(s->def.scheduler), s->user_steps, s->clock.every);
    if (s->n_tested) put_tested(s, to);
    fprintf(to, "\n`throng trials %s --config K` gives the configuration of trial K.\n", s->folder);
  }
  if (!to || fclose(to) != 0)
    return free(text), throng_fail(THRONG_ERROR_MEMORY, "sweep: out of memory");
  throng_status status = trials_note(s->db, text);
  free(text);
  return status;
}
