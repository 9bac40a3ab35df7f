"""The page's texts."""

import re
from collections import Counter
from importlib import resources

SCRIPTS = resources.files("climbpath") / "web" / "static" / "js"


def test_every_text_has_a_name_of_its_own_and_every_name_used_has_a_text() -> None:
    texts = (SCRIPTS / "texts.js").read_text("utf-8")
    names = Counter(re.findall(r"^  (\w+):", texts, re.MULTILINE))
    assert not [name for name, times in names.items() if times > 1]
    scripts = [path.read_text("utf-8") for path in SCRIPTS.iterdir() if path.name.endswith(".js")]
    used = {name for script in scripts for name in re.findall(r"\bT\.(\w+)", script)}
    assert used <= set(names)
