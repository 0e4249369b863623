/// Lanes to a file and back. A snapshot carries a line that says what simulator wrote it; another
/// one is refused before anything is changed.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file_kind.h"
#include "base/safetensors.h"
#include "sim/sim.h"

enum { IDENTITY_SIZE = 512 };

/// Everything that a lane's future depends on besides the lane itself. `table_bytes` is left out:
/// the table changes the time a vote takes and nothing else.
void sim_identity(const throng_sim *s, char *text, size_t size) {
  const throng_sim_def *d = &s->def;
  snprintf(
      text, size,
      "world %016" PRIx64
      ", lanes %d from %u, history %d, leave_probability %.9g, "
      "max_steps %d, slate_size %d, mask_seen %d, autoreset %d, seed %u, semantics %d, rule %d, "
      "weights %.9g %.9g %.9g, weight_threshold %.9g, f_sta %s%s",
      s->world->hash, d->lanes, d->first_lane, d->history, (double)d->leave_probability,
      d->max_steps, d->slate_size, d->mask_seen, d->autoreset, d->seed, (int)d->votes.semantics,
      (int)d->votes.rule, (double)d->votes.weights[0], (double)d->votes.weights[1],
      (double)d->votes.weights[2], (double)d->votes.weight_threshold, s->sta ? "yes" : "no",
      !s->n_preference                                ? ""
      : d->votes.similarity == THRONG_SIMILARITY_MEAN ? ", similarity mean"
                                                      : ", preferences kept");
}

throng_status sim_check_identity(const throng_sim *s, const char *path) {
  char expected[IDENTITY_SIZE];
  sim_identity(s, expected, sizeof expected);
  safetensors_file *file;
  THRONG_TRY(safetensors_open(path, &file));
  const char *found = safetensors_metadata(file, "simulator");
  throng_status status = THRONG_OK;
  if (!found)
    status = throng_fail(THRONG_ERROR_DATA, "%s: no metadata 'simulator': not a snapshot of lanes",
                         path);
  else if (strcmp(found, expected) != 0)
    status = throng_fail(THRONG_ERROR_DATA, "%s: written by another simulator (%s); this one is %s",
                         path, found, expected);
  safetensors_close(file);
  return status;
}

throng_status throng_sim_save(throng_sim *s, const char *path) {
  char identity[IDENTITY_SIZE];
  sim_identity(s, identity, sizeof identity);
  return tensors_save((const tensor_set *[]){&s->lanes}, (const char *[]){""}, 1,
                      (const char *[]){"simulator", identity, NULL}, path);
}

throng_status throng_sim_restore(throng_sim *s, const char *path) {
  THRONG_TRY(file_kind_require(path, FILE_KIND_LANES));
  THRONG_TRY(sim_check_identity(s, path));
  return tensors_load((tensor_set *[]){&s->lanes}, (const char *[]){""}, 1, path);
}
