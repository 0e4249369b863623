/// Bad input through the program: exit 1 (2 for usage), an error that names file, line or key and
/// what was expected, and nothing left behind, hidden files included.
#include <dirent.h>
#include <sys/resource.h>
#include <zlib.h>

#include "cli_driver.h"

/// Names in the test's folder but for what the driver itself writes there.
static int count_files(void) {
  DIR *folder = opendir(throng_test_folder());
  int n = 0;
  for (struct dirent *entry; folder && (entry = readdir(folder));)
    n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
         strcmp(entry->d_name, "stdout") && strcmp(entry->d_name, "stderr");
  if (folder) closedir(folder);
  return n;
}

/// The command fails with 1, says all of `parts`, and leaves as many files as there were.
static void fails(int line, const char *command, const char *const *parts) {
  int before = count_files();
  int code = throng(command);
  if (code != 1)
    throng_test_fail(__FILE__, line, "%s: exit %d, expected 1\n%s", command, code, last.err);
  for (; *parts; ++parts)
    if (!strstr(last.err, *parts))
      throng_test_fail(__FILE__, line, "%s: expected '%s' in: %s", command, *parts, last.err);
  if (count_files() != before)
    throng_test_fail(__FILE__, line, "%s: left %d files, there were %d", command, count_files(),
                     before);
}
#define FAILS(command, ...) fails(__LINE__, command, (const char *const[]){__VA_ARGS__, NULL})

#define REVIEW(user, item, stars)                    \
  "{\"reviewerID\": \"" user "\", \"asin\": \"" item \
  "\", \"helpful\": [0, 0], \"reviewText\": "        \
  "\"a fine album\", \"overall\": " stars            \
  ", \"summary\": \"good\", \"unixReviewTime\": 1400000000, \"reviewTime\": \"05 13, 2014\"}\n"

static void write_gzip(const char *name, const char *text, size_t keep) {
  gzFile to = gzopen(in_folder(name), "wb");
  gzwrite(to, text, (unsigned)strlen(text));
  gzclose(to);
  if (keep && truncate(in_folder(name), (off_t)keep) != 0) abort();
}

static void amazon_config(void) {
  write_file("amazon.json",
             "{\"dataset\": {\"format\": \"amazon\", \"reviews\": \"r.json.gz\", \"metadata\": "
             "\"m.json\", \"like_threshold\": 4}}");
  write_file("m.json", "{'asin': 'i1', 'title': 'One'}\n{'asin': 'i2', 'title': 'Two'}\n");
}

TEST(cli_bad_input, a_truncated_gzip_names_the_file_and_the_line) {
  amazon_config();
  char text[200 * 400] = "";
  for (int k = 0; k < 200; ++k) strcat(text, REVIEW("u1", "i1", "5.0"));
  write_gzip("r.json.gz", text, 200);
  FAILS("prepare amazon.json -o w.safetensors", "r.json.gz: truncated gzip after line");
}

TEST(cli_bad_input, a_metadata_line_that_is_no_literal_names_its_line) {
  amazon_config();
  write_gzip("r.json.gz", REVIEW("u1", "i1", "5.0"), 0);
  write_file("m.json", "{'asin': 'i1'}\n{'asin': __import__('os')}\n");
  FAILS("prepare amazon.json -o w.safetensors", "m.json:2", "expected a literal");
}

TEST(cli_bad_input, ratings_out_of_range_and_nan_name_line_and_range) {
  amazon_config();
  write_gzip("r.json.gz", REVIEW("u1", "i1", "5.0") REVIEW("u1", "i2", "50"), 0);
  FAILS("prepare amazon.json -o w.safetensors", "r.json.gz:2", "50", "expected 1 to 5");
  write_gzip("r.json.gz", REVIEW("u1", "i1", "5.0") REVIEW("u1", "i2", "NaN"), 0);
  FAILS("prepare amazon.json -o w.safetensors", "r.json.gz:2");
}

