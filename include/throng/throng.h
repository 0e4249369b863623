/// throng: thousands of simulated recommender-system users at once, and the agents trained on them.
/// The whole public interface; examples/quickstart.c drives it in a page. Threads: see base.h.
#ifndef THRONG_H
#define THRONG_H

#include "agent.h"
#include "array.h"
#include "base.h"
#include "config.h"
#include "evaluate.h"
#include "explain.h"
#include "export.h"
#include "play.h"
#include "sim.h"
#include "sta.h"
#include "sweep.h"
#include "train.h"
#include "trained.h"
#include "users.h"
#include "world.h"

#endif
