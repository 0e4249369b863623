#!/usr/bin/env python3
"""usage: sound_html.py PAGE.html...
Is a page sound HTML? By Python's own parser, which is not the one that made it: every tag is closed, in order; no id
stands twice; what refers to an id (links, aria) finds one; headings rise by one; every picture has a title and a
description; nothing is fetched. Where html5lib is installed (Debian: python3-html5lib) its strict parser must agree."""
import re
import sys
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Elements of SVG that the page writes as empty ones ("<path .../>").
FETCHES = {"src", "href", "action", "data", "xlink:href", "srcset", "poster", "formaction", "background"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.refers, self.headings, self.wrong = [], [], [], [], []
        self.elements, self.pictures = {}, []

    def say(self, what):
        self.wrong.append(f"line {self.getpos()[0]}: {what}")

    def begin(self, tag, attributes):
        self.elements[tag] = self.elements.get(tag, 0) + 1
        names = [name for name, _ in attributes]
        if len(names) != len(set(names)):
            self.say(f"<{tag}> has an attribute twice")
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name.startswith("on") or (name in FETCHES and not (name == "href" and value.startswith("#"))):
                self.say(f"<{tag} {name}> reaches out of the page")
            if name == "href":
                self.refers.append(value[1:])
            if name in ("aria-labelledby", "aria-describedby"):
                self.refers += value.split()
            if name == "style" and "url(" in value:
                self.say(f"<{tag}> has a style that fetches")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("script", "iframe", "object", "embed", "img", "link", "form"):
            self.say(f"<{tag}> has no place here")
        if tag == "svg":
            self.pictures.append(set())
        if tag in ("title", "desc") and self.open[-1:] == ["svg"]:
            self.pictures[-1].add(tag)
        if tag == "table" and "scroll" not in self.classes:
            self.say("a table that may be wider than the page")

    classes = ""

    def handle_starttag(self, tag, attributes):
        if tag == "div":
            self.classes = dict(attributes).get("class") or ""
        self.begin(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.begin(tag, attributes)
        if tag not in VOID and "svg" not in self.open:
            self.say(f"<{tag}/> is no empty element in HTML")

    def handle_endtag(self, tag):
        if self.open[-1:] != [tag]:
            self.say(f"</{tag}> closes <{self.open[-1] if self.open else 'nothing'}>")
        elif self.open:
            self.open.pop()


def check(path):
    text = open(path, encoding="utf-8").read()
    page = Page()
    page.feed(text)
    page.close()
    wrong = page.wrong + [f"<{tag}> is not closed" for tag in page.open]
    wrong += [f"the id {i} stands {page.ids.count(i)} times" for i in sorted(set(page.ids)) if page.ids.count(i) > 1]
    wrong += [f"nothing has the id {i}" for i in page.refers if i not in page.ids]
    if page.headings[:1] != [1] or page.headings.count(1) != 1:
        wrong.append("there is not one <h1>, which comes first")
    wrong += [f"a heading h{b} after h{a}" for a, b in zip(page.headings, page.headings[1:]) if b > a + 1]
    wrong += ["a picture without title and description" for seen in page.pictures if seen != {"title", "desc"}]
    if not re.search(r'<html lang="[a-z]+"', text):
        wrong.append("no language is named")
    if not page.pictures:
        wrong.append("no picture is drawn")
    if re.search(r"(?<![\w#])(nan|inf)(?![\w])", " ".join(re.findall(r' (?:d|x|y|cx|cy|r|width|height)="([^"]*)"', text))):
        wrong.append("a drawing has coordinates that are no numbers")
    try:
        import html5lib
    except ImportError:
        html5lib = None
    if html5lib:
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(text)
        # The namespace on <html> is told as such: the page is XML as well.
        wrong += [f"html5lib: {place}: {code}" for place, code, _ in parser.errors]
    return wrong, len(page.pictures), bool(html5lib)


failed = False
for path in sys.argv[1:]:
    wrong, pictures, strict = check(path)
    for line in wrong[:20]:
        print(f"{path}: {line}", file=sys.stderr)
    failed |= bool(wrong)
    if not wrong:
        print(f"{path}: sound, {pictures} pictures{', html5lib agrees' if strict else ''}")
sys.exit(failed)
