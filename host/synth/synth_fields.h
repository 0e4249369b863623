/// The table of a synthetic world's options.
#ifndef THRONG_SYNTH_SYNTH_FIELDS_H
#define THRONG_SYNTH_SYNTH_FIELDS_H

#include "base/field.h"

extern const field_table synth_fields;

#endif
