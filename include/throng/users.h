/// How simulated users change within a session, and when they leave and come back: docs/dynamics.md
/// has every equation with its source. Everything is off by default; then users answer each time as
/// their votes say, and leave by chance (throng_sim_def.leave_probability) alone.
#ifndef THRONG_USERS_H
#define THRONG_USERS_H

#include <stdbool.h>

#include "base.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Which values an option of throng_users_def has where a configuration does not give it.
typedef enum throng_users_preset {
  THRONG_USERS_STATIC = 0,  ///< everything off
  THRONG_USERS_DYNAMIC,     ///< those of throng_dynamic_users_def()
} throng_users_preset;

/// Dynamics of users. A step is one slate shown; a topic is a category. What a user remembers of
/// the session is what the lane's history holds of it (throng_sim_def.history): older entries are
/// forgotten.
typedef struct throng_users_def {
  int32_t size, cookie;        ///< set by throng_default_users_def(); do not touch
  throng_users_preset preset;  ///< static; read by configurations alone
  // Mood (KuaiSim): the budget falls by the slate's mean cost; the user leaves where it is below 1.
  float temper;          ///< 0: off; the budget at a session's start (KuaiSim: 10)
  float temper_like;     ///< 1; what an item that is liked costs
  float temper_dislike;  ///< 2; what one that is not costs
  // Repetition (EasyRL4Rec).
  int32_t repeat_window;     ///< 0: off; steps that are looked back on
  int32_t repeat_threshold;  ///< 0; leave where a shown item's topic was shown more often in them
  // Boredom (SARDINE).
  int32_t bored_likes;   ///< 0: off; likes of one topic within bored_window that make it boring
  int32_t bored_window;  ///< 5; steps
  int32_t bored_steps;   ///< 5; steps for which the topic bores from the next one on
  bool bored_deaf;       ///< false: bored of the topic alone; true: nothing pleases meanwhile
  // Satiation: p exp(-satiation s), where s <- satiation_memory s + 1[topic shown] each step.
  float satiation;         ///< 0: off
  float satiation_memory;  ///< 0.7
  // Exposure (CIRS): p / (1 + exposure sum_k exp(-(t - k) |e+(a_t) - e+(a_k)| / exposure_tau)).
  float exposure;      ///< 0: off
  float exposure_tau;  ///< 100; steps times distance
  // Drift (SARDINE's, a component each): u <- (1 - drift_rate) u + drift_rate e+(liked item).
  float drift;       ///< 0: off; log-odds by which <u, e+(item)> counts, less what it was at first
  float drift_rate;  ///< 0.05
  // Return (KuaiSim's retention): sessions of one user in one episode.
  int32_t sessions;   ///< 1; at most
  float return_bias;  ///< 0.4; chance of coming back on any one day, after a session without likes
  float return_reward;    ///< 0.1; what the session's likes an item shown add to it
  float return_activity;  ///< 0; what n interactions do: times (n - mean) / (n + mean) over users
  int32_t return_gap;     ///< 10; days after which a user who has not come back never does
  // Slates: docs/slates.md.
  throng_choice choice;  ///< each
  int32_t choices;       ///< 3; items that plackett_luce looks at, at most
  float position_bias;   ///< 0; chance to look at slot k is (k + 1)^-position_bias
  float no_choice;       ///< 1; score of choosing nothing beside the items' chances of a like
  bool features;         ///< true; agents see the state that the dynamics above go by
} throng_users_def;

/// Every field with its usual value: all dynamics off.
THRONG_API throng_users_def throng_default_users_def(void);
/// The preset "dynamic": leaving on repetition (EasyRL4Rec), boredom that makes deaf (SARDINE) and
/// temper (KuaiSim), with which looking one step ahead is no longer enough.
THRONG_API throng_users_def throng_dynamic_users_def(void);

/// "chance", "mood", ...: names of throng_leave. NULL where there is no such reason.
THRONG_API const char *throng_leave_name(int leave);

#ifdef __cplusplus
}
#endif
#endif
