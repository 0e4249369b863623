/// Dates whose month is a word, as sites and spreadsheets export them.
#ifndef THRONG_DATA_WORD_DATES_H
#define THRONG_DATA_WORD_DATES_H

#include <stdbool.h>
#include <stddef.h>

/// What such a text says; milliseconds of the day, and of the zone east of UTC (0 where none is).
typedef struct word_date {
  int year, month, day;
  double clock, zone;
} word_date;

/// "Jan 5, 2014", "5 January 2014", "05-Jan-2014 14:05", "Mon, 06 Oct 2014 12:13:40 GMT",
/// "Wed Aug 16 11:33:07 -0700 2017", "Oct 6, 2014 at 3:05 PM": English names, in any order, since
/// the word tells the month and four digits the year. Also "05-Jun-18", whose year is behind day
/// and month (1969 to 2068), and "05/Jun/2018:06:20:57 +0000" of logs. False for all others, and
/// where a part is missing or stands twice; whether the day exists is for the caller.
bool word_date_parse(const char *text, size_t length, word_date *out);

/// "AM" or "PM" at `*at` after spaces: `*clock` is moved by it, `*at` behind it. False where the
/// hour is not of twelve; true and nothing done where neither stands there.
bool word_date_half_day(const char **at, const char *end, double *clock);

#endif
