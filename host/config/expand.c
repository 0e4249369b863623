/// What stands for something else in the paths of a config, ${NAME}, ${NAME:-default} and a leading
/// ~/, put in where a path is used and not before: an override, or a command that reads no data,
/// needs no variable.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"

typedef struct grown {
  char *text;
  size_t length, capacity;
} grown;

static throng_status append(grown *to, const char *piece, size_t size) {
  THRONG_TRY(throng_grow((void **)&to->text, &to->capacity, to->length + size + 1, 1,
                         "configuration strings"));
  memcpy(to->text + to->length, piece, size);
  to->length += size;
  to->text[to->length] = '\0';
  return THRONG_OK;
}

/// What a piece of a path is: plain text, "$${" (a dollar and a brace), or "${NAME}".
typedef enum piece_kind { PIECE_TEXT, PIECE_ESCAPE, PIECE_NAME, PIECE_WRONG } piece_kind;
enum { LONGEST_NAME = 128 };

static piece_kind next_piece(const char *at, size_t *size) {
  if (!strncmp(at, "$${", 3)) return *size = 3, PIECE_ESCAPE;
  if (strncmp(at, "${", 2) != 0) {
    *size = 1;
    while (at[*size] && at[*size] != '$') ++*size;
    return PIECE_TEXT;
  }
  const char *end = strchr(at, '}');
  *size = end ? (size_t)(end - at) + 1 : strlen(at);
  return end && *size > 3 && *size - 3 < LONGEST_NAME ? PIECE_NAME : PIECE_WRONG;
}

bool config_path_is_raw(const char *text) {
  return strstr(text, "${") || !strcmp(text, "~") || !strncmp(text, "~/", 2);
}

throng_status config_path_check(const char *text, const char *where) {
  size_t size;
  for (const char *at = text; *at; at += size)
    if (next_piece(at, &size) == PIECE_WRONG)
      return throng_fail(THRONG_ERROR_CONFIG,
                         "%s: '%s': expected ${NAME}, an environment variable; $${ stands for the "
                         "two characters",
                         where, text);
  return THRONG_OK;
}

/// "NAME", or "NAME:-default" as shells have it, for a variable that is not set or empty. Changes
/// the name.
static throng_status variable(char *name, const char *text, const char *where, const char **out) {
  char *otherwise = strstr(name, ":-");
  if (otherwise) *otherwise = '\0';
  *out = getenv(name);
  if (otherwise && (!*out || !**out)) *out = otherwise + 2;
  if (*out) return THRONG_OK;
  return throng_fail(THRONG_ERROR_CONFIG,
                     "%s: '%s': the environment variable %s is not set; export it, or give the "
                     "path with --set",
                     where, text, name);
}

static throng_status expand(const char *text, const char *where, grown *to) {
  const char *at = text, *value;
  char home[] = "HOME";
  if (!strcmp(text, "~") || !strncmp(text, "~/", 2)) {
    THRONG_TRY(variable(home, text, where, &value));
    THRONG_TRY(append(to, value, strlen(value)));
    ++at;
  }
  for (size_t size; *at; at += size) {
    char name[LONGEST_NAME];
    switch (next_piece(at, &size)) {
      case PIECE_TEXT: THRONG_TRY(append(to, at, size)); break;
      case PIECE_ESCAPE: THRONG_TRY(append(to, "${", 2)); break;
      case PIECE_WRONG: return config_path_check(text, where);
      case PIECE_NAME:
        snprintf(name, sizeof name, "%.*s", (int)size - 3, at + 2);
        THRONG_TRY(variable(name, text, where, &value));
        THRONG_TRY(append(to, value, strlen(value)));
    }
  }
  return append(to, "", 0);
}

static throng_status use(throng_config *config, const config_key *key) {
  const char **text = config_text_of(config, key);
  if (!config->raw[key->index] || !*text) return THRONG_OK;
  char where[1024];
  grown to = {0};
  throng_status status = expand(*text, config_place_text(config, key, where, sizeof where), &to);
  if (status == THRONG_OK) {
    status = config_keep(config, to.text);
  } else {
    free(to.text);
  }
  if (status == THRONG_OK) {
    *text = to.text;
    config->raw[key->index] = false;
  }
  return status;
}

throng_status config_check_paths(const throng_config *config) {
  char where[1024];
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i) {
    if (!config->raw[i]) continue;
    const char *text = *config_text_of(config, &key);
    if (text)
      THRONG_TRY(config_path_check(text, config_place_text(config, &key, where, sizeof where)));
  }
  return THRONG_OK;
}

throng_status config_use(throng_config *config, const char *path) {
  config_key key;
  return config_find_key(path, &key) ? use(config, &key) : THRONG_OK;
}

throng_status config_use_data(throng_config *config) {
  bool asks_llm = config->keywords.provider == KEYWORDS_LLM;
  bool asks_server = config->embedding.provider == EMBEDDING_SERVER;
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i) {
    bool used =
        config_key_within(&key, "dataset") ||
        (config_key_within(&key, "keywords") && config->keywords.provider == KEYWORDS_FILE) ||
        (config_key_within(&key, "embedding") && config->embedding.provider == EMBEDDING_FILE) ||
        (config_key_within(&key, "llm") &&
         (asks_llm || (asks_server && !strcmp(key.field->name, "store"))));
    if (used) THRONG_TRY(use(config, &key));
  }
  return THRONG_OK;
}

throng_status config_use_set(throng_config *config, const throng_progress *progress) {
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i) {
    throng_status status = use(config, &key);
    if (status == THRONG_ERROR_CONFIG)
      throng_note(progress, "%s; left as it is", throng_error_message());
    else if (status != THRONG_OK)
      return status;
  }
  return THRONG_OK;
}
