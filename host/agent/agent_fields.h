/// The table of an agent's options.
#ifndef THRONG_AGENT_AGENT_FIELDS_H
#define THRONG_AGENT_AGENT_FIELDS_H

#include "base/field.h"
#include "throng/agent.h"

extern const field_table agent_fields;
/// Is it an option of this algorithm? DQN's populations have no arrays of a rollout's options;
/// those of others have all.
bool agent_field_is_of(const field *f, throng_algorithm algorithm);

#endif
