/// throng explain: the reasons of one pair's votes, in words or as JSON.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/explanation.h"
#include "cli/lookup.h"
#include "cli/votes.h"
#include "config/keys.h"
#include "sim/rule.h"

/// Everything that is told about the pair.
typedef struct story {
  const votes_session *s;
  int32_t user, item;
  const char *time;  // as given, or NULL
  int64_t n_past;
  explanation why;
  throng_vote vote;
} story;

static const char *const side_word[] = {"liking", "disliking"};
static const char *const past_word[] = {"liked", "disliked"};

static const char *name_of(const story *t, int32_t item) {
  return throng_world_item_name(t->s->world, item);
}

static const char *keyword_of(const story *t, int32_t keyword) {
  return keyword < 0 ? "(no keyword)" : strings_get(&t->s->world->keyword, keyword);
}

/// For people: what stands in the world may come from anybody's file.
static const char *shown_name(const story *t, int32_t item) { return cli_word(name_of(t, item)); }

static bool published(const story *t) {
  return t->s->votes.semantics == THRONG_SEMANTICS_PUBLISHED_CODE;
}

/// How the published code answers without comparing, or NULL.
static const char *shortcut(const story *t) {
  if (!published(t)) return NULL;
  if (t->why.side[0].past == 0) return "nothing was liked before: the published code says 1";
  if (t->why.side[1].past == 0) return "nothing was disliked before: the published code says 0";
  return NULL;
}

static void print_list(const story *t, const char *label, const int32_t *list, int64_t begin,
                       int64_t end, const string_table *names) {
  printf("  %s: ", label);
  for (int64_t k = begin; k < end; ++k)
    printf("%s%s", k > begin ? ", " : "", cli_word(strings_get(names, list[k])));
  puts(begin == end ? "none" : "");
  (void)t;
}

static void print_heading(const story *t) {
  const throng_world *w = t->s->world;
  const explanation_side *side = t->why.side;
  printf("User %s and item %s", cli_word(throng_world_user_id(w, t->user)),
         cli_word(throng_world_item_id(w, t->item)));
  const char *name = name_of(t, t->item);
  if (strcmp(name, throng_world_item_id(w, t->item))) printf(", \"%s\"", cli_word(name));
  printf("\n  history: %lld interactions%s%s, %lld liked and %lld disliked\n", (long long)t->n_past,
         t->time ? " before " : "", t->time ? t->time : "", (long long)side[0].past,
         (long long)side[1].past);
  print_list(t, "the item's categories", w->category, w->category_offset[t->item],
             w->category_offset[t->item + 1], &w->category_name);
  if (t->n_past == 0)
    puts("  there is no history: both logical votes have nothing to go by");
  else if (side[0].fallback && side[1].fallback)
    puts("  no past item shares a category with it, so the whole history counts");
  else if (side[0].fallback || side[1].fallback)
    printf("  no %s item shares a category with it, so all %s items count\n",
           past_word[side[0].fallback ? 0 : 1], past_word[side[0].fallback ? 0 : 1]);
  else
    printf("  of these, %lld liked and %lld disliked share a category with it and count\n",
           (long long)side[0].same, (long long)side[1].same);
}

/// One line a keyword: "warm sound": in A, in B (twice).
static void print_meetings(const story *t, const explanation_side *side) {
  enum { SHOWN = 4 };
  for (int64_t k = 0; k < side->n_meeting;) {
    int64_t end = k;
    while (end < side->n_meeting && side->meeting[end].keyword == side->meeting[k].keyword) ++end;
    printf("      \"%s\" in ", cli_word(keyword_of(t, side->meeting[k].keyword)));
    for (int64_t i = k; i < end && i < k + SHOWN; ++i)
      printf("%s%s", i > k ? "; " : "", shown_name(t, side->meeting[i].item));
    if (end - k > SHOWN) printf("; and %lld more", (long long)(end - k - SHOWN));
    putchar('\n');
    k = end;
  }
}

static void print_keyword_vote(const story *t) {
  const throng_world *w = t->s->world;
  const throng_vote *v = &t->vote;
  printf("\nKeyword vote f_mat = %d\n", v->f_mat);
  print_list(t, "the item's liking keywords", w->pos, w->pos_offset[t->item],
             w->pos_offset[t->item + 1], &w->keyword);
  print_list(t, "the item's disliking keywords", w->neg, w->neg_offset[t->item],
             w->neg_offset[t->item + 1], &w->keyword);
  for (int s = 0; s < 2; ++s) {
    const explanation_side *side = &t->why.side[s];
    printf("  %s keywords met %lld time%s in %s items%s\n", side_word[s],
           (long long)side->n_meeting, side->n_meeting == 1 ? "" : "s", past_word[s],
           side->n_meeting ? ":" : "");
    print_meetings(t, side);
  }
  const char *without = shortcut(t);
  printf("  %d against %d, margin %+d: ", v->alpha_pos, v->alpha_neg, v->alpha_pos - v->alpha_neg);
  if (without)
    puts(without);
  else if (v->alpha_pos != v->alpha_neg)
    puts(v->f_mat ? "more met on the liking side" : "more met on the disliking side");
  else
    puts(published(t) ? "a tie, which counts as 0" : "a tie, which a fair coin decided");
}

