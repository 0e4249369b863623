/// Files as the program is given them: pipes and standard input in place of data, and files of
/// another kind than a command takes.
#include "cli_driver.h"

/// Reviews, and a config that reads them.
static void write_reviews(void) {
  write_reviews_csv(1000000);
  write_file("csv.json",
             "{\"dataset\": {\"format\": \"csv\", \"file\": \"r.csv\", \"columns\": {\"user\": "
             "\"user\", \"item\": \"item\", \"rating\": \"rating\", \"time\": \"time\", \"text\": "
             "\"text\"}}, \"keywords\": {\"min_items\": 1, \"max_share\": 1, \"min_z\": 0},"
             "\"embedding\": {\"dim\": 2}}");
}

/// A command line of the program by bash, for `<(...)` and pipes. %s in it is the program.
static int bash(const char *script) {
  char text[2048], line[4096];
  snprintf(text, sizeof text, script, TEST_PROGRAM, TEST_PROGRAM, TEST_PROGRAM);
  write_file("script", text);
  snprintf(line, sizeof line, "cd %s && bash script >stdout 2>stderr", throng_test_folder());
  int status = system(line);
  last.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  slurp(in_folder("stdout"), last.out, sizeof last.out);
  slurp(in_folder("stderr"), last.err, sizeof last.err);
  return last.code;
}

static bool same_world(const char *a, const char *b) {
  throng_world *x = NULL, *y = NULL;
  EXPECT_OK(throng_world_open(in_folder(a), &x));
  EXPECT_OK(throng_world_open(in_folder(b), &y));
  throng_world_info p = x ? throng_world_get_info(x) : (throng_world_info){0};
  throng_world_info q = y ? throng_world_get_info(y) : (throng_world_info){0};
  bool same = p.n_user == q.n_user && p.n_item == q.n_item && p.n_like == q.n_like &&
              p.n_interaction == q.n_interaction && p.n_keyword == q.n_keyword && p.n_keyword > 0;
  throng_world_close(x);
  throng_world_close(y);
  return same;
}

TEST(cli_files, a_data_set_comes_through_a_pipe_as_from_its_file) {
  write_reviews();
  ASSERT_EQ(throng("prepare -q csv.json -o file.safetensors"), 0);
  static const char *const ways[] = {
      "cat r.csv | %s prepare -q csv.json --set dataset.file=- -o pipe.safetensors",
      "gzip -c r.csv | %s prepare -q csv.json --set dataset.file=- -o pipe.safetensors",
      "%s prepare -q csv.json --set dataset.file=- -o pipe.safetensors < r.csv",
      ("{ head -c 0; cat r.csv; } | %s prepare -q csv.json --set dataset.file=/dev/stdin -o "
       "pipe.safetensors"),
      "%s prepare -q csv.json --set dataset.file=<(cat r.csv) -o pipe.safetensors",
      "mkfifo f; cat r.csv >f & %s prepare -q csv.json --set dataset.file=f -o pipe.safetensors",
  };
  for (size_t k = 0; k < sizeof ways / sizeof *ways; ++k) {
    EXPECT_EQ(bash(ways[k]), 0);
    EXPECT_STREQ(last.err, "");
    EXPECT_TRUE(same_world("file.safetensors", "pipe.safetensors"));
  }
}

TEST(cli_files, two_files_come_through_two_pipes_and_one_pipe_is_not_two_files) {
  write_file("a.csv",
             "anime_id,name,genre,type,episodes,rating,members\n"
             "1,One,\"Drama, "
             "School\",TV,12,7.5,100\n2,Two,Comedy,TV,12,7.5,100\n3,Three,Comedy,TV,12,7.5,100\n");
  write_file("r.csv", "user_id,anime_id,rating\n1,1,9\n1,2,3\n1,3,9\n2,1,4\n2,2,10\n2,3,1\n");
  write_file("anime.json",
             "{\"dataset\": {\"format\": \"anime\", \"like_threshold\": 8},"
             "\"keywords\": {\"min_items\": 1, \"max_share\": 1}, \"embedding\": {\"dim\": 1}}");
  EXPECT_EQ(bash("%s prepare -q anime.json --set dataset.ratings=<(cat r.csv) --set "
                 "dataset.items=<(cat a.csv) -o w.safetensors"),
            0);
  EXPECT_EQ(bash("cat r.csv | %s prepare -q anime.json --set dataset.ratings=- --set "
                 "dataset.items=- -o two.safetensors"),
            1);
  EXPECT_CONTAINS(last.err,
                  "dataset.items: standard input was read already as dataset.ratings, and a pipe "
                  "can be read only once");
  EXPECT_FALSE(exists("two.safetensors"));
}

