/// The lanes' places in the random stream, and lanes that stand still.
#include <stdio.h>
#include <string.h>

#include "sim/sim.h"

static throng_status write_numbers(throng_sim *s, int32_t first, int32_t n) {
  return s->backend->ops->upload(s->backend, s->number + first, s->host_number + first,
                                 sizeof *s->number * (size_t)n);
}

throng_status sim_number_lanes(throng_sim *s, int32_t first, int32_t n, uint32_t number) {
  for (int32_t k = 0; k < n; ++k) s->host_number[first + k] = number + (uint32_t)k;
  return write_numbers(s, first, n);
}

throng_status sim_number_usually(throng_sim *s) {
  return sim_number_lanes(s, 0, s->n_lane, s->def.first_lane);
}

throng_status sim_reset_in_blocks(throng_sim *s, int32_t period) {
  for (int32_t lane = 0; lane < s->n_lane; ++lane)
    s->host_number[lane] = s->def.first_lane + (uint32_t)(lane % period);
  THRONG_TRY(write_numbers(s, 0, s->n_lane));
  return throng_sim_reset(s);
}

throng_status sim_halt_lanes(throng_sim *s, int32_t first, int32_t n, bool halted) {
  enum { PART = 1024 };
  uint8_t flag[PART];
  if (!halted) return s->backend->ops->zero(s->backend, s->halted + first, (size_t)n);
  memset(flag, 1, sizeof flag);
  for (int32_t k = 0; k < n; k += PART)
    THRONG_TRY(s->backend->ops->upload(s->backend, s->halted + first + k, flag,
                                       (size_t)(n - k < PART ? n - k : PART)));
  return THRONG_OK;
}

/// The array, or no array.
static tensor_set numbers(const throng_sim *s, bool some) {
  tensor_set set = s->steering;
  set.count = some ? 1 : 0;
  return set;
}

tensor_set sim_numbers_to_save(const throng_sim *s) {
  for (int32_t lane = 0; lane < s->n_lane; ++lane)
    if (s->host_number[lane] != s->def.first_lane + (uint32_t)lane) return numbers(s, true);
  return numbers(s, false);
}

tensor_set sim_numbers_in(const throng_sim *s, const safetensors_file *file, const char *prefix) {
  char name[2 * TENSOR_MAX_NAME];
  snprintf(name, sizeof name, "%snumber", prefix);
  return numbers(s, safetensors_find(file, name) != NULL);
}

throng_status sim_numbers_taken(throng_sim *s, const tensor_set *set) {
  if (set->count == 0) return sim_number_usually(s);
  return s->backend->ops->download(s->backend, s->host_number, s->number,
                                   sizeof *s->number * (size_t)s->n_lane);
}
