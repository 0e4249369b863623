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
breaches=0
breach() {
  echo "$1" >&2
  breaches=$((breaches + 1))
}

[ ${#files[@]} -gt 0 ] || { echo "style: no source found under $1" >&2; exit 1; }
for file in "${files[@]}"; do
  [ -f "$file" ] || continue  # removed, not yet committed
  read -r first <"$file" || true
  [[ $first == ///* ]] || breach "$file:1: the first line says with /// what the file is for"
  lines=$(wc -l <"$file")
  [ "$lines" -le 600 ] || breach "$file:$lines: more than 600 lines; split it by noun"
  [ -z "$(tail -c1 "$file")" ] || breach "$file:$lines: the last line does not end"
  while IFS=: read -r line _; do
    breach "$file:$line: space at the end of the line, tab or carriage return"
  done < <(grep -nP '[ \t\r]$|\t' "$file")
  case $file in
    host/cli/*) ;;
    host/* | kernels/* | cuda/* | include/*)
      # Comments may speak of them; code may not call them.
      while IFS=: read -r line _; do
        breach "$file:$line: the library neither prints nor exits; return a throng_status"
      done < <(grep -nP '(?<![\w.>])(exit|_exit|abort|printf|puts|putchar|perror|vprintf)\s*\(|\b(stdout|stderr)\b' "$file" |
        grep -vP '^\d+:\s*(//|\*|/\*)|__attribute__')
      ;;
  esac
  case $file in
    kernels/portable.h | kernels/random.h) ;;
    kernels/*)
      while IFS=: read -r line _; do
        breach "$file:$line: kernels/ includes no system or CUDA header but through portable.h"
      done < <(grep -nP '^\s*#\s*include\s*<' "$file")
      ;;
  esac
done
if [ $breaches -gt 0 ]; then
  echo "style: $breaches breaches in ${#files[@]} files" >&2
  exit 1
fi
echo "style: ${#files[@]} files, no breach"
