/// JSON of trajectories.
#include "play/play_json.h"

#include <string.h>

#include "base/json.h"
#include "sim/evidence.h"

const char *play_over_name(play_over over, throng_end end) {
  switch (over) {
    case PLAY_OVER_STEPS: return "steps";
    case PLAY_OVER_QUIT: return "quit";
    case PLAY_OVER_INPUT: return "input_ended";
    case PLAY_OVER_END: break;
  }
  return end == THRONG_END_LEFT ? "left" : end == THRONG_END_TRUNCATED ? "truncated" : "none";
}

static bool add_text(cJSON *to, const char *key, const char *text) {
  return (text ? cJSON_AddStringToObject(to, key, text) : cJSON_AddNullToObject(to, key)) != NULL;
}

static bool add_number(cJSON *to, const char *key, double value) {
  return json_add_number(to, key, value);
}

/// The keywords that met, each once.
static bool add_keywords(cJSON *to, const char *key, const throng_evidence *side) {
  cJSON *list = cJSON_AddArrayToObject(to, key);
  bool good = list != NULL;
  for (int64_t k = 0; k < side->n_shared && good; k = evidence_keyword_end(side, k)) {
    const char *word = side->shared[k].keyword;
    if (word) good = cJSON_AddItemToArray(list, cJSON_CreateString(word));
  }
  return good;
}

static bool add_nearest(const throng_world *world, cJSON *to, const char *key,
                        const throng_evidence *side) {
  return add_text(to, key, side->nearest < 0 ? NULL : throng_world_item_id(world, side->nearest));
}

/// The vote as it fell in the step, whose coins may be others than those of the explanation.
static int vote_of(const throng_play_item *item, int vote) {
  switch (vote) {
    case THRONG_VOTE_F_MAT: return item->vote.f_mat;
    case THRONG_VOTE_F_SIM: return item->vote.f_sim;
    case THRONG_VOTE_F_STA: return item->vote.f_sta;
    default: return item->why->votes[vote].vote;
  }
}

static bool add_vote(const throng_world *world, cJSON *votes, const throng_play_item *item, int k) {
  const throng_explained_vote *v = &item->why->votes[k];
  cJSON *vote = cJSON_AddObjectToObject(votes, v->name);
  bool good = vote && add_number(vote, "vote", vote_of(item, k)) &&
              add_number(vote, "score", (double)v->score) && add_number(vote, "margin", v->margin);
  if (k == THRONG_VOTE_F_MAT)
    good = good && add_keywords(vote, "liking", &item->why->liked) &&
           add_keywords(vote, "disliking", &item->why->disliked);
  if (k == THRONG_VOTE_F_SIM)
    good = good && add_nearest(world, vote, "nearest_liked", &item->why->liked) &&
           add_nearest(world, vote, "nearest_disliked", &item->why->disliked);
  return good;
}

static bool add_item(const throng_world *world, cJSON *shown, const throng_play_item *item,
                     bool person) {
  cJSON *to = cJSON_CreateObject();
  if (!to || !cJSON_AddItemToArray(shown, to)) return false;
  bool good = add_text(to, "item", throng_world_item_id(world, item->item)) &&
              add_text(to, "title", throng_world_item_name(world, item->item)) &&
              add_number(to, "like", item->like);
  if (person) good = good && add_number(to, "simulated_like", item->vote.like);
  good = good && cJSON_AddBoolToObject(to, "examined", person || item->examined);
  cJSON *votes = good ? cJSON_AddObjectToObject(to, "votes") : NULL;
  good = votes != NULL;
  for (int k = 0; k < THRONG_VOTE_COUNT && good; ++k)
    if (item->why->votes[k].made) good = add_vote(world, votes, item, k);
  return good;
}

static const char *topic_of(const throng_world *world, int32_t topic) {
  return topic < 0 ? NULL : throng_world_category_name(world, topic);
}

/// What the session had made of the user before the step, by its first item; null where users do
/// not change.
static bool add_state(const throng_world *world, cJSON *to, const throng_explained_session *x) {
  if (!x) return cJSON_AddNullToObject(to, "state") != NULL;
  cJSON *state = cJSON_AddObjectToObject(to, "state");
  return state &&
         (x->mood_counts ? add_number(state, "mood", x->mood)
                         : cJSON_AddNullToObject(state, "mood") != NULL) &&
         add_number(state, "repeats", x->repeats) &&
         add_text(state, "repeats_category", topic_of(world, x->repeats_topic)) &&
         add_number(state, "bored_steps", x->bored) &&
         add_text(state, "bored_category", topic_of(world, x->bored_topic)) &&
         add_number(state, "satiation", x->satiation) &&
         add_number(state, "exposure", x->exposure) && add_number(state, "drift", x->drift) &&
         add_number(state, "appetite", x->appetite) &&
         add_number(state, "session_of_user", x->number);
}

/// An object that begins as every line does, or NULL.
static cJSON *begin(const throng_world *world, const char *kind, const char *agent,
                    const throng_play_step *step) {
  cJSON *root = cJSON_CreateObject();
  const bool good = root && add_text(root, "kind", kind) &&
                    add_number(root, "session", step->session) &&
                    add_text(root, "user", throng_world_user_id(world, step->user)) &&
                    add_text(root, "agent", agent);
  if (good) return root;
  cJSON_Delete(root);
  return NULL;
}

static throng_status finish(cJSON *root, bool good, cJSON **out) {
  *out = good ? root : NULL;
  if (good) return THRONG_OK;
  cJSON_Delete(root);
  return throng_fail(THRONG_ERROR_MEMORY, "play: no memory for its JSON");
}

throng_status play_step_json(const throng_world *world, const char *agent,
                             const throng_play_step *step, bool person, cJSON **out) {
  cJSON *root = begin(world, "step", agent, step);
  bool good = root && add_number(root, "step", step->step);
  cJSON *shown = good ? cJSON_AddArrayToObject(root, "shown") : NULL;
  good = shown != NULL;
  for (int32_t k = 0; k < step->n_item && good; ++k)
    good = add_item(world, shown, &step->item[k], person);
  good = good && add_state(world, root, step->item[0].why->session) &&
         add_number(root, "reward", step->reward) && add_number(root, "return", step->total) &&
         add_text(root, "end", play_over_name(PLAY_OVER_END, step->end));
  if (good && step->returned > 0) good = add_number(root, "returned_days", step->returned);
  return finish(root, good, out);
}

throng_status play_end_json(const throng_world *world, const char *agent,
                            const throng_play_step *step, int32_t steps, play_over over,
                            cJSON **out) {
  cJSON *root = begin(world, "end", agent, step);
  const bool good = root && add_number(root, "steps", steps) &&
                    add_number(root, "return", step->total) &&
                    add_text(root, "end", play_over_name(over, step->end)) &&
                    add_text(root, "left", throng_leave_name((int)step->left));
  return finish(root, good, out);
}
