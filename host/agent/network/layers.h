/// What networks are made of, over all agents at once: products, hidden layers, sums by key.
#ifndef THRONG_AGENT_LAYERS_H
#define THRONG_AGENT_LAYERS_H

#include "agent/network/network.h"
#include "kernels/agent/flat_input.h"

/// C (m, n) of every agent from its own A and B, all contiguous.
throng_status layer_product(const network *n, bool transpose_a, bool transpose_b, int64_t m,
                            int64_t columns, int64_t k, const float *x, const float *y, float beta,
                            float *c);
/// x (rows, width) += bias, then the network's activation where `hidden`.
throng_status layer_bias(const network *n, float *x, const float *bias, int64_t rows, int64_t width,
                         bool hidden);
/// d (rows, width) times the derivative of the network's activation, whose output is y.
throng_status layer_activation_gradient(const network *n, float *d, const float *y, int64_t rows,
                                        int64_t width);
/// to (width) = sum of x (rows, width)
throng_status layer_sum_columns(const network *n, const float *x, int64_t rows, int64_t width,
                                float *to);
/// The sums of the histories' slots by KERNEL_flat_input, of `rows` rows of each agent.
throng_status layer_flat_input(const network *n, const flat_input_args *input, int64_t rows);
/// Gradient of a table (n_agent, n_index, width) of which rows are looked up: to = sums of
/// scale . from by (agent, index), zeros where there are none. Of each row of `from` `each` indices
/// below `n_index`, -1 for none; scale: one an index, or NULL: 1. `groups` is the table's own and
/// lives on to its next gradient; `of`: groups that were made of the same indices, or NULL.
throng_status layer_table_gradient(const network *n, const key_groups *groups, const key_groups *of,
                                   const int32_t *index, int32_t each, int64_t n_index,
                                   const float *scale, const float *from, int64_t width, float *to);

/// What is to be seen of users who change, into the columns before the users' rows.
throng_status layer_user_features(const network *n, network_pass *pass);
/// The users' rows into the last user_width columns of the features.
throng_status layer_user(const network *n, const parameter_set *w, network_pass *pass);
/// hidden0 = features . INPUT
throng_status layer_input(const network *n, const parameter_set *w, network_pass *pass);
/// The norm and the activation of hidden layer 0's sums, which stand in hidden0 as they are;
/// nothing where the network has no norms: then they have had their activation.
throng_status layer_norm_input(const network *n, const parameter_set *w, network_pass *pass);
/// hidden1 = activation(hidden0 . HIDDEN + HIDDEN_BIAS), with the sums' norm where there is one
throng_status layer_hidden(const network *n, const parameter_set *w, network_pass *pass);
/// From scratch->d_hidden1: gradients of both hidden layers and the dense input; leaves that of
/// hidden0 before its activation and norm in scratch->d_hidden0.
throng_status layer_hidden_gradients(const network *n, const parameter_set *w,
                                     const network_pass *pass, network_scratch *scratch,
                                     parameter_set *g);
/// The derivative of hidden0 along `along`, before INPUT_BIAS and activation; leaves that of the
/// users' rows in to->user.
throng_status layer_input_tangent(const network *n, const parameter_set *w,
                                  const parameter_set *along, const network_pass *pass,
                                  network_tangent *to);
/// That of hidden1, from to->hidden0.
throng_status layer_hidden_tangent(const network *n, const parameter_set *w,
                                   const parameter_set *along, const network_pass *pass,
                                   network_tangent *to);
/// to (rows, k) += user (rows, user_width) . the users' rows of a matrix (n_input, k)
throng_status layer_from_user(const network *n, const float *user, int64_t rows, int64_t k,
                              const float *matrix, float *to);
/// d_user (rows, user_width) = beta d_user + d (rows, k) . (the user's rows of a matrix (n_input,
/// k))^T
throng_status layer_into_user(const network *n, network_scratch *scratch, const float *d,
                              int64_t rows, int64_t k, const float *matrix, float beta);
/// Gradient of USER from d_user.
throng_status layer_user_gradient(const network *n, const network_pass *pass,
                                  network_scratch *scratch, parameter_set *g);
/// Gradients of ITEM_VECTOR and ITEM_BIAS from those of the items' vectors and biases.
throng_status layer_item_gradients(const network *n, const int32_t *item, const float *d_vector,
                                   const float *d_bias, network_scratch *scratch, parameter_set *g);

#endif
