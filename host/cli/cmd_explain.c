/// throng explain: the reasons of one pair's votes, in words or as JSON.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/explain_session.h"
#include "cli/lookup.h"
#include "cli/votes.h"
#include "sim/evidence.h"
#include "sim/users.h"
#include "throng/explain.h"

/// Everything that is told about the pair.
typedef struct story {
  const votes_session *s;
  int32_t user, item;
  const char *time;   // as given, or NULL
  const char *after;  // items shown before, or NULL
  bool in_session;    // the answer is asked of a session
  shown_session session;
  throng_explanation *why;
} story;

static const char *const side_word[] = {"liking", "disliking"};
static const char *const past_word[] = {"liked", "disliked"};

static const throng_evidence *evidence_of(const story *t, int side) {
  return side == 0 ? &t->why->liked : &t->why->disliked;
}

static const throng_explained_vote *vote_of(const story *t, throng_vote_id vote) {
  return &t->why->votes[vote];
}

static const char *name_of(const story *t, int32_t item) {
  return throng_world_item_name(t->s->world, item);
}

static const char *word_of(const throng_shared_keyword *shared) {
  return shared->keyword ? shared->keyword : "(no keyword)";
}

/// For people: what stands in the world may come from anybody's file.
static const char *shown_name(const story *t, int32_t item) { return cli_word(name_of(t, item)); }

static bool published(const story *t) {
  return t->why->semantics == THRONG_SEMANTICS_PUBLISHED_CODE;
}

/// How the published code answers without comparing, or NULL.
static const char *shortcut(const story *t) {
  if (!published(t)) return NULL;
  if (t->why->liked.n_past == 0) return "nothing was liked before: the published code says 1";
  if (t->why->disliked.n_past == 0) return "nothing was disliked before: the published code says 0";
  return NULL;
}

static void print_list(const char *label, const int32_t *list, int64_t begin, int64_t end,
                       const string_table *names) {
  printf("  %s: ", label);
  for (int64_t k = begin; k < end; ++k)
    printf("%s%s", k > begin ? ", " : "", cli_word(strings_get(names, list[k])));
  puts(begin == end ? "none" : "");
}

static void print_heading(const story *t) {
  const throng_world *w = t->s->world;
  const throng_evidence *liked = &t->why->liked, *disliked = &t->why->disliked;
  printf("User %s and item %s", cli_word(throng_world_user_id(w, t->user)),
         cli_word(throng_world_item_id(w, t->item)));
  const char *name = name_of(t, t->item);
  if (strcmp(name, throng_world_item_id(w, t->item))) printf(", \"%s\"", cli_word(name));
  printf("\n  history: %lld interactions%s%s, %lld liked and %lld disliked\n",
         (long long)t->why->n_history, t->time ? " before " : "", t->time ? t->time : "",
         (long long)liked->n_past, (long long)disliked->n_past);
  print_list("the item's categories", w->category, w->category_offset[t->item],
             w->category_offset[t->item + 1], &w->category_name);
  if (t->why->n_history == 0)
    puts("  there is no history: both logical votes have nothing to go by");
  else if (liked->all_count && disliked->all_count)
    puts("  no past item shares a category with it, so the whole history counts");
  else if (liked->all_count || disliked->all_count)
    printf("  no %s item shares a category with it, so all %s items count\n",
           past_word[liked->all_count ? 0 : 1], past_word[liked->all_count ? 0 : 1]);
  else
    printf("  of these, %lld liked and %lld disliked share a category with it and count\n",
           (long long)liked->n_same_category, (long long)disliked->n_same_category);
}

/// "Keyword vote f_mat = 1"
static void print_title(const story *t, throng_vote_id vote) {
  const throng_explained_vote *v = vote_of(t, vote);
  printf("\n%c%s %s = %d\n", toupper((unsigned char)v->title[0]), v->title + 1, v->name, v->vote);
}

/// How a logical vote came out of its margin.
static void print_verdict(const story *t, throng_vote_id vote, const char *like,
                          const char *dislike) {
  const throng_explained_vote *v = vote_of(t, vote);
  if (shortcut(t))
    puts(shortcut(t));
  else if (v->margin > 0 || v->margin < 0)
    puts(v->vote ? like : dislike);
  else
    puts(v->coin ? "a tie, which a fair coin decided" : "a tie, which counts as 0");
}

