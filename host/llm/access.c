/// Doors: addresses that users give in many ways, and keys from the environment.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/byte_buffer.h"
#include "llm/llm.h"

llm_door llm_door_of(const llm_def *def) {
  return (llm_door){"llm", def->url, def->api_key_env, def->api_key_header, def->headers};
}

/// The variable's value without the white space and the quotes that files of variables leave
/// around.
static throng_status read_variable(const char *where, const char *name, const char **from,
                                   size_t *length) {
  const char *value = getenv(name);
  if (!value)
    return throng_fail(THRONG_ERROR_CONFIG, "%s: the environment variable %s is not set", where,
                       name);
  while (isspace((unsigned char)*value)) ++value;
  size_t n = strlen(value);
  while (n && isspace((unsigned char)value[n - 1])) --n;
  if (n > 2 && (*value == '"' || *value == '\'') && value[n - 1] == *value) {
    ++value;
    n -= 2;
  }
  if (n == 0)
    return throng_fail(THRONG_ERROR_CONFIG, "%s: the environment variable %s is empty", where,
                       name);
  *from = value;
  *length = n;
  return THRONG_OK;
}

static throng_status add_header(llm_access *a, const char *line, size_t length) {
  char **longer = realloc(a->header, ((size_t)a->n_header + 1) * sizeof *longer);
  if (!longer) return throng_fail(THRONG_ERROR_MEMORY, "HTTP headers: out of memory");
  a->header = longer;
  char *copy = malloc(length + 1);
  if (!copy) return throng_fail(THRONG_ERROR_MEMORY, "HTTP headers: out of memory");
  memcpy(copy, line, length);
  copy[length] = '\0';
  a->header[a->n_header++] = copy;
  return THRONG_OK;
}

static bool is_name(const char *text, size_t length) {
  for (size_t i = 0; i < length; ++i)
    if (!isalnum((unsigned char)text[i]) && !strchr("!#$%&'*+-.^_`|~", text[i])) return false;
  return length > 0;
}

static throng_status add_key(const llm_door *door, llm_access *a) {
  char where[64];
  const char *key;
  size_t length;
  if (!door->api_key_env) return THRONG_OK;
  snprintf(where, sizeof where, "%s.api_key_env", door->section);
  THRONG_TRY(read_variable(where, door->api_key_env, &key, &length));
  for (size_t i = 0; i < length; ++i)
    if ((unsigned char)key[i] <= ' ' || (unsigned char)key[i] >= 0x7f)
      return throng_fail(
          THRONG_ERROR_CONFIG,
          "%s: the key in %s holds a character that no key has (a space, a line end "
          "or one beyond ASCII)%s",
          where, door->api_key_env,
          length > 7 && !strncasecmp(key, "Bearer ", 7) ? "; leave out \"Bearer\"" : "");
  // Azure's resource keys have a header of their own.
  const char *query = strchr(door->url, '?');
  const char *name = door->api_key_header                     ? door->api_key_header
                     : query && strstr(query, "api-version=") ? "api-key"
                                                              : "Authorization";
  if (!is_name(name, strlen(name)))
    return throng_fail(
        THRONG_ERROR_CONFIG,
        "%s.api_key_header: \"%.60s\": expected the name of a header, such as api-key "
        "or x-api-key",
        door->section, name);
  byte_buffer line = {0};
  throng_status status;
  THRONG_TRY_GOTO(bytes_append(&line, name, strlen(name)));
  THRONG_TRY_GOTO(bytes_append(&line, ": ", 2));
  if (!strcasecmp(name, "Authorization")) THRONG_TRY_GOTO(bytes_append(&line, "Bearer ", 7));
  THRONG_TRY_GOTO(bytes_append(&line, key, length));
  THRONG_TRY_GOTO(add_header(a, bytes_text(&line), line.length));
  THRONG_TRY_GOTO(secrets_add(&a->secret, key, length));
done:
  if (line.data) explicit_bzero(line.data, line.length);
  bytes_free(&line);
  return status;
}

/// A header's text with ${NAME} from the environment; these are secrets.
static throng_status expand(const char *where, const char *text, size_t length, llm_access *a,
                            byte_buffer *out) {
  for (size_t i = 0; i < length;) {
    const char *end = !strncmp(text + i, "${", 2) ? memchr(text + i, '}', length - i) : NULL;
    if (!end) {
      THRONG_TRY(bytes_append(out, text + i, 1));
      ++i;
      continue;
    }
    char name[128];
    size_t n = (size_t)(end - text) - i - 2, value_length;
    const char *value;
    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : 0), text + i + 2);
    THRONG_TRY(read_variable(where, name, &value, &value_length));
    THRONG_TRY(bytes_append(out, value, value_length));
    THRONG_TRY(secrets_add(&a->secret, value, value_length));
    i = (size_t)(end - text) + 1;
  }
  return THRONG_OK;
}

