#!/bin/bash
# usage: docs/render.sh [DOT_FILE...]
# Draws docs/*.dot as SVG beside them (needs graphviz: apt-get install graphviz). Each picture says of
# which text it was made; tests/checks/pages.sh fails where that is not the present one.
set -euo pipefail
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- *.dot
for text in "$@"; do
  picture=${text%.dot}.svg
  sum=$(sha256sum <"$text")
  dot -Tsvg "$text" | sed "s|^<svg |<!-- docs/render.sh made this of $text, sha256 ${sum%% *} -->\n&|" >"$picture"
done
