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

/// "run.json:3:12: dataset.reviews" or "--set dataset.reviews".
static const char *place_of(const throng_config *config, int i, char *text, size_t size) {
  const config_place *place = &config->place[i];
  if (config->origin[i] == CONFIG_FILE && place->line)
    snprintf(text, size, "%s:%d:%d: %s", config->source ? config->source : "config", place->line,
             place->column, config_keys[i].path);
  else
    snprintf(text, size, "--set %s", config_keys[i].path);
  return text;
}

static throng_status use(throng_config *config, int i) {
  const config_key *key = &config_keys[i];
  const char **field = (const char **)(void *)((char *)config + key->offset);
  if (!config->raw[i] || !*field) return THRONG_OK;
  char where[1024];
  grown to = {0};
  throng_status status = expand(*field, place_of(config, i, where, sizeof where), &to);
  if (status == THRONG_OK) {
    status = config_keep(config, to.text);
  } else {
    free(to.text);
  }
  if (status == THRONG_OK) {
    *field = to.text;
    config->raw[i] = false;
  }
  return status;
}

throng_status config_check_paths(const throng_config *config) {
  char where[1024];
  for (int i = 0; i < config_key_count; ++i) {
    if (!config->raw[i]) continue;
    const char *const *field =
        (const char *const *)(const void *)((const char *)config + config_keys[i].offset);
    if (*field) THRONG_TRY(config_path_check(*field, place_of(config, i, where, sizeof where)));
  }
  return THRONG_OK;
}

throng_status config_use(throng_config *config, const char *path) {
  return use(config, (int)(config_find_key(path) - config_keys));
}

throng_status config_use_data(throng_config *config) {
  bool asks_llm = config->keywords.provider == KEYWORDS_LLM;
  bool asks_server = config->embedding.provider == EMBEDDING_SERVER;
  for (int i = 0; i < config_key_count; ++i) {
    const char *path = config_keys[i].path;
    bool used =
        !strncmp(path, "dataset.", 8) ||
        (!strncmp(path, "keywords.", 9) && config->keywords.provider == KEYWORDS_FILE) ||
        (!strncmp(path, "embedding.", 10) && config->embedding.provider == EMBEDDING_FILE) ||
        (!strncmp(path, "llm.", 4) && (asks_llm || (asks_server && strstr(path, "store"))));
    if (used) THRONG_TRY(use(config, i));
  }
  return THRONG_OK;
}

throng_status config_use_set(throng_config *config, const throng_progress *progress) {
  for (int i = 0; i < config_key_count; ++i) {
    throng_status status = use(config, i);
    if (status == THRONG_ERROR_CONFIG)
      throng_note(progress, "%s; left as it is", throng_error_message());
    else if (status != THRONG_OK)
      return status;
  }
  return THRONG_OK;
}

throng_status config_path_print(const throng_config *config, const config_key *key, char **out) {
  const char *text = *(const char *const *)(const void *)((const char *)config + key->offset);
  grown to = {0};
  throng_status status = THRONG_OK;
  bool raw = config->raw[key - config_keys];
  // What was put in already must not be read as standing for something again.
  if (!raw && (!strcmp(text, "~") || !strncmp(text, "~/", 2))) status = append(&to, "./", 2);
  while (status == THRONG_OK && *text) {
    const char *brace = raw ? NULL : strstr(text, "${");
    size_t size = brace ? (size_t)(brace - text) : strlen(text);
    status = append(&to, text, size);
    if (status == THRONG_OK && brace) status = append(&to, "$${", 3);
    text += brace ? size + 2 : size;
  }
  if (status == THRONG_OK) status = append(&to, "", 0);
  if (status != THRONG_OK) free(to.text);
  *out = status == THRONG_OK ? to.text : NULL;
  return status;
}
