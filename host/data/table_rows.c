/// Records of a table as interactions; see table_rows.h.
#include "data/table_rows.h"

throng_status table_rows_scan(ingest *in, csv_parser *csv, const row_columns *c) {
  const line_reader *reader = csv->reader;
  in->has_time = c->time >= 0;
  in->has_text = c->text >= 0;
  while (!ingest_full(in)) {
    bool more;
    THRONG_TRY(csv_next(csv, &more));
    if (!more) break;
    if (csv_length(csv, c->rating) == 0) {
      in->counts.unrated++;
      continue;
    }
    double rating;
    int64_t time = 0;
    THRONG_TRY(ingest_parse_rating(reader, csv_field(csv, c->rating), csv_length(csv, c->rating),
                                   &rating));
    if (in->has_time)
      THRONG_TRY(
          ingest_parse_time(reader, csv_field(csv, c->time), csv_length(csv, c->time), &time));
    THRONG_TRY(ingest_add(in, reader, csv->line, csv_field(csv, c->user), csv_length(csv, c->user),
                          csv_field(csv, c->item), csv_length(csv, c->item), rating, time));
  }
  return THRONG_OK;
}

throng_status table_rows_texts(ingest *in, csv_parser *csv, const row_columns *c) {
  while (ingest_text_line(in) >= 0) {
    bool more;
    THRONG_TRY(csv_next(csv, &more));
    if (!more) break;  // dataset.c sees that texts are missing
    if (csv->line == ingest_text_line(in))
      THRONG_TRY(ingest_text(in, "", 0, csv_field(csv, c->text), csv_length(csv, c->text)));
  }
  return THRONG_OK;
}
