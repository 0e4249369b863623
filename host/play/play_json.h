/// Trajectories as JSON: a line a step and a line a session's end (docs/file_formats.md).
#ifndef THRONG_PLAY_PLAY_JSON_H
#define THRONG_PLAY_PLAY_JSON_H

#include <cjson/cJSON.h>

#include "throng/play.h"

/// How a session ended for whoever looks on: as the simulator says, or otherwise.
typedef enum play_over {
  PLAY_OVER_END = 0,  // throng_play_step.end says how
  PLAY_OVER_STEPS,    // no more steps were asked for
  PLAY_OVER_QUIT,     // the person left
  PLAY_OVER_INPUT,    // the person's input ended
} play_over;
/// "left", "truncated", "steps", "quit", "input_ended".
const char *play_over_name(play_over over, throng_end end);

/// {"kind": "step", "session", "user", "agent", "step", "shown": [...], "state", "reward",
/// "return", "end"} of a step that was answered; `person`: by one, and each item has what the
/// simulated user would have said. Errors: MEMORY.
throng_status play_step_json(const throng_world *world, const char *agent,
                             const throng_play_step *step, bool person, cJSON **out);
/// {"kind": "end", "session", "user", "agent", "steps", "return", "end", "left"}. `step`: the last
/// one that was answered, or of a session without one. Errors: MEMORY.
throng_status play_end_json(const throng_world *world, const char *agent,
                            const throng_play_step *step, int32_t steps, play_over over,
                            cJSON **out);

#endif
