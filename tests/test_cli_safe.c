/// What comes from files never steers the terminal of the person who looks at it.
#include <fcntl.h>
#include <poll.h>

#include "cli_driver.h"

/// ESC, the CSI of C1 in UTF-8, DEL, and a mark that turns the direction of text.
#define EVIL          \
  "a\x1b[2Jb\xc2\x9b" \
  "31mc\x7f\xe2\x80\xae"
#define SHOWN "a\\x1b[2Jb\\x9b31mc\\x7f\\u202e"

static void make_evil_world(void) {
  write_file("r.csv",
             "user,item,rating\n\"" EVIL "\n\",\"i" EVIL "\",5\n\"" EVIL "\n\",i2,1\n\"" EVIL
             "\n\",i3,4\nv,i3,2\nv,i2,4\nv,\"i" EVIL "\",1\n\xd0\xb6,i2,5\n");
  write_file("k.jsonl",
             "{\"item\": \"ia\\u001b[2Jb\\u009b31mc\\u007f\\u202e\", \"categories\": "
             "[\"c\\u009b7m\\u2067\"],"
             " \"pros\": [\"warm\\u009b5m\", \"clear\"], \"cons\": [\"short\"]}\n"
             "{\"item\": \"i2\", \"categories\": [\"c\\u009b7m\\u2067\"], \"pros\": "
             "[\"warm\\u009b5m\"], "
             "\"cons\": [\"short\"]}\n{\"item\": \"i3\", \"categories\": [\"c\\u009b7m\\u2067\"], "
             "\"pros\": [\"warm\\u009b5m\"], \"cons\": [\"short\"]}\n");
  write_file("evil.json",
             "{\"dataset\": {\"format\": \"csv\", \"file\": \"r.csv\", \"like_threshold\": 3,"
             " \"columns\": {\"user\": \"user\", \"item\": \"item\", \"rating\": \"rating\"}},"
             "\"keywords\": {\"provider\": \"file\", \"file\": \"k.jsonl\"},"
             "\"embedding\": {\"dim\": 2}}");
}

/// Nothing but text, line ends and tabs, and whole UTF-8.
static bool steers_nothing(const char *text) {
  for (const unsigned char *c = (const unsigned char *)text; *c; ++c) {
    if ((*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f) return false;
    if (*c == 0xc2 && c[1] < 0xa0) return false;
    if (*c == 0xe2 && c[1] == 0x80 && c[2] == 0xae) return false;
  }
  return true;
}

TEST(cli_safe, explain_and_messages_show_what_would_steer_a_terminal) {
  make_evil_world();
  EXPECT_EQ(throng("prepare evil.json -o w.safetensors"), 0);
  EXPECT_TRUE(steers_nothing(last.out) && steers_nothing(last.err));
  ASSERT_EQ(throng("explain w.safetensors --user \"$(printf '" EVIL "\\n.')\" --item i3"), 1);
  EXPECT_TRUE(steers_nothing(last.err));
  EXPECT_CONTAINS(last.err, "no user '" SHOWN);
  ASSERT_EQ(throng("explain w.safetensors --user v --item \"i$(printf '" EVIL "')\""), 0);
  EXPECT_TRUE(steers_nothing(last.out));
  EXPECT_CONTAINS(last.out, "item i" SHOWN);
  EXPECT_CONTAINS(last.out, "c\\x9b7m\\u2067");
  EXPECT_CONTAINS(last.out, "warm\\x9b5m");
  ASSERT_EQ(throng("explain w.safetensors --user \xd0\xb6 --item i2"), 0);
  EXPECT_CONTAINS(last.out, "User \xd0\xb6 and item i2");
}

TEST(cli_safe, an_id_that_holds_a_line_end_stays_on_its_line) {
  make_evil_world();
  ASSERT_EQ(throng("prepare evil.json -q -o w.safetensors"), 0);
  ASSERT_EQ(throng("explain w.safetensors --item i3 --user \"$(printf '" EVIL "\\n\\n.')\""), 1);
  EXPECT_CONTAINS(last.err, "did you mean '" SHOWN "\\n'");
  ASSERT_EQ(throng("explain w.safetensors --item i3 --user '" EVIL "\n'"), 0);
  EXPECT_CONTAINS(last.out, "User " SHOWN "\\n and item i3");
}

TEST(cli_safe, json_escapes_what_would_steer_a_terminal_and_means_the_same) {
  make_evil_world();
  ASSERT_EQ(throng("prepare evil.json -q -o w.safetensors"), 0);
  ASSERT_EQ(throng("explain w.safetensors --json --user v --item \"i$(printf '" EVIL "')\""), 0);
  EXPECT_TRUE(steers_nothing(last.out));
  cJSON *document = cJSON_Parse(last.out);
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(document, "item")), "i" EVIL);
  cJSON_Delete(document);
}

