/// How users change: the options, and the preset.
#include "sim/sim_fields.h"
#include "throng/sim.h"

static const char *const preset_names[] = {"static", "dynamic", NULL};
static const char *const choice_names[] = {"each", "multinomial", "plackett_luce", "cascade", NULL};

#define FIELD_DEF throng_users_def
static const field users_rows[] = {
    FIELD_ENUM("preset", throng_users_preset, preset, preset_names, THRONG_USERS_STATIC,
               FIELD_NOT_IDENTITY,
               "what keys of this section that are not given are: static: off; dynamic: leaving on "
               "repetition, boredom that makes deaf, temper"),
    FIELD_F32("temper", temper, 0, 0, 1e6, FIELD_SWEEPABLE,
              "budget that a session's answers use up; the user leaves where it falls below 1 "
              "(KuaiSim: 10); 0: off"),
    FIELD_F32("temper_like", temper_like, 1, 0, 1e6, FIELD_SWEEPABLE,
              "what a liked item costs of temper, as a mean over the slate"),
    FIELD_F32("temper_dislike", temper_dislike, 2, 0, 1e6, FIELD_SWEEPABLE,
              "what a disliked item costs of temper, as a mean over the slate"),
    FIELD_I32("repeat_window", repeat_window, 0, 0, 65536, FIELD_SWEEPABLE,
              "steps looked back on for repeated categories (EasyRL4Rec: 1 or 5); 0: off"),
    FIELD_I32("repeat_threshold", repeat_threshold, 0, 0, 65536, FIELD_SWEEPABLE,
              "a user leaves where a category of a shown item was shown more often than this in "
              "repeat_window (EasyRL4Rec: 0 or 1)"),
    FIELD_I32("bored_likes", bored_likes, 0, 0, 65536, FIELD_SWEEPABLE,
              "likes of one category within bored_window that bore of it (SARDINE: 5); 0: off"),
    FIELD_I32("bored_window", bored_window, 5, 1, 65536, FIELD_SWEEPABLE,
              "steps within which bored_likes count"),
    FIELD_I32("bored_steps", bored_steps, 5, 1, 65536, FIELD_SWEEPABLE, "steps that boredom lasts"),
    FIELD_BOOL("bored_deaf", bored_deaf, false, FIELD_SWEEPABLE,
               "while bored of a category nothing pleases, not that category alone (SARDINE's "
               "churn and return)"),
    FIELD_F32(
        "satiation", satiation, 0, 0, 1e3, FIELD_SWEEPABLE,
        "appetite lost by each unit of satiation with a category: p exp(-satiation s); 0: off"),
    FIELD_F32("satiation_memory", satiation_memory, 0.7, 0, 1, FIELD_SWEEPABLE,
              "share of satiation that a step leaves: s <- satiation_memory s + 1[shown]"),
    FIELD_F32("exposure", exposure, 0, 0, 1e6, FIELD_SWEEPABLE,
              "how much similar items shown before lower a like's chance (CIRS: 1, 10); 0: off"),
    FIELD_F32("exposure_tau", exposure_tau, 100, 1e-6, 1e6, FIELD_SWEEPABLE,
              "steps times distance after which exposure is worn off to 1/e (CIRS: 100)"),
    FIELD_F32("drift", drift, 0, 0, 1e3, FIELD_SWEEPABLE,
              "log-odds by which the move of interests towards liked items counts (SARDINE's "
              "slope: 10); 0: off"),
    FIELD_F32("drift_rate", drift_rate, 0.05, 0, 1, FIELD_SWEEPABLE,
              "share by which interests move with each like (SARDINE: 0.05)"),
    FIELD_I32("sessions", sessions, 1, 1, 65536, FIELD_SWEEPABLE,
              "sessions of one user in an episode, at most (KuaiSim: 6)"),
    FIELD_F32(
        "return_bias", return_bias, 0.4, 0, 1, FIELD_SWEEPABLE,
        "chance that a user comes back on any one day, after a session without likes (KuaiSim)"),
    FIELD_F32("return_reward", return_reward, 0.1, -1, 1, FIELD_SWEEPABLE,
              "what a session's likes an item shown add to the chance of return (KuaiSim)"),
    FIELD_F32("return_activity", return_activity, 0, -1, 1, FIELD_SWEEPABLE,
              "what a user's n interactions add: times (n - mean) / (n + mean) over users"),
    FIELD_I32("return_gap", return_gap, 10, 1, 255, FIELD_SWEEPABLE,
              "days after which a user who has not come back never does (KuaiSim)"),
    FIELD_ENUM(
        "choice", throng_choice, choice, choice_names, THRONG_CHOICE_EACH, FIELD_SWEEPABLE,
        "which items of a slate a user looks at: each: all, or by position_bias; multinomial: "
        "one at most, by its chance of a like; plackett_luce: up to choices, one after the "
        "other; cascade: from the first on until one is liked"),
    FIELD_I32("choices", choices, 3, 1, 1024, FIELD_SWEEPABLE,
              "items that plackett_luce looks at, at most"),
    FIELD_F32("position_bias", position_bias, 0, 0, 100, FIELD_SWEEPABLE,
              "slot k of a slate is looked at with chance (k + 1)^-position_bias"),
    FIELD_F32("no_choice", no_choice, 1, 0, 1e6, FIELD_SWEEPABLE,
              "score of choosing nothing beside the items' chances of a like (RecSim: 1)"),
    FIELD_BOOL("features", features, true, FIELD_SWEEPABLE,
               "agents see the state that users' dynamics go by, where any is on"),
};
#undef FIELD_DEF
const field_table users_fields = FIELD_TABLE("users", throng_users_def, users_rows);

throng_users_def throng_default_users_def(void) {
  throng_users_def def;
  fields_default(&users_fields, &def);
  return def;
}

throng_users_def throng_dynamic_users_def(void) {
  throng_users_def def = throng_default_users_def();
  def.preset = THRONG_USERS_DYNAMIC;
  def.temper = 20;        // KuaiSim's train_ddpg_krpure_wholesession.sh
  def.repeat_window = 1;  // EasyRL4Rec's policies for KuaiRec: window 1, threshold 0
  def.bored_likes = 3;    // SARDINE's churn and return, a little sooner than its 5 of 5
  def.bored_deaf = true;
  return def;
}