/// One line a keyword: "warm sound": in A, in B (twice).
static void print_shared(const story *t, const throng_evidence *side) {
  enum { SHOWN = 4 };
  for (int64_t k = 0; k < side->n_shared;) {
    const int64_t end = evidence_keyword_end(side, k);
    printf("      \"%s\" in ", cli_word(word_of(&side->shared[k])));
    for (int64_t i = k; i < end && i < k + SHOWN; ++i)
      printf("%s%s", i > k ? "; " : "", shown_name(t, side->shared[i].item));
    if (end - k > SHOWN) printf("; and %lld more", (long long)(end - k - SHOWN));
    putchar('\n');
    k = end;
  }
}

static void print_keyword_vote(const story *t) {
  const throng_world *w = t->s->world;
  const throng_vote *v = &t->why->vote;
  print_title(t, THRONG_VOTE_F_MAT);
  print_list("the item's liking keywords", w->pos, w->pos_offset[t->item],
             w->pos_offset[t->item + 1], &w->keyword);
  print_list("the item's disliking keywords", w->neg, w->neg_offset[t->item],
             w->neg_offset[t->item + 1], &w->keyword);
  for (int s = 0; s < 2; ++s) {
    const throng_evidence *side = evidence_of(t, s);
    printf("  %s keywords met %lld time%s in %s items%s\n", side_word[s], (long long)side->n_shared,
           side->n_shared == 1 ? "" : "s", past_word[s], side->n_shared ? ":" : "");
    print_shared(t, side);
  }
  printf("  %d against %d, margin %+d: ", v->alpha_pos, v->alpha_neg, v->alpha_pos - v->alpha_neg);
  print_verdict(t, THRONG_VOTE_F_MAT, "more met on the liking side",
                "more met on the disliking side");
}

static void print_similarity_vote(const story *t) {
  const throng_vote *v = &t->why->vote;
  print_title(t, THRONG_VOTE_F_SIM);
  if (t->s->votes.similarity == THRONG_SIMILARITY_MEAN)
    printf("  against the mean of all %lld liked and of all %lld disliked items; of single ones:\n",
           (long long)t->why->liked.n_past, (long long)t->why->disliked.n_past);
  for (int s = 0; s < 2; ++s) {
    const throng_evidence *side = evidence_of(t, s);
    if (side->nearest >= 0)
      printf("  nearest %s item: %s, at %.4f\n", past_word[s], shown_name(t, side->nearest),
             (double)side->similarity);
    else
      printf("  no %s item counts, which stands as -1\n", past_word[s]);
  }
  printf("  %.4f against %.4f, margin %+.4f: ", (double)v->beta_pos, (double)v->beta_neg,
         vote_of(t, THRONG_VOTE_F_SIM)->margin);
  print_verdict(t, THRONG_VOTE_F_SIM, "nearer to what was liked", "nearer to what was disliked");
}

static void print_statistical_vote(const story *t) {
  const throng_explained_vote *v = vote_of(t, THRONG_VOTE_F_STA);
  const double p = (double)t->why->vote.p_like;
  print_title(t, THRONG_VOTE_F_STA);
  if (published(t))
    printf("  p = %.4f: the published code applies the sigmoid twice, so that it is always 1\n", p);
  else if (!v->made)
    puts("  not asked: no weights were given (--sta FILE)");
  else
    printf("  p = %.4f against %.4f, margin %+.4f\n", p, t->why->sta_threshold, v->margin);
}

static void print_rate(const char *whose, const throng_like_rate *rate) {
  printf("  %s %lld answers that are learned from: like rate %.4f, logit %+.4f\n", whose,
         (long long)rate->answers, rate->rate, rate->logit);
}

static void print_like_rates(const throng_like_rates *r) {
  print_rate("the item's", &r->item);
  print_rate("the user's", &r->user);
  printf("  p = sigmoid(%.4f %+.4f x %.4f %+.4f x %.4f) = %.4f\n", r->weight[0], r->weight[1],
         r->item.logit, r->weight[2], r->user.logit, r->p);
}

