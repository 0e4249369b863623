/// Sessions that throng explain plays before it explains.
#include "cli/explain_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/lookup.h"
#include "world/world.h"

void explain_session_free(shown_session *session) {
  free(session->shown);
  *session = (shown_session){0};
}

/// One user and item a step, which is looked at; whoever leaves for good stays as they are, and
/// nobody leaves by chance.
static throng_sim_def session_def(const votes_session *s, int32_t steps) {
  throng_sim_def def = s->config.sim;
  def.votes = s->votes;
  def.lanes = 1;
  def.slate_size = 1;
  def.max_steps = steps + 2;  // who leaves at the item that is explained may come back
  def.leave_probability = 0;
  def.mask_seen = false;
  def.mask = THRONG_MASK_NONE;
  def.autoreset = false;
  def.users.choice = THRONG_CHOICE_EACH;
  def.users.position_bias = 0;
  if (!(def.users.temper > 0) && def.users.repeat_window == 0) def.users.sessions = 1;
  return def;
}

static throng_status read_items(const throng_world *w, const char *list, shown_session *out) {
  char *text = strdup(list ? list : ""), *rest = text;
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "--after: out of memory");
  throng_status status =
      throng_alloc((void **)&out->shown, strlen(text) + 1, sizeof *out->shown, "--after");
  for (char *id; status == THRONG_OK && (id = strsep(&rest, ","));)
    if (*id) status = lookup_item(w, id, &out->shown[out->asked++].item);
  free(text);
  return status;
}

static throng_status play(throng_sim *sim, shown_session *out) {
  throng_outcome outcome;
  for (bool there = true; there && out->n < out->asked; ++out->n) {
    shown_item *one = &out->shown[out->n];
    THRONG_TRY(throng_sim_step(sim, &one->item));
    THRONG_TRY(throng_sim_outcome(sim, &outcome));
    one->like = outcome.vote[0].like;
    one->left = outcome.left ? (throng_leave)outcome.left[0] : THRONG_LEAVE_NONE;
    one->returned = outcome.returned ? outcome.returned[0] : 0;
    there = outcome.ended[0] == THRONG_END_NONE;
  }
  return THRONG_OK;
}

throng_status explain_session(const votes_session *s, const throng_pairs *past, const char *list,
                              shown_session *out, throng_explanation **why) {
  throng_sim *sim = NULL;
  throng_status status;
  *out = (shown_session){.users = s->config.sim.users};
  THRONG_TRY_GOTO(read_items(s->world, list, out));
  const throng_sim_def def = session_def(s, out->asked);
  THRONG_TRY_GOTO(throng_sim_create(s->backend, s->world, s->sta, &def, &sim));
  THRONG_TRY_GOTO(throng_sim_set_starts(sim, THRONG_START_BY_LANE, 1, past->user, past->offset,
                                        past->item, past->like));
  THRONG_TRY_GOTO(play(sim, out));
  THRONG_TRY_GOTO(throng_sim_explain(sim, 0, past->candidate[0], why));
done:
  throng_sim_close(sim);
  return status;
}

static const char *topic_name(const votes_session *s, int32_t topic) {
  return topic < 0 ? "none" : strings_get(&s->world->category_name, topic);
}

/// What a step did to the user, as a sentence without a subject.
static const char *leaving_words(throng_leave left) {
  switch (left) {
    case THRONG_LEAVE_MOOD: return "leaves: the budget of temper fell below 1";
    case THRONG_LEAVE_REPETITION: return "leaves: a category came again too soon";
    case THRONG_LEAVE_CHANCE: return "leaves by chance";
    case THRONG_LEAVE_NO_RETURN: return "does not come back";
    default: return "stays";
  }
}

static void print_shown(const votes_session *s, const shown_session *session) {
  puts("\nThe session before it (nobody leaves by chance here)");
  for (int32_t k = 0; k < session->n; ++k) {
    printf("  %s: the user %s it and %s",
           cli_word(throng_world_item_id(s->world, session->shown[k].item)),
           session->shown[k].like ? "likes" : "does not like",
           leaving_words(session->shown[k].left));
    if (session->shown[k].returned > 0)
      printf(", and comes back after %d day%s", session->shown[k].returned,
             session->shown[k].returned > 1 ? "s" : "");
    puts("");
  }
  if (session->n < session->asked)
    printf("  the session is over: %d of the items are not shown\n", session->asked - session->n);
  if (session->asked == 0) puts("  nothing was shown yet (--after ITEM,ITEM,.. shows something)");
}

