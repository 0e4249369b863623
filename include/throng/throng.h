/// throng: thousands of simulated recommender-system users at once, and the agents trained on them.
/// The whole public interface; tests/example_quickstart.c drives it in sixty lines.
#ifndef THRONG_H
#define THRONG_H

#include "agent.h"
#include "base.h"
#include "evaluate.h"
#include "sim.h"
#include "sta.h"
#include "train.h"
#include "world.h"

#endif
