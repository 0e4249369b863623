"""usage: site.py SOURCE HTML
Does the site hold together? Every link and anchor of it leads somewhere, nothing is fetched from elsewhere,
every public function of the headers has its place, and each page says version and date."""
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

source, html = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
fetching = {"src", "srcset", "data", "poster", "action", "href"}  # href of all but <a>
failed = []


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.path, self.ids, self.links = path, set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name"):
                self.ids.add(value)
            elif name == "href" and tag == "a":
                self.links.append(value)
            elif name in fetching and value:
                self.links.append(value)
                if urlsplit(value).scheme not in ("", "data") or value.startswith("//"):
                    failed.append(f"{self.path.relative_to(html)}: <{tag} {name}> fetches {value}")
            elif name == "style" and re.search(r"url\(|@import", value or ""):
                failed.append(f"{self.path.relative_to(html)}: a style fetches {value}")


pages = {path: Page(path) for path in sorted(html.rglob("*.html"))}
links = 0
for path, page in pages.items():
    for link in page.links:
        part = urlsplit(link)
        if part.scheme or part.netloc:
            continue
        links += 1
        target = (path.parent / unquote(part.path)).resolve() if part.path else path
        where = f"{path.relative_to(html)}: {link}"
        if not target.is_file():
            failed.append(f"{where} leads nowhere")
        elif part.fragment and target in pages and unquote(part.fragment) not in pages[target].ids:
            failed.append(f"{where}: there is no such place on that page")
    text = path.read_text()
    if path.name not in ("search.html", "genindex.html") and not re.search(r"Last updated on \d{4}-\d\d-\d\d", text):
        failed.append(f"{path.relative_to(html)} does not say its date")
    if not re.search(r"throng \d+\.\d+\.\d+", text):
        failed.append(f"{path.relative_to(html)} does not say its version")

for sheet in html.rglob("*.css"):
    for target in re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")]+)", sheet.read_text()):
        if re.match(r"(?:https?:)?//", target):
            failed.append(f"{sheet.relative_to(html)} fetches {target}")
        elif not target.startswith("data:") and not (sheet.parent / re.sub("[?#].*", "", target)).is_file():
            failed.append(f"{sheet.relative_to(html)}: {target} is not there")

promised = set()
for header in sorted(source.glob("include/throng/*.h")):
    lines = [line for line in header.read_text().splitlines() if not line.startswith("#")]
    promised |= set(re.findall(r"THRONG_API\s[^;(]*?\b(\w+)\s*\(", " ".join(lines)))
documented = {name[2:] for page in pages.values() for name in page.ids if name and name.startswith("c.")}
failed += [f"{name}() is in no page of the site" for name in sorted(promised - documented)]
if len(promised) < 100 or links < 1000:
    failed.append(f"only {len(promised)} functions and {links} links were found")

for line in failed[:40]:
    print(f"site: {line}", file=sys.stderr)
if failed:
    sys.exit(f"site: {len(failed)} breaches")
print(f"site: {len(pages)} pages, {links} links between them, {len(promised)} public functions, nothing from elsewhere")
