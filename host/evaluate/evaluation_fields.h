/// The table of an evaluation's options.
#ifndef THRONG_EVALUATE_EVALUATION_FIELDS_H
#define THRONG_EVALUATE_EVALUATION_FIELDS_H

#include "base/field.h"

extern const field_table evaluation_fields;

#endif