static void print_similarity_vote(const story *t) {
  const throng_vote *v = &t->vote;
  bool mean = t->s->votes.similarity == THRONG_SIMILARITY_MEAN;
  printf("\nSimilarity vote f_sim = %d\n", v->f_sim);
  if (mean)
    printf("  against the mean of all %lld liked and of all %lld disliked items; of single ones:\n",
           (long long)t->why.side[0].past, (long long)t->why.side[1].past);
  for (int s = 0; s < 2; ++s) {
    const explanation_side *side = &t->why.side[s];
    if (side->nearest >= 0)
      printf("  nearest %s item: %s, at %.4f\n", past_word[s], shown_name(t, side->nearest),
             (double)side->similarity);
    else
      printf("  no %s item counts, which stands as -1\n", past_word[s]);
  }
  const char *without = shortcut(t);
  printf("  %.4f against %.4f, margin %+.4f: ", (double)v->beta_pos, (double)v->beta_neg,
         (double)v->beta_pos - (double)v->beta_neg);
  if (without)
    puts(without);
  else if (v->beta_pos > v->beta_neg || v->beta_pos < v->beta_neg)
    puts(v->f_sim ? "nearer to what was liked" : "nearer to what was disliked");
  else
    puts(published(t) ? "a tie, which counts as 0" : "a tie, which a fair coin decided");
}

static double threshold(const story *t) {
  return t->s->sta ? (double)throng_sta_get_def(t->s->sta).threshold : 0.5;
}

static void print_statistical_vote(const story *t) {
  const throng_vote *v = &t->vote;
  printf("\nStatistical vote f_sta = %d\n", v->f_sta);
  if (published(t))
    printf("  p = %.4f: the published code applies the sigmoid twice, so that it is always 1\n",
           (double)v->p_like);
  else if (!t->s->sta)
    puts("  not asked: no weights were given (--sta FILE)");
  else
    printf("  p = %.4f against %.4f, margin %+.4f\n", (double)v->p_like, threshold(t),
           (double)v->p_like - threshold(t));
}

static void print_reward(const story *t) {
  printf("\nReward = %d: the user %s it (rule %s: %s)\n", t->vote.like,
         t->vote.like ? "likes" : "does not like", t->s->rule, rule_help(t->s->votes.rule));
}

static cJSON *side_json(const story *t, int s) {
  const explanation_side *side = &t->why.side[s];
  const throng_world *w = t->s->world;
  cJSON *object = cJSON_CreateObject();
  cJSON_AddNumberToObject(object, "past_items", (double)side->past);
  cJSON_AddNumberToObject(object, "share_category", (double)side->same);
  cJSON_AddBoolToObject(object, "category_fallback", side->fallback);
  cJSON *met = cJSON_AddArrayToObject(object, "keywords_met");
  for (int64_t k = 0; k < side->n_meeting; ++k) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "keyword", keyword_of(t, side->meeting[k].keyword));
    cJSON_AddStringToObject(one, "item", throng_world_item_id(w, side->meeting[k].item));
    cJSON_AddStringToObject(one, "name", name_of(t, side->meeting[k].item));
    cJSON_AddItemToArray(met, one);
  }
  if (side->nearest < 0) {
    cJSON_AddNullToObject(object, "nearest");
  } else {
    cJSON *nearest = cJSON_AddObjectToObject(object, "nearest");
    cJSON_AddStringToObject(nearest, "item", throng_world_item_id(w, side->nearest));
    cJSON_AddStringToObject(nearest, "name", name_of(t, side->nearest));
    cJSON_AddNumberToObject(nearest, "similarity", (double)side->similarity);
  }
  return object;
}

