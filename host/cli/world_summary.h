/// A world's sizes, as several commands tell them.
#ifndef THRONG_CLI_WORLD_SUMMARY_H
#define THRONG_CLI_WORLD_SUMMARY_H

#include <cjson/cJSON.h>

#include "world/world.h"

void world_summary_print(const throng_world *world);
void world_summary_json(const throng_world *world, cJSON *object);

#endif
