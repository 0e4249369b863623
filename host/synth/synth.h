/// A synthetic world in memory; throng_synth writes it to a file.
#ifndef THRONG_SYNTH_SYNTH_H
#define THRONG_SYNTH_SYNTH_H

#include "throng/world.h"

/// The world in memory, checked and finished. What throng_synth writes.
throng_status synth_build(const throng_synth_def *def, const throng_progress *progress,
                          throng_world **out);

#endif
