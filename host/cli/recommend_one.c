/// throng recommend --user: the best items for one user with what speaks for and against each, in
/// words or as JSON.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/history_file.h"
#include "cli/lookup.h"
#include "cli/recommend.h"
#include "sim/evidence.h"
#include "throng/explain.h"
#include "world/world.h"

enum { MOST_WORDS = 3 };

/// One user, the items, and why.
typedef struct advice {
  const recommend_session *s;
  const char *id;  // of the user, or NULL: whom the world does not know
  int32_t user;    // -1: likewise
  int64_t n;       // entries of the history
  int32_t *past;   // (n) items, oldest first
  uint8_t *like;   // (n)
  history_file file;
  int32_t *item;            // (top) -1: no more are left
  float *score;             // (top)
  throng_explanation *why;  // of the present item, or NULL
} advice;

/// A keyword of the item and in how many past items it is.
typedef struct met_word {
  const char *keyword;
  int64_t n;
} met_word;

static int most_first(const void *a, const void *b) {
  const met_word *x = a, *y = b;
  if (x->n != y->n) return x->n < y->n ? 1 : -1;
  return strcmp(x->keyword, y->keyword);
}

/// The keywords of one side that met most often, at most MOST_WORDS. (The evidence is by keyword.)
static throng_status count_words(const throng_evidence *e, met_word word[MOST_WORDS], int *n) {
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)e->n_shared + 1, sizeof(met_word), "keywords"));
  met_word *all = block;
  int64_t words = 0;
  for (int64_t k = 0, end; k < e->n_shared; k = end) {
    const char *keyword = e->shared[k].keyword;
    end = evidence_keyword_end(e, k);
    all[words++] = (met_word){keyword ? keyword : "(no keyword)", end - k};
  }
  qsort(all, (size_t)words, sizeof *all, most_first);
  *n = words < MOST_WORDS ? (int)words : MOST_WORDS;
  memcpy(word, all, (size_t)*n * sizeof *word);
  free(block);
  return THRONG_OK;
}

/// The user's history, as the world or the file has it.
static throng_status find_user(const cli_run *run, advice *a) {
  const throng_world *w = a->s->t.world;
  const char *path = cli_text(run, "history");
  a->id = cli_text(run, "user");
  a->user = -1;
  if (a->id) THRONG_TRY(lookup_user(w, a->id, &a->user));
  if (path) {
    THRONG_TRY(history_file_read(w, path, &run->progress, &a->file));
    a->n = a->file.n;
    a->past = a->file.item;
    a->like = a->file.like;
    return THRONG_OK;
  }
  a->n = w->user_offset[a->user + 1] - w->user_offset[a->user];
  a->past = w->history_item + w->user_offset[a->user];
  a->like = w->history_like + w->user_offset[a->user];
  return THRONG_OK;
}

static throng_status ask_agent(advice *a) {
  const recommend_session *s = a->s;
  const int64_t offset[] = {0, a->n};
  const throng_states state = {1, &a->user, offset, a->past, a->like, NULL};
  THRONG_TRY(throng_alloc((void **)&a->item, (size_t)s->top, sizeof *a->item, "items"));
  THRONG_TRY(throng_alloc((void **)&a->score, (size_t)s->top, sizeof *a->score, "scores"));
  return throng_population_recommend(s->t.population, 0, &state, s->top, s->exclude, a->item,
                                     a->score);
}

/// The votes' reasons for an item, without what the history says of the item itself.
static throng_status explain(advice *a, int32_t item) {
  const trained *t = &a->s->t;
  throng_votes_def votes = t->config.sim.votes;
  int64_t offset[] = {0, 0};
  int32_t *past = NULL, user = a->user;
  uint8_t *like = NULL;
  throng_status status;
  // Nothing was fitted to somebody new: the votes that go by the history alone remain.
  if (user < 0) votes.rule = THRONG_RULE_LOGICAL, user = 0;
  THRONG_TRY_GOTO(throng_alloc((void **)&past, (size_t)a->n + 1, sizeof *past, "history"));
  THRONG_TRY_GOTO(throng_alloc((void **)&like, (size_t)a->n + 1, sizeof *like, "history"));
  for (int64_t k = 0; k < a->n; ++k)
    if (a->past[k] != item) {
      past[offset[1]] = a->past[k];
      like[offset[1]++] = a->like[k];
    }
  const throng_pairs pair = {1, &user, &item, offset, past, like};
  status = a->user < 0 ? throng_explain(t->backend, t->world, NULL, &votes, t->config.sim.seed,
                                        &pair, &a->why)
                       : throng_sim_explain_pair(t->sim, &pair, &a->why);
done:
  free(past);
  free(like);
  return status;
}

