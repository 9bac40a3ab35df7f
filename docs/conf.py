"""Settings of Sphinx: README and docs/ as a site. `make docs` builds it into build/site; a broken link fails the build.

The sources are the Markdown files as GitHub shows them, so the source folder is the root of the repository.
"""

from pathlib import Path
from shutil import copyfile
from typing import Any

project = "climbpath"
root_doc = "README"
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/**.md"]
exclude_patterns = [".*", "build", "node_modules", "out", "src"]  # large folders, which it need not walk through

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
myst_enable_extensions = ["html_image"]  # README gives some pictures a width by <img>
myst_heading_anchors = 3  # the anchors that GitHub makes
myst_fence_as_directive = ["mermaid"]
suppress_warnings = ["misc.highlighting_failure"]  # a block of CSV has no colours

html_theme = "furo"
html_title = "climbpath"
html_show_copyright = False
html_copy_source = False

NAVIGATION = {
    "Using it": ("climbing", "web", "lights", "serving", "scale", "data", "cpu-training", "evaluate", "commands"),
    "Boards": ("boards/moonboard", "boards/kilter", "boards/tension", "boards/facts"),
    "How it works": ("glossary", "architecture", "promises", "file-formats", "benchmarks"),
    "Development": ("/CONTRIBUTING", "/CHANGELOG", "dev/experiments", "dev/clearer", "dev/robustness", "dev/licences"),
}
"""The pages in the sidebar, below their captions; those of docs/ by name."""


def add_navigation(app: Any, page: str, source: list[str]) -> None:
    """Put the sidebar's lists of pages behind README, where Sphinx looks for them and readers do not see them."""
    if page == root_doc:
        for caption, pages in NAVIGATION.items():
            names = "\n".join(name if name.startswith("/") else f"docs/{name}" for name in pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{names}\n```\n"


def add_index(app: Any, error: Exception | None) -> None:
    """Make README the page that a web server shows for the folder."""
    if not error:
        copyfile(Path(app.outdir) / f"{root_doc}.html", Path(app.outdir) / "index.html")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", add_navigation)
    app.connect("build-finished", add_index)
