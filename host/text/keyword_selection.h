/// How the lexical provider selects keywords. Everything is learned from training rows alone
/// (data/split.h).
///
/// With review texts:
/// - subjective, per item: the item's liked reviews against all disliked reviews of the corpus give
///   P_sub, its disliked reviews against all liked ones N_sub: terms by falling z of the log-odds
///   ratio (log_odds.h), the corpus as the prior. The other side of the whole corpus is the
///   background because most items have few or no bad reviews of their own.
/// - objective, per category: the liked against the disliked reviews of the category's items. An
///   item gets, of the category's best REASON_POOL x per_category terms, those that its facts or
///   its reviews mention, and the category's very best where it mentions none. Terms of which one
///   item has more than half (names, mostly) say nothing about a category and are left out. Items
///   without a category share one group.
///
/// Without texts, attributes: an item's attributes ordered by the z of their log-odds between likes
/// and dislikes give P from the top and N from the bottom. Both lists may share attributes: what
/// one user loves another hates.
///
/// On every path the room on a side follows the item's reception (data/training.h): all of `most`
/// on the better side, a share on the other. Reception itself is an attribute word where it stands
/// out.
#ifndef THRONG_TEXT_KEYWORD_SELECTION_H
#define THRONG_TEXT_KEYWORD_SELECTION_H

#include <math.h>
#include <string.h>

#include "text/keyword_builder.h"
#include "text/log_odds.h"
#include "text/terms.h"

enum { RECEPTION_LEVELS = 3, REASON_POOL = 10, REASON_FALLBACK = 2 };

typedef struct selection {
  const keywords_def *def;
  const dataset *data;
  const throng_progress *progress;
  const keyword_sets *sets;  // its categories are made already
  item_bounds bounds;
  training train;
  term_table terms;             // with texts
  string_table attribute_name;  // without
  keyword_builder builder;
  int64_t *n_items;             // (keywords) items that have each, after bounding
  int32_t *reason[SIDE_COUNT];  // (n_category + 1, pool) best terms of a category, -1 after the
                                // last; the last row is that of all items together
  int64_t pool;
} selection;

/// Keywords that a side of the item may have, of `most`: most * min(1, 2 share), at least 1.
int64_t selection_budget(const selection *s, keyword_side side, int64_t item, int64_t most);
throng_status select_terms(selection *s);
throng_status select_attributes(selection *s);
throng_status select_reception(selection *s, int64_t first_keyword);
/// After bounding: give an item without keywords on a side its categories' best ones (those of all
/// items, failing that), as long as they stay within bounds.
throng_status fill_empty_sides(selection *s);

/// A candidate keyword with its z-score; sorted by falling z, then rising keyword.
typedef struct candidate {
  double z;
  int32_t keyword;
} candidate;
void candidates_sort(candidate *list, size_t n);

#endif
