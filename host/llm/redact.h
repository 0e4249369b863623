/// Keys that a server sends back: whole ones of SECRET_LEAST characters and more become "***",
/// whether they come as they are, escaped for JSON (once or more), URLs or HTML, or in base64.
/// Nothing else of a text changes, and shorter keys change nothing: they could be words.
#ifndef THRONG_LLM_REDACT_H
#define THRONG_LLM_REDACT_H

#include <cjson/cJSON.h>

#include "base/status.h"

enum { SECRET_LEAST = 8, SECRETS_MOST = 16 };

typedef struct secrets {
  char *text[SECRETS_MOST];  // owned; overwritten when freed
  int32_t n;
} secrets;

/// Remember a secret (length); shorter ones and those beyond the last place are not. Errors:
/// MEMORY.
throng_status secrets_add(secrets *s, const char *text, size_t length);
void secrets_free(secrets *s);

/// In place. NULL `s` is allowed.
void redact(const secrets *s, char *text);
/// Every string of a tree, keys of objects included.
void redact_tree(const secrets *s, cJSON *tree);

#endif
