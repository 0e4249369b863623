/// JSON Schema of the two keys whose values are JSON: a sweep's space and its objectives.
#include <string.h>

#include "config/keys.h"
#include "space/space.h"
#include "space/sweep_fields.h"

static const char parameter_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"min\":{\"type\":\"number\",\"description\":\"least value\"},"
    "\"max\":{\"type\":\"number\",\"description\":\"largest value\"},"
    "\"log\":{\"type\":\"boolean\",\"description\":\"uniform in the logarithm\"},"
    "\"step\":{\"type\":\"number\",\"exclusiveMinimum\":0,\"description\":"
    "\"values min, min + step, ..; integers without one have step 1\"},"
    "\"values\":{\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true,\"description\":"
    "\"one of these\"},"
    "\"value\":{\"description\":\"this one\"},"
    "\"when\":{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":1,\"description\":"
    "\"it applies only where another parameter of the space has this value, one of these values, "
    "or one in {min, max}\"}}}";

static const char objective_schema[] =
    "{\"$defs\":{\"one\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\","
    "\"additionalProperties\":false,\"required\":[\"metric\"],\"properties\":{"
    "\"metric\":{\"type\":\"string\"},\"direction\":{\"enum\":[\"maximize\",\"minimize\"],"
    "\"default\":\"maximize\"}}}]}},"
    "\"anyOf\":[{\"$ref\":\"#/properties/sweep/properties/objective/$defs/one\"},"
    "{\"type\":\"array\",\"minItems\":1,\"maxItems\":4,\"items\":"
    "{\"$ref\":\"#/properties/sweep/properties/objective/$defs/one\"}},{\"type\":\"null\"}]}";

_Static_assert(SWEEP_MOST_OBJECTIVES == 4, "objective_schema's maxItems");

static cJSON *space_schema(void) {
  cJSON *node = cJSON_CreateObject();
  cJSON *types = cJSON_AddArrayToObject(node, "type");
  cJSON_AddItemToArray(types, cJSON_CreateString("object"));
  cJSON_AddItemToArray(types, cJSON_CreateString("null"));
  cJSON_AddNumberToObject(node, "maxProperties", SPACE_MOST);
  cJSON_AddFalseToObject(node, "additionalProperties");
  cJSON *defs = cJSON_AddObjectToObject(node, "$defs");
  cJSON_AddItemToObject(defs, "parameter", cJSON_Parse(parameter_schema));
  cJSON *properties = cJSON_AddObjectToObject(node, "properties");
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i) {
    if (!(key.field->flags & FIELD_SWEEPABLE)) continue;
    cJSON *one = cJSON_AddObjectToObject(properties, key.path);
    cJSON_AddStringToObject(one, "description", key.field->help);
    cJSON_AddStringToObject(one, "$ref", "#/properties/sweep/properties/space/$defs/parameter");
  }
  return node;
}

cJSON *config_json_schema(const config_key *key) {
  cJSON *node = strcmp(key->path, "sweep.space") ? cJSON_Parse(objective_schema) : space_schema();
  cJSON_AddStringToObject(node, "description", key->field->help);
  cJSON_AddNullToObject(node, "default");
  return node;
}
