/// Which backends this build has, and opening one by name. To add one: its room exports a
/// backend_kind (base/backend.h), and gets a line in BACKENDS of backends.c.
#ifndef THRONG_BACKENDS_BACKENDS_H
#define THRONG_BACKENDS_BACKENDS_H

#include "base/backend.h"
#include "base/field.h"

/// NULL-terminated, in the order in which "auto" tries them; the last one always opens.
extern const backend_kind *const backends[];

extern const field_table backend_fields;

/// The devices of the first backend that has such a thing: how many, and what they are like.
/// Errors: BACKEND with cause and remedy.
throng_status backends_devices(int *count);
throng_status backends_device(int device, backend_device *out);

#endif
