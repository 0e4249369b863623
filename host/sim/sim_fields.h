/// The options of sections "sim" and "votes", for whoever reads them by name.
#ifndef THRONG_SIM_SIM_FIELDS_H
#define THRONG_SIM_SIM_FIELDS_H

#include "base/field.h"

extern const field_table sim_fields, votes_fields;

#endif