TEST(cli_bad_input, a_rating_that_only_a_double_holds_is_refused) {
  write_file("huge.json",
             "{\"dataset\": {\"format\": \"csv\", \"file\": \"h.csv\", \"like_threshold\": 3,"
             " \"columns\": {\"user\": \"user\", \"item\": \"item\", \"rating\": \"rating\"}}}");
  write_file("h.csv", "user,item,rating\nu,i,5\nu,j,2e220\n");
  FAILS("prepare huge.json -o w.safetensors", "h.csv:3", "rating 2e+220", "32-bit float");
}

TEST(cli_bad_input, users_with_one_interaction_and_items_without_keywords_are_fine) {
  write_file("ok.json",
             "{\"dataset\": {\"format\": \"csv\", \"file\": \"r.csv\", \"like_threshold\": 3,"
             " \"columns\": {\"user\": \"user\", \"item\": \"item\", \"rating\": \"rating\"}},"
             "\"keywords\": {\"provider\": \"file\", \"file\": \"k.jsonl\"},"
             "\"embedding\": {\"dim\": 2}}");
  write_file("r.csv",
             "user,item,rating\none,i1,5\nu,i1,5\nu,i2,1\nu,i3,4\nv,i3,2\nv,i2,4\nv,i1,1\n");
  write_file("k.jsonl",
             "{\"item\": \"i1\", \"categories\": [\"a\"], \"pros\": [\"warm\", \"clear\"], "
             "\"cons\": [\"short\"]}\n{\"item\": \"i2\", \"categories\": [\"a\"], \"pros\": "
             "[\"warm\"], \"cons\": [\"short\", \"dull\"]}\n");
  EXPECT_EQ(throng("prepare ok.json -o w.safetensors"), 0);
  EXPECT_CONTAINS(last.out, "1 without keywords");
  EXPECT_EQ(throng("evaluate w.safetensors"), 0);
  EXPECT_EQ(throng("explain w.safetensors --user one --item i3"), 0);
}

TEST(cli_bad_input, a_misspelt_key_names_the_nearest_one) {
  write_file("c.json", "{\n  \"simm\": {\"lanes\": 4}\n}");
  FAILS("train c.json", "c.json:2", "simm", "sim");
  write_file("c.json", "{\n  \"sim\": {\"lanes\": \"many\"}\n}");
  FAILS("train c.json", "c.json:2", "sim.lanes", "integer");
  write_file("c.json", "{\"sim\": {\"lanes\": 4}");
  FAILS("train c.json", "c.json:1");
}

TEST(cli_bad_input, files_and_variables_that_are_not_there_are_named) {
  FAILS("fit nothing.safetensors -o f.safetensors", "nothing.safetensors", "No such file");
  write_file("c.json",
             "{\"dataset\": {\"format\": \"anime\", \"ratings\": \"${NOT_SET_HERE}/r.csv\", "
             "\"items\": \"a.csv\"}}");
  FAILS("prepare c.json -o w.safetensors", "dataset.ratings", "NOT_SET_HERE");
  FAILS("train missing.json", "missing.json", "No such file");
}

TEST(cli_bad_input, a_world_cut_at_any_byte_of_its_header_or_with_overlaps_is_refused) {
  ASSERT_TRUE(make_world());
  FILE *file = fopen(in_folder("world.safetensors"), "rb");
  static char whole[1 << 20];
  size_t size = fread(whole, 1, sizeof whole, file);
  fclose(file);
  uint64_t header;
  memcpy(&header, whole, sizeof header);
  ASSERT_TRUE(header + 8 < size);
  // Every byte is tried on the library in test_world.c; here a sample through the program.
  for (size_t cut = 0; cut < header + 8; cut += 97) {
    file = fopen(in_folder("cut.safetensors"), "wb");
    fwrite(whole, 1, cut, file);
    fclose(file);
    FAILS("info cut.safetensors", "cut.safetensors");
  }
  char *offsets = strstr(whole + 8, "\"data_offsets\":[");
  char *second = offsets ? strstr(offsets + 1, "\"data_offsets\":[") : NULL;
  ASSERT_TRUE(second != NULL);
  char *digit = second + strlen("\"data_offsets\":[");
  *digit = *digit == '9' ? '8' : '9';  // begins elsewhere than where the first ends
  file = fopen(in_folder("cut.safetensors"), "wb");
  fwrite(whole, 1, size, file);
  fclose(file);
  FAILS("info cut.safetensors", "cut.safetensors", "expected");
}

