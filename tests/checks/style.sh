#!/bin/bash
# usage: tests/checks/style.sh SOURCE_ROOT
# The house's rules that a compiler does not know. Prints every breach; exits 1 where there is one.
set -uo pipefail
cd "$1" || exit 2
if git rev-parse --git-dir >/dev/null 2>&1; then
  mapfile -t files < <(git ls-files '*.c' '*.h' '*.cpp' '*.cu' '*.cuh')
else
  mapfile -t files < <(find include kernels host cuda bench tests -name '*.[ch]' -o -name '*.cpp' -o -name '*.cu')
fi
present=()
for file in "${files[@]}"; do
  [ -f "$file" ] && present+=("$file")  # removed, not yet committed
done
[ ${#present[@]} -gt 0 ] || { echo "style: no source found under $1" >&2; exit 1; }

breaches=$(awk '
  function breach(what) { print FILENAME ":" FNR ": " what }
  FNR == 1 {
    if ($0 !~ /^\/\/\/ /) breach("the first line says with /// what the file is for")
    library = FILENAME ~ /^(host|kernels|cuda|include)\// && FILENAME !~ /^host\/cli\//
    fraction = FILENAME ~ /^(host|cuda)\// && FILENAME !~ /^host\/cli\//
    guarded = 0
    kernel = FILENAME ~ /^kernels\// && FILENAME !~ /^kernels\/base\/(portable|random)\.h$/
  }
  FNR == 601 { breach("more than 600 lines; split it by noun") }
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
breaches=$(printf "%s\n%s" "$breaches" "$unended" | sed "/^$/d")
if [ -n "$breaches" ]; then
  echo "$breaches" >&2
  echo "style: $(wc -l <<<"$breaches") breaches in ${#present[@]} files" >&2
  exit 1
fi
echo "style: ${#present[@]} files, no breach"
