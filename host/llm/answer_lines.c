/// Answers that are no JSON: lines with bars, tables, and lists of labelled lines.
#include "llm/answer_lines.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "llm/answer_words.h"

static char *trim(char *text) {
  while (isspace((unsigned char)*text)) ++text;
  size_t n = strlen(text);
  while (n && isspace((unsigned char)text[n - 1])) text[--n] = '\0';
  return text;
}

/// Past bullets, numbers and what marks headings and bold text.
static char *skip_bullet(char *line) {
  while (*line && (isspace((unsigned char)*line) || isdigit((unsigned char)*line) ||
                   strchr("-*.)#>_|+", *line)))
    ++line;
  return line;
}

enum { MOST_CELLS = ANSWER_MAX_COLUMNS };

/// The cells between bars, with or without bars at the edges; the last one keeps what is too much.
/// Changes the text.
static int split_bars(char *text, char *cell[MOST_CELLS]) {
  text = trim(text);
  if (*text == '|') ++text;
  size_t n = strlen(text);
  if (n && text[n - 1] == '|') text[n - 1] = '\0';
  int count = 0;
  for (char *next; text; text = next) {
    next = count < MOST_CELLS - 1 ? strchr(text, '|') : NULL;
    if (next) *next++ = '\0';
    cell[count++] = trim(text);
  }
  return count;
}

/// A table's head names its columns, in whatever order they stand.
static bool take_head(answer_reading *r, char *const *cell, int n) {
  bool evidence = false, keywords = false;
  for (int i = 0; i < n; ++i) {
    answer_field field = answer_field_of(cell[i], strlen(cell[i]));
    evidence |= field == FIELD_EVIDENCE;
    keywords |= field == FIELD_KEYWORDS;
  }
  if (!evidence || !keywords) return false;
  for (int i = 0; i < n; ++i) r->column[i] = answer_field_of(cell[i], strlen(cell[i]));
  r->n_column = n;
  return true;
}

/// A row below a head.
static void take_row(answer_reading *r, char *const *cell, int n, chat_side heading) {
  answer_reason reason = {.reason = ""};
  bool rule = true;
  for (int i = 0; i < n && i < r->n_column; ++i) {
    rule &= cell[i][strspn(cell[i], "-:= ")] == '\0';
    if (r->column[i] == FIELD_REASON) reason.reason = cell[i];
    if (r->column[i] == FIELD_EVIDENCE) answer_add_evidence(&reason, cell[i]);
    if (r->column[i] == FIELD_KEYWORDS) answer_split_keywords(&reason, cell[i], false);
    if (r->column[i] == FIELD_SIDE) reason.side = answer_side_of(cell[i], strlen(cell[i]));
  }
  if (rule) return;
  if (!reason.side) reason.side = answer_default_side(r, heading);
  if (reason.side) answer_take(r, &reason);
}

bool answer_take_line(answer_reading *r, char *line, chat_side heading) {
  char *cell[MOST_CELLS], *at = skip_bullet(line);
  if (!strchr(line, '|')) return r->n_column = 0, false;
  chat_side side = 0;
  size_t first = strcspn(at, "|:");
  if (at[first] == ':' && first < 32 && (side = answer_side_of(at, first))) at += first + 1;
  // The first of four says the side; of three it is a reason ("good sound").
  int n = split_bars(line[strspn(line, " \t")] == '|' ? line : at, cell);
  if (!side && take_head(r, cell, n)) return true;
  if (r->n_column != n) r->n_column = 0;  // the table is over
  if (r->n_column) return take_row(r, cell, n, heading), true;
  char **field = cell;
  for (; n > 3 && !*skip_bullet(field[0]); --n) ++field;  // a number
  chat_side own = side || strlen(field[0]) >= 32 ? 0 : answer_side_of(field[0], strlen(field[0]));
  bool headed = own && (n > 3 || !heading);
  if (headed) side = own;
  field += headed;
  n -= headed;
  bool named = side != 0;
  if (!side) side = answer_default_side(r, heading);
  if (!side) return false;
  if (n < 3) {
    if (named) ++r->shape->malformed;
    return named;
  }
  answer_reason reason = {.side = side, .reason = field[0]};
  answer_add_evidence(&reason, field[1]);
  for (int i = 2; i < n; ++i) answer_split_keywords(&reason, field[i], false);
  answer_take(r, &reason);
  return true;
}

/// "**Evidence:** text": the field that its label names, and the text behind; FIELD_NONE else.
static answer_field label_of(char *line, char **text) {
  char *colon = strpbrk(line, ":=");
  if (!colon || colon - line > 32) return FIELD_NONE;
  answer_field field = answer_field_of(line, (size_t)(colon - line));
  *text = colon + 1;
  while (isspace((unsigned char)**text) || **text == '*' || **text == '_') ++*text;
  return field;
}

/// Quotes and brackets around a text are not of it.
static char *bare(char *text) {
  text = trim(text);
  size_t n = strlen(text);
  while (n > 1 && strchr("\"'`[(*_", *text) && strchr("\"'`])*_", text[n - 1])) {
    text[n - 1] = '\0';
    text = trim(text + 1);
    n = strlen(text);
  }
  return text;
}

