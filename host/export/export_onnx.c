/// The agent as an ONNX model: (user, state) to query and score of every item. The operators are
/// those of docs/file_formats.md's equations, one after the other.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "export/export.h"
#include "onnx.pb-c.h"

enum { MOST_NODES = 24, MOST_INPUTS = 3, MOST_TENSORS = 20, IR_VERSION = 8 };
enum { OPERATORS = 13, OPERATORS_OF_NORMS = 17 };  // sets that have all of a graph's operators
enum { ELEMENT_FLOAT = 1, ELEMENT_INT64 = 7, ATTRIBUTE_INT = 2 };

/// Messages and what they point at: weights lie in the agent's copy, names are literals.
typedef struct graph {
  OnnxModel__Node node[MOST_NODES], *nodes[MOST_NODES];
  char *input[MOST_NODES][MOST_INPUTS], *output[MOST_NODES][1];
  OnnxModel__Attribute attribute[MOST_NODES], *attributes[MOST_NODES][1];
  OnnxModel__Tensor tensor[MOST_TENSORS], *tensors[MOST_TENSORS];
  int64_t dims[MOST_TENSORS][2];
  size_t n_node, n_tensor;
} graph;

/// Messages take names as char *, and only read them.
static char *name_of(const char *literal) { return (char *)(uintptr_t)literal; }

/// `to` = op(a, b, c), with an attribute of whole numbers where `attribute` is not NULL.
static void add_node(graph *g, const char *op, const char *a, const char *b, const char *c,
                     const char *to, const char *attribute, int64_t value) {
  const size_t k = g->n_node++;
  const char *const given[] = {a, b, c};
  OnnxModel__Node *node = g->nodes[k] = &g->node[k];
  onnx_model__node__init(node);
  for (size_t i = 0; i < MOST_INPUTS && given[i]; ++i) {
    g->input[k][i] = name_of(given[i]);
    node->n_input = i + 1;
  }
  g->output[k][0] = name_of(to);
  node->input = g->input[k];
  node->output = g->output[k];
  node->n_output = 1;
  node->name = node->output[0];
  node->op_type = name_of(op);
  if (!attribute) return;
  onnx_model__attribute__init(&g->attribute[k]);
  g->attribute[k].name = name_of(attribute);
  g->attribute[k].i = value;
  g->attribute[k].type = ATTRIBUTE_INT;
  g->attributes[k][0] = &g->attribute[k];
  node->attribute = g->attributes[k];
  node->n_attribute = 1;
}

/// Weights of (rows, columns), or of (rows) where `columns` is 0.
static void add_tensor(graph *g, const char *name, const float *data, int64_t rows,
                       int64_t columns) {
  const size_t k = g->n_tensor++;
  OnnxModel__Tensor *t = g->tensors[k] = &g->tensor[k];
  onnx_model__tensor__init(t);
  g->dims[k][0] = rows;
  g->dims[k][1] = columns;
  t->dims = g->dims[k];
  t->n_dims = columns ? 2 : 1;
  t->data_type = ELEMENT_FLOAT;
  t->name = name_of(name);
  t->raw_data.data = (uint8_t *)(uintptr_t)data;
  t->raw_data.len = sizeof *data * (size_t)(rows * (columns ? columns : 1));
}

/// x = [state | the user's row].
static const char *add_input(graph *g, const agent_copy *c) {
  if (!c->user_width) return "state";
  add_tensor(g, "user_rows", c->user, c->n_user + 1, c->user_width);
  add_node(g, "Gather", "user_rows", "user", NULL, "user_row", "axis", 0);
  add_node(g, "Concat", "state", "user_row", NULL, "x", "axis", 1);
  return "x";
}

/// Names of a hidden layer's weights and of what it makes.
typedef struct layer {
  const char *weight, *bias, *gain, *shift, *sums, *normal, *out;
} layer;

/// out = activation(sums), sums = x weight + bias, or their norm. ONNX has torch's epsilon.
static void add_layer(graph *g, const agent_copy *c, const char *x, const layer *l) {
  const char *z = c->input_gain ? l->normal : l->sums;
  add_node(g, "Gemm", x, l->weight, l->bias, l->sums, NULL, 0);
  if (c->input_gain)
    add_node(g, "LayerNormalization", l->sums, l->gain, l->shift, l->normal, NULL, 0);
  add_node(g, strcmp(c->activation, "tanh") ? "Relu" : "Tanh", z, NULL, NULL, l->out, NULL, 0);
}

