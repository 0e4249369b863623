#!/bin/bash
# usage: browser.sh REPORT.html [ID...]
# A report of a sweep or of a run in a real browser (Debian: chromium; 77, skipped, without one): it asks for nothing,
# complains of nothing, draws everything, fits a phone, has colours for the dark, and prints. Sections
# with these ids are seen, on a screen and on paper.
set -euo pipefail
page=$(readlink -f "$1")
shift
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
// Of WCAG 2: 4.5 between all text and what it stands on.
function contrasts() {
  const light = css => {
    const c = css.match(/[\d.]+/g).map(Number).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$/.test(c)) return c; } return "rgb(255, 255, 255)"; };
  let worst = 21;
  for (const e of document.querySelectorAll("p, li, a, h1, h2, h3, th, td, dt, dd, b, small, caption, pre, text")) {
    const a = light(getComputedStyle(e).color), b = light(behind(e));
    worst = Math.min(worst, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return worst >= 4.5;
}
const root = document.body, say = (name, value) => root.setAttribute("data-" + name, value);
say("background", getComputedStyle(root).backgroundColor);
say("figures", [...document.querySelectorAll("figure")].filter(f => f.querySelector("svg").getBoundingClientRect().right > f.getBoundingClientRect().right + 1 && getComputedStyle(f).overflowX !== "auto").length);
say("contrast", contrasts());
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

if grep -qE '(src|action|data)="|href="[^#]|url\(|@import|<script' "$page"; then fail "the page refers to another"; fi

look() { open --dump-dom "$@" "file://$work/page.html" 2>"$work/log" >"$work/dom"; }
holds() { grep -q "<body[^>]*data-$1=\"$2\"" "$work/dom" || fail "$1 is not $2: $(grep -o '<body[^>]*>' "$work/dom")"; }
look
if grep CONSOLE "$work/log"; then fail "the browser complains"; fi
for element in circle path rect text svg td section; do
  there=$({ grep -o "<$element[ >]" "$page" || true; } | wc -l)
  seen=$({ grep -o "<$element[ >]" "$work/dom" || true; } | wc -l)
  [ "$there" -gt 0 ] && [ "$there" -eq "$seen" ] || fail "$there <$element> are in the file, $seen on the page"
done
for id in "$@"; do
  grep -q "<section id=\"$id\">" "$work/dom" || fail "there is no section $id"
done
holds requests 0
holds figures 0
holds contrast true
holds empty 0
holds unseen 0
holds columns true
holds phone true
holds background 'rgb(255, 255, 255)'
look --blink-settings=preferredColorScheme=0
holds background 'rgb(22, 24, 28)'
holds contrast true
# Pictures: neither is blank, and the dark is another one.
for scheme in 0 1; do
  open --blink-settings=preferredColorScheme=$scheme --screenshot="$work/$scheme.png" "file://$page" 2>"$work/log" >/dev/null
  if grep CONSOLE "$work/log"; then fail "the browser complains"; fi
done
shades() { python3 "${0%/*}/png_shades.py" "$1"; }
read -r dark dark_kinds <<<"$(shades "$work/0.png")"
read -r light light_kinds <<<"$(shades "$work/1.png")"
[ "$light" -gt 180 ] && [ "$dark" -lt 75 ] || fail "mean brightness $light in the light and $dark in the dark"
[ "$light_kinds" -gt 20 ] && [ "$dark_kinds" -gt 20 ] || fail "a picture is blank"
open --no-pdf-header-footer --print-to-pdf="$work/page.pdf" "file://$page" 2>"$work/log" >/dev/null
[ "$(head -c 5 "$work/page.pdf")" = "%PDF-" ] || fail "it does not print"
pages=$(grep -ac '/Type */Page\b' "$work/page.pdf")
[ "$pages" -ge 1 ] || fail "$pages pages are printed"
if [ $# -gt 0 ] && command -v pdftotext >/dev/null; then
  pdftotext -layout "$work/page.pdf" "$work/page.txt"
  grep -o '<h2>[^<]*' "$page" | sed 's/<h2>//; s/&#39;/'"'"'/g' | while read -r heading; do
    grep -qF "${heading:0:40}" "$work/page.txt" || fail "on paper there is no '$heading'"
  done || exit 1
fi
echo "browser: $("$browser" --version 2>/dev/null): every element drawn, nothing fetched, $pages pages printed"
