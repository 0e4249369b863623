/// The words of a session.
#include "cli/play_print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/numbers.h"
#include "cli/cli.h"
#include "sim/evidence.h"

enum { WORDS = 6 };  // keywords that are named

void play_print_begin(const play_words *w, const throng_play *p, uint32_t session) {
  int32_t likes;
  const int32_t n = throng_play_history(p, &likes);
  cli_say(2, "User %s, session %u: %d interactions remembered, %d liked.",
          cli_word(throng_world_user_id(w->world, throng_play_user(p))), session, n, likes);
  cli_say(2, "%s shows, %s.", w->title, w->person ? "you answer" : "the simulated user answers");
}

static const char *title_of(const play_words *w, int32_t item) {
  return cli_word(throng_world_item_name(w->world, item));
}

void play_print_shown(const play_words *w, const throng_play_step *step) {
  for (int32_t k = 0; k < step->n_item; ++k) {
    const char *id = throng_world_item_id(w->world, step->item[k].item);
    const char *title = title_of(w, step->item[k].item);
    const int32_t *category;
    const int64_t n = throng_world_item_categories(w->world, step->item[k].item, &category);
    char number[16] = "", topics[200] = "";
    if (k == 0) snprintf(number, sizeof number, "%d.", step->step);
    for (int64_t c = 0; c < n && strlen(topics) < 120; ++c) {
      const size_t used = strlen(topics);
      snprintf(topics + used, sizeof topics - used, "%s%.40s", c ? ", " : "; ",
               cli_word(throng_world_category_name(w->world, category[c])));
    }
    if (strcmp(id, title))
      cli_say(4, "%-4s\"%s\" (%s%s)", number, title, cli_word(id), topics);
    else
      cli_say(4, "%-4s%s%s", number, cli_word(id), topics);
  }
}

static void append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void append(char *text, size_t size, const char *format, ...) {
  const size_t used = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, size - used, format, arguments);
  va_end(arguments);
}

/// "f_mat 1 (4 against 1), f_sim 1 (0.867 against 0.421), f_sta 1 (0.83)"
static void votes_of(const throng_play_item *item, char *text, size_t size) {
  const throng_vote *v = &item->vote;
  const throng_explained_vote *x = item->why->votes;
  append(text, size, "f_mat %d (%d against %d%s), f_sim %d (%.3f against %.3f%s)", v->f_mat,
         v->alpha_pos, v->alpha_neg, x[THRONG_VOTE_F_MAT].coin ? ", a coin" : "", v->f_sim,
         (double)v->beta_pos, (double)v->beta_neg, x[THRONG_VOTE_F_SIM].coin ? ", a coin" : "");
  if (x[THRONG_VOTE_F_STA].made)
    append(text, size, ", f_sta %d (p %.3f)", v->f_sta, (double)v->p_like);
  for (int k = THRONG_VOTE_IN_RECORD; k < THRONG_VOTE_COUNT; ++k)
    if (x[k].asked)
      append(text, size, ", %s %d (p %.3f)", x[k].name, x[k].vote, (double)x[k].score);
}

/// The keywords that met, each once: "warm sound, bright cover and 3 more".
static void keywords_of(const throng_evidence *side, char *text, size_t size) {
  int n = 0;
  for (int64_t k = 0; k < side->n_shared; k = evidence_keyword_end(side, k)) {
    const char *word = side->shared[k].keyword;
    if (word && n++ < WORDS) append(text, size, "%s%.60s", n > 1 ? ", " : "", cli_word(word));
  }
  if (n > WORDS) append(text, size, " and %d more", n - WORDS);
}

static void print_reasons(const play_words *w, const throng_play_item *item) {
  const throng_explanation *x = item->why;
  char liking[512] = "", disliking[512] = "";
  keywords_of(&x->liked, liking, sizeof liking);
  keywords_of(&x->disliked, disliking, sizeof disliking);
  if (*liking) cli_say(6, "    for it: %s", liking);
  if (*disliking) cli_say(6, "    against it: %s", disliking);
  if (x->liked.nearest >= 0) cli_say(6, "    nearest liked: %s", title_of(w, x->liked.nearest));
  if (x->disliked.nearest >= 0)
    cli_say(6, "    nearest disliked: %s", title_of(w, x->disliked.nearest));
}