static void add_norms(graph *g, const agent_copy *c) {
  if (!c->input_gain) return;
  add_tensor(g, "input_gain", c->input_gain, c->n_hidden[0], 0);
  add_tensor(g, "input_shift", c->input_shift, c->n_hidden[0], 0);
  add_tensor(g, "hidden_gain", c->hidden_gain, c->n_hidden[1], 0);
  add_tensor(g, "hidden_shift", c->hidden_shift, c->n_hidden[1], 0);
}

static void add_query(graph *g, const agent_copy *c, const char *x) {
  const int64_t n_input = c->n_state + c->user_width;
  if (!c->query) {
    add_node(g, "Identity", "h", NULL, NULL, "query", NULL, 0);
    return;
  }
  add_tensor(g, "query_weight", c->query, c->n_hidden[1], c->width);
  add_tensor(g, "query_bias", c->query_bias, c->width, 0);
  add_tensor(g, "skip", c->skip, n_input, c->width);
  add_node(g, "Gemm", "h", "query_weight", "query_bias", "query_of_h", NULL, 0);
  add_node(g, "MatMul", x, "skip", NULL, "query_of_x", NULL, 0);
  add_node(g, "Add", "query_of_h", "query_of_x", NULL, "query", NULL, 0);
}

static void add_score(graph *g, const agent_copy *c, const char *x) {
  const int64_t n_input = c->n_state + c->user_width;
  const char *to = c->value ? "score_of_items" : "score";
  add_tensor(g, "item_vector", c->vector, c->n_item, c->width);
  add_tensor(g, "item_bias", c->bias, c->n_item, 0);
  add_node(g, "Gemm", "query", "item_vector", "item_bias", to, "transB", 1);
  if (!c->value) return;
  add_tensor(g, "value_weight", c->value, c->n_hidden[1], 1);
  add_tensor(g, "value_bias", c->value_bias, 1, 0);
  add_node(g, "Gemm", "h", "value_weight", "value_bias", "value_of_h", NULL, 0);
  if (c->value_skip) {
    add_tensor(g, "value_skip", c->value_skip, n_input, 1);
    add_node(g, "MatMul", x, "value_skip", NULL, "value_of_x", NULL, 0);
    add_node(g, "Add", "value_of_h", "value_of_x", NULL, "value", NULL, 0);
  }
  add_node(g, "Add", to, c->value_skip ? "value" : "value_of_h", NULL, "score", NULL, 0);
}

static void add_network(graph *g, const agent_copy *c) {
  const char *x = add_input(g, c);
  add_tensor(g, "input", c->input, c->n_state + c->user_width, c->n_hidden[0]);
  add_tensor(g, "input_bias", c->input_bias, c->n_hidden[0], 0);
  add_tensor(g, "hidden", c->hidden, c->n_hidden[0], c->n_hidden[1]);
  add_tensor(g, "hidden_bias", c->hidden_bias, c->n_hidden[1], 0);
  add_norms(g, c);
  static const layer first = {"input", "input_bias", "input_gain", "input_shift", "z0", "n0", "h0"};
  static const layer second = {"hidden", "hidden_bias", "hidden_gain", "hidden_shift", "z1", "n1",
                               "h"};
  add_layer(g, c, x, &first);
  add_layer(g, c, "h0", &second);
  add_query(g, c, x);
  add_score(g, c, x);
}

/// An input or output: (n) or (n, columns) of it.
typedef struct value {
  OnnxModel__ValueInfo info;
  OnnxModel__Type type;
  OnnxModel__Type__TensorType tensor;
  OnnxModel__TensorShape shape;
  OnnxModel__TensorShape__Dimension dimension[2], *dimensions[2];
} value;

static OnnxModel__ValueInfo *make_value(value *v, const char *name, int32_t element,
                                        int64_t columns) {
  onnx_model__value_info__init(&v->info);
  onnx_model__type__init(&v->type);
  onnx_model__type__tensor_type__init(&v->tensor);
  onnx_model__tensor_shape__init(&v->shape);
  for (int d = 0; d < 2; ++d) {
    onnx_model__tensor_shape__dimension__init(&v->dimension[d]);
    v->dimensions[d] = &v->dimension[d];
  }
  v->dimension[0].value_case = ONNX_MODEL__TENSOR_SHAPE__DIMENSION__VALUE_DIM_PARAM;
  v->dimension[0].dim_param = name_of("n");
  v->dimension[1].value_case = ONNX_MODEL__TENSOR_SHAPE__DIMENSION__VALUE_DIM_VALUE;
  v->dimension[1].dim_value = columns;
  v->shape.dim = v->dimensions;
  v->shape.n_dim = columns ? 2 : 1;
  v->tensor.elem_type = element;
  v->tensor.shape = &v->shape;
  v->type.tensor_type = &v->tensor;
  v->info.name = name_of(name);
  v->info.type = &v->type;
  return &v->info;
}

