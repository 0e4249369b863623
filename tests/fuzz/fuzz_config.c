/// libFuzzer target: any text as a config file, and as the value of an override.
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text) return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  throng_config config;
  if (config_load_text(text, size, "fuzz.json", NULL, &config) == THRONG_OK) {
    char *first = NULL, *second = NULL;
    throng_config again;
    if (config_use_set(&config, NULL) != THRONG_OK) abort();
    if (config_print(&config, &first) != THRONG_OK) abort();
    // What is printed must be accepted, and mean the same.
    if (config_load_text(first, strlen(first), "printed.json", NULL, &again) != THRONG_OK) abort();
    if (config_print(&again, &second) != THRONG_OK || strcmp(first, second)) abort();
    free(first);
    free(second);
    config_free(&again);
    config_free(&config);
  }
  const char *overrides[] = {text, NULL};
  if (config_load(NULL, overrides, &config) == THRONG_OK) config_free(&config);
  free(text);
  return 0;
}
