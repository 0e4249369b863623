# The table that a check on a GPU ends with: ours beside what was asked for and predicted, and beside
# the PyTorch peers of the same run. What was not measured is said to be so.
# usage: awk -v rows=FOLDER -v predictions=FILE [-v backend=cuda|cpu] -f gpu_table.awk
#   FOLDER:  bench.csv and peers.csv, rows as bench.c and the peers write them; either may lack. Ours
#            are those whose size ends with "on cuda" (backend cpu: those whose does not)
#   FILE:    holds a line "| `NAME` | asked for | predicted |" for each of our rows to be held against
#            them, in millions a second or "-"

# Fields of a CSV line into field[1..]; quotes keep commas.
function split_csv(line, field,    n, c, k, quoted) {
  n = 1
  field[1] = ""
  for (k = 1; k <= length(line); ++k) {
    c = substr(line, k, 1)
    if (c == "\"") quoted = !quoted
    else if (c == "," && !quoted) field[++n] = ""
    else field[n] = field[n] c
  }
  return n
}

# rate[source, name]: of the last row of that name; names[source]: all of them, a line each. Sources
# are ours, peer-gpu and peer-cpu.
function read_rows(file,    line, field, column, n, k, path, name, source) {
  path = rows "/" file ".csv"
  while ((getline line < path) > 0) {
    sub(/\r$/, "", line)
    n = split_csv(line, field)
    if (field[1] == "date") {
      for (k = 1; k <= n; ++k) column[field[k]] = k
      continue
    }
    if (!("name" in column) || !("rate" in column) || n < column["rate"]) continue
    if (field[column["rate"]] + 0 <= 0) continue
    name = field[column["name"]]
    if (name ~ /^peer torch /) {
      source = name ~ /^peer torch [^:]* on cuda[^:]*:/ ? "peer-gpu" : "peer-cpu"
      sub(/^peer torch [^:]*: /, "", name)
    } else {
      if ((field[column["size"]] ~ / on cuda$/) != (backend != "cpu")) continue
      source = "ours"
    }
    if (!((source, name) in rate)) names[source] = names[source] name "\n"
    rate[source, name] = field[column["rate"]] + 0
  }
  close(path)
}

# The fastest row of `source` whose name matches `wanted` and not `unwanted`; "" where there is none.
function fastest(source, wanted, unwanted,    list, n, k, best) {
  n = split(names[source], list, "\n")
  for (k = 1; k < n; ++k) {
    if (list[k] !~ wanted || (unwanted != "" && list[k] ~ unwanted)) continue
    if (best == "" || rate[source, list[k]] > rate[source, best]) best = list[k]
  }
  return best
}

function human(x) {
  if (x >= 1e6) return sprintf("%.4g M", x / 1e6)
  if (x >= 1e3) return sprintf("%.4g k", x / 1e3)
  return sprintf("%.4g", x)
}

function verdict(is, asked) {
  if (asked <= 0) return ""
  if (is >= asked) return "met"
  return sprintf("missed by %.3g %%", 100 * (1 - is / asked))
}

# What there is of a number, and what of a verdict on it.
function shown(x) { return x > 0 ? human(x) : "-" }

function print_figure(name, asked, predicted,    is, share) {
  if (!(("ours", name) in rate)) {
    printf "%-40s %14s %12s %12s %12s  %s\n", name, "not measured", shown(asked), shown(predicted), "",
      "not measured"
    return
  }
  is = rate["ours", name]
  share = predicted ? sprintf("%.2f of it", is / predicted) : ""
  printf "%-40s %14s %12s %12s %12s  %s\n", name, human(is), shown(asked), shown(predicted), share,
    verdict(is, asked)
}

# what: of the ratio; the peer: the fastest row that fits.
function print_ratio(what, name, peer_source, wanted, unwanted, asked,    peer, ours, theirs, ratio) {
  peer = fastest(peer_source, wanted, unwanted)
  ours = ("ours", name) in rate ? rate["ours", name] : 0
  theirs = peer != "" ? rate[peer_source, peer] : 0
  ratio = ours * theirs ? ours / theirs : 0
  printf "%-46s %12s %12s %12s %8s  %s\n", what, ours ? human(ours) : "not measured",
    theirs ? human(theirs) : "not measured", ratio ? sprintf(ratio < 1000 ? "%.4gx" : "%.0fx", ratio) : "-",
    asked ? asked "x" : "-", ratio ? verdict(ratio, asked) : "not measured"
  if (peer != "") printf "    beside \"%s\"\n", peer
}

function million(text) {
  gsub(/[^0-9.]/, "", text)
  return text * 1e6
}

BEGIN {
  read_rows("bench")
  read_rows("peers")
  printf "%-40s %14s %12s %12s\n", (backend == "cpu" ? "ours on this CPU" : "ours on this GPU") ", user-steps a second", "measured", "asked for",
    "H100 guess"
  while ((getline line < predictions) > 0) {
    if (line !~ /^\| `[^`]+` \| (-|[0-9.]+ M) \| (-|[0-9.]+ M) \|$/) continue
    split(line, part, "|")
    name = part[2]
    gsub(/^ *`|` *$/, "", name)
    print_figure(name, million(part[3]), million(part[4]))
    ++n_figure
  }
  if (!n_figure) print "no figure to hold them against: " predictions " has no line \"| `NAME` | ...\""

  sim = "three votes, table"
  train = "two_tower, training, 1 updates a step"
  printf "\n%-46s %12s %12s %12s %8s\n", "beside the peers of this run", "ours", "peer", "ratio", "asked"
  print_ratio("simulator, torch.compile on this GPU", sim, "peer-gpu", "^three votes", "eager", 0)
  print_ratio("simulator, eager torch on this GPU", sim, "peer-gpu", "^three votes.*eager", "", 0)
  print_ratio("simulator, torch on the CPU at its fastest", sim, "peer-cpu", "^three votes", "", 1000)
  print_ratio("simulator, eager torch on the CPU, no table", sim, "peer-cpu",
    "^three votes(, last)?, eager", "", 0)
  print_ratio("training, torch.compile on this GPU", train, "peer-gpu",
    "^two_tower, training", "eager", 10)
  print_ratio("training, eager torch on this GPU", train, "peer-gpu",
    "^two_tower, training.*eager", "", 0)
  print_ratio("act + step, torch.compile on this GPU", "two_tower, act + step",
    "peer-gpu", "^two_tower, act \\+ step", "eager", 0)
}