static int times_seen(const advice *a, int32_t item) {
  int n = 0;
  for (int64_t k = 0; k < a->n; ++k) n += a->past[k] == item;
  return n;
}

/// Is the vote said of this user? f_sta and what was fitted to users not of somebody new.
static bool is_said(const advice *a, const throng_explained_vote *v, int k) {
  if (a->user < 0) return k == THRONG_VOTE_F_MAT || k == THRONG_VOTE_F_SIM;
  return v->made;
}

static void print_side(const advice *a, const char *verb, const throng_evidence *e,
                       const met_word *word, int n) {
  char line[1024] = "";
  size_t used = 0;
  const throng_world *w = a->s->t.world;
  for (int k = 0; k < n && used < sizeof line; ++k)
    used += (size_t)snprintf(line + used, sizeof line - used, "%s%s %lldx", k ? ", " : "",
                             cli_word(word[k].keyword), (long long)word[k].n);
  if (e->nearest >= 0 && used < sizeof line)
    snprintf(line + used, sizeof line - used, "%snearest %s: %s at %.2f", used ? "; " : "", verb,
             cli_word(throng_world_item_name(w, e->nearest)), (double)e->similarity);
  if (!*line) return;
  printf("        %s ", e == &a->why->liked ? "+" : "-");
  cli_wrap(line, 10, 10);
}

static void print_votes(const advice *a) {
  char line[512] = "";
  size_t used = 0;
  for (int k = 0; k < THRONG_VOTE_COUNT && used < sizeof line; ++k) {
    const throng_explained_vote *v = &a->why->votes[k];
    if (!is_said(a, v, k)) continue;
    used += (size_t)snprintf(line + used, sizeof line - used, "%s%s %d", used ? ", " : "", v->name,
                             v->vote);
    if (k != THRONG_VOTE_F_MAT && k != THRONG_VOTE_F_SIM && used < sizeof line)
      used += (size_t)snprintf(line + used, sizeof line - used, " (%.2f)", (double)v->score);
  }
  printf("          ");
  cli_wrap(line, 10, 10);
}

static throng_status print_item(advice *a, int rank) {
  const int32_t item = a->item[rank];
  const throng_world *w = a->s->t.world;
  const char *name = throng_world_item_name(w, item), *id = throng_world_item_id(w, item);
  const bool titled = *name && strcmp(name, id) != 0;
  printf("%4d  %8.4f  %s%s%s%s", rank + 1, (double)a->score[rank], cli_word(titled ? name : id),
         titled ? " (" : "", titled ? cli_word(id) : "", titled ? ")" : "");
  puts(times_seen(a, item) ? ", seen" : "");
  if (!a->s->whys) return THRONG_OK;
  met_word liked[MOST_WORDS], disliked[MOST_WORDS];
  int n_liked, n_disliked;
  THRONG_TRY(explain(a, item));
  THRONG_TRY(count_words(&a->why->liked, liked, &n_liked));
  THRONG_TRY(count_words(&a->why->disliked, disliked, &n_disliked));
  print_side(a, "liked", &a->why->liked, liked, n_liked);
  print_side(a, "disliked", &a->why->disliked, disliked, n_disliked);
  print_votes(a);
  throng_explanation_free(a->why);
  a->why = NULL;
  return THRONG_OK;
}

static throng_status print_text(advice *a) {
  const trained *t = &a->s->t;
  char n_past[32], steps[32];
  int64_t likes = 0;
  int left = a->s->top;
  for (int64_t k = 0; k < a->n; ++k) likes += a->like[k];
  if (a->id)
    printf("User %s", cli_word(a->id));
  else
    fputs("A new user", stdout);
  printf(", after %s interactions, %lld of them liked: %s, agent %d of %d", cli_count(a->n, n_past),
         (long long)likes, t->title, t->agent, t->n_agent);
  if (t->user_steps >= 0) printf(" after %s user-steps", cli_count(t->user_steps, steps));
  putchar('\n');
  if (a->s->exclude == THRONG_EXCLUDE_HISTORY) puts("Items of the history are left out.");
  printf("rank  %8s  item\n", t->score[0] == 'Q' ? "Q" : "log-prob");
  for (int k = 0; k < a->s->top; ++k)
    if (a->item[k] >= 0)
      THRONG_TRY(print_item(a, k));
    else
      --left;
  if (left < a->s->top) printf("No more than %d items are left.\n", left);
  return THRONG_OK;
}

