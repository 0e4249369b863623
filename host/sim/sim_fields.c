/// The options of a simulator.
#include "sim/sim_fields.h"

#include "throng/sim.h"

static const char *const environment_names[] = {"session", "published-by-time", "published-by-user",
                                                NULL};
static const char *const mask_names[] = {"none", "session", "all", NULL};

#define FIELD_DEF throng_sim_def
static const field sim_rows[] = {
    FIELD_I32("lanes", lanes, 4096, 1, 16777216, FIELD_SWEEPABLE,
              "user sessions that advance together"),
    FIELD_I32("history", history, 64, 1, 65536, FIELD_SWEEPABLE,
              "entries that a lane remembers, newest kept"),
    FIELD_F32("leave_probability", leave_probability, 0.025, 0, 1, FIELD_SWEEPABLE,
              "probability that a user leaves after a step"),
    FIELD_I32("max_steps", max_steps, 200, 1, 1048576, FIELD_SWEEPABLE,
              "steps after which an episode is truncated"),
    FIELD_I32("slate_size", slate_size, 1, 1, 1024, FIELD_SWEEPABLE, "items shown a step"),
    FIELD_ENUM("mask", throng_mask, mask, mask_names, THRONG_MASK_NONE, FIELD_SWEEPABLE,
               "items that agents may not show: none; session: those that the session has shown; "
               "all: those of the user's real history too"),
    FIELD_BOOL("mask_seen", mask_seen, false, FIELD_SWEEPABLE,
               "agents may not repeat an item within a session: mask is at least session"),
    FIELD_BOOL("preferences", preferences, false, 0,
               "keep users' preference vectors; always so with votes.similarity mean"),
    FIELD_BOOL("autoreset", autoreset, true, 0, "an ended lane starts again on the same step"),
    FIELD_SEED("seed", seed, 1, FIELD_FOLLOWS_SEED,
               "seed of the lanes; follows train.seed unless given"),
    FIELD_U32("first_lane", first_lane, 0, 0, 4294967295.0, 0,
              "number of lane 0 in the random stream"),
    FIELD_ENUM(
        "environment", throng_environment, environment, environment_names,
        THRONG_ENVIRONMENT_SESSION, 0,
        "session: the session's user answers; published-by-time, published-by-user: the "
        "authors' released step(), in which whoever wrote the shown item's first row answers, "
        "rows being in that order, or a coin"),
};
#undef FIELD_DEF
const field_table sim_fields = FIELD_TABLE("sim", throng_sim_def, sim_rows);

throng_sim_def throng_default_sim_def(void) {
  throng_sim_def def;
  fields_default(&sim_fields, &def);
  def.votes = throng_default_votes_def();
  def.users = throng_default_users_def();
  return def;
}
