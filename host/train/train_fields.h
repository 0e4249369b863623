/// The table of a training run's options.
#ifndef THRONG_TRAIN_TRAIN_FIELDS_H
#define THRONG_TRAIN_TRAIN_FIELDS_H

#include "base/field.h"

extern const field_table train_fields;

#endif
