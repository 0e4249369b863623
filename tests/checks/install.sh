#!/bin/bash
# usage: install.sh SOURCE BUILD COMPILER
# Installs into an empty prefix, moves it, and builds programs against it the two ways in which
# people do: pkg-config and find_package. Both must run, and so must the installed program.
set -euo pipefail
source=$1 build=$2 compiler=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/throng-install-XXXXXX")
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/staged" >"$work/log" || { cat "$work/log" >&2; exit 1; }
mv "$work/staged" "$work/prefix"  # nothing may remember where it was installed first
prefix=$work/prefix

pc=$(find "$prefix" -name throng.pc)
[ -n "$pc" ] || { echo "install: no throng.pc under the prefix" >&2; exit 1; }
export PKG_CONFIG_PATH=${pc%/*}
library=$(pkg-config --variable=libdir throng)
export LD_LIBRARY_PATH=$library
for header in "$source"/include/throng/*.h; do
  cmp "$header" "$prefix/include/throng/${header##*/}"
done

read -ra flags <<<"$(pkg-config --cflags --libs throng)"
consumer=$source/tests/checks/consumer
"$compiler" -std=c11 -Wall -Wextra -Wpedantic -Werror "$consumer/main.c" "${flags[@]}" -o "$work/by_pkg_config"
c++ -x c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only "$consumer/main.c" "${flags[@]}"
cmake -S "$consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$compiler" \
  -DEXAMPLE="$prefix/share/doc/throng/examples/quickstart.c" >"$work/log" 2>&1 &&
  cmake --build "$work/consumer" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

version=$(pkg-config --modversion throng)
for program in "$work/by_pkg_config" "$work/consumer/consumer"; do
  said=$("$program")
  [ "$said" = "$version" ] || { echo "install: $program says '$said', pkg-config '$version'" >&2; exit 1; }
done
# The examples that were installed, against what was installed.
examples=$prefix/share/doc/throng/examples
for example in "$source"/examples/*.c; do
  name=$(basename "$example" .c)
  cmp "$example" "$examples/$name.c"
  "$compiler" -std=c11 -Wall -Wextra -Wpedantic -Werror "$examples/$name.c" "${flags[@]}" -o "$work/$name"
done
for program in "$work/world_from_arrays" "$work/quickstart" "$work/consumer/quickstart"; do
  (cd "$work" && "$program" >"$work/said") || { cat "$work/said" >&2; exit 1; }
  [ -s "$work/said" ] || { echo "install: $program said nothing" >&2; exit 1; }
done
if [ -x "$build/throng" ]; then
  [ -x "$prefix/bin/throng" ] || { echo "install: no program in $prefix/bin" >&2; exit 1; }
  env -u LD_LIBRARY_PATH "$prefix/bin/throng" info >/dev/null
  # What README and --help speak of is there, and the configs work from where they lie.
  share=$prefix/share
  for file in doc/throng/README.md doc/throng/LICENSE doc/throng/CHANGELOG.md doc/throng/docs/architecture.svg man/man1/throng.1 \
    bash-completion/completions/throng zsh/site-functions/_throng fish/vendor_completions.d/throng.fish \
    throng/configs/throng.schema.json throng/configs/prompts/objective.txt; do
    [ -s "$share/$file" ] || { echo "install: no $file in $share" >&2; exit 1; }
  done
  cmp "$source/README.md" "$share/doc/throng/README.md"
  for config in "$source"/configs/*.json; do
    cmp "$config" "$share/throng/configs/${config##*/}"
    case $config in *schema.json) continue ;; esac
    (cd "$share/throng" && "$prefix/bin/throng" config -q "configs/${config##*/}" >/dev/null)
  done
fi
echo "install: $(find "$prefix" -type f | wc -l) files; pkg-config and find_package agree on $version"