TEST(cli_files, a_mistake_in_a_pipe_is_named_by_line) {
  write_reviews();
  EXPECT_EQ(bash("sed '3s/,[15],/,many,/' r.csv | %s prepare -q csv.json --set dataset.file=- -o "
                 "w.safetensors"),
            1);
  EXPECT_CONTAINS(last.err, "standard input:3: rating \"many\"");
  EXPECT_EQ(bash("%s prepare -q csv.json --set dataset.file=- -o w.safetensors </dev/null"), 1);
  EXPECT_CONTAINS(last.err, "standard input");
  EXPECT_EQ(bash("%s prepare -q csv.json --set dataset.file=- -o w.safetensors <&-"), 1);
  EXPECT_CONTAINS(last.err, "dataset.file: standard input: Bad file descriptor");
}

TEST(cli_files, pairs_come_from_standard_input_and_votes_go_to_standard_output) {
  ASSERT_TRUE(make_world());
  write_file("p.csv", "user,item\nu00001,i00001\nu00002,i00003\n");
  ASSERT_EQ(throng("votes -q world.safetensors -p p.csv -o votes.csv"), 0);
  static const char *const ways[] = {
      "cat p.csv | %s votes -q world.safetensors -p - | cmp - votes.csv",
      "%s votes -q world.safetensors -p - -o - < p.csv | cmp - votes.csv",
      "%s votes -q world.safetensors -p <(cat p.csv) -o /dev/stdout | cmp - votes.csv",
      "%s votes -q world.safetensors -p <(gzip -c p.csv) -o >(cat >to) && wait && cmp to votes.csv "
      ">&2",
      "cat p.csv | { read head; { echo user,item; cat; } >rest; }; "
      "{ read head; %s votes -q world.safetensors -p - ; } <<<$'skipped\\nuser,item\\nu00001,i00001"
      "\\nu00002,i00003' | cmp - votes.csv",
  };
  for (size_t k = 0; k < sizeof ways / sizeof *ways; ++k) {
    EXPECT_EQ(bash(ways[k]), 0);
    EXPECT_STREQ(last.err, "");
  }
}

/// `command` must fail and say what `file` is and who takes it.
static void expect_kind(const char *command, const char *what, const char *who) {
  if (throng(command) != 1) throng_test_fail(__FILE__, __LINE__, "%s: exit %d", command, last.code);
  EXPECT_CONTAINS(last.err, what);
  EXPECT_CONTAINS(last.err, who);
}

