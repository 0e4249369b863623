/// Does a user whose session ended come back, and after how many days? KuaiSim's retention
/// (Applied-Machine-Learning-Lab/KuaiSim code/env/KRCrossSessionEnvironment_GPU.py, get_retention):
///   P = clip(personal + return_reward * mean reward of the session + return_bias, 0.001, 0.999),
///   day k = 1 .. return_gap with log-weight log P + (k - 1) log(1 - P).
/// There the weights are normalised, so that everybody comes back. Here they are the chances that
/// they are (a geometric law: each day the user comes back with chance P), and who has not come
/// back after the last day, (1 - P)^return_gap of them, never does. Among those who do, the day is
/// distributed as there.
#ifndef THRONG_KERNELS_SIM_USERS_RETURN_H
#define THRONG_KERNELS_SIM_USERS_RETURN_H

#include "kernels/base/random.h"
#include "kernels/sim/users.h"

/// In -return_activity .. return_activity, 0 for a user with as long a real history as the mean:
/// who was there more often comes back sooner. (KuaiSim's is a random linear function of the user's
/// state.)
THRONG_ROW float return_personal(const users_view *v, int64_t history) {
  if (!(v->activity > 0.0f)) return 0.0f;
  return v->return_activity * ((float)history - v->activity) / ((float)history + v->activity);
}

/// P, the chance that the user comes back on any one day.
THRONG_ROW float return_chance(const users_view *v, int64_t history, float mean_reward) {
  const float chance =
      return_personal(v, history) + v->return_reward * mean_reward + v->return_bias;
  return chance < 0.001f ? 0.001f : chance > 0.999f ? 0.999f : chance;
}

/// The day, 1 .. return_gap, or 0: never.
THRONG_ROW int32_t return_day(const users_view *v, float chance, float uniform) {
  float away = 1.0f;  // chance of not having come back by that day
  for (int32_t day = 1; day <= v->return_gap; ++day) {
    away *= 1.0f - chance;
    if (uniform > away) return day;
  }
  return 0;
}

#endif
