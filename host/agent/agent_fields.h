/// The table of an agent's options.
#ifndef THRONG_AGENT_AGENT_FIELDS_H
#define THRONG_AGENT_AGENT_FIELDS_H

#include "base/field.h"

extern const field_table agent_fields;

#endif