static throng_status check_header(const char *where, int line, const char *text) {
  static const char *const ours[] = {"content-type", "content-length", "transfer-encoding",
                                     "expect",       "host",           "connection"};
  const char *colon = strchr(text, ':');
  if (!colon || !is_name(text, (size_t)(colon - text)))
    return throng_fail(THRONG_ERROR_CONFIG, "%s: line %d: expected \"Name: value\"", where, line);
  for (size_t i = 0; i < sizeof ours / sizeof *ours; ++i)
    if (strlen(ours[i]) == (size_t)(colon - text) &&
        !strncasecmp(text, ours[i], (size_t)(colon - text)))
      return throng_fail(THRONG_ERROR_CONFIG, "%s: line %d: %s is not for settings to change",
                         where, line, ours[i]);
  for (const unsigned char *c = (const unsigned char *)colon; *c; ++c)
    if ((*c < ' ' && *c != '\t') || *c == 0x7f)
      return throng_fail(THRONG_ERROR_CONFIG, "%s: line %d: a control character in %.*s", where,
                         line, (int)(colon - text), text);
  return THRONG_OK;
}

static throng_status add_headers(const llm_door *door, llm_access *a) {
  char where[64];
  byte_buffer line = {0};
  throng_status status = THRONG_OK;
  int number = 0;
  snprintf(where, sizeof where, "%s.headers", door->section);
  for (const char *at = door->headers; at && *at;) {
    size_t n = strcspn(at, "\n");
    const char *next = at + n + (at[n] == '\n');
    ++number;
    while (n && isspace((unsigned char)*at)) ++at, --n;
    while (n && isspace((unsigned char)at[n - 1])) --n;
    bytes_clear(&line);
    if (n) {
      THRONG_TRY_GOTO(expand(where, at, n, a, &line));
      THRONG_TRY_GOTO(check_header(where, number, bytes_text(&line)));
      THRONG_TRY_GOTO(add_header(a, bytes_text(&line), line.length));
    }
    at = next;
  }
done:
  if (line.data) explicit_bzero(line.data, line.length);
  bytes_free(&line);
  return status;
}

throng_status llm_access_open(const llm_door *door, const char *path, llm_access *out) {
  *out = (llm_access){0};
  throng_status status;
  THRONG_TRY_GOTO(llm_endpoint(door->url, path, &out->url));
  THRONG_TRY_GOTO(add_key(door, out));
  THRONG_TRY_GOTO(add_headers(door, out));
  return THRONG_OK;
done:
  llm_access_close(out);
  return status;
}

void llm_access_close(llm_access *a) {
  for (int32_t i = 0; i < a->n_header; ++i) {
    explicit_bzero(a->header[i], strlen(a->header[i]));
    free(a->header[i]);
  }
  free(a->header);
  free(a->url);
  secrets_free(&a->secret);
  *a = (llm_access){0};
}

static bool ends_with(const char *text, size_t length, const char *end) {
  size_t n = strlen(end);
  return length >= n && !strncasecmp(text + length - n, end, n);
}

/// The bytes of `url` before what is asked for, and before its query.
static size_t base_length(const char *url) {
  static const char *const paths[] = {"/chat/completions", "/completions", "/embeddings"};
  size_t length = strcspn(url, "?");
  while (length && url[length - 1] == '/') --length;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; ++i)
    if (ends_with(url, length, paths[i])) {
      length -= strlen(paths[i]);
      break;
    }
  while (length && url[length - 1] == '/') --length;
  return length;
}

throng_status llm_endpoint(const char *url, const char *path, char **out) {
  if (asprintf(out, "%.*s%s%s", (int)base_length(url), url, path, url + strcspn(url, "?")) >= 0)
    return THRONG_OK;
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "an address: out of memory");
}

/// "/v1" within a path.
static bool has_version(const char *path, size_t length) {
  for (size_t i = 0; i + 2 < length; ++i)
    if (path[i] == '/' && path[i + 1] == 'v' && isdigit((unsigned char)path[i + 2])) return true;
  return false;
}

void llm_suggest_url(const llm_door *door, char *text, size_t size) {
  size_t length = base_length(door->url);
  const char *host = strstr(door->url, "://"), *query = strchr(door->url, '?');
  const char *path = host ? strpbrk(host + 3, "/?") : NULL;
  size_t before = path && *path == '/' ? (size_t)(path - door->url) : length;
  if (before > length) before = length;
  size_t n = length - before;
  text[0] = '\0';
  if (query && strstr(query, "api-version=")) {
    snprintf(text, size,
             "; Azure's addresses are https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT?"
             "api-version=..., with a key (%s.api_key_env)%s",
             door->section, door->api_key_env ? "" : ", and none is sent");
  } else if (n >= 6 && ends_with(door->url, length, "/v1/v1")) {
    snprintf(text, size, "; /v1 stands twice: set %s.url to %.*s", door->section, (int)length - 3,
             door->url);
  } else if (!has_version(path ? path : "", n)) {
    // Ollama's own interface is below /api.
    size_t keep = n >= 4 && ends_with(door->url, length, "/api") ? length - 4 : length;
    snprintf(text, size, "; most servers answer below /v1: set %s.url to %.*s/v1", door->section,
             (int)keep, door->url);
  }
}
