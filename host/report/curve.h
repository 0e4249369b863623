/// A learning curve for terminals: braille dots (2 x 4 a character) or plain ASCII. Draws and
/// returns text; printing it is the program's business.
#ifndef THRONG_REPORT_CURVE_H
#define THRONG_REPORT_CURVE_H

#include "base/status.h"

/// A horizontal line to compare with, named at its right end ("myopic").
typedef struct curve_level {
  const char *name;
  double y;
} curve_level;

typedef struct curve_def {
  int width, height;    ///< of the drawing in characters, without labels; 60 x 15 is usual
  int columns;          ///< of a whole line: `width` is then what the labels leave; 0: no bound
  bool unicode;         ///< false: ASCII only
  const char *title;    ///< above the drawing; may be NULL
  const char *x_label;  ///< behind the last x ("user-steps"); may be NULL
  int64_t n;
  const double *x, *y;  ///< (n) x rising; points that are not finite are left out
  double x_end;         ///< where x will end, of a curve that still grows; 0: at its last point
  int64_t n_level;
  const curve_level *level;  ///< (n_level)
} curve_def;

/// `*out` is malloc'd text of lines, the caller frees it. Levels are named behind the drawing, each
/// on a line of its own, as near to its height as the others let it be; those beyond `height` are
/// not named. With `columns` no line is longer than that (from 40 on): names lose their numbers
/// first. Errors: ARGUMENT (width below 8 or height below 3, or above 400), MEMORY.
throng_status curve_render(const curve_def *def, char **out);
/// "950", "12k", "2.5M": how labels write large counts. `text` holds 32 bytes.
const char *curve_count(double count, char *text);

#endif
