/// What a training run comes to, and its Defs, as JSON.
#ifndef THRONG_TRAIN_TRAIN_JSON_H
#define THRONG_TRAIN_TRAIN_JSON_H

#include <cjson/cJSON.h>

#include "train/train_result.h"

/// {"episodes", "average_reward", ..., "tercile_reward": [least, middle, most], "against_random":
/// {"sessions", "mean", "sem", "low", "high"}, ...}, comparisons where there are some; numbers that
/// are not finite are null. `*out` is freed with cJSON_Delete. Errors: MEMORY.
throng_status metrics_json(const throng_metrics *m, const throng_comparison *c, cJSON **out);
/// What summary.json holds: steps, seconds, rate, gap closed, every player's metrics under
/// "policies"; with several agents their mean is there "agent", and "agents" lists each with its
/// state. Errors: MEMORY.
throng_status train_result_json(const train_result *result, cJSON **out);
/// [{"agent": 0, "state": "learning", "user_steps", "updates", "metrics": {...}}, ...]
throng_status train_agents_json(const train_result *result, cJSON **out);
/// A run as a config that `throng train` takes to do it again, for runs that bring none of their
/// own. Worlds that were not read from a file are left out. `*out` is malloc'd text.
throng_status train_config_json(const throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_sim_def *sim,
                                const throng_agent_def *agent, const throng_train_def *train,
                                char **out);

#endif
