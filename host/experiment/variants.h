/// Whose answers an experiment compares (votes alone, in pairs, joined), and how well they foretell
/// what users really answered.
#ifndef THRONG_EXPERIMENT_VARIANTS_H
#define THRONG_EXPERIMENT_VARIANTS_H

#include "evaluate/measures.h"
#include "evaluate/questions.h"
#include "experiment/experiment.h"

typedef struct experiment_variant {
  const char *name;
  throng_rule rule;                  // by which it answers
  float weights[THRONG_VOTE_COUNT];  // of its votes; their weighted mean is its score
} experiment_variant;

extern const experiment_variant experiment_variants[];
extern const int experiment_variant_count;
/// NULL where there is none.
const experiment_variant *experiment_variant_find(const char *name);

/// `votes` with the variant's rule and weights.
throng_votes_def experiment_variant_votes(const experiment_variant *v,
                                          const throng_votes_def *votes);

/// Questions about what users really answered, asked of every vote: of their later parts where the
/// world has some, else of their last interaction. Errors: DATA (all of them are of one kind, so
/// that nothing tells a good vote from a bad one), those of questions_make and questions_ask.
throng_status experiment_questions(const experiment_room *room, const throng_world *world,
                                   const throng_sta *sta, questions *out);
/// Why not all of the variant's votes have been asked (f_sta needs weights, f_pop and f_cal both
/// kinds of answers), or NULL where they have.
const char *experiment_variant_missing(const experiment_variant *v, const questions *q);
/// Have they? Where not, a note says that the variant is left out, and why.
bool experiment_variant_possible(const experiment_room *room, const experiment_variant *v,
                                 const questions *q);
/// What a row of a variant holds, beside its name; the row is added to the table afterwards.
typedef throng_status experiment_fill(experiment_room *room, const experiment_variant *v,
                                      const questions *q, experiment_row *row);
/// A row of the table for each variant that has none yet and whose votes can be asked; the others
/// are left out with a note. Errors: those of experiment_questions and of `fill`.
throng_status experiment_each_variant(experiment_room *room, experiment_fill *fill);
/// By measure_id: AUC and calibration of the weighted mean of the votes' scores; what begins with
/// answer_ is of the rule's answers, which are the reward. Errors: MEMORY, those of
/// throng_votes_evaluate.
throng_status experiment_variant_measure(const experiment_room *room, const throng_world *world,
                                         const throng_sta *sta, const experiment_variant *v,
                                         const questions *q, double value[MEASURE_COUNT]);

#endif
