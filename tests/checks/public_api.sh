#!/bin/bash
# usage: public_api.sh INCLUDE_FOLDER
# What a public header owes its reader: every function has a comment of its own, and where it returns
# a throng_status that comment says which ("Errors: ARGUMENT (..), DATA" or "Errors: as throng_x");
# every handle says what threads may do with it ("Threads:"); every enum and struct, each of its values
# and each of its members has a comment, above it or behind it.
set -euo pipefail
include=$1
breaches=$(awk '
  function breach(what) { print FILENAME ":" FNR ": " what }
  FNR == 1 { comment = "" }
  # First pass: the statuses, and which functions there are.
  pass == 1 {
    if (match($0, /THRONG_ERROR_[A-Z]+/)) status[substr($0, RSTART + 13, RLENGTH - 13)] = 1
    if ($0 ~ /^THRONG_API/ && match($0, /throng_[a-z0-9_]+\(/)) known[substr($0, RSTART, RLENGTH - 1)] = 1
    next
  }
  /^\/\/\// { comment = comment " " substr($0, 4); next }
  /^THRONG_API/ {
    name = match($0, /throng_[a-z0-9_]+\(/) ? substr($0, RSTART, RLENGTH - 1) : "a function whose name is not on its first line"
    ++functions
    if (comment == "") breach(name "() has no comment of its own")
    else if ($0 ~ /^THRONG_API throng_status /) {
      ++statuses
      at = index(comment, "Errors:")
      if (!at) breach(name "() returns a status and does not say which: Errors: ...")
      else {
        said = 0
        n = split(substr(comment, at + 7), word, /[^A-Za-z0-9_]+/)
        for (i = 1; i <= n; ++i) {
          if (word[i] in status) said = 1
          if (word[i] ~ /^throng_/ && word[i - 1] == "as") {
            said = 1
            if (!(word[i] in known)) breach(name "(): errors as of " word[i] ", which is no public function")
          }
        }
        if (!said) breach(name "(): after Errors: stands no status that base.h has")
      }
    }
  }
  /^typedef struct ([a-z_]+) ([a-z_]+);/ {
    split($0, part, /[ ;]+/)
    ++handles
    if (comment !~ /Threads:/) breach(part[4] " does not say what threads may do with it (Threads: ...)")
  }
  inside && /^}/ { inside = 0; comment = ""; next }
  inside {
    # What is left of a line without its comments: a value or a member, or nothing.
    bare = $0
    sub(/\/\/.*/, "", bare)
    if (bare ~ /[^ ]/) {
      ++members
      if (comment == "" && !/\/\/\/</) breach("no comment at" bare)
      if (bare ~ /[;,] *$/) comment = ""
    } else if (/^ *\/\/\/</ || !/^ *\/\/\//) {
      if (!/^ *\/\/\/</) comment = ""
    } else {
      comment = comment $0
    }
    next
  }
  /^typedef (enum|struct) [a-z_0-9]+ \{$/ {
    if (comment == "") breach($3 " has no comment of its own")
    inside = 1
    comment = ""
    next
  }
  /^typedef (enum|struct) .*\{/ { breach($3 ": one line each for its values") }
  { comment = "" }
  END { if (pass == 2) print "counted " functions " functions, " statuses " of which return a status, " handles " handles, " members " values and members" }
' pass=1 "$include"/*.h pass=2 "$include"/*.h)
counted=$(grep '^counted' <<<"$breaches")
breaches=$(grep -v '^counted' <<<"$breaches" || true)
[[ $counted =~ ^counted\ [1-9] ]] || { echo "public_api: no function found in $include" >&2; exit 1; }
if [ -n "$breaches" ]; then
  echo "$breaches" >&2
  echo "public_api: $(wc -l <<<"$breaches") breaches" >&2
  exit 1
fi
echo "public_api: ${counted#counted }"
