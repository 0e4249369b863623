#!/bin/bash
# usage: tests/checks/style.sh SOURCE_ROOT
# The house's rules that a compiler does not know. Prints every breach with file and line; exits 1 where there is
# one. Then lets the rules on lengths find what is planted: a check that finds none of it fails.
set -uo pipefail
cd "$1" || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if git rev-parse --git-dir >/dev/null 2>&1; then
  mapfile -t files < <(git ls-files '*.c' '*.h' '*.cpp' '*.cu' '*.cuh')
  mapfile -t scripts < <(git ls-files '*.sh' '*.py' '*.awk' '*.cmake' '*CMakeLists.txt' .ci Makefile)
else
  mapfile -t files < <(find include kernels host cuda bench tests examples -name '*.[ch]' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh')
  scripts=()
fi
present=()
for file in "${files[@]}"; do
  [ -f "$file" ] && present+=("$file")  # removed, not yet committed
done
[ ${#present[@]} -gt 0 ] || { echo "style: no source found under $1" >&2; exit 1; }

# too_long FILE...: files of more than 500 lines; with "functions" first, functions of more than 70 too. A function runs
# from its first line to its closing brace; strings, comments and macros are passed over.
too_long() {
  local functions=0
  [ "$1" != functions ] || { functions=1; shift; }
  awk -v functions=$functions '
    FNR == 1 { head = ""; depth = inside = macro = comment = 0 }
    FNR == 501 { print FILENAME ":" FNR ": more than 500 lines; split it by noun" }
    !functions { next }
    {
      code = $0
      if (macro || code ~ /^[ \t]*#/) { macro = code ~ /\\$/; next }
      gsub(/\\./, "", code)
      gsub(/"[^"]*"/, "", code)
      gsub(/\047[^\047]*\047/, "", code)
      gsub(/\/\*([^*]|\*[^\/])*\*\//, "", code)
      sub(/\/\/.*/, "", code)
      sub(/[ \t]+$/, "", code)
      opened = gsub(/{/, "{", code)
      closed = gsub(/}/, "}", code)
      if (!inside) {
        if (head == "") first = FNR
        head = head code
        if (opened > closed && code ~ /{$/ && head ~ /\(/ && head !~ /=/) { inside = 1; outer = depth }
        else if (code ~ /[;{}]$/ || code == "") head = ""
      }
      depth += opened - closed
      if (inside && depth <= outer) {
        if (FNR - first >= 70)
          print FILENAME ":" first ": a function of " FNR - first + 1 " lines; expected 70 at most"
        inside = 0
        head = ""
      }
    }' "$@"
}

breaches=$(awk '
  function breach(what) { print FILENAME ":" FNR ": " what }
  FNR == 1 {
    if ($0 !~ /^\/\/\/ /) breach("the first line says with /// what the file is for")
    library = FILENAME ~ /^(host|kernels|cuda|include)\// && FILENAME !~ /^host\/cli\//
    fraction = FILENAME ~ /^(host|cuda)\// && FILENAME !~ /^host\/cli\//
    guarded = 0
    kernel = FILENAME ~ /^kernels\// && FILENAME !~ /^kernels\/base\/(portable|random)\.h$/
  }
  /[ \t\r]$/ || /\t/ { breach("space at the end of the line, tab or carriage return") }
  library && !/^ *(\/\/|\*|\/\*)/ && !/__attribute__/ {
    code = $0
    sub(/\/\/.*/, "", code)
    gsub(/"([^"\\]|\\.)*"/, "", code)
    if (code ~ /(^|[^A-Za-z0-9_.>])(exit|_exit|abort|printf|vprintf|puts|putchar|perror) *\(/ ||
        code ~ /(^|[^A-Za-z0-9_])(stdout|stderr)([^A-Za-z0-9_]|$)/)
      breach("the library neither prints nor exits; return a throng_status")
  }
  /NUMBERS_WITHOUT_LOCALE|numbers_locale/ { guarded = 1 }
  fraction && !guarded && !/throng_(fail|note)/ {
    if (/(^|[^a-z_])(strto(d|f|ld)|atof) *\(/ || /printf\(.*"[^"]*%[-+ 0-9.*]*[aefgAEFG]/)
      breach("a fraction read or printed under the locale of the caller; see base/numbers.h")
  }
  kernel && /^ *# *include *</ {
    breach("kernels/ includes no system or CUDA header but through portable.h")
  }
' "${present[@]}")
unended=$(for file in "${present[@]}"; do
  [ -z "$(tail -c1 "$file")" ] || echo "$file: the last line does not end"
done)
lengths=$(too_long functions "${present[@]}")
[ ${#scripts[@]} = 0 ] || lengths+=$'\n'$(for file in "${scripts[@]}"; do [ -f "$file" ] && too_long "$file"; done)
breaches=$(printf "%s\n%s\n%s" "$breaches" "$unended" "$lengths" | sed "/^$/d")
if [ -n "$breaches" ]; then
  echo "$breaches" >&2
  echo "style: $(wc -l <<<"$breaches") breaches in ${#present[@]} files" >&2
  exit 1
fi

# --- what must be found -------------------------------------------------------------------------
# A function of $1 lines in all, with braces in strings and comments.
planted() {
  printf 'static int f(int a,\n             int b) {\n  /* { */ char c = \047{\047;  // {\n'
  for ((k = 5; k < $1; ++k)); do echo '  g("} // {", a);'; done
  printf '  return b;\n}\n'
}
# found PATTERN FILE: the rules on lengths must say this of the file; with no pattern, nothing.
found() {
  local said
  said=$(too_long functions "$2")
  if [ -n "$1" ] && ! grep -q "$1" <<<"$said" || { [ -z "$1" ] && [ -n "$said" ]; }; then
    echo "style: of what was planted it says \"$said\", expected \"$1\"" >&2
    exit 1
  fi
}
{ echo "static const int x[] = {"; for k in {1..90}; do echo "  $k,"; done; echo "};"; planted 70; } >"$work/short.c"
found '' "$work/short.c"
{ echo "int y;"; planted 71; planted 12; } >"$work/long.c"
found ':2: a function of 71 lines' "$work/long.c"
{ echo "namespace n {"; echo "struct s {"; planted 80; echo "};"; echo "}"; } >"$work/method.cpp"
found ':3: a function of 80 lines' "$work/method.cpp"
{ echo "TEST(a, b) {"; for k in {1..498}; do echo "  ;"; done; echo "}"; echo "// the end"; } >"$work/file.c"
found ':1: a function of 500 lines' "$work/file.c"
found ':501: more than 500 lines' "$work/file.c"
echo "style: ${#present[@]} files and ${#scripts[@]} scripts, no breach; what was planted was found"