static void print_calibrated(const throng_calibrated *c) {
  printf("  %-10s %10s %10s %10s\n", "term", "value", "weight", "log-odds");
  double sum = 0;
  for (int32_t k = 0; k < c->n; ++k) {
    const throng_calibrated_term *t = &c->term[k];
    printf("  %-10s %+10.4f %+10.4f %+10.4f\n", t->name, t->value, t->weight, t->log_odds);
    sum += t->log_odds;
  }
  printf("  the item has %lld answers, the user %lld; f_mat's share is smoothed by %g keywords\n",
         (long long)c->item_answers, (long long)c->user_answers, c->smoothing);
  printf("  p = sigmoid(%+.4f) = %.4f; %s", sum, c->p,
         c->answer == THRONG_ANSWER_DRAW ? "the answer is drawn with it\n" : "a like from ");
  if (c->answer == THRONG_ANSWER_THRESHOLD)
    printf("%.4f on, where as many like as really do\n", c->threshold);
}

/// Votes that do not stand in throng_vote: by their score.
static void print_further_votes(const story *t) {
  for (int k = THRONG_VOTE_IN_RECORD; k < THRONG_VOTE_COUNT; ++k) {
    const throng_explained_vote *v = vote_of(t, (throng_vote_id)k);
    if (!v->asked) continue;
    print_title(t, (throng_vote_id)k);
    if (k == THRONG_VOTE_F_POP) print_like_rates(t->why->like_rates);
    if (k == THRONG_VOTE_F_CAL) print_calibrated(t->why->calibrated);
    printf("  score %.4f against 0.5000, margin %+.4f\n", (double)v->score, v->margin);
  }
}

static void print_reward(const story *t) {
  printf("\nReward = %d: the user %s it (rule %s: %s)\n", t->why->vote.like,
         t->why->vote.like ? "likes" : "does not like", t->s->rule, t->why->rule_help);
}

static cJSON *side_json(const story *t, int s) {
  const throng_evidence *side = evidence_of(t, s);
  const throng_world *w = t->s->world;
  cJSON *object = cJSON_CreateObject();
  cJSON_AddNumberToObject(object, "past_items", (double)side->n_past);
  cJSON_AddNumberToObject(object, "share_category", (double)side->n_same_category);
  cJSON_AddBoolToObject(object, "category_fallback", side->all_count);
  cJSON *met = cJSON_AddArrayToObject(object, "keywords_met");
  for (int64_t k = 0; k < side->n_shared; ++k) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "keyword", word_of(&side->shared[k]));
    cJSON_AddStringToObject(one, "item", throng_world_item_id(w, side->shared[k].item));
    cJSON_AddStringToObject(one, "name", name_of(t, side->shared[k].item));
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

static void rate_json(cJSON *to, const char *name, const throng_like_rate *rate) {
  cJSON *object = cJSON_AddObjectToObject(to, name);
  cJSON_AddNumberToObject(object, "answers", (double)rate->answers);
  cJSON_AddNumberToObject(object, "rate", rate->rate);
  cJSON_AddNumberToObject(object, "logit", rate->logit);
}

static void calibrated_json(cJSON *to, const throng_calibrated *c) {
  cJSON *terms = cJSON_AddArrayToObject(to, "terms");
  for (int32_t k = 0; k < c->n; ++k) {
    cJSON *term = cJSON_CreateObject();
    cJSON_AddStringToObject(term, "name", c->term[k].name);
    cJSON_AddNumberToObject(term, "value", c->term[k].value);
    cJSON_AddNumberToObject(term, "weight", c->term[k].weight);
    cJSON_AddNumberToObject(term, "log_odds", c->term[k].log_odds);
    cJSON_AddItemToArray(terms, term);
  }
  cJSON_AddNumberToObject(to, "item_answers", (double)c->item_answers);
  cJSON_AddNumberToObject(to, "user_answers", (double)c->user_answers);
  cJSON_AddNumberToObject(to, "smoothing", c->smoothing);
  cJSON_AddNumberToObject(to, "p", c->p);
  cJSON_AddNumberToObject(to, "threshold", c->threshold);
  cJSON_AddStringToObject(to, "answer", c->answer == THRONG_ANSWER_DRAW ? "draw" : "threshold");
}

