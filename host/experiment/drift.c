/// Do simulated users stay like real ones? Users with a later part are shown the items that they
/// really met next, in order, under several rules: with the real answers fed back (forced) and with
/// their own (free). By position and over all; categories of what is liked beside the real ones.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "evaluate/rollout.h"
#include "experiment/variants.h"
#include "world/world.h"

enum {
  POSITION,
  ANSWERS,
  REAL_RATE,
  LIKE_RATE,
  GAP,
  AUC,
  WITHIN_AUC,
  CORRELATION,
  REAL_ALIKE,
  ALIKE,
  CATEGORY_DISTANCE
};
enum { BLOCK = 8 };  // positions a row

static const char *const rules[] = {"logical", "majority", "ensemble", "f_pop", "calibrated"};
enum { N_RULE = sizeof rules / sizeof *rules };

/// Half the absolute difference of two distributions over categories, of what is liked really and
/// of what is liked by simulated users at positions from .. to - 1: 0 alike, 1 apart.
static throng_status category_distance(const throng_world *w, const rollout_lanes *l, int mode,
                                       int from, int to, double *out) {
  double *share, sum[2] = {0};
  const int64_t n = w->n_category;
  *out = (double)NAN;
  THRONG_TRY(throng_alloc((void **)&share, 2 * (size_t)n + 1, sizeof *share, "categories"));
  for (int64_t lane = 0; lane < l->n; ++lane) {
    const int32_t *item;
    (void)throng_world_later(w, l->user[lane], &item, NULL, NULL);
    for (int k = from; k < to && k < l->length[lane]; ++k) {
      const int64_t at = lane * LATER_MOST + k;
      for (int64_t c = w->category_offset[item[k]]; c < w->category_offset[item[k] + 1]; ++c) {
        share[w->category[c]] += l->real[at];
        share[n + w->category[c]] += l->answer[mode][at];
        sum[0] += l->real[at];
        sum[1] += l->answer[mode][at];
      }
    }
  }
  if (sum[0] > 0 && sum[1] > 0) {
    *out = 0;
    for (int64_t c = 0; c < n; ++c) *out += fabs(share[c] / sum[0] - share[n + c] / sum[1]) / 2;
  }
  free(share);
  return THRONG_OK;
}

/// Positions from .. to - 1 of a mode.
static throng_status add_block(experiment_room *room, const rollout_lanes *l, int mode, int from,
                               int to, experiment_row *row) {
  double answers = 0, real = 0, likes = 0;
  for (int64_t lane = 0; lane < l->n; ++lane)
    for (int k = from; k < to && k < l->length[lane]; ++k) {
      answers += 1;
      real += l->real[lane * LATER_MOST + k];
      likes += l->answer[mode][lane * LATER_MOST + k];
    }
  if (answers == 0) return THRONG_OK;
  row->value[POSITION] = 0.5 * (from + 1 + to);
  row->value[ANSWERS] = answers;
  row->value[REAL_RATE] = real / answers;
  row->value[LIKE_RATE] = likes / answers;
  row->value[GAP] = (likes - real) / answers;
  THRONG_TRY(category_distance(room->world, l, mode, from, to, &row->value[CATEGORY_DISTANCE]));
  return experiment_table_add(room->table, row);
}

/// All positions of a mode, with what needs whole users.
static throng_status add_whole(experiment_room *room, const rollout_lanes *l, const rollout *r,
                               int mode, experiment_row *row) {
  static const int from[][2] = {{LIKE_RATE, ROLLOUT_LIKE_RATE},
                                {GAP, ROLLOUT_GAP},
                                {AUC, ROLLOUT_AUC},
                                {WITHIN_AUC, ROLLOUT_WITHIN_AUC},
                                {CORRELATION, ROLLOUT_CORRELATION},
                                {ALIKE, ROLLOUT_ALIKE}};
  for (size_t k = 0; k < sizeof from / sizeof *from; ++k)
    row->value[from[k][0]] = r->mode[mode][from[k][1]].value;
  row->value[ANSWERS] = (double)r->answers;
  row->value[REAL_RATE] = r->real_like_rate.value;
  row->value[REAL_ALIKE] = r->real_alike.value;
  THRONG_TRY(
      category_distance(room->world, l, mode, 0, LATER_MOST, &row->value[CATEGORY_DISTANCE]));
  return experiment_table_add(room->table, row);
}

static throng_status add_rows(experiment_room *room, const char *rule, const rollout_lanes *l,
                              const rollout *r) {
  for (int mode = 0; mode < ROLLOUT_MODES; ++mode) {
    for (int from = 0; from < LATER_MOST; from += BLOCK) {
      char part[TABLE_TEXT];
      snprintf(part, sizeof part, "%d-%d", from + 1, from + BLOCK);
      experiment_row row = experiment_row_of(rule, rollout_mode_names[mode], part);
      if (!experiment_table_has(room->table, &row))
        THRONG_TRY(add_block(room, l, mode, from, from + BLOCK, &row));
    }
    experiment_row row = experiment_row_of(rule, rollout_mode_names[mode], "all");
    if (!experiment_table_has(room->table, &row)) THRONG_TRY(add_whole(room, l, r, mode, &row));
  }
  return THRONG_OK;
}

static throng_status play(experiment_room *room, const char *rule) {
  const throng_sim_def *sim = &room->config->sim;
  const throng_votes_def votes =
      experiment_variant_votes(experiment_variant_find(rule), &sim->votes);
  const rollout_def def = {.history = sim->history, .seed = sim->seed};
  rollout_lanes lanes = {0};
  rollout r;
  const experiment_row last = experiment_row_of(rule, rollout_mode_names[ROLLOUT_MODES - 1], "all");
  if (experiment_table_has(room->table, &last)) return THRONG_OK;
  throng_status status =
      rollout_play(room->backend, room->world, room->sta, &votes, &def, room->progress, &lanes);
  if (status == THRONG_OK) status = rollout_measure_lanes(&lanes, &def, &r);
  if (status == THRONG_OK) status = add_rows(room, rule, &lanes, &r);
  rollout_lanes_free(&lanes);
  return status;
}

throng_status experiment_drift(experiment_room *room) {
  questions q = {0};
  throng_status status;
  if (throng_world_get_info(room->world).n_later == 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "drift: this world has no later parts to compare with; make it with "
                       "dataset.later_share (or synth.later_share) of 0.5, say");
  if (!room->world->has_time)
    throng_note(room->progress,
                "the world has no times: what is later is so by the order of its rows");
  THRONG_TRY_GOTO(experiment_questions(room, room->world, room->sta, &q));
  if (q.sampled > 0)
    THRONG_TRY_GOTO(
        throng_fail(THRONG_ERROR_DATA,
                    "drift: all %lld real answers are likes, so users cannot be told apart by how "
                    "they go on; %s",
                    (long long)q.likes,
                    isnan(room->world->like_threshold)
                        ? "rows without ratings tell no dislikes"
                        : "a dataset.like_threshold that leaves both kinds would help"));
  for (int k = 0; k < N_RULE; ++k)
    if (experiment_variant_possible(room, experiment_variant_find(rules[k]), &q))
      THRONG_TRY_GOTO(play(room, rules[k]));
done:
  questions_free(&q);
  return status;
}
