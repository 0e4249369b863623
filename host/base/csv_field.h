/// Writing a field of CSV. (Reading is data/csv_parser.h.)
#ifndef THRONG_BASE_CSV_FIELD_H
#define THRONG_BASE_CSV_FIELD_H

#include <stdio.h>

/// RFC 4180: quoted where a comma, a quote or a line end stands in it.
void csv_write_field(FILE *to, const char *text);

#endif
