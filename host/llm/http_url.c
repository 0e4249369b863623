/// Addresses, what may be asked, before any work; and dates, which curl reads.
#include <curl/curl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "llm/http.h"
#include "llm/pace.h"

/// Does a query hold what looks like a key? "api-version=2024-06-01" does not.
static bool names_key(const char *query) {
  static const char *const names[] = {"key",   "apikey",       "api-key", "api_key",
                                      "token", "sig",          "secret",  "subscription-key",
                                      "auth",  "access_token", "code"};
  for (const char *at = query; *at; at += strcspn(at, "&"), at += *at == '&') {
    size_t n = strcspn(at, "=&");
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
      if (strlen(names[i]) == n && !strncasecmp(at, names[i], n)) return true;
  }
  return false;
}

throng_status http_check_url(const char *where, const char *url) {
  CURLU *parts = curl_url();
  char *scheme = NULL, *host = NULL, *user = NULL, *query = NULL, *fragment = NULL;
  throng_status status = THRONG_OK;
  if (!parts) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", where);
  // What is refused is not repeated: it may hold a password.
  if (!url || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
      curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
      curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK || !*host)
    status = throng_fail(THRONG_ERROR_CONFIG,
                         "%s: expected the address of a server, such as http://127.0.0.1:8080/v1",
                         where);
  else if (strcasecmp(scheme, "http") != 0 && strcasecmp(scheme, "https") != 0)
    status =
        throng_fail(THRONG_ERROR_CONFIG, "%s: scheme %.20s, expected http or https", where, scheme);
  else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK)
    status = throng_fail(THRONG_ERROR_CONFIG,
                         "%s: holds a user or password; keys come from the environment alone "
                         "(api_key_env)",
                         where);
  else if (curl_url_get(parts, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK)
    status = throng_fail(THRONG_ERROR_CONFIG,
                         "%s: holds a fragment (#); expected the address before /chat/... and "
                         "/embeddings",
                         where);
  else if (curl_url_get(parts, CURLUPART_QUERY, &query, 0) == CURLUE_OK && names_key(query))
    status = throng_fail(THRONG_ERROR_CONFIG,
                         "%s: a key in its query or fragment; keys come from the environment alone "
                         "(api_key_env, and api_key_header where the server wants another header)",
                         where);
  curl_free(scheme);
  curl_free(host);
  curl_free(user);
  curl_free(query);
  curl_free(fragment);
  curl_url_cleanup(parts);
  return status;
}

double retry_date(const char *text) {
  char date[32];
  // 2026-01-31T10:00:00Z: curl reads it without its dashes, and with a space and a zone.
  if (strlen(text) >= 19 && text[4] == '-' && text[10] == 'T') {
    snprintf(date, sizeof date, "%.4s%.2s%.2s %.8s UTC", text, text + 5, text + 8, text + 11);
    text = date;
  }
  time_t at = curl_getdate(text, NULL);
  return at == (time_t)-1 ? NAN : (double)at;
}
