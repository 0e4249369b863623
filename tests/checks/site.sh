#!/bin/bash
# usage: site.sh SOURCE
# The site of `make docs` (77, skipped, without its tools): every warning is an error, two builds are alike to
# the byte, what site.py asks of it holds; and a browser, where there is one, finds a function by its search and
# asks nobody for anything.
set -euo pipefail
source=$(realpath "$1")
for tool in doxygen sphinx-build breathe-apidoc; do
  command -v "$tool" >/dev/null || { echo "site: no $tool here (.ci/deps docs): the site was not built"; exit 77; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/throng-check-site-XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() {
  echo "site: $*" >&2
  exit 1
}
"$source/docs/site/build.sh" "$work/html"
"$source/docs/site/build.sh" "$work/again" >/dev/null
diff -rq "$work/html" "$work/again" || fail "two builds differ"
python3 "$source/tests/checks/site.py" "$source" "$work/html"

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "site: no browser here: its search was not tried"
  exit 0
}
export HOME=$work
open() {
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/profile" \
    --virtual-time-budget=20000 --enable-logging=stderr --dump-dom "$1" 2>"$work/log"
}
probe='<script>addEventListener("load", () => document.body.setAttribute("data-elsewhere",
  performance.getEntriesByType("resource").filter(e => !e.name.startsWith("file:") \&\& !e.name.startsWith("data:")).length))</script>'
for page in index README api/sim; do
  sed "s|</body>|$(tr '\n' ' ' <<<"$probe")</body>|" "$work/html/$page.html" >"$work/html/$page-probed.html"
  open "file://$work/html/$page-probed.html" | grep -q 'data-elsewhere="0"' || fail "$page asks for something elsewhere"
  if grep 'CONSOLE.*\(Refused\|net::\|Uncaught\)' "$work/log"; then fail "the browser complains of $page"; fi
done
open "file://$work/html/search.html?q=throng_sim_step" >"$work/found"
grep -q 'href="api/sim.html' "$work/found" || fail "searching throng_sim_step does not find its page"
echo "site: two builds alike; searched and looked at in $("$browser" --version 2>/dev/null | head -1)"