TEST(cli_files, a_file_of_another_kind_is_named_with_the_command_that_takes_it) {
  ASSERT_TRUE(make_world());
  ASSERT_EQ(throng("fit world.safetensors -q -o sta.safetensors --set sta.epochs=1"), 0);
  write_reviews();
  write_file("run.json",
             "// a run\n{\"world\": {\"file\": \"world.safetensors\"}, \"votes\": {\"rule\": "
             "\"logical\"}, \"sim\": {\"lanes\": 16}, \"train\": {\"steps\": 32, "
             "\"evaluation\": {\"episodes\": 8}, \"out\": \"run\"}}");
  ASSERT_EQ(throng("train -q run.json"), 0);
  write_file("reviews.json",
             "{\"reviewerID\": \"u\", \"asin\": \"i\", \"overall\": 5.0}\n"
             "{\"reviewerID\": \"v\", \"asin\": \"i\", \"overall\": 1.0}\n");
  write_file("nothing", "");
  static const struct {
    const char *file, *what, *who;
  } files[] = {
      {"world.safetensors", "world.safetensors: is a world, not ", "`throng info WORLD`"},
      {"sta.safetensors", "sta.safetensors: is weights of f_sta, not ", "--sta takes them"},
      {"run/checkpoint-32.safetensors", "is a checkpoint of a training run, not ",
       "`throng train CONFIG --resume -o FOLDER`"},
      {"run.json", "run.json: is a config, not ", "train, prepare, extract"},
      {"r.csv", "r.csv: is a table of text, not ", "`throng prepare CONFIG -o WORLD`"},
      {"reviews.json", "reviews.json: is JSON lines, not ", "`throng prepare CONFIG -o WORLD`"},
      {"run", "run: is the folder of a run, not ", "config.json"},
      {".", ".: is a folder, not ", ""},
      {"nothing", "nothing: is empty, not ", ""},
  };
  enum { WORLD, STA, CHECKPOINT, CONFIG };
  for (int k = 0; k < (int)(sizeof files / sizeof *files); ++k) {
    static const struct {
      int takes;
      const char *command;
    } commands[] = {
        {WORLD, "info %s"},
        {WORLD, "fit %s -o o.safetensors"},
        {WORLD, "evaluate %s"},
        {WORLD, "votes %s -p p.csv"},
        {WORLD, "explain %s --user u00001 --item i00001"},
        {WORLD, "bench %s --seconds 0.01"},
        {WORLD, "train run.json --set world.file=%s -o other"},
        {STA, "evaluate world.safetensors --sta %s"},
        {STA, "train run.json --set votes.rule=majority --set sta.file=%s -o other"},
        {CONFIG, "train %s -o other"},
        {CONFIG, "prepare %s -o o.safetensors"},
        {CONFIG, "extract %s --dry-run"},
        {CONFIG, "config %s"},
        {CONFIG, "synth %s -o o.safetensors"},
        {CONFIG, "evaluate world.safetensors %s"},
    };
    for (size_t c = 0; c < sizeof commands / sizeof *commands; ++c) {
      const bool runs_have_agents =  // which is said instead: test_cli_judge
          strcmp(files[k].file, "run") == 0 && strcmp(commands[c].command, "evaluate %s") == 0;
      if (commands[c].takes == k || runs_have_agents) continue;
      char line[512];
      snprintf(line, sizeof line, commands[c].command, files[k].file);
      expect_kind(line, files[k].what, files[k].who);
    }
  }
  EXPECT_FALSE(exists("o.safetensors") || exists("other"));
}

TEST(cli_files, tensor_files_and_stores_in_place_of_data_are_named) {
  ASSERT_TRUE(make_world());
  write_reviews();
  expect_kind("prepare csv.json --set dataset.file=world.safetensors -o o.safetensors",
              "dataset.file: world.safetensors: is a world, not text", "`throng info WORLD`");
  expect_kind("votes world.safetensors --pairs world.safetensors",
              "--pairs: world.safetensors: is a world, not text", "`throng info WORLD`");
  FILE *file = fopen(in_folder("store"), "wb");
  fwrite("SQLite format 3\0....", 1, 20, file);
  fclose(file);
  expect_kind(
      "prepare csv.json --set keywords.provider=file --set keywords.file=store -o "
      "o.safetensors",
      "keywords.file: store: is an SQLite database, not text", "llm.store");
  expect_kind(
      "prepare csv.json --set embedding.provider=file --set embedding.file=world.safetensors --set "
      "embedding.vocabulary=r.csv -o o.safetensors",
      "embedding.file: world.safetensors: is a world, not a tensor file", "throng info WORLD");
  expect_kind(
      "prepare csv.json --set embedding.provider=file --set embedding.file=r.csv --set "
      "embedding.vocabulary=r.csv -o o.safetensors",
      "embedding.file: r.csv: is a table of text, not a tensor file", "throng prepare CONFIG");
  static const char *const wide[] = {"UTF-16", "UTF-16LE", "UTF-16BE"};
  for (int k = 0; k < 3; ++k) {
    char line[200];
    snprintf(line, sizeof line, "iconv -f UTF-8 -t %s csv.json >wide.json; : %%s", wide[k]);
    ASSERT_EQ(bash(line), 0);
    expect_kind("config wide.json", "wide.json: is UTF-16 text, not a config", "iconv -f UTF-16");
  }
  EXPECT_EQ(bash("%s info - <world.safetensors"), 1);
  EXPECT_EQ(bash("cat csv.json | %s prepare -q - -o w.safetensors"), 0);
  EXPECT_EQ(bash("%s prepare -q <(cat csv.json) -o w.safetensors"), 0);
}

