/// Answers that are no JSON: lines with bars, tables, and lists of labelled lines.
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "llm/answer_reading.h"
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

/// Two bars divide three fields. Changes the text.
static bool split_bars(char *text, char *field[3]) {
  for (int i = 0; i < 3; ++i) {
    field[i] = text;
    if (i == 2) break;
    text = strchr(text, '|');
    if (!text) return false;
    *text++ = '\0';
  }
  // The right edge of a table.
  size_t n = strlen(field[2]);
  while (n && (isspace((unsigned char)field[2][n - 1]) || field[2][n - 1] == '|'))
    field[2][--n] = '\0';
  return true;
}

bool answer_take_line(answer_reading *r, char *line, chat_side heading) {
  char *field[3], *at = skip_bullet(line);
  size_t first = strcspn(at, "|:");
  chat_side side = at[first] && first < 32 ? answer_side_of(at, first) : 0;
  bool head = side != 0;  // the first field names the side
  if (head && at[first] == ':' && !strchr(at + first, '|')) return false;  // a heading
  if (head) at += first + 1;
  if (!strchr(at, '|')) return false;
  if (!head) side = answer_default_side(r, heading);
  if (!side) return false;
  if (!split_bars(at, field)) {
    if (head) ++r->shape->malformed;
    return head;
  }
  if (!head && answer_field_of(field[1], strlen(field[1])) == FIELD_EVIDENCE)
    return true;  // a table's head
  answer_reason reason = {.side = side, .reason = trim(field[0])};
  answer_add_evidence(&reason, trim(field[1]));
  answer_split_keywords(&reason, trim(field[2]));
  answer_take(r, &reason);
  return true;
}

/// "**Evidence:** text": the field that its label names, and the text behind; FIELD_NONE else.
static answer_field label_of(char *line, char **text) {
  char *colon = strchr(line, ':');
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
  bool any;
  chat_side heading;
  answer_field awaited;  // its label had no text: lines with bullets are its values
} listing;

static void flush(answer_reading *r, listing *list) {
  list->open.side = list->open.side ? list->open.side : answer_default_side(r, list->heading);
  // Only what has both is a reason; a label alone may be prose.
  if (list->open.side && list->open.n_evidence && list->open.n_keyword) answer_take(r, &list->open);
  list->open = (answer_reason){.reason = ""};
  list->any = false;
  list->awaited = FIELD_NONE;
}

static void take_labelled(answer_reading *r, listing *list, answer_field field, char *text) {
  answer_reason *open = &list->open;
  bool again = (field == FIELD_REASON && list->any) ||
               (field == FIELD_EVIDENCE && open->n_evidence) ||
               (field == FIELD_KEYWORDS && open->n_keyword);
  if (again) flush(r, list);
  list->any = true;
  list->awaited = *trim(text) ? FIELD_NONE : field;
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
  if (list->awaited && *mark && strchr("-*+", *mark)) {
    if (list->awaited == FIELD_KEYWORDS) answer_add_keyword(&list->open, bare(at));
    if (list->awaited == FIELD_EVIDENCE) answer_add_evidence(&list->open, bare(at));
    return;
  }
  chat_side heading = strlen(at) <= 80 ? answer_side_of(at, strlen(at)) : 0;
  if (!heading) return;
  flush(r, list);
  list->heading = heading;
}

throng_status answer_take_lines(answer_reading *r, const char *text) {
  char *copy;
  THRONG_TRY(answer_keep_text(r, text, strlen(text), &copy));
  listing list = {.open = {.reason = ""}};
  for (char *save = NULL, *line = strtok_r(copy, "\n", &save); line;
       line = strtok_r(NULL, "\n", &save))
    take_any(r, &list, line);
  flush(r, &list);
  return THRONG_OK;
}
