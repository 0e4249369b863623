/// Lanes to a file and back. A snapshot carries a line that says what simulator wrote it; another
/// one is refused before anything is changed.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file_kind.h"
#include "base/identity.h"
#include "base/numbers.h"
#include "base/safetensors.h"
#include "sim/sim.h"

enum { IDENTITY_SIZE = 512, STA_SIZE = 64 };

/// Everything that a lane's future depends on besides the lane itself. `table_bytes` is left out:
/// the table changes the time a vote takes and nothing else.
static void identity_text(const throng_sim *s, const char *f_sta, char *text, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  const throng_sim_def *d = &s->def;
  int length = snprintf(
      text, size,
      "world %016" PRIx64
      ", lanes %d from %u, history %d, leave_probability %.9g, "
      "max_steps %d, slate_size %d, mask_seen %d, autoreset %d, seed %u, semantics %d, rule %d, "
      "weights %.9g %.9g %.9g, weight_threshold %.9g, f_sta %s%s",
      s->world->hash, d->lanes, d->first_lane, d->history, (double)d->leave_probability,
      d->max_steps, d->slate_size, d->mask_seen, d->autoreset, d->seed, (int)d->votes.semantics,
      (int)d->votes.rule, (double)d->votes.weights[0], (double)d->votes.weights[1],
      (double)d->votes.weights[2], (double)d->votes.weight_threshold, f_sta,
      !s->n_preference                                ? ""
      : d->votes.similarity == THRONG_SIMILARITY_MEAN ? ", similarity mean"
                                                      : ", preferences kept");
  if (s->starts.hash && length >= 0 && (size_t)length < size)
    snprintf(text + length, size - (size_t)length, ", starts %016" PRIx64, s->starts.hash);
}

/// The weights by their hash: lanes keep states that were made with them.
static throng_status sta_text(const throng_sim *s, char *text, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  uint64_t hash;
  snprintf(text, size, "no");
  if (!s->sta) return THRONG_OK;
  THRONG_TRY(tensors_hash(&s->sta->parameters, &hash));
  snprintf(text, size, "%016" PRIx64 " threshold %.9g", hash, (double)s->sta->def.threshold);
  return THRONG_OK;
}

throng_status sim_identity(const throng_sim *s, char *text, size_t size) {
  char f_sta[STA_SIZE];
  THRONG_TRY(sta_text(s, f_sta, sizeof f_sta));
  identity_text(s, f_sta, text, size);
  return THRONG_OK;
}

throng_status sim_check_identity(const throng_sim *s, const safetensors_file *file) {
  char mine[IDENTITY_SIZE];
  const char *found = safetensors_metadata(file, "simulator");
  if (!found)
    return throng_fail(THRONG_ERROR_DATA, "%s: no metadata 'simulator': not a snapshot of lanes",
                       safetensors_path(file));
  // Files that were written before weights had a hash say only that there were some.
  identity_text(s, "yes", mine, sizeof mine);
  if (s->sta && !strcmp(found, mine)) return THRONG_OK;
  THRONG_TRY(sim_identity(s, mine, sizeof mine));
  return identity_compare(safetensors_path(file), "simulator", found, mine);
}

throng_status throng_sim_save(throng_sim *s, const char *path) {
  char identity[IDENTITY_SIZE];
  THRONG_TRY(sim_identity(s, identity, sizeof identity));
  return tensors_save(
      (const tensor_set *[]){&s->lanes}, (const char *[]){""}, 1,
      (const char *[]){"simulator", identity, "arithmetic", s->backend->arithmetic, NULL}, path);
}

throng_status throng_sim_restore(throng_sim *s, const char *path) {
  THRONG_TRY(file_kind_require(path, FILE_KIND_LANES));
  safetensors_file *file;
  tensor_set *const lanes[] = {&s->lanes};
  THRONG_TRY(safetensors_open(path, &file));
  throng_status status = sim_check_identity(s, file);
  if (status == THRONG_OK) status = tensors_check_file(lanes, NULL, 1, file);
  if (status == THRONG_OK) status = sim_check_lanes(s, file, "");
  if (status == THRONG_OK) status = tensors_read_file(lanes, NULL, 1, file);
  safetensors_close(file);
  return status;
}
