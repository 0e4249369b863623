/// The options of f_sta (SASRec) and of its fit.
#include "sta/sta_fields.h"

#include "kernels/sta/sta_view.h"
#include "throng/sta.h"

static const char *const objective_names[] = {
    [THRONG_STA_LABEL] = "label", [THRONG_STA_NEXT_ITEM] = "next_item", NULL};

static const char *const stop_names[] = {
    [THRONG_STA_STOP_AUC] = "auc", [THRONG_STA_STOP_LOG_LOSS] = "log_loss", NULL};

#define FIELD_DEF throng_sta_def
static const field sta_rows[] = {
    FIELD_I32("width", width, 32, 1, STA_MAX_WIDTH, 0, "length of every embedding"),
    FIELD_I32("layers", layers, 2, 1, STA_MAX_LAYERS, 0, "attention layers"),
    FIELD_I32("heads", heads, 1, 1, STA_MAX_WIDTH, 0, "attention heads; divides sta.width"),
    FIELD_I32("window", window, 50, 2, STA_MAX_WINDOW, 0,
              "history entries that the model reads; even"),
    FIELD_BOOL("labels", labels, true, 0, "the model sees whether a past item was liked"),
    FIELD_BOOL("scale_labels", scale_labels, true, 0,
               "the past answer's embedding enters times sqrt(sta.width), as the item's does; "
               "weights of before this option: false"),
    FIELD_BOOL("biases", biases, false, 0,
               "add a bias of the user and one of the item to the logit (label objective)"),
    FIELD_ENUM("objective", throng_sta_objective, objective, objective_names, THRONG_STA_LABEL, 0,
               "label: the real 0/1 answers; next_item: the next item against sampled negatives"),
    FIELD_F32("dropout", dropout, 0.2, 0, 0.95, 0, "share of activations dropped in the fit"),
    FIELD_F32("learning_rate", learning_rate, 0.003, 1e-9, 10, 0, "Adam's step size"),
    FIELD_F32("weight_decay", weight_decay, 5e-6, 0, 100, 0, "L2 added to the gradient"),
    FIELD_F32("beta1", beta1, 0.9, 0, 0.999999, 0, "Adam's first decay"),
    FIELD_F32("beta2", beta2, 0.999, 0, 0.9999999, 0, "Adam's second decay"),
    FIELD_I32("batch", batch, 128, 1, 65536, 0, "windows a step"),
    FIELD_I32("epochs", epochs, 30, 1, 100000, 0, "epochs at most"),
    FIELD_I32("patience", patience, 6, 1, 100000, 0,
              "epochs without a better validation before stopping"),
    FIELD_ENUM("stop_on", throng_sta_stop_on, stop_on, stop_names, THRONG_STA_STOP_AUC, 0,
               "what is to be better on the validation answers; next_item: always NDCG@10"),
    FIELD_I32(
        "negatives", negatives, -1, -1, 1000, 0,
        "unseen items that stand as dislikes beside each like in the fit (label); -1: 1 where the "
        "world has no dislikes, else 0"),
    FIELD_F32("threshold", threshold, 0.5, 0, 1, 0, "f_sta votes 1 where p reaches it"),
    FIELD_SEED("seed", seed, 1, FIELD_FOLLOWS_SEED,
               "seed of the fit; follows train.seed unless given"),
};
#undef FIELD_DEF
const field_table sta_fields = FIELD_TABLE("sta", throng_sta_def, sta_rows);

throng_sta_def throng_default_sta_def(void) {
  throng_sta_def def;
  fields_default(&sta_fields, &def);
  return def;
}
