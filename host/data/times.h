/// Times as raw files write them: a column's unit is told by all of its values, for one alone may
/// mean several things. Whatever the locale; nothing here depends on the time zone of the machine.
#ifndef THRONG_DATA_TIMES_H
#define THRONG_DATA_TIMES_H

#include "data/line_reader.h"

typedef enum time_unit {
  TIME_AUTO,
  TIME_SECONDS,  // since 1970, fractions allowed
  TIME_MILLISECONDS,
  TIME_MICROSECONDS,
  TIME_NANOSECONDS,
  TIME_DATES,  // whole numbers YYYYMMDD, YYYYMMDDhhmm or YYYYMMDDhhmmss, in UTC
  TIME_TEXT,   // found, never asked for: ISO 8601
} time_unit;

/// What was seen of a column so far. Zero but for `wanted` before the first value.
typedef struct time_column {
  time_unit wanted, unit;  // `unit` after time_column_finish
  int64_t n, n_number, n_date;
  int32_t date_digits;         // of the dates: 8, 12 or 14; 0: none yet, -1: several lengths
  int64_t not_date_line;       // first number but 0 that is no date; 0: none
  int64_t count[5], line[5];   // numbers by the unit that their size stands for, and the first
  double value[5], low, high;  // of these; range of all values
  bool words;                  // some have their month as a word
} time_column;

/// Take one value in: `*key` orders the column's values as times and holds the value itself.
/// False where the text is neither a number nor
///   YYYY-MM-DD, YYYY/MM/DD or YYYYMMDDT.. [T or space hh:mm[:ss[.fraction]]] [Z, UTC, GMT,
///   +hh[[:]mm]]
/// (UTC where no zone stands; the clock may have AM or PM) nor a date with its month as a word
/// (word_dates.h) nor Amazon's "01 5, 2014", and where a column of one of the two brings the other.
bool time_column_add(time_column *column, const char *text, size_t length, int64_t line,
                     int64_t *key);
/// What time_column_add expects, for errors.
void time_column_expectation(const time_column *column, char *text, size_t size);

/// Settle the unit. Errors: DATA where the values are of several units, or of none that gives years
/// before 2200; `path` and `setting` stand in the message.
throng_status time_column_finish(time_column *column, const char *path, const char *setting);
/// Seconds since 1970 of a key, rounded down, once the unit is settled.
int64_t time_column_seconds(const time_column *column, int64_t key);
/// "seconds since 1970, 2017-07-14 to 2017-07-26"
void time_column_describe(const time_column *column, char *text, size_t size);

/// A lone value, by its size and shape. Milliseconds since 1970.
bool time_parse(const char *text, size_t length, int64_t *milliseconds);
/// What time_parse takes, for errors.
extern const char time_expected[];
/// "07 9, 2013": the month first, as Amazon's reviewTime has it.
bool time_parse_month_first(const char *text, size_t length, int64_t *milliseconds);
/// True where a column of this name most likely holds times.
bool time_is_usual_name(const char *name);

#endif