static cJSON *story_json(const story *t) {
  const throng_world *w = t->s->world;
  const throng_vote *v = &t->vote;
  cJSON *document = cJSON_CreateObject();
  cJSON_AddStringToObject(document, "user", throng_world_user_id(w, t->user));
  cJSON_AddStringToObject(document, "item", throng_world_item_id(w, t->item));
  cJSON_AddStringToObject(document, "name", name_of(t, t->item));
  if (t->time) cJSON_AddStringToObject(document, "time", t->time);
  cJSON_AddNumberToObject(document, "history", (double)t->n_past);
  cJSON_AddStringToObject(document, "semantics", t->s->semantics);
  cJSON_AddStringToObject(document, "rule", t->s->rule);
  cJSON_AddItemToObject(document, "liking", side_json(t, 0));
  cJSON_AddItemToObject(document, "disliking", side_json(t, 1));
  bool compared = !shortcut(t) && !published(t);
  cJSON *mat = cJSON_AddObjectToObject(document, "f_mat");
  cJSON_AddNumberToObject(mat, "vote", v->f_mat);
  cJSON_AddNumberToObject(mat, "alpha_pos", v->alpha_pos);
  cJSON_AddNumberToObject(mat, "alpha_neg", v->alpha_neg);
  cJSON_AddNumberToObject(mat, "margin", v->alpha_pos - v->alpha_neg);
  cJSON_AddBoolToObject(mat, "coin", compared && v->alpha_pos == v->alpha_neg);
  cJSON *sim = cJSON_AddObjectToObject(document, "f_sim");
  cJSON_AddNumberToObject(sim, "vote", v->f_sim);
  cJSON_AddNumberToObject(sim, "beta_pos", (double)v->beta_pos);
  cJSON_AddNumberToObject(sim, "beta_neg", (double)v->beta_neg);
  cJSON_AddNumberToObject(sim, "margin", (double)v->beta_pos - (double)v->beta_neg);
  cJSON_AddBoolToObject(sim, "coin",
                        compared && !(v->beta_pos > v->beta_neg || v->beta_pos < v->beta_neg));
  cJSON *sta = cJSON_AddObjectToObject(document, "f_sta");
  cJSON_AddNumberToObject(sta, "vote", v->f_sta);
  cJSON_AddBoolToObject(sta, "fitted", t->s->sta != NULL);
  cJSON_AddNumberToObject(sta, "p_like", (double)v->p_like);
  cJSON_AddNumberToObject(sta, "threshold", threshold(t));
  cJSON_AddNumberToObject(sta, "margin", (double)v->p_like - threshold(t));
  cJSON_AddNumberToObject(document, "reward", v->like);
  return document;
}

static throng_status tell(story *t, const char *user, const char *item) {
  const votes_session *s = t->s;
  const throng_world *w = s->world;
  int64_t time = INT64_MAX;
  int32_t *past_item = NULL;
  uint8_t *past_like = NULL;
  throng_status status;
  THRONG_TRY(lookup_user(w, user, &t->user));
  THRONG_TRY(lookup_item(w, item, &t->item));
  if (t->time) THRONG_TRY(lookup_time(w, t->time, &time));
  size_t most = (size_t)(w->user_offset[t->user + 1] - w->user_offset[t->user]);
  THRONG_TRY_GOTO(throng_alloc((void **)&past_item, most, sizeof *past_item, "history"));
  THRONG_TRY_GOTO(throng_alloc((void **)&past_like, most, sizeof *past_like, "history"));
  lookup_past(w, t->user, t->item, time, past_item, past_like, &t->n_past);
  const int64_t offset[2] = {0, t->n_past};
  const throng_pairs pair = {1, &t->user, &t->item, offset, past_item, past_like};
  THRONG_TRY_GOTO(throng_votes_evaluate(s->backend, w, s->sta, &s->votes, s->config.sim.seed, &pair,
                                        &t->vote, NULL));
  THRONG_TRY_GOTO(
      explanation_make(w, s->votes.semantics, t->item, t->n_past, past_item, past_like, &t->why));
done:
  free(past_item);
  free(past_like);
  return status;
}

int cmd_explain(cli_run *run) {
  const char *user = cli_text(run, "user"), *item = cli_text(run, "item");
  if (!user || !item) return cli_wrong(run, "expected --user ID and --item ID");
  votes_session s;
  if (votes_open(run, &s) != THRONG_OK) return cli_fail(run);
  story t = {.s = &s, .time = cli_text(run, "time")};
  int code = CLI_DONE;
  if (tell(&t, user, item) != THRONG_OK) {
    code = cli_fail(run);
  } else if (run->json) {
    code = cli_json(story_json(&t));
  } else {
    print_heading(&t);
    print_keyword_vote(&t);
    print_similarity_vote(&t);
    print_statistical_vote(&t);
    print_reward(&t);
  }
  explanation_free(&t.why);
  votes_close(&s);
  return code;
}
