/// The space of a sweep: which options vary, over which values, and when. A point is an array of
/// numbers, one a parameter, in natural units: a number's value, a choice's index, NaN where the
/// parameter does not apply (its condition does not hold). Knows neither how points are chosen nor
/// what becomes of them.
#ifndef THRONG_SPACE_SPACE_H
#define THRONG_SPACE_SPACE_H

#include <cjson/cJSON.h>

#include "base/field.h"

typedef enum space_kind {
  SPACE_FLOAT = 0,  // low .. high; or low, low + step, ..
  SPACE_INT,        // low .. high, by step (1 at least)
  SPACE_CHOICE,     // one of n_choice JSON values
} space_kind;

enum { SPACE_MOST = 64 /* parameters */ };

typedef struct space_parameter {
  const char *name;    // as in a config: "agent.learning_rate"
  const field *field;  // the option that it is
  space_kind kind;
  double low, high;  // numbers: both ends included
  double step;       // 0: none
  bool log;          // never with a step above 1 (integers) or with any (floats), as Optuna has it
  int32_t n_choice;
  const char *const *choice;    // (n_choice) JSON texts: "64", "\"flat\"", "true", "[64,64]"
  const double *choice_number;  // (n_choice) what of them are numbers (booleans too), else NaN
  bool ordered;                 // all choices are numbers, in ascending order
  // It applies only where an earlier parameter does and has one of these values; parent -1: always.
  int32_t parent;
  int32_t n_when;              // values of the parent (indices of its choices); 0: a range
  const double *when;          // (n_when)
  double when_low, when_high;  // both ends included
  double initial;              // the config's own value, or the nearest that the space has
  bool holds_initial;          // false: the config's own value is not in the space
  bool structural;             // agents that differ in it cannot share a population
} space_parameter;

typedef struct space {
  int32_t n;
  space_parameter *parameter;  // (n), parents before children
  void *owned;
} space;

/// How a name becomes an option.
typedef struct space_options {
  /// False: there is none. `def` is the Def that holds the config's own value.
  bool (*find)(void *context, const char *name, const field_table **table, const field **field,
               const void **def);
  /// The nearest name of an option that can be varied, for messages, or NULL.
  const char *(*nearest)(void *context, const char *name);
  /// Where the parameter stands, for messages: "sweep.json:3:12: sweep.space"; false: not known.
  /// May be NULL.
  bool (*place)(void *context, const char *name, char *text, size_t size);
  void *context;
} space_options;

/// Read {"agent.learning_rate": {"min": 1e-5, "max": 1e-2, "log": true}, "agent.head": {"values":
/// ["flat", "two_tower"]}, "agent.width": {"min": 16, "max": 128, "step": 16, "when":
/// {"agent.head": "two_tower"}}}. Ranges of integer options have integers; names and booleans
/// without "values" have all of theirs; {"value": 64} is one value. `where` begins messages where
/// `place` does not. Errors: CONFIG (place, parameter, cause, what was expected); MEMORY.
throng_status space_read(const cJSON *json, const char *where, const space_options *options,
                         space **out);
void space_free(space *s);
/// The same as JSON again, in one canonical form: what a later run compares. malloc'd.
throng_status space_print(const space *s, char **out);
/// What differs, a line a difference ("agent.gamma: max 0.99 -> 0.999"), malloc'd; NULL in `*out`
/// where nothing does. Both are of space_print. Errors: DATA (they are not), MEMORY.
throng_status space_difference(const char *before, const char *after, char **out);

/// Does the parameter apply at x?
bool space_applies(const space *s, const double *x, int32_t parameter);
/// Can the parameter have this value? Ends and steps may be missed in the ninth digit.
bool space_contains(const space_parameter *p, double x);
/// The nearest value that the parameter has.
double space_rounded(const space_parameter *p, double x);
/// Put every value on its grid and into its range, NaN where it does not apply.
void space_round(const space *s, double *x);
/// The config's own values, or what is nearest to them (`initial`).
void space_initial(const space *s, double *x);
/// Values of a parameter, or -1 where it has no step and is no choice.
int64_t space_values(const space_parameter *p);
/// Points of the space: a parameter counts only where it applies. -1 where one has no step and is
/// no choice, SPACE_POINTS where there are as many or more.
int64_t space_size(const space *s);
enum { SPACE_POINTS = 100000000 };
/// The k-th point, k in 0 .. size-1; and a point's k, -1 where it is none (off the grid).
void space_point(const space *s, int64_t k, double *x);
int64_t space_index(const space *s, const double *x);

/// Natural to 0..1 and back, one parameter: linear in the logarithm where log; choices and steps in
/// equal parts, u falling into the middle of its own. Not for NaN.
double space_to_unit(const space_parameter *p, double x);
double space_from_unit(const space_parameter *p, double u);

/// Override lines of a config for a point, "agent.gamma=0.99", NULL-terminated, one block that the
/// caller frees. Numbers read back to the same value.
throng_status space_overrides(const space *s, const double *x, char ***out);
/// A number as short as it reads back to the same: 100000, 0.025, 1e-05.
void space_number_text(double x, char *buffer, size_t size);
/// A value as JSON text: "0.001", "\"flat\"".
void space_value_text(const space_parameter *p, double x, char *buffer, size_t size);
/// Optuna's distribution_json of a parameter, malloc'd. Its trial_params.param_value is x itself.
throng_status space_distribution_json(const space_parameter *p, char **out);

#endif
