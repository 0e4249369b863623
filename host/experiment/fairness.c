/// Who is served: what share of what is shown goes to popular and to rare items, and what active
/// and less active users get of each policy.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "episodes/episodes.h"
#include "experiment/trial.h"

enum { GROUP, SHOWN, OF_DATA, COVERED, REWARD_STEP, RETURN, ERROR, SESSIONS };
enum { N_GROUP = 5, MOST_LANES = 512 };

/// Fifths by how often something stands in the histories: of items as of users.
typedef struct fifths {
  uint8_t *of;            // (n)
  double share[N_GROUP];  // of all interactions
  int64_t size[N_GROUP];
} fifths;

typedef struct counted {
  int64_t count;
  int32_t index;
} counted;

static int rarest_first(const void *a, const void *b) {
  const counted *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

static throng_status make_fifths(int64_t n, const int64_t *count, fifths *out) {
  counted *sorted;
  double total = 0;
  THRONG_TRY(throng_alloc((void **)&out->of, (size_t)n, 1, "fifths"));
  THRONG_TRY(throng_alloc((void **)&sorted, (size_t)n, sizeof *sorted, "fifths"));
  for (int64_t i = 0; i < n; ++i) sorted[i] = (counted){count[i], (int32_t)i};
  qsort(sorted, (size_t)n, sizeof *sorted, rarest_first);
  for (int64_t i = 0; i < n; ++i) {
    const int group = (int)(N_GROUP * i / n);
    out->of[sorted[i].index] = (uint8_t)group;
    out->share[group] += (double)sorted[i].count;
    ++out->size[group];
    total += (double)sorted[i].count;
  }
  for (int g = 0; g < N_GROUP; ++g) out->share[g] /= total;
  free(sorted);
  return THRONG_OK;
}

/// What a policy's sessions came to.
typedef struct served {
  const fifths *items, *users;
  uint8_t *shown_once;    // (n_item)
  double shown[N_GROUP];  // by items
  double covered[N_GROUP];
  double sum[N_GROUP], squares[N_GROUP], steps[N_GROUP], sessions[N_GROUP];  // by users
} served;

static throng_status serve(void *context, const episodes_row *row, int32_t n) {
  served *s = context;
  const int user = s->users->of[row->user];
  double likes = 0;
  for (int32_t k = 0; k < n; ++k) {
    const int group = s->items->of[row[k].item];
    ++s->shown[group];
    s->covered[group] += !s->shown_once[row[k].item];
    s->shown_once[row[k].item] = 1;
    likes += row[k].like;
  }
  s->sum[user] += likes;
  s->squares[user] += likes * likes;
  s->steps[user] += n;
  ++s->sessions[user];
  return THRONG_OK;
}

static throng_status play(const experiment_room *room, const episodes_policy *policy, served *s) {
  const throng_evaluation_def *e = &room->config->train.evaluation;
  const int64_t n_item = throng_world_get_info(room->world).n_item;
  const episodes_def def = {.sessions = e->episodes,
                            .lanes = e->episodes < MOST_LANES ? e->episodes : MOST_LANES,
                            .seed = e->seed};
  THRONG_TRY(throng_alloc((void **)&s->shown_once, (size_t)n_item, 1, "items shown"));
  throng_status status = episodes_play(room->backend, room->world, room->sta, &room->config->sim,
                                       &def, policy, NULL, room->progress, serve, s);
  free(s->shown_once);
  s->shown_once = NULL;
  return status;
}

/// Rows of a policy: five of items, five of users; means over `n` played (agents of other seeds).
static throng_status add_rows(experiment_room *room, const char *policy, int32_t n,
                              const served *s) {
  for (int side = 0; side < 2; ++side)
    for (int g = 0; g < N_GROUP; ++g) {
      char text[16];
      snprintf(text, sizeof text, "%d", g + 1);
      experiment_row row = experiment_row_of(policy, side ? "users" : "items", text);
      row.value[GROUP] = g + 1;
      double shown = 0, reward = 0, gain = 0, squares = 0, sessions = 0;
      for (int32_t k = 0; k < n; ++k) {
        double all = 0;
        for (int j = 0; j < N_GROUP; ++j) all += side ? s[k].steps[j] : s[k].shown[j];
        shown += (side ? s[k].steps[g] : s[k].shown[g]) / all / n;
        reward += s[k].sum[g] / s[k].steps[g] / n;
        gain += s[k].sum[g] / s[k].sessions[g] / n;
        squares += s[k].squares[g] / s[k].sessions[g] / n;
        sessions += s[k].sessions[g] / n;
      }
      const fifths *f = side ? s->users : s->items;
      row.value[SHOWN] = shown;
      row.value[OF_DATA] = f->share[g];
      if (side) {
        row.value[REWARD_STEP] = reward;
        row.value[RETURN] = gain;
        row.value[ERROR] = sqrt(fmax(squares - gain * gain, 0) / sessions);
        row.value[SESSIONS] = sessions;
      } else {
        double covered = 0;
        for (int32_t k = 0; k < n; ++k) covered += s[k].covered[g] / (double)f->size[g] / n;
        row.value[COVERED] = covered;
      }
      THRONG_TRY(experiment_table_add(room->table, &row));
    }
  return THRONG_OK;
}

static bool done(const experiment_room *room, const char *policy) {
  const experiment_row last = experiment_row_of(policy, "users", "5");
  return experiment_table_has(room->table, &last);
}

static throng_status yardsticks_of(experiment_room *room, const fifths *items,
                                   const fifths *users) {
  static const throng_yardstick who[] = {THRONG_YARDSTICK_RANDOM, THRONG_YARDSTICK_POPULAR,
                                         THRONG_YARDSTICK_MOST_SIMILAR};
  for (size_t k = 0; k < sizeof who / sizeof *who; ++k) {
    const char *name = throng_yardstick_name(who[k]);
    const episodes_policy policy = {.yardstick = who[k]};
    served s = {.items = items, .users = users};
    if (done(room, name)) continue;
    THRONG_TRY(play(room, &policy, &s));
    THRONG_TRY(add_rows(room, name, 1, &s));
  }
  return THRONG_OK;
}

static throng_status agents_of(experiment_room *room, const fifths *items, const fifths *users) {
  trial t;
  served *s = NULL;
  if (done(room, "agents")) return THRONG_OK;
  THRONG_TRY(trial_train(room, &room->config->sim.votes, &t));
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&s, (size_t)t.count, sizeof *s, "agents"));
  for (int32_t k = 0; k < t.count; ++k) {
    const episodes_policy policy = {.population = trial_population(&t), .agent = k};
    s[k] = (served){.items = items, .users = users};
    THRONG_TRY_GOTO(play(room, &policy, &s[k]));
  }
  THRONG_TRY_GOTO(add_rows(room, "agents", t.count, s));
done:
  free(s);
  trial_close(&t);
  return status;
}

throng_status experiment_fairness(experiment_room *room) {
  const throng_world_info info = throng_world_get_info(room->world);
  fifths items = {0}, users = {0};
  int64_t *count;
  const size_t most = (size_t)(info.n_user > info.n_item ? info.n_user : info.n_item);
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&count, most, sizeof *count, "fifths"));
  throng_world_item_counts(room->world, count, NULL);
  THRONG_TRY_GOTO(make_fifths(info.n_item, count, &items));
  for (int64_t u = 0; u < info.n_user; ++u)
    count[u] = throng_world_history(room->world, u, NULL, NULL, NULL);
  THRONG_TRY_GOTO(make_fifths(info.n_user, count, &users));
  THRONG_TRY_GOTO(yardsticks_of(room, &items, &users));
  THRONG_TRY_GOTO(agents_of(room, &items, &users));
done:
  free(count);
  free(items.of);
  free(users.of);
  return status;
}