TEST(cli_bad_input, a_full_disk_leaves_no_part_of_the_output) {
  int before = count_files();
  EXPECT_EQ(throng("info >/dev/null; ulimit -f 8; trap '' XFSZ; exec " TEST_PROGRAM
                   " synth -q -o big.safetensors >/dev/null"),
            1);
  EXPECT_CONTAINS(last.err, "big.safetensors");
  EXPECT_EQ(count_files(), before);
}

TEST(cli_bad_input, a_limit_of_file_sizes_is_an_error_like_a_full_disk_and_no_death) {
  int before = count_files();
  EXPECT_EQ(throng("info >/dev/null; ulimit -f 8; exec " TEST_PROGRAM
                   " synth -q -o big.safetensors >/dev/null"),
            1);
  EXPECT_CONTAINS(last.err, "big.safetensors: write failed: File too large");
  EXPECT_EQ(count_files(), before);
}

#define ON_FULL_DISK(blocks, command)                                                          \
  throng("info >/dev/null; ulimit -f " blocks "; trap '' XFSZ; exec " TEST_PROGRAM " " command \
         " >/dev/null")

TEST(cli_bad_input, no_command_leaves_a_part_of_its_output_on_a_full_disk) {
  if (access("/dev/full", W_OK) != 0) SKIP("no /dev/full here");
  ASSERT_TRUE(make_world());
  write_file("p.csv", "user,item\n");
  FILE *pairs = fopen(in_folder("p.csv"), "a");
  throng_world *world;
  ASSERT_TRUE(throng_world_open(in_folder("world.safetensors"), &world) == THRONG_OK);
  for (int k = 0; k < 100; ++k)
    fprintf(pairs, "%s,%s\n", throng_world_user_id(world, k % 60),
            throng_world_item_id(world, k % 40));
  fclose(pairs);
  throng_world_close(world);
  int before = count_files();
  EXPECT_EQ(ON_FULL_DISK("1", "fit -q world.safetensors -o f.safetensors --set sta.epochs=1"), 1);
  EXPECT_CONTAINS(last.err, "f.safetensors");
  EXPECT_EQ(ON_FULL_DISK("1", "votes -q world.safetensors --pairs p.csv -o v.csv"), 1);
  EXPECT_CONTAINS(last.err, "v.csv");
  EXPECT_EQ(count_files(), before);
  FILE *reviews = fopen(in_folder("r.csv"), "w");
  fputs("user,item,rating,text\n", reviews);
  for (int k = 0; k < 4000; ++k)
    fprintf(reviews, "u%d,i%d,%d,%s%c record\n", k % 100, k / 100, k % 7 ? 5 : 1,
            k % 7 ? "warm" : "dull", 'a' + k / 100 % 20);
  fclose(reviews);
  write_file(
      "prepare.json",
      "{\"dataset\": {\"format\": \"csv\", \"file\": \"r.csv\", \"like_threshold\": 3, \"columns\":"
      " {\"user\": \"user\", \"item\": \"item\", \"rating\": \"rating\", \"text\": \"text\"}}}");
  before = count_files();
  EXPECT_EQ(ON_FULL_DISK("8", "prepare -q prepare.json -o p.safetensors"), 1);
  EXPECT_CONTAINS(last.err, "p.safetensors");
  EXPECT_EQ(count_files(), before);
  EXPECT_EQ(throng("votes -q world.safetensors --pairs p.csv -o - > /dev/full"), 1);
  EXPECT_CONTAINS(last.err, "No space left");
}

TEST(cli_bad_input, a_run_on_a_full_disk_fails_and_leaves_no_half_of_a_checkpoint) {
  ASSERT_TRUE(make_world());
  write_file("t.json",
             "{\"world\": {\"file\": \"world.safetensors\"}, \"votes\": {\"rule\": \"logical\"},"
             "\"sim\": {\"lanes\": 16}, \"train\": {\"steps\": 320, \"evaluate_every\": 160, "
             "\"checkpoint_every\": 160, \"out\": \"full\"}}");
  EXPECT_EQ(ON_FULL_DISK("32", "train -q t.json"), 1);
  EXPECT_CONTAINS(last.err, "full/");
  EXPECT_CONTAINS(last.err, "File too large");
  DIR *folder = opendir(in_folder("full"));
  ASSERT_TRUE(folder != NULL);
  for (const struct dirent *entry; (entry = readdir(folder));) {
    EXPECT_TRUE(strstr(entry->d_name, ".tmp") == NULL);
    EXPECT_TRUE(strstr(entry->d_name, ".safetensors") == NULL);
  }
  closedir(folder);
  EXPECT_EQ(throng("train -q t.json --set train.resume=true"), 0);  // room again: it goes on
}

