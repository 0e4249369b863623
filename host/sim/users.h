/// The dynamics of users on the host: what contradicts, and what kernels take.
#ifndef THRONG_SIM_USERS_H
#define THRONG_SIM_USERS_H

#include "kernels/sim/users.h"
#include "throng/sim.h"

/// Is any dynamic asked for? Then there is an array "left".
bool users_are_dynamic(const throng_users_def *def);
/// May a user leave items of a slate unlooked at? Then there are the arrays of sim_slates.
bool users_examine(const throng_users_def *def);
/// Has any option that an identity names another value than the usual?
bool users_unusual(const throng_users_def *def);
/// Every field in range, and none that contradicts another or the simulator's options: what can be
/// said before there is a world. Errors: ARGUMENT.
throng_status users_check_def(const throng_sim_def *def);
/// The same, and nothing that contradicts the world. Errors: ARGUMENT; DATA (topics are asked of a
/// world without categories).
throng_status users_check(const throng_sim_def *def, const throng_world *world);
/// As kernels take them.
users_view users_make_view(const throng_users_def *def);

#endif