static throng_status side_json(const advice *a, const throng_evidence *e, cJSON *to) {
  met_word word[MOST_WORDS];
  int n;
  const throng_world *w = a->s->t.world;
  THRONG_TRY(count_words(e, word, &n));
  cJSON *words = cJSON_AddArrayToObject(to, "keywords");
  for (int k = 0; k < n; ++k) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "keyword", word[k].keyword);
    cJSON_AddNumberToObject(one, "items", (double)word[k].n);
    cJSON_AddItemToArray(words, one);
  }
  if (e->nearest < 0) return THRONG_OK;
  cJSON *nearest = cJSON_AddObjectToObject(to, "nearest");
  cJSON_AddStringToObject(nearest, "item", throng_world_item_id(w, e->nearest));
  cJSON_AddStringToObject(nearest, "name", throng_world_item_name(w, e->nearest));
  json_add_number(nearest, "similarity", (double)e->similarity);
  return THRONG_OK;
}

static throng_status why_json(advice *a, int32_t item, cJSON *to) {
  throng_status status;
  THRONG_TRY(explain(a, item));
  status = side_json(a, &a->why->liked, cJSON_AddObjectToObject(to, "liked"));
  if (status == THRONG_OK)
    status = side_json(a, &a->why->disliked, cJSON_AddObjectToObject(to, "disliked"));
  cJSON *votes = cJSON_AddObjectToObject(to, "votes");
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
    const throng_explained_vote *v = &a->why->votes[k];
    if (!is_said(a, v, k)) continue;
    cJSON *vote = cJSON_AddObjectToObject(votes, v->name);
    cJSON_AddNumberToObject(vote, "vote", v->vote);
    json_add_number(vote, "score", (double)v->score);
  }
  throng_explanation_free(a->why);
  a->why = NULL;
  return status;
}

static throng_status make_json(advice *a, cJSON *document) {
  const trained *t = &a->s->t;
  cJSON_AddStringToObject(document, "run", t->folder);
  cJSON_AddStringToObject(document, "checkpoint", t->checkpoint);
  cJSON_AddStringToObject(document, "algorithm", t->title);
  cJSON_AddNumberToObject(document, "agent", t->agent);
  cJSON_AddNumberToObject(document, "user_steps", (double)t->user_steps);
  if (a->id)
    cJSON_AddStringToObject(document, "user", a->id);
  else
    cJSON_AddNullToObject(document, "user");
  cJSON_AddNumberToObject(document, "history", (double)a->n);
  cJSON_AddBoolToObject(document, "exclude_seen", a->s->exclude == THRONG_EXCLUDE_HISTORY);
  cJSON_AddStringToObject(document, "score", t->score);
  cJSON *items = cJSON_AddArrayToObject(document, "items");
  for (int k = 0; k < a->s->top && a->item[k] >= 0; ++k) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddItemToArray(items, one);
    cJSON_AddNumberToObject(one, "rank", k + 1);
    cJSON_AddStringToObject(one, "item", throng_world_item_id(t->world, a->item[k]));
    cJSON_AddStringToObject(one, "name", throng_world_item_name(t->world, a->item[k]));
    json_add_number(one, "score", (double)a->score[k]);
    cJSON_AddBoolToObject(one, "seen", times_seen(a, a->item[k]) > 0);
    if (a->s->whys) THRONG_TRY(why_json(a, a->item[k], cJSON_AddObjectToObject(one, "why")));
  }
  return THRONG_OK;
}

int recommend_one(const cli_run *run, recommend_session *s) {
  advice a = {.s = s};
  throng_status status;
  cJSON *document = NULL;
  THRONG_TRY_GOTO(find_user(run, &a));
  THRONG_TRY_GOTO(ask_agent(&a));
  cli_progress_clear();
  if (run->json) {
    document = cJSON_CreateObject();
    status = make_json(&a, document);
  } else {
    status = print_text(&a);
  }
done:;
  int code = status != THRONG_OK ? cli_fail(run) : run->json ? cli_json(document) : CLI_DONE;
  if (status != THRONG_OK) cJSON_Delete(document);
  throng_explanation_free(a.why);
  history_file_free(&a.file);
  free(a.item);
  free(a.score);
  return code;
}