/// What the session had made of the user when the (first) item was shown.
static void print_state(const play_words *w, const throng_play_step *step) {
  const throng_explained_session *x = step->item[0].why->session;
  const throng_users_def *u = &w->sim->users;
  char text[512] = "";
  if (!x) return;
  if (x->mood_counts) append(text, sizeof text, "; mood %.3g of %.3g", x->mood, (double)u->temper);
  if (x->bored > 0)
    append(text, sizeof text, "; bored of \"%.60s\" for %d more step%s: %s",
           cli_word(throng_world_category_name(w->world, x->bored_topic)), x->bored,
           x->bored > 1 ? "s" : "", u->bored_deaf ? "nothing pleases" : "its items do not please");
  else if (u->bored_likes > 0)
    append(text, sizeof text, "; not bored");
  if (u->repeat_window > 0 && x->repeats_topic >= 0)
    append(text, sizeof text, "; \"%.60s\" shown %d time%s within %d step%s",
           cli_word(throng_world_category_name(w->world, x->repeats_topic)), x->repeats,
           x->repeats == 1 ? "" : "s", u->repeat_window, u->repeat_window > 1 ? "s" : "");
  if (u->satiation > 0) append(text, sizeof text, "; satiation %.3f", x->satiation);
  if (u->exposure > 0) append(text, sizeof text, "; exposure %.3f", x->exposure);
  if (u->drift > 0) append(text, sizeof text, "; interest moved by %+.3f", x->drift);
  if (step->n_item == 1 && x->rule_like != step->item[0].vote.like)
    append(text, sizeof text, "; by the votes alone the answer were %s",
           x->rule_like ? "liked" : "not liked");
  if (*text) cli_say(6, "    the user: %s", text + 2);
}

static const char *likes_word(bool examined, int like) {
  return !examined ? "is not looked at" : like ? "liked" : "not liked";
}

void play_print_answer(const play_words *w, const throng_play_step *step) {
  NUMBERS_WITHOUT_LOCALE;
  for (int32_t k = 0; k < step->n_item; ++k) {
    const throng_play_item *item = &step->item[k];
    char votes[300] = "", which[80] = "";
    votes_of(item, votes, sizeof votes);
    if (step->n_item > 1)
      snprintf(which, sizeof which, "%.60s ", cli_word(throng_world_item_id(w->world, item->item)));
    if (w->person)
      cli_say(6, "    %s%s by you; the simulated user: %s: %s", which,
              item->like ? "liked" : "not liked", likes_word(item->examined, item->vote.like),
              votes);
    else
      cli_say(6, "    %s%s: %s", which, likes_word(item->examined, item->like), votes);
    print_reasons(w, item);
  }
  print_state(w, step);
  cli_say(6, "    reward %g, return %g", step->reward, step->total);
  if (step->returned > 0)
    cli_say(6, "    the session is over; the user comes back after %d day%s", step->returned,
            step->returned > 1 ? "s" : "");
}

static const char *leaving_words(throng_leave left) {
  switch (left) {
    case THRONG_LEAVE_MOOD: return "the budget of temper fell below 1";
    case THRONG_LEAVE_REPETITION: return "a category came again too soon";
    case THRONG_LEAVE_NO_RETURN: return "the user does not come back";
    default: return "the user left by chance";
  }
}

void play_print_end(const play_words *w, const throng_play_step *step, int32_t steps,
                    play_over over) {
  NUMBERS_WITHOUT_LOCALE;
  char longest[64];
  snprintf(longest, sizeof longest, "%d steps are the most (sim.max_steps)", w->sim->max_steps);
  const char *why = over == PLAY_OVER_STEPS             ? "no more steps were asked for"
                    : over == PLAY_OVER_QUIT            ? "you left"
                    : over == PLAY_OVER_INPUT           ? "the input ended"
                    : step->end == THRONG_END_TRUNCATED ? longest
                                                        : leaving_words(step->left);
  cli_say(2, "Over after %d step%s: %s. Return %g.", steps, steps == 1 ? "" : "s", why,
          step->total);
}