TEST(cli_files, worlds_and_weights_are_not_written_to_pipes) {
  ASSERT_TRUE(make_world());
  static const char *const ways[] = {"%s synth -q -o -", "%s synth -q -o - >file",
                                     "%s synth -q -o /dev/stdout | cat; exit ${PIPESTATUS[0]}",
                                     "%s synth -q -o /dev/null",
                                     "%s fit -q world.safetensors -o - >file"};
  for (size_t k = 0; k < sizeof ways / sizeof *ways; ++k) {
    EXPECT_EQ(bash(ways[k]), 1);
    EXPECT_CONTAINS(last.err, "expected the path of a file, not a pipe or a device");
  }
  EXPECT_FALSE(exists("-"));
}

TEST(cli_files, keywords_and_vocabulary_come_through_pipes) {
  write_reviews();
  write_file("k.jsonl",
             "{\"item\": \"i1\", \"categories\": [\"a\"], \"pros\": [\"warm\", \"clear\"], "
             "\"cons\": [\"short\"]}\n{\"item\": \"i2\", \"categories\": [\"a\"], \"pros\": "
             "[\"warm\"], \"cons\": [\"short\", \"dull\"]}\n");
  EXPECT_EQ(bash("%s prepare -q csv.json --set keywords.provider=file --set keywords.file=<(cat "
                 "k.jsonl) -o w.safetensors"),
            0);
  EXPECT_EQ(bash("cat k.jsonl | %s prepare -q csv.json --set keywords.provider=file --set "
                 "keywords.file=- -o w.safetensors"),
            0);
}

TEST(cli_files, a_run_whose_data_came_through_a_pipe_reads_it_anew) {
  write_reviews();
  write_file("run.json",
             "{\"dataset\": {\"format\": \"csv\", \"columns\": {\"user\": \"user\", \"item\": "
             "\"item\", \"rating\": \"rating\", \"time\": \"time\", \"text\": \"text\"}},"
             "\"keywords\": {\"min_items\": 1, \"max_share\": 1, \"min_z\": 0},"
             "\"embedding\": {\"dim\": 2}, \"votes\": {\"rule\": \"logical\"},"
             "\"sim\": {\"lanes\": 8, \"history\": 8, \"max_steps\": 5},"
             "\"agent\": {\"batch\": 8, \"learning_starts\": 16, \"hidden\": [8, 8], \"width\": 4},"
             "\"train\": {\"steps\": 16, \"evaluation\": {\"episodes\": 8}, \"out\": \"run\"}}");
  ASSERT_EQ(bash("cat r.csv | %s train -q run.json --set dataset.file=-"), 0);
  ASSERT_EQ(bash("grep -v ^u29, r.csv | %s train -q run.json --set dataset.file=-"), 0);
  ASSERT_EQ(throng("info run/world.safetensors --json"), 0);
  cJSON *document = cJSON_Parse(last.out);
  EXPECT_EQ(number_at(document, "users", NULL), 29);
  cJSON_Delete(document);
}

TEST(cli_files, standard_input_that_two_of_a_command_name_is_refused_with_both) {
  write_file("csv.json", "{}");
  EXPECT_EQ(bash("cat csv.json | %s prepare -q - --set dataset.format=csv --set dataset.file=- "
                 "--set dataset.columns.user=user --set dataset.columns.item=item -o "
                 "w.safetensors"),
            1);
  EXPECT_CONTAINS(last.err, "dataset.file: standard input was read already as CONFIG");
}

TEST(cli_files, a_silent_pipe_in_any_place_can_be_interrupted) {
  write_file("csv.json",
             "{\"dataset\": {\"format\": \"csv\", \"file\": \"silent\","
             " \"columns\": {\"user\": \"user\", \"item\": \"item\"}}}");
  ASSERT_EQ(mkfifo(in_folder("silent"), 0600), 0);
  static const char *const commands[] = {
      "prepare -q csv.json -o w.safetensors",
      "train -q silent",
      "config silent",
  };
  for (size_t k = 0; k < sizeof commands / sizeof *commands; ++k) {
    char line[300];
    snprintf(line, sizeof line, "timeout -k 20 -s INT 1 %%s %s; test $? = 124", commands[k]);
    EXPECT_EQ(bash(line), 0);
    EXPECT_CONTAINS(last.err, "read silent: stopped on request");
  }
}
