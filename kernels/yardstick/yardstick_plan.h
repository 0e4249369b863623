/// A look ahead from many lanes at once: a beam search over scratch lanes in which every answer
/// counts by its chance. A *root* is a lane of the simulator that plays; its beam are `width` plans
/// (nodes, lanes of one scratch simulator), and each is tried with every item of the root's
/// alphabet (children, lanes of a second one).
///
/// Arrays over nodes are (n_root, width), over children (n_root, width, n_candidate).
#ifndef THRONG_KERNELS_YARDSTICK_PLAN_H
#define THRONG_KERNELS_YARDSTICK_PLAN_H

#include "kernels/sim/sim_gather.h"
#include "kernels/yardstick/yardstick_search.h"

enum { PLAN_MOST_CANDIDATES = 64, PLAN_MOST_WIDTH = 64 };

/// What a user would answer, in expectation. Row = lane.
///
/// The answer that is written into the lane, from which it goes on, is the one that `answer` names,
/// or the likelier one (an even chance says like); the reward is the chance of a like, so that
/// returns are expected ones.
typedef struct yardstick_answer_args {
  yardstick_search_args ask;  // of the scratch lanes; yardstick: the myopic policy
  const uint8_t *answer;      // (n_lane) or NULL
  float *chance;              // (n_lane) of a like
} yardstick_answer_args;

THRONG_ROW void yardstick_answer_row(const yardstick_answer_args *a, int64_t lane) {
  const sim_args *s = &a->ask.sim;
  if (sim_idle(s, lane)) return;
  const int32_t item = s->action[lane];
  history_view h = sim_history(s, lane);
  const vote_sums sums =
      s->published.reviewer
          ? published_gather(&s->world, s->table, &s->published, &h, item)
          : vote_gather(&s->world, s->table, &s->rule, sim_preference_of(s, lane), &h, item);
  const float chance = yardstick_value_of(&a->ask, lane, &sums, item).expected;
  a->chance[lane] = chance;
  s->vote[lane].like = a->answer ? a->answer[lane] : (uint8_t)(chance >= 0.5f);
  s->reward[lane] = chance;
}

/// The items that a root's plans are made of: in rounds through a ranking, each round taking the
/// best item of every category that it has not met yet, so that a plan can change the subject.
/// Row = root.
typedef struct plan_alphabet_args {
  world_view world;
  int32_t n_ranked, n_candidate;
  const int32_t *ranked;  // (lanes of the playing simulator, n_ranked) best first
  const int32_t *lane;    // (n_root) of that simulator
  int32_t *alphabet;      // (n_root, n_candidate), -1 after the last
} plan_alphabet_args;

/// Has the item a category of which no bit is set? Sets them. Without categories: yes.
THRONG_ROW int plan_is_new(const world_view *w, int32_t item, uint64_t *met) {
  const int64_t begin = w->category_offset[item], end = w->category_offset[item + 1];
  int fresh = begin == end;
  for (int64_t k = begin; k < end; ++k) {
    const uint64_t bit = (uint64_t)1 << (w->category[k] % 64);
    fresh |= (*met & bit) == 0;
    *met |= bit;
  }
  return fresh;
}

THRONG_ROW void plan_alphabet_row(const plan_alphabet_args *a, int64_t root) {
  const int32_t *ranked = a->ranked + (int64_t)a->lane[root] * a->n_ranked;
  int32_t *alphabet = a->alphabet + root * a->n_candidate;
  int32_t n = 0, before;
  do {
    uint64_t met = 0;
    before = n;
    for (int32_t k = 0; k < a->n_ranked && n < a->n_candidate; ++k) {
      int taken = 0;
      for (int32_t j = 0; j < before; ++j) taken |= alphabet[j] == ranked[k];
      if (!taken && plan_is_new(&a->world, ranked[k], &met)) alphabet[n++] = ranked[k];
    }
  } while (n < a->n_candidate && n > before);
  for (; n < a->n_candidate; ++n) alphabet[n] = -1;
}

/// A plan so far.
typedef struct plan_node {
  float value;    // likes expected from it until now
  float present;  // chance that the user is still there; 0: no plan, or an ended one
  int32_t first;  // its first item; -1: none yet
} plan_node;

/// Which lane each child begins as, what it is shown, and whether it stands still. Row = child.
typedef struct plan_branch_args {
  sim_args node;  // the nodes' lanes, whose masks count
  int32_t width, n_candidate;
  const plan_node *plan;    // (n_root, width)
  const int32_t *alphabet;  // (n_root, n_candidate)
  int32_t *from;            // (n_child) lane of the nodes, or -1
  int32_t *action;          // (n_child)
  uint8_t *halted;          // (n_child)
} plan_branch_args;

