/// Lanes to a file and back. A snapshot carries a line that says what simulator wrote it; another
/// one is refused before anything is changed.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_kind.h"
#include "base/identity.h"
#include "base/numbers.h"
#include "base/safetensors.h"
#include "sim/sim.h"
#include "sim/sim_fields.h"
#include "sim/users.h"

/// What a simulator's line says besides its options: the world; f_sta's weights by their hash, for
/// lanes keep states that were made with them; and the models of further votes.
/// (`votes.table_bytes` is FIELD_NOT_IDENTITY: a memory budget that stands among the votes'
/// options; the table changes the time that a vote takes and nothing else.)
typedef struct facts {
  throng_sim_def def;
  char world[24], f_sta[64], starts[24], further[THRONG_VOTE_FURTHER][160];
  identity_part part[4];
  identity_fact fact[4 + THRONG_VOTE_FURTHER];
} facts;

static throng_status gather(const throng_sim *s, facts *f) {
  NUMBERS_WITHOUT_LOCALE;
  uint64_t hash;
  f->def = s->def;
  // Vectors that the similarity asks for are kept either way.
  if (f->def.votes.similarity == THRONG_SIMILARITY_MEAN) f->def.preferences = false;
  // A masked session is named by mask_seen, as files of before do.
  if (f->def.mask == THRONG_MASK_SESSION) f->def.mask = THRONG_MASK_NONE;
  snprintf(f->world, sizeof f->world, "%016" PRIx64, s->world->hash);
  snprintf(f->starts, sizeof f->starts, "any");
  if (s->starts.hash) snprintf(f->starts, sizeof f->starts, "%016" PRIx64, s->starts.hash);
  snprintf(f->f_sta, sizeof f->f_sta, "no");
  if (s->sta) {
    THRONG_TRY(tensors_hash(&s->sta->parameters, &hash));
    snprintf(f->f_sta, sizeof f->f_sta, "%016" PRIx64 " threshold %.9g", hash,
             (double)s->sta->def.threshold);
  }
  f->part[0] = (identity_part){&sim_fields, &f->def};
  f->part[1] = (identity_part){&votes_fields, &f->def.votes};
  f->part[2] = (identity_part){&users_fields, &f->def.users};
  f->part[3] = (identity_part){NULL, NULL};
  f->fact[0] = (identity_fact){.name = "world", .value = f->world};
  f->fact[1] = (identity_fact){.name = "f_sta", .value = f->f_sta};
  f->fact[2] = (identity_fact){.name = "starts", .value = f->starts, .usual = "any"};
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) {
    vote_models_identity(&s->models, k, f->further[k], sizeof f->further[k]);
    f->fact[3 + k] =
        (identity_fact){.name = throng_vote_name((throng_vote_id)(k + THRONG_VOTE_IN_RECORD)),
                        .value = f->further[k],
                        .usual = "no"};
  }
  f->fact[3 + THRONG_VOTE_FURTHER] = (identity_fact){.name = NULL};
  return THRONG_OK;
}

throng_status sim_identity(const throng_sim *s, char **out) {
  facts f;
  *out = NULL;
  THRONG_TRY(gather(s, &f));
  // A line without the users' options says that they are the usual ones: so lanes whose users do
  // not change have the line that they had before there were such options.
  if (!users_unusual(&f.def.users)) f.part[2] = f.part[3];
  return identity_text(&(identity){f.part, f.fact}, out);
}

/// Files of version 0.1 said "lanes 32 from 0", and "preferences kept".
static throng_status modern(const char *line, char **out) {
  static const char *const words[][2] = {{" from ", ", first_lane "},
                                         {"preferences kept", "preferences 1"}};
  void *text;
  THRONG_TRY(throng_alloc(&text, 1, 2 * strlen(line) + 1, "identity"));
  char *to = *out = text;
  for (const char *at = line; *at;) {
    size_t k = 0;
    while (k < 2 && strncmp(at, words[k][0], strlen(words[k][0])) != 0) ++k;
    if (k == 2) {
      *to++ = *at++;
    } else {
      to = stpcpy(to, words[k][1]);
      at += strlen(words[k][0]);
    }
  }
  return THRONG_OK;
}

throng_status sim_check_identity(const throng_sim *s, const safetensors_file *file) {
  facts f;
  char *found;
  size_t length;
  const char *line = safetensors_metadata(file, "simulator");
  if (!line)
    return throng_fail(THRONG_ERROR_DATA, "%s: no metadata 'simulator': not a snapshot of lanes",
                       safetensors_path(file));
  THRONG_TRY(gather(s, &f));
  // Files that were written before weights had a hash say only that there were some.
  const char *then = identity_value(line, "f_sta", &length);
  if (s->sta && then && length == 3 && !strncmp(then, "yes", 3)) f.fact[1].value = "yes";
  THRONG_TRY(modern(line, &found));
  throng_status status =
      identity_compare(&(identity){f.part, f.fact}, safetensors_path(file), "simulator", found);
  free(found);
  return status;
}

throng_status throng_sim_save(throng_sim *s, const char *path) {
  char *line;
  THRONG_TRY(sim_identity(s, &line));
  const tensor_set numbers = sim_numbers_to_save(s);
  throng_status status = tensors_save(
      (const tensor_set *[]){&s->lanes, &numbers}, NULL, 2,
      (const char *[]){"simulator", line, "arithmetic", s->backend->arithmetic, NULL}, path);
  free(line);
  return status;
}

throng_status throng_sim_restore(throng_sim *s, const char *path) {
  THRONG_TRY(file_kind_require(path, FILE_KIND_LANES));
  safetensors_file *file;
  THRONG_TRY(safetensors_open(path, &file));
  tensor_set numbers = sim_numbers_in(s, file, "");
  tensor_set *const lanes[] = {&s->lanes, &numbers};
  throng_status status = sim_check_identity(s, file);
  if (status == THRONG_OK) status = tensors_check_file(lanes, NULL, 2, file);
  if (status == THRONG_OK) status = sim_check_lanes(s, file, "");
  if (status == THRONG_OK) status = tensors_read_file(lanes, NULL, 2, file);
  if (status == THRONG_OK) status = sim_numbers_taken(s, &numbers);
  safetensors_close(file);
  return status;
}
