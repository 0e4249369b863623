# Reads a list of files, house.txt and lines of grep ("FILE:LINE:#include ..."); see house.sh.

function room_of(file,  part, n) {
  n = split(file, part, "/")
  if (part[1] == "cuda" || part[1] == "bench" || part[1] == "tests") return part[1]
  return n > 2 ? part[1] "/" part[2] : part[1]
}

function unit_of(file) {
  sub(/\.(c|h|cpp|cu|cuh)$/, "", file)
  return file
}

# "a/b/../c" as "a/c".
function straight(path) {
  while (sub(/[^\/]+\/\.\.\//, "", path)) continue
  return path
}

function find(file, name,  folder) {
  folder = file
  sub(/[^\/]*$/, "", folder)
  if (straight(folder name) in is_file) return straight(folder name)
  if (name in is_file) return name
  if ("host/" name in is_file) return "host/" name
  if ("include/" name in is_file) return "include/" name
  return ""
}

FNR == 1 { ++n_input }

n_input == 1 { is_file[$0] = 1; next }

n_input == 2 && (/^#/ || /^$/) { next }

n_input == 2 && /^private / {
  header = substr($2, 1, length($2) - 1)
  if (!(header in is_file)) print "house.txt:" FNR ": there is no " header
  private[header] = room_of(header)
  for (i = 3; i <= NF; ++i) may_read[header, $i] = 1
  next
}

n_input == 2 {
  room = substr($1, 1, length($1) - 1)
  row[room] = FNR
  for (i = 2; i <= NF; ++i) {
    if ($i == "*") { reads_all[room] = 1; continue }
    if (!($i in row)) print "house.txt:" FNR ": " room " names " $i ", which stands on no line above"
    allowed[room, $i] = FNR
  }
  next
}

{
  split($0, part, ":")
  file = part[1]; line = part[2]
  name = substr($0, length(file) + length(line) + 3)
  sub(/^[^"<]*["<]/, "", name)
  sub(/[">].*/, "", name)
  to = find(file, name)
  if (to == "") next
  from_room = room_of(file)
  to_room = room_of(to)
  place = file ":" line ": "
  if (to in private && private[to] != from_room && !((to, from_room) in may_read))
    print place to " is private to its room"
  if (from_room != to_room && !(from_room in reads_all)) {
    if (!(from_room in row)) print place from_room " has no row in house.txt"
    else if (!((from_room, to_room) in allowed)) print place from_room " may not include " to_room
    used[from_room, to_room] = 1
  }
  from_unit = unit_of(file)
  to_unit = unit_of(to)
  if (from_unit != to_unit && !((from_unit, to_unit) in edge)) {
    edge[from_unit, to_unit] = 1
    next_of[from_unit, ++n_next[from_unit]] = to_unit
    unit[from_unit] = unit[to_unit] = 1
  }
}

END {
  for (arrow in allowed)
    if (!(arrow in used)) {
      split(arrow, part, SUBSEP)
      print "house.txt:" allowed[arrow] ": " part[1] " does not include " part[2] "; take it out"
    }
  while ((text = circle()) != "") print "circle of files: " text
}

# A circle among the files of `unit`, whose files are taken out; "" where there is none. First every file
# goes that includes none that is left: what remains leads into circles.
function circle(  u, i, taken, leads, step, at, n_step, text) {
  do {
    taken = 0
    for (u in unit) {
      leads = 0
      for (i = 1; i <= n_next[u]; ++i) leads += next_of[u, i] in unit
      if (!leads) { delete unit[u]; ++taken }
    }
  } while (taken)
  for (u in unit) break
  if (!(u in unit)) return ""
  while (!(u in step)) {
    step[u] = ++n_step
    at[n_step] = u
    for (i = 1; i <= n_next[u]; ++i)
      if (next_of[u, i] in unit) { u = next_of[u, i]; break }
  }
  text = u
  for (i = n_step; i >= step[u]; --i) {
    text = at[i] " -> " text
    delete unit[at[i]]
  }
  return text
}
