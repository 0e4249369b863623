/// What TensorBoard shows of a run beside the numbers of metrics.jsonl: f_sta's epochs, the return
/// and its yardsticks side by side, histograms, and a layout of charts. Tags are grouped by their
/// first part: return/, histogram/, sta/, train/, evaluation/.
#ifndef THRONG_TRAIN_TRAIN_BOARD_H
#define THRONG_TRAIN_TRAIN_BOARD_H

#include "report/tensorboard.h"
#include "train/session.h"

/// The layout, and "sta/train_loss", "sta/validation_auc", ... by epoch, where the weights (NULL:
/// none) know how they were fitted. Errors: IO, MEMORY.
throng_status train_board_begin(tensorboard *board, const throng_sta *sta);
/// After an evaluation. "return/agent", with several agents "return/best" (`best`), and
/// "return/<yardstick>" as often, so that it is a line; of the first agent that learns
/// "histogram/return" of its sessions, "histogram/keywords_liked" and "histogram/keywords_disliked"
/// of the items that they were shown, and "histogram/q" (of policies "histogram/logits"): the
/// scores of the whole catalogue, or a million of them, for the first users that they met.
/// Errors: IO, MEMORY, BACKEND.
throng_status train_board_evaluation(tensorboard *board, throng_session *session, double best);

#endif
