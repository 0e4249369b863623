/// What a business of Yelp is described by, in the releases of all years: name, city, categories
/// and attributes as words.
#ifndef THRONG_DATA_YELP_FACTS_H
#define THRONG_DATA_YELP_FACTS_H

#include <cjson/cJSON.h>

#include "data/ingest.h"

/// Describe the current item. A value that says nothing known is counted and left out.
throng_status yelp_describe(ingest *in, const line_reader *reader, const cJSON *business);

#endif