/// What a vote goes by, beside its answer and its margin.
static void reasons_json(const story *t, throng_vote_id vote, cJSON *to) {
  const throng_vote *v = &t->why->vote;
  const throng_like_rates *r = t->why->like_rates;
  switch (vote) {
    case THRONG_VOTE_F_MAT:
      cJSON_AddNumberToObject(to, "alpha_pos", v->alpha_pos);
      cJSON_AddNumberToObject(to, "alpha_neg", v->alpha_neg);
      break;
    case THRONG_VOTE_F_SIM:
      cJSON_AddNumberToObject(to, "beta_pos", (double)v->beta_pos);
      cJSON_AddNumberToObject(to, "beta_neg", (double)v->beta_neg);
      break;
    case THRONG_VOTE_F_STA:
      cJSON_AddBoolToObject(to, "fitted", vote_of(t, vote)->made);
      cJSON_AddNumberToObject(to, "p_like", (double)v->p_like);
      cJSON_AddNumberToObject(to, "threshold", t->why->sta_threshold);
      break;
    case THRONG_VOTE_F_POP:
      rate_json(to, "item", &r->item);
      rate_json(to, "user", &r->user);
      cJSON_AddItemToObject(to, "weights", cJSON_CreateDoubleArray(r->weight, 3));
      cJSON_AddNumberToObject(to, "p", r->p);
      cJSON_AddNumberToObject(to, "threshold", 0.5);
      break;
    case THRONG_VOTE_F_CAL: calibrated_json(to, t->why->calibrated); break;
    default: break;
  }
}

static cJSON *story_json(const story *t) {
  const throng_world *w = t->s->world;
  cJSON *document = cJSON_CreateObject();
  cJSON_AddStringToObject(document, "user", throng_world_user_id(w, t->user));
  cJSON_AddStringToObject(document, "item", throng_world_item_id(w, t->item));
  cJSON_AddStringToObject(document, "name", name_of(t, t->item));
  if (t->time) cJSON_AddStringToObject(document, "time", t->time);
  cJSON_AddNumberToObject(document, "history", (double)t->why->n_history);
  cJSON_AddStringToObject(document, "semantics", t->s->semantics);
  cJSON_AddStringToObject(document, "rule", t->s->rule);
  cJSON_AddItemToObject(document, "liking", side_json(t, 0));
  cJSON_AddItemToObject(document, "disliking", side_json(t, 1));
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
    const throng_explained_vote *v = vote_of(t, (throng_vote_id)k);
    if (k >= THRONG_VOTE_IN_RECORD && !v->asked) continue;
    cJSON *vote = cJSON_AddObjectToObject(document, v->name);
    cJSON_AddNumberToObject(vote, "vote", v->vote);
    reasons_json(t, (throng_vote_id)k, vote);
    cJSON_AddNumberToObject(vote, "margin", v->margin);
    if (k == THRONG_VOTE_F_MAT || k == THRONG_VOTE_F_SIM)
      cJSON_AddBoolToObject(vote, "coin", v->coin && !shortcut(t));
  }
  if (t->in_session) explain_session_json(t->s, &t->session, t->why, document);
  cJSON_AddNumberToObject(document, "reward", t->why->vote.like);
  return document;
}

static throng_status tell(story *t, const char *user, const char *item) {
  const votes_session *s = t->s;
  const throng_world *w = s->world;
  int64_t time = INT64_MAX, offset[2] = {0, 0};
  int32_t *past_item = NULL;
  uint8_t *past_like = NULL;
  throng_status status;
  THRONG_TRY(lookup_user(w, user, &t->user));
  THRONG_TRY(lookup_item(w, item, &t->item));
  if (t->time) THRONG_TRY(lookup_time(w, t->time, &time));
  size_t most = (size_t)(w->user_offset[t->user + 1] - w->user_offset[t->user]);
  THRONG_TRY_GOTO(throng_alloc((void **)&past_item, most, sizeof *past_item, "history"));
  THRONG_TRY_GOTO(throng_alloc((void **)&past_like, most, sizeof *past_like, "history"));
  lookup_past(w, t->user, t->item, time, past_item, past_like, &offset[1]);
  const throng_pairs pair = {1, &t->user, &t->item, offset, past_item, past_like};
  t->in_session = t->after || users_are_dynamic(&s->config.sim.users);
  if (t->in_session)
    THRONG_TRY_GOTO(explain_session(s, &pair, t->after, &t->session, &t->why));
  else
    THRONG_TRY_GOTO(
        throng_explain(s->backend, w, s->sta, &s->votes, s->config.sim.seed, &pair, &t->why));
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
  story t = {.s = &s, .time = cli_text(run, "time"), .after = cli_text(run, "after")};
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
    print_further_votes(&t);
    if (t.in_session) explain_session_print(&s, &t.session, t.why);
    print_reward(&t);
  }
  throng_explanation_free(t.why);
  explain_session_free(&t.session);
  votes_close(&s);
  return code;
}
