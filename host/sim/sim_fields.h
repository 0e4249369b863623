/// The tables of a simulator's options.
#ifndef THRONG_SIM_SIM_FIELDS_H
#define THRONG_SIM_SIM_FIELDS_H

#include "base/field.h"

extern const field_table sim_fields, votes_fields, users_fields;

#endif
