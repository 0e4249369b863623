/// Agents of a trained run judged again, by what judged them in training: in its own world, or in
/// another with the same items, or before users with other votes, rules and dynamics. A library
/// room: it prints nothing.
#ifndef THRONG_STUDY_JUDGE_H
#define THRONG_STUDY_JUDGE_H

#include "study/trained.h"
#include "train/train_result.h"

/// Agent `agent` of the run, or all (-1), in sessions of t->config.sim and
/// t->config.train.evaluation; with the yardsticks beside them where t->config.train.yardsticks.
/// Whatever is as in training gives the figures of the run's last evaluation. The mean is over the
/// agents that had neither stopped nor diverged. `out` is freed with train_result_free, after
/// errors too; steps and seconds in it are 0. Errors: ARGUMENT (no such agent), those of
/// throng_sim_create, CANCELLED, MEMORY, BACKEND.
throng_status judge_trained(trained *t, int32_t agent, const throng_progress *progress,
                            train_result *out);

#endif