TEST(cli_bad_input, a_run_folder_that_is_missing_or_cannot_be_made_is_said_before_any_work) {
  write_file("c.json", "{\"synth\": {\"users\": 60, \"items\": 40}}");
  FAILS("train c.json", "c.json", "train.out", "expected the path of a run folder");
  FAILS("train c.json --set train.out=", "c.json", "train.out");
  write_file("taken", "");
  FAILS("train c.json -o taken", "train.out: taken is a file");
  FAILS("train c.json -o taken/run", "train.out: cannot make the folder taken/run");
}

TEST(cli_bad_input, a_run_that_fails_before_its_world_leaves_no_empty_folder) {
  write_file("c.json", "{\"train\": {\"out\": \"runs/a/b\"}}");
  FAILS("train c.json", "c.json: no world: give world.file");
  write_file("d.json",
             "{\"dataset\": {\"format\": \"anime\", \"ratings\": \"r.csv\", \"items\": "
             "\"a.csv\"}, \"train\": {\"out\": \"runs/a/b\"}}");
  FAILS("train d.json", ".csv", "No such file");
  FAILS("train d.json --set world.file=w.safetensors", "w.safetensors", "No such file");
  ASSERT_TRUE(make_world());
  write_file("m.json",
             "{\"world\": {\"file\": \"world.safetensors\"}, \"votes\": {\"rule\": \"logical\"},"
             "\"sim\": {\"slate_size\": 1024}, \"train\": {\"out\": \"r\"}}");
  FAILS("train m.json", "slate_size");
}

TEST(cli_bad_input, an_output_that_cannot_be_written_is_said_before_the_fit) {
  ASSERT_TRUE(make_world());
  FAILS("fit world.safetensors -o none/f.safetensors", "none/f.safetensors", "No such file");
  EXPECT_TRUE(strstr(last.err, "epoch") == NULL);
  ASSERT_EQ(mkdir(in_folder("folder"), 0777), 0);
  FAILS("fit world.safetensors -o folder", "folder", "Is a directory");
  EXPECT_TRUE(strstr(last.err, "epoch") == NULL);
}

TEST(cli_bad_input, pairs_that_do_not_fit_are_named_by_line) {
  ASSERT_TRUE(make_world());
  write_file("p.csv", "user,itm\nu,i\n");
  FAILS("votes world.safetensors --pairs p.csv -o v.csv", "p.csv:1", "item");
  write_file("p.csv", "user,item,tiem\nu1,i1,5\n");
  FAILS("votes world.safetensors --pairs p.csv -o v.csv", "p.csv:1", "\"tiem\"", "expected user");
  write_file("p.csv", "user,item,item\nu1,i1,i1\n");
  FAILS("votes world.safetensors --pairs p.csv -o v.csv", "p.csv:1", "each once");
  write_file("p.csv", "user,item\nu1\n");
  FAILS("votes world.safetensors --pairs p.csv -o v.csv", "p.csv:2");
  write_file("p.csv", "user,item\n\"u1,i1\n");
  FAILS("votes world.safetensors --pairs p.csv -o v.csv", "p.csv:2");
  write_file("p.csv", "");
  FAILS("votes world.safetensors --pairs p.csv -o v.csv", "p.csv");
  FAILS("votes world.safetensors --pairs none.csv -o v.csv", "none.csv", "No such file");
  write_file("p.csv", "user,item\nnobody,i0\n");
  FAILS("votes world.safetensors --pairs p.csv -o v.csv", "p.csv:2", "nobody");
  FAILS("explain world.safetensors --user nobody --item i00001", "nobody");
}