static throng_status write_model(const OnnxModel__Model *model, const char *path) {
  const size_t size = onnx_model__model__get_packed_size(model);
  void *bytes;
  atomic_file *file;
  if (size > INT32_MAX)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: %zu bytes of weights, an ONNX file holds 2^31 at most; --format "
                       "safetensors holds more",
                       path, size);
  THRONG_TRY(throng_alloc(&bytes, size, 1, "ONNX model"));
  onnx_model__model__pack(model, bytes);
  throng_status status = atomic_file_create(path, &file);
  if (status == THRONG_OK) {
    status = atomic_file_write(file, bytes, size);
    if (status == THRONG_OK)
      status = atomic_file_commit(file);
    else
      atomic_file_abort(file);
  }
  free(bytes);
  return status;
}

/// As the metadata of the safetensors file.
static void make_properties(const agent_copy *c, char text[4][24], OnnxModel__StringPair pair[7],
                            OnnxModel__StringPair *pairs[7]) {
  const int32_t number[4] = {c->history, c->n_direction, c->n_category, c->n_user_feature};
  for (int k = 0; k < 4; ++k) snprintf(text[k], sizeof text[k], "%d", number[k]);
  const char *const property[7][2] = {{"algorithm", c->algorithm},
                                      {"head", c->head},
                                      {"score", strcmp(c->algorithm, "dqn") ? "logit" : "q"},
                                      {"history", text[0]},
                                      {"directions", text[1]},
                                      {"categories", text[2]},
                                      {"user_features", text[3]}};
  for (int k = 0; k < 7; ++k) {
    onnx_model__string_pair__init(&pair[k]);
    pair[k].key = name_of(property[k][0]);
    pair[k].value = name_of(property[k][1]);
    pairs[k] = &pair[k];
  }
}

static throng_status write_graph(graph *g, const export_agent *e, const char *path) {
  const agent_copy *c = &e->network;
  OnnxModel__Model model = ONNX_MODEL__MODEL__INIT;
  OnnxModel__Graph body = ONNX_MODEL__GRAPH__INIT;
  OnnxModel__OperatorSet set = ONNX_MODEL__OPERATOR_SET__INIT, *sets[] = {&set};
  OnnxModel__StringPair pair[7], *pairs[7];
  value values[4];
  char text[4][24];
  OnnxModel__ValueInfo *inputs[] = {make_value(&values[0], "state", ELEMENT_FLOAT, c->n_state),
                                    make_value(&values[1], "user", ELEMENT_INT64, 0)};
  OnnxModel__ValueInfo *outputs[] = {make_value(&values[2], "query", ELEMENT_FLOAT, c->width),
                                     make_value(&values[3], "score", ELEMENT_FLOAT, c->n_item)};
  add_network(g, c);
  make_properties(c, text, pair, pairs);
  set.version = c->input_gain ? OPERATORS_OF_NORMS : OPERATORS;
  body.name = name_of("agent");
  body.node = g->nodes;
  body.n_node = g->n_node;
  body.initializer = g->tensors;
  body.n_initializer = g->n_tensor;
  body.input = inputs;
  body.n_input = c->user_width ? 2 : 1;
  body.output = outputs;
  body.n_output = 2;
  model.ir_version = IR_VERSION;
  model.producer_name = name_of("throng");
  model.producer_version = name_of(throng_version());
  model.graph = &body;
  model.opset_import = sets;
  model.n_opset_import = 1;
  model.metadata_props = pairs;
  model.n_metadata_props = 7;
  return write_model(&model, path);
}

throng_status export_onnx(const export_agent *e, const char *path) {
  char beside[PATH_MAX + 32];
  void *block;
  if (strlen(path) >= PATH_MAX) return throng_fail(THRONG_ERROR_IO, "%s: too long a path", path);
  THRONG_TRY(throng_alloc(&block, 1, sizeof(graph), "ONNX graph"));
  throng_status status = write_graph(block, e, path);
  free(block);
  if (status != THRONG_OK) return status;
  snprintf(beside, sizeof beside, "%s.sample.safetensors", path);
  return export_sample(e, beside);
}
