/// The table of f_sta's (SASRec's) options.
#ifndef THRONG_STA_STA_FIELDS_H
#define THRONG_STA_STA_FIELDS_H

#include "base/field.h"

extern const field_table sta_fields;

#endif
