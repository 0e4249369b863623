/// The words of synthetic worlds: plain English, combined two by two, so that an explanation reads
/// as a person would say it. No numbers are drawn here but an item's name.
#include <stdio.h>

#include "synth/synth_truth.h"

enum { N_THEME = 24, N_NOUN = 12, N_ADJECTIVE = 24, N_GENERAL = 12, N_PLACE = 24 };

typedef struct theme {
  const char *name;
  const char *noun[N_NOUN];
} theme;

static const theme themes[N_THEME] = {
    {"Space",
     {"starships", "planets", "aliens", "orbits", "astronauts", "comets", "robots", "galaxies",
      "rockets", "moons", "space stations", "wormholes"}},
    {"Detectives",
     {"clues", "suspects", "alibis", "detectives", "motives", "interrogations", "case files",
      "twists", "crime scenes", "witnesses", "disguises", "confessions"}},
    {"Romance",
     {"love letters", "weddings", "kisses", "first dates", "promises", "reunions", "heartbreaks",
      "longings", "serenades", "flirtations", "engagements", "farewells"}},
    {"Cooking",
     {"recipes", "sauces", "pastries", "spices", "dinners", "soups", "flavours", "desserts",
      "kitchens", "ingredients", "street food", "tasting menus"}},
    {"Jazz",
     {"saxophones", "solos", "basslines", "jam sessions", "ballads", "trumpets", "improvisations",
      "swing rhythms", "piano trios", "standards", "nightclubs", "brass bands"}},
    {"Gardening",
     {"roses", "seedlings", "greenhouses", "hedges", "orchards", "flower beds", "herbs", "lawns",
      "garden paths", "compost tips", "pruning lessons", "wildflowers"}},
    {"Mountains",
     {"summits", "trails", "glaciers", "ridges", "climbers", "alpine huts", "ice walls", "valleys",
      "rope teams", "avalanches", "base camps", "panoramas"}},
    {"Sea",
     {"sailors", "harbours", "storms", "lighthouses", "whales", "shipwrecks", "islands", "tides",
      "pirates", "submarines", "coral reefs", "lagoons"}},
    {"Chess and games",
     {"openings", "endgames", "gambits", "tournaments", "puzzles", "board games", "strategies",
      "card tricks", "dice games", "riddles", "champions", "game rules"}},
    {"History",
     {"empires", "battles", "kings", "revolutions", "archives", "treaties", "castles", "dynasties",
      "explorers", "ruins", "chronicles", "monuments"}},
    {"Fantasy",
     {"dragons", "wizards", "quests", "spells", "elves", "prophecies", "kingdoms", "swords",
      "magic rings", "enchantments", "dungeons", "trolls"}},
    {"Horror",
     {"ghosts", "vampires", "nightmares", "haunted houses", "monsters", "curses", "screams",
      "graveyards", "werewolves", "demons", "shadows", "possessions"}},
    {"Comedy",
     {"punchlines", "jokes", "sketches", "parodies", "gags", "stand-up routines", "mix-ups",
      "one-liners", "impressions", "satires", "pranks", "comic duos"}},
    {"Sports",
     {"matches", "goals", "athletes", "rivalries", "comebacks", "coaches", "marathons", "records",
      "penalty shoot-outs", "training scenes", "locker rooms", "underdogs"}},
    {"Cars",
     {"engines", "road races", "roadsters", "car chases", "pit stops", "drifts", "test drives",
      "tuning tips", "rally stages", "convertibles", "garages", "lap times"}},
    {"Photography",
     {"portraits", "landscapes", "lenses", "darkrooms", "street scenes", "exposures", "close-ups",
      "skylines", "photo essays", "night shots", "contact sheets", "silhouettes"}},
    {"Travel",
     {"train journeys", "markets", "border towns", "desert roads", "guidebooks", "temples",
      "night trains", "backpackers", "caravans", "festivals", "hostels", "city walks"}},
    {"Science",
     {"experiments", "theories", "laboratories", "discoveries", "equations", "microscopes",
      "inventions", "hypotheses", "telescopes", "lectures", "fossils", "particles"}},
    {"Animals",
     {"wolves", "elephants", "songbirds", "puppies", "big cats", "penguins", "horses", "migrations",
      "jungles", "dolphins", "bears", "rescue stories"}},
    {"Fashion",
     {"gowns", "runways", "fabrics", "designers", "tailors", "costumes", "handbags", "patterns",
      "catwalks", "jewels", "stitches", "make-overs"}},
    {"Architecture",
     {"skyscrapers", "bridges", "facades", "blueprints", "cathedrals", "interiors", "courtyards",
      "renovations", "staircases", "floor plans", "pavilions", "rooftops"}},
    {"Politics",
     {"elections", "debates", "scandals", "ministers", "campaigns", "speeches", "protests",
      "diplomats", "coalitions", "spin doctors", "parliaments", "whistle-blowers"}},
    {"School",
     {"classrooms", "teachers", "friendships", "exams", "school plays", "first crushes",
      "dormitories", "summer camps", "field trips", "graduations", "report cards", "bullies"}},
    {"Outlaws",
     {"gunfights", "saloons", "sheriffs", "bandits", "stagecoaches", "cattle drives", "heists",
      "ranches", "duels", "gold rushes", "bounty hunters", "prison breaks"}},
};

