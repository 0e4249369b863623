#!/bin/bash
# usage: browser.sh REPORT.html
# A sweep's report in a real browser (Debian: chromium; 77, skipped, without one): it asks for nothing,
# complains of nothing, draws everything, fits a phone, has colours for the dark, and prints.
set -euo pipefail
page=$1
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "browser: no chromium here: the report was not looked at"
  exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work
open() {
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/profile" \
    --enable-logging=stderr --window-size=1000,1400 "$@"
}
fail() {
  echo "browser: $*" >&2
  exit 1
}

# What a browser makes of the page, written by a script that only this copy has.
probe='<script>
const root = document.body, say = (name, value) => root.setAttribute("data-" + name, value);
say("background", getComputedStyle(root).backgroundColor);
say("requests", performance.getEntriesByType("resource").length);
say("empty", [...document.querySelectorAll("svg")].filter(s => !(s.getBBox().width > 50)).length);
say("unseen", [...document.querySelectorAll("circle")].filter(c => !(c.getBoundingClientRect().width > 1)).length);
const probe = document.createElement("span");
probe.style.cssText = "display:inline-block;width:80ch";
root.append(probe);
say("columns", root.querySelector("p").getBoundingClientRect().width <= probe.getBoundingClientRect().width + 1);
probe.remove();
document.documentElement.style.width = "360px";
say("phone", root.getBoundingClientRect().right <= 361 && root.scrollWidth <= 361);
</script>'
sed "s|</body>|@probe@</body>|" "$page" >"$work/page.html"
text=$(<"$work/page.html")
printf '%s' "${text/@probe@/"$probe"}" >"$work/page.html"

if grep -qE '(src|href|action|data)="|url\(|@import|<script' "$page"; then fail "the page refers to another"; fi

look() { open --dump-dom "$@" "file://$work/page.html" 2>"$work/log" >"$work/dom"; }
holds() { grep -q "<body[^>]*data-$1=\"$2\"" "$work/dom" || fail "$1 is not $2: $(grep -o '<body[^>]*>' "$work/dom")"; }
look
if grep CONSOLE "$work/log"; then fail "the browser complains"; fi
for element in circle path rect text svg td; do
  there=$(grep -o "<$element[ >]" "$page" | wc -l)
  seen=$(grep -o "<$element[ >]" "$work/dom" | wc -l)
  [ "$there" -gt 0 ] && [ "$there" -eq "$seen" ] || fail "$there <$element> are in the file, $seen on the page"
done
holds requests 0
holds empty 0
holds unseen 0
holds columns true
holds phone true
holds background 'rgb(255, 255, 255)'
look --blink-settings=preferredColorScheme=0
holds background 'rgb(22, 24, 28)'
open --no-pdf-header-footer --print-to-pdf="$work/page.pdf" "file://$page" 2>"$work/log" >/dev/null
[ "$(head -c 5 "$work/page.pdf")" = "%PDF-" ] || fail "it does not print"
pages=$(grep -ac '/Type */Page\b' "$work/page.pdf")
[ "$pages" -ge 2 ] || fail "$pages pages are printed"
echo "browser: $("$browser" --version 2>/dev/null): every element drawn, nothing fetched, $pages pages printed"