void explain_session_print(const votes_session *s, const shown_session *session,
                           const throng_explanation *why) {
  const throng_explained_session *x = why->session;
  const throng_users_def *u = &session->users;
  print_shown(s, session);
  if (!x) return;
  printf("  votes alone: the user %s it\n", x->rule_like ? "likes" : "does not like");
  if (u->bored_likes > 0 && x->bored)
    printf("  bored of \"%s\" for %d more steps: %s\n", cli_word(topic_name(s, x->bored_topic)),
           x->bored, u->bored_deaf ? "nothing pleases" : "its items do not please");
  else if (u->bored_likes > 0)
    puts("  not bored");
  if (u->satiation > 0)
    printf("  satiation with \"%s\": s = %.3f, which changes appetite by %+.3f\n",
           cli_word(topic_name(s, x->satiation_topic)), x->satiation,
           -(double)u->satiation * x->satiation);
  if (u->exposure > 0)
    printf("  exposure: E = %.3f, a like's chance / %.3f\n", x->exposure, 1 + x->exposure);
  if (u->drift > 0)
    printf("  drift: interest moved by %+.3f, which changes appetite by %+.3f\n", x->drift,
           (double)u->drift * x->drift);
  if (x->appetite < 0 || x->bored)
    printf("  a like stays one with chance %.4f\n", x->keep);
  else if (x->appetite > 0)
    printf("  a dislike becomes a like with chance %.4f\n", x->turn);
  if (u->repeat_window > 0)
    printf("  \"%s\" was shown %d times in the last %d steps (more than %d: the user leaves)\n",
           cli_word(topic_name(s, x->repeats_topic)), x->repeats, u->repeat_window,
           u->repeat_threshold);
  if (x->mood_counts)
    printf("  mood: %.2f of %.2f left, %.2f after a like, %.2f after a dislike (below 1: leaves)\n",
           x->mood, (double)u->temper, x->mood_after[1], x->mood_after[0]);
  printf("  shown this item the user %s after a like, %s after a dislike\n",
         leaving_words(x->leaves[1]), leaving_words(x->leaves[0]));
  if (x->return_chance[1] > 0)
    printf(
        "  session %d: were it over, the user would come back each day with chance %.3f after a "
        "like, %.3f after a dislike\n",
        x->number + 1, x->return_chance[1], x->return_chance[0]);
}

static void topic_json(const votes_session *s, cJSON *to, const char *name, int32_t topic) {
  if (topic < 0)
    cJSON_AddNullToObject(to, name);
  else
    cJSON_AddStringToObject(to, name, topic_name(s, topic));
}

static void state_json(const votes_session *s, const throng_explained_session *x, cJSON *to) {
  cJSON_AddNumberToObject(to, "remembered", x->n_shown);
  cJSON_AddNumberToObject(to, "rule_like", x->rule_like);
  if (x->mood_counts) {
    cJSON_AddNumberToObject(to, "mood", x->mood);
    cJSON_AddItemToObject(to, "mood_after", cJSON_CreateDoubleArray(x->mood_after, 2));
  }
  cJSON_AddNumberToObject(to, "repeats", x->repeats);
  topic_json(s, to, "repeats_category", x->repeats_topic);
  cJSON_AddNumberToObject(to, "bored_steps", x->bored);
  topic_json(s, to, "bored_category", x->bored_topic);
  cJSON_AddNumberToObject(to, "satiation", x->satiation);
  topic_json(s, to, "satiation_category", x->satiation_topic);
  cJSON_AddNumberToObject(to, "exposure", x->exposure);
  cJSON_AddNumberToObject(to, "drift", x->drift);
  cJSON_AddNumberToObject(to, "appetite", x->appetite);
  cJSON_AddNumberToObject(to, "keep", x->keep);
  cJSON_AddNumberToObject(to, "turn", x->turn);
  cJSON_AddNumberToObject(to, "number", x->number);
  cJSON_AddNumberToObject(to, "gap_days", x->gap);
  cJSON_AddItemToObject(to, "return_chance", cJSON_CreateDoubleArray(x->return_chance, 2));
  cJSON *leaves = cJSON_AddObjectToObject(to, "leaves");
  cJSON_AddStringToObject(leaves, "disliked", throng_leave_name((int)x->leaves[0]));
  cJSON_AddStringToObject(leaves, "liked", throng_leave_name((int)x->leaves[1]));
}

void explain_session_json(const votes_session *s, const shown_session *session,
                          const throng_explanation *why, cJSON *document) {
  cJSON *to = cJSON_AddObjectToObject(document, "session");
  cJSON *shown = cJSON_AddArrayToObject(to, "shown");
  for (int32_t k = 0; k < session->n; ++k) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "item", throng_world_item_id(s->world, session->shown[k].item));
    cJSON_AddNumberToObject(one, "like", session->shown[k].like);
    cJSON_AddStringToObject(one, "left", throng_leave_name((int)session->shown[k].left));
    cJSON_AddNumberToObject(one, "returned_days", session->shown[k].returned);
    cJSON_AddItemToArray(shown, one);
  }
  cJSON_AddNumberToObject(to, "not_shown", session->asked - session->n);
  if (why->session) state_json(s, why->session, to);
}
