# What Sphinx makes the site of: the pages in Markdown as they are (MyST), and the headers as Doxygen read them
# (Breathe). Run by docs/site/build.sh in a copy of the sources, which sets SITE_VERSION and SITE_XML.
import os
import re
from pathlib import Path

project = "throng"
author = copyright = "The authors of throng"
version = release = os.environ["SITE_VERSION"]
extensions = ["myst_parser", "breathe"]
root_doc = "index"
include_patterns = ["index.rst", "api/*.rst", "*.md", "docs/*.md", "bench/**.md", "cuda/*.md"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_heading_anchors = 6  # as a forge makes them
breathe_projects = {"throng": os.environ["SITE_XML"]}
breathe_default_project = "throng"
breathe_domain_by_extension = {"h": "c"}
html_theme = "sphinx_rtd_theme"
html_theme_options = {"navigation_depth": 2}
html_static_path = ["static"]
html_css_files = ["throng.css"]
html_title = f"throng {version}"
html_last_updated_fmt = "%Y-%m-%d"  # of SOURCE_DATE_EPOCH
html_copy_source = False
html_show_sourcelink = False


def headers_are_pages(app, page, source):
    """A link to a public header leads to its page."""
    source[0] = re.sub(r"\]\(((?:\.\./)*)include/throng/(?!throng\.h)(\w+)\.h\)", r"](\1api/\2.rst)", source[0])


def folders_are_names(app, env, node, text):
    """A folder is there on a forge and not on the site: its name stands without a link."""
    return text if (Path(env.doc2path(node["refdoc"])).parent / node["reftarget"]).is_dir() else None


def setup(app):
    app.connect("source-read", headers_are_pages)
    app.connect("missing-reference", folders_are_names)
