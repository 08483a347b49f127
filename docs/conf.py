"""The site: lessons as pages with their saved outputs, these documents, and the API reference.

    make docs        # into build/site; no network, warnings are errors

Its sources are the repository itself, so that a link means the same here, on GitHub and in an
editor. Files that are no pages are taken along; folders are linked where the repository is
published: `DOCKERLAB_REPOSITORY`, or where this clone came from. The theme knows GitHub, GitLab and
Bitbucket; without an address there, folders are plain text, and no page has a launch button.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from ipython_pygments_lexers import IPython3Lexer
from pygments.lexers.special import TextLexer
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.highlighting import lexers
from sphinx.transforms.post_transforms import SphinxPostTransform

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import dockerlab  # noqa: E402 - from here, whichever is installed


def published_at() -> str:
    """Return the repository's address for a browser, or nothing."""
    named = os.environ.get("DOCKERLAB_REPOSITORY", "")
    words = ["git", "-C", str(ROOT), "remote", "get-url", "origin"]
    found = named or subprocess.run(words, capture_output=True, text=True, check=False).stdout
    web = re.sub(r"^(ssh://)?git@([^:/]+)[:/]", r"https://\2/", found.strip())
    known = any(provider in web for provider in ("github", "gitlab", "bitbucket"))
    return web.removesuffix(".git") if web.startswith("https://") and known else ""


REPOSITORY = published_at()

project = "dockerlab"
author = "the dockerlab contributors"
version = release = dockerlab.__version__
root_doc = "docs/index"
include_patterns = ["docs/**.md", "notebooks/*/*.ipynb"]
exclude_patterns = [
    *(f"{folder}/**" for folder in ("build", "dist", "node_modules", "tests", "dockerlab")),
    *(".[a-z]*/**", "**/.ipynb_checkpoints/**"),
]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

# The outputs on the pages are those of a recorded run, which the tests compare with later ones.
nb_execution_mode = "off"
myst_heading_anchors = 3
lexers["python"] = IPython3Lexer()  # cells have `!docker` lines
lexers["mermaid"] = (
    TextLexer()
)  # shown as its source: drawing it would need a script from elsewhere

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
nitpicky = False

html_title = "dockerlab"
html_theme = "sphinx_book_theme"
html_extra_path = ["site"]
html_theme_options: dict[str, Any] = {
    "path_to_docs": "",
    "use_download_button": True,
    "show_navbar_depth": 1,
}
if REPOSITORY:
    html_theme_options |= {
        "repository_url": REPOSITORY,
        "repository_branch": "main",
        "use_repository_button": True,
        "use_source_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        },
    }


class FolderLinks(SphinxPostTransform):
    """Lead links to folders to where the repository is published; without that, show their text.

    MyST leads links to files into the site, and knows no folders.
    """

    default_priority = 5  # before MyST's own resolver, which has 9

    def run(self, **_: object) -> None:
        """Replace the links of one page."""
        for link in list(self.document.findall(pending_xref)):
            if link["reftype"] != "myst":
                continue
            place = Path(self.env.doc2path(link["refdoc"])).parent / link["reftarget"]
            if place.is_dir():
                path = place.resolve().relative_to(ROOT)
                known = {"refuri": f"{REPOSITORY}/tree/main/{path}"} if REPOSITORY else {}
                kind = nodes.reference if REPOSITORY else nodes.inline
                link.replace_self(kind("", "", *link.children, **known))


def setup(app: Sphinx) -> None:
    """Register what stands above."""
    app.add_post_transform(FolderLinks)
