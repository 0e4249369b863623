/// What stands in for http.c and http_url.c in a build without libcurl (-DTHRONG_HTTP=OFF): errors
/// that say so.
#include <math.h>

#include "llm/http.h"
#include "llm/pace.h"

double retry_date(const char *text) {
  (void)text;
  return NAN;
}

throng_status http_check_url(const char *where, const char *url) {
  return throng_fail(THRONG_ERROR_CONFIG,
                     "%s: %s: this build was made without libcurl and asks no servers; configure "
                     "with -DTHRONG_HTTP=ON, or use the lexical, file or lsa providers",
                     where, url);
}

throng_status http_run(const http_def *def, const http_handler *handler, http_counts *counts) {
  (void)handler, (void)counts;
  return http_check_url("llm.url", def->url);
}