TEST(cli_safe, votes_in_a_file_or_a_pipe_hold_the_ids_byte_for_byte) {
  make_evil_world();
  ASSERT_EQ(throng("prepare evil.json -q -o w.safetensors"), 0);
  write_file("p.csv", "user,item\nv,\"i" EVIL "\"\n");
  ASSERT_EQ(throng("votes w.safetensors -q -p p.csv"), 0);
  EXPECT_CONTAINS(last.out, "v,i" EVIL ",");
  ASSERT_EQ(throng("votes w.safetensors -q -p p.csv -o v.csv"), 0);
  char written[1 << 12];
  slurp(in_folder("v.csv"), written, sizeof written);
  EXPECT_CONTAINS(written, "v,i" EVIL ",");
}

TEST(cli_safe, votes_on_a_terminal_are_shown_escaped) {
  make_evil_world();
  ASSERT_EQ(throng("prepare evil.json -q -o w.safetensors"), 0);
  write_file("p.csv", "user,item\nv,\"i" EVIL "\"\n");
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) || unlockpt(terminal)) SKIP("no pseudo-terminal here");
  char line[256], shown[4096];
  snprintf(line, sizeof line, "votes w.safetensors -q -p p.csv > %s", ptsname(terminal));
  int other = open(ptsname(terminal), O_RDWR | O_NOCTTY);  // keeps what was printed
  ASSERT_EQ(throng(line), 0);
  // The kernel may hand over what was written in pieces: the header's line, then the pair's.
  size_t used = 0;
  struct pollfd ready = {.fd = terminal, .events = POLLIN};
  for (int lines = 0; lines < 2 && poll(&ready, 1, 10000) > 0;) {
    ssize_t n = read(terminal, shown + used, sizeof shown - 1 - used);
    if (n <= 0) break;
    for (ssize_t k = 0; k < n; ++k) lines += shown[used + (size_t)k] == '\n';
    used += (size_t)n;
  }
  shown[used] = '\0';
  for (char *c = shown; (c = strchr(c, '\r'));) memmove(c, c + 1, strlen(c));
  EXPECT_TRUE(steers_nothing(shown));
  EXPECT_CONTAINS(shown, "v,i" SHOWN ",");
  close(other);
  close(terminal);
}

TEST(cli_safe, a_character_that_falls_between_two_writes_stays_whole) {
  make_evil_world();
  // Longer than any buffer of standard output, of letters of three bytes each.
  FILE *file = fopen(in_folder("k.jsonl"), "w");
  fputs("{\"item\": \"i2\", \"categories\": [\"a\"], \"pros\": [", file);
  for (int k = 0; k < 9000; ++k)
    fprintf(file,
            "%s\"\xe6\x9c\xac"
            "%c%d\"",
            k ? ", " : "", 'a' + k % 26, k);
  fputs("], \"cons\": []}\n", file);
  fclose(file);
  ASSERT_EQ(throng("prepare evil.json -q -o w.safetensors"), 0);
  ASSERT_EQ(throng("explain w.safetensors --user v --item i2"), 0);
  int letters = 0;
  for (const char *c = last.out; (c = strstr(c, "\xe6\x9c\xac")); ++c) ++letters;
  EXPECT_EQ(letters, 9000);
  EXPECT_TRUE(strstr(last.out, "\\xe6") == NULL);
}