typedef struct listing {
  answer_reason open;  // fields so far
  bool any;            // of them but the side
  chat_side heading;
  answer_field last;     // label
  answer_field awaited;  // its label had no text: lines with bullets are its values
  bool block;            // YAML's "|" or ">": and lines without
} listing;

static void flush(answer_reading *r, listing *list) {
  list->open.side = list->open.side ? list->open.side : answer_default_side(r, list->heading);
  // Only what has both is a reason; a label alone may be prose.
  if (list->open.side && list->open.n_evidence && list->open.n_keyword) answer_take(r, &list->open);
  list->open = (answer_reason){.reason = ""};
  list->any = false;
  list->awaited = list->last = FIELD_NONE;
}

/// YAML's mark of a text that stands in the lines below.
static bool is_block(const char *text) {
  return (*text == '|' || *text == '>') && text[strcspn(text, " \t")] == '\0' && strlen(text) < 4;
}

static void take_labelled(answer_reading *r, listing *list, answer_field field, char *text) {
  answer_reason *open = &list->open;
  // Two of a kind in a row are one field's values.
  bool again = (field == FIELD_REASON && list->any) || (field == FIELD_SIDE && open->side) ||
               (field == FIELD_EVIDENCE && open->n_evidence && list->last != field) ||
               (field == FIELD_KEYWORDS && open->n_keyword && list->last != field);
  if (again) flush(r, list);
  list->any |= field != FIELD_SIDE;
  list->last = field;
  text = trim(text);
  list->block = is_block(text);
  list->awaited = *text && !list->block ? FIELD_NONE : field;
  if (list->block) return;
  if (field == FIELD_REASON) open->reason = bare(text);
  if (field == FIELD_EVIDENCE) answer_add_evidence(open, bare(text));
  if (field == FIELD_SIDE) open->side = answer_side_of(text, strlen(text));
  if (field != FIELD_KEYWORDS) return;
  for (char *save = NULL, *word = strtok_r(bare(text), ";,", &save); word;
       word = strtok_r(NULL, ";,", &save))
    answer_add_keyword(open, bare(word));
}

static void take_any(answer_reading *r, listing *list, char *line) {
  char *text, *at = skip_bullet(line);
  answer_field field = label_of(at, &text);
  if (field != FIELD_NONE) {
    take_labelled(r, list, field, text);
    return;
  }
  if (answer_take_line(r, line, list->heading)) return;
  const char *mark = line + strspn(line, " \t");
  if (list->awaited && *mark && (list->block || strchr("-*+", *mark))) {
    if (list->awaited == FIELD_REASON) list->open.reason = bare(at);
    if (list->awaited == FIELD_KEYWORDS) answer_add_keyword(&list->open, bare(at));
    if (list->awaited == FIELD_EVIDENCE) answer_add_evidence(&list->open, bare(at));
    return;
  }
  chat_side heading = strlen(at) <= 80 ? answer_side_of(at, strlen(at)) : 0;
  if (!heading) return;
  flush(r, list);
  list->heading = heading;
}

/// "<evidence>text</evidence>" as a label and its text.
static void open_tags(char *text) {
  for (char *at = text; (at = strchr(at, '<')); ++at) {
    bool closing = at[1] == '/';
    char *name = at + 1 + closing, *end = name;
    while (isalnum((unsigned char)*end) || *end == '_' || *end == '-') ++end;
    if (end == name || !*end || !strchr("> \t/", *end)) continue;
    char *close = strchr(end, '>');
    if (!close) return;
    memset(end, ' ', (size_t)(close + 1 - end));
    if (closing)
      memset(at, ' ', (size_t)(close + 1 - at));
    else
      *end = ':';
    *at = '\n';
  }
}

/// Labels within a line begin lines of their own: "a (evidence: b; keywords: c)".
static void break_labels(char *text) {
  for (char *at = text; (at = strpbrk(at, "|;,(")); ++at) {
    char *from = at + 1, *value;
    from += strspn(from, " \t*_\"'");
    size_t letters = 0;
    while (isalpha((unsigned char)from[letters]) || from[letters] == '_' || from[letters] == ' ')
      ++letters;
    char *colon = from + letters + strspn(from + letters, "*_\"'");
    if (letters && *colon == ':' && label_of(from, &value) != FIELD_NONE) *at = '\n';
  }
}

throng_status answer_take_lines(answer_reading *r, const char *text, chat_side heading) {
  char *copy;
  THRONG_TRY(answer_keep_text(r, text, strlen(text), &copy));
  if (strstr(copy, "</")) open_tags(copy);
  if (!strchr(copy, '{')) break_labels(copy);  // no JSON that could not be read
  listing list = {.open = {.reason = ""}, .heading = heading};
  r->n_column = 0;
  for (char *save = NULL, *line = strtok_r(copy, "\n", &save); line;
       line = strtok_r(NULL, "\n", &save))
    take_any(r, &list, line);
  flush(r, &list);
  return THRONG_OK;
}
