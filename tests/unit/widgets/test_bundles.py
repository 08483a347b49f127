"""The committed bundles are what the sources make: nobody edits them, and none is stale."""

import re
import subprocess
from pathlib import Path

from dockerlab.widgets.widget import BUNDLES
from tests.engines.programs import need

JS = Path(__file__).parents[3] / "js"


def test_no_widget_asks_the_network() -> None:
    # Graphviz's loader can fetch, and does not: its program is in the bundle. The browser tests
    # watch what is really asked for.
    for path in BUNDLES.iterdir():
        text = path.read_text()
        assert "cdn." not in text
        assert "url(http" not in text
        assert "@import" not in text
        # VS Code and Colab load a widget's script from a blob, where a bare name leads nowhere.
        assert not re.search(r"""\bimport\s*\(?\s*[{*"'`]|\bfrom\s*["']""", text)
        assert path.name.endswith(".library.js") or "fetch(" not in text


def test_a_fresh_build_makes_the_same(tmp_path: Path) -> None:
    need("node", package="nodejs")
    if not (JS / "node_modules").is_dir():
        npm = need("npm", package="npm")
        # What package-lock.json names, into a folder that git ignores.
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=JS, check=True, timeout=100)
    subprocess.run(["node", "build.js", str(tmp_path)], cwd=JS, check=True, timeout=60)
    fresh = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert fresh == {path.name: path.read_bytes() for path in BUNDLES.iterdir()}