static const char *const praise[N_ADJECTIVE] = {
    "gripping", "charming", "vivid",     "brilliant", "clever",  "beautiful",
    "fresh",    "lovely",   "memorable", "bold",      "elegant", "convincing",
    "warm",     "striking", "inventive", "splendid",  "honest",  "delightful",
    "rich",     "polished", "thrilling", "graceful",  "witty",   "unforgettable"};
static const char *const complaint[N_ADJECTIVE] = {
    "dull",     "predictable", "clumsy",  "tired",      "shallow",   "endless",
    "lifeless", "forced",      "cheap",   "repetitive", "awkward",   "pretentious",
    "bland",    "careless",    "tedious", "confusing",  "grating",   "stale",
    "sloppy",   "muddled",     "flimsy",  "noisy",      "pointless", "unconvincing"};
static const char *const good_noun[N_GENERAL] = {
    "craftsmanship", "pacing", "storytelling", "design",       "atmosphere", "details",
    "characters",    "finish", "humour",       "presentation", "ideas",      "artwork"};
static const char *const bad_noun[N_GENERAL] = {
    "packaging", "delivery", "translation", "ending",  "instructions", "subtitles",
    "print",     "sound",    "pricing",     "support", "advertising",  "editing"};
static const char *const places[N_PLACE] = {
    "Avalon",    "Brighton", "Cadiz",   "Delft",  "Elsinore",   "Florence",
    "Galway",    "Havana",   "Ithaca",  "Jaipur", "Kyoto",      "Lisbon",
    "Marseille", "Naples",   "Odessa",  "Prague", "Quebec",     "Riga",
    "Samarkand", "Trieste",  "Uppsala", "Venice", "Winchester", "Zanzibar"};

/// Pair `number` of adjectives and nouns: every pair once before any comes again, and neighbours
/// differ in both words. What goes beyond gets an ordinal, so that all texts differ.
static void pair_text(char *text, size_t size, const char *const *adjective,
                      const char *const *noun, int32_t n_noun, int32_t number, int32_t repeat) {
  int32_t pairs = N_ADJECTIVE * n_noun;
  int32_t within = number % pairs;
  int32_t n = within % n_noun, a = (within / n_noun + within) % N_ADJECTIVE;
  int32_t round = repeat + number / pairs;
  if (round == 0)
    snprintf(text, size, "%s %s", adjective[a], noun[n]);
  else
    snprintf(text, size, "%s %s, part %d", adjective[a], noun[n], round + 1);
}

/// Themes come again after N_THEME tastes; a taste's keywords never reach this many rounds.
static int32_t theme_repeat(int32_t taste) { return taste / N_THEME * 10000; }

void synth_praise_text(char *text, size_t size, int32_t taste, int32_t number) {
  pair_text(text, size, praise, themes[taste % N_THEME].noun, N_NOUN, number, theme_repeat(taste));
}

void synth_complaint_text(char *text, size_t size, int32_t taste, int32_t number) {
  pair_text(text, size, complaint, themes[taste % N_THEME].noun, N_NOUN, number,
            theme_repeat(taste));
}

void synth_quality_text(char *text, size_t size, int32_t number) {
  pair_text(text, size, praise, good_noun, N_GENERAL, number, 0);
}

void synth_nuisance_text(char *text, size_t size, int32_t number) {
  pair_text(text, size, complaint, bad_noun, N_GENERAL, number, 0);
}

void synth_category_text(char *text, size_t size, int32_t category, int32_t n_taste) {
  static const char *const form[] = {"", ", classics", ", for families", ", short and new"};
  const int32_t n_form = (int32_t)(sizeof form / sizeof *form);
  int32_t taste = category % n_taste, round = category / n_taste;
  int32_t repeat = taste / N_THEME;
  int written =
      snprintf(text, size, "%s%s", themes[taste % N_THEME].name, round < n_form ? form[round] : "");
  if ((round >= n_form || repeat > 0) && written > 0 && (size_t)written < size)
    snprintf(text + written, size - (size_t)written, ", series %d.%d", repeat + 1, round + 1);
}

void synth_item_text(char *text, size_t size, int32_t taste, synth_stream *stream) {
  const char *noun = themes[taste % N_THEME].noun[synth_index(stream, N_NOUN)];
  const char *adjective = praise[synth_index(stream, N_ADJECTIVE)];
  const char *place = places[synth_index(stream, N_PLACE)];
  snprintf(text, size, "The %s %s of %s", adjective, noun, place);
  for (char *c = text; *c; ++c)  // Title Case, place names have it already
    if (c > text && c[-1] == ' ' && *c >= 'a' && *c <= 'z' && !(c[0] == 'o' && c[1] == 'f'))
      *c = (char)(*c - 'a' + 'A');
}