THRONG_ROW void plan_branch_row(const plan_branch_args *a, int64_t child) {
  const int64_t node = child / a->n_candidate, root = node / a->width;
  const int32_t item = a->alphabet[root * a->n_candidate + child % a->n_candidate];
  const int idle =
      a->plan[node].present <= 0.0f || item < 0 || yardstick_masked(&a->node, node, item);
  a->from[child] = idle ? -1 : (int32_t)node;
  a->action[child] = item < 0 ? 0 : item;
  a->halted[child] = (uint8_t)idle;
}

/// The best children become the next nodes; what has ended, or ends with the last step of the
/// search, is held against the best plan. Row = root.
///
/// The rank of a child is what it has and could still get: value + present * steps that the search
/// still has. Ties go to the child whose item stands earlier in the alphabet, then to the earlier
/// node: so the beam holds many beginnings.
/// A plan whose user is still there after the last step goes on as it went: with its mean value a
/// step, for as many steps as a session is expected to last.
typedef struct plan_select_args {
  int32_t width, n_candidate;
  int32_t depth, left;  // steps taken with this one, and how many the search still takes
  float stay;           // chance that a user stays whatever happens (1 - sim.leave_probability)
  int32_t max_steps;
  const plan_node *plan;    // (n_root, width)
  const float *chance;      // (n_child)
  const uint8_t *halted;    // (n_child)
  const uint8_t *ended;     // (n_child) throng_end
  const int32_t *step;      // (n_child)
  const int32_t *alphabet;  // (n_root, n_candidate)
  plan_node *next;          // (n_root, width)
  int32_t *from;            // (n_root, width) child, or -1
  uint8_t *node_halted;     // (n_root, width)
  float *best_value;        // (n_root)
  int32_t *best;            // (n_root) first item of the best plan
} plan_select_args;

/// Sum of stay^k over the steps k = 0 .. n - 1.
THRONG_ROW float plan_tail(float stay, int32_t n) {
  float sum = 0.0f, present = 1.0f;
  for (int32_t k = 0; k < n && present > 1e-4f; ++k) {
    sum += present;
    present *= stay;
  }
  return sum;
}

THRONG_ROW plan_node plan_child(const plan_select_args *a, int64_t root, int64_t child) {
  const plan_node *node = &a->plan[child / a->n_candidate];
  plan_node c = {node->value + node->present * a->chance[child],
                 a->ended[child] ? 0.0f : node->present * a->stay, node->first};
  if (c.first < 0) c.first = a->alphabet[root * a->n_candidate + child % a->n_candidate];
  return c;
}

THRONG_ROW void plan_select_row(const plan_select_args *a, int64_t root) {
  const int64_t n_child = (int64_t)a->width * a->n_candidate;
  float rank[PLAN_MOST_WIDTH];
  int32_t kept[PLAN_MOST_WIDTH], n = 0;
  for (int32_t k = 0; k < n_child; ++k) {
    // Item by item, and not node by node: see above.
    const int64_t child = root * n_child + k % a->width * a->n_candidate + k / a->width;
    if (a->halted[child]) continue;
    const plan_node c = plan_child(a, root, child);
    const int32_t left = a->max_steps - a->step[child];
    if (c.present <= 0.0f || a->left == 0) {
      const float tail = c.present > 0.0f
                             ? c.present * c.value / (float)a->depth * plan_tail(a->stay, left)
                             : 0.0f;
      if (c.value + tail > a->best_value[root]) {
        a->best_value[root] = c.value + tail;
        a->best[root] = c.first;
      }
      continue;
    }
    const float mine = c.value + c.present * (float)(a->left < left ? a->left : left);
    int32_t at = n < a->width ? n++ : a->width;
    for (; at > 0 && mine > rank[at - 1]; --at)
      if (at < a->width) {
        rank[at] = rank[at - 1];
        kept[at] = kept[at - 1];
      }
    if (at == a->width) continue;
    rank[at] = mine;
    kept[at] = (int32_t)child;
  }
  for (int32_t k = 0; k < a->width; ++k) {
    const int64_t node = root * a->width + k;
    a->from[node] = k < n ? kept[k] : -1;
    a->node_halted[node] = (uint8_t)(k >= n);
    const plan_node none = {0.0f, 0.0f, -1};  // C++ knows no compound literals
    a->next[node] = k < n ? plan_child(a, root, kept[k]) : none;
  }
}

/// A ranking that begins with what was chosen and goes on as another one. Row = lane.
typedef struct plan_order_args {
  int32_t n_ranked, top;
  const int32_t *ranked;  // (n_lane, n_ranked), n_ranked >= top
  const int32_t *chosen;  // (n_lane), -1: as ranked
  int32_t *best;          // (n_lane, top)
} plan_order_args;

THRONG_ROW void plan_order_row(const plan_order_args *a, int64_t lane) {
  const int32_t *ranked = a->ranked + lane * a->n_ranked;
  int32_t *best = a->best + lane * a->top;
  int32_t n = 0;
  if (a->chosen[lane] >= 0) best[n++] = a->chosen[lane];
  for (int32_t k = 0; k < a->n_ranked && n < a->top; ++k)
    if (ranked[k] != a->chosen[lane]) best[n++] = ranked[k];
}

#endif
