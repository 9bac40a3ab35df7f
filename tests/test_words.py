"""The dictionary (docs/glossary.md) holds: words that were given up come back in no file but the changelog."""

import re
import subprocess

import pytest

from support.commands import ROOT

IDENTIFIERS = (
    *("settled", "is_settled", "SETTLED", "foresight", "foresees", "foresee", "to_come", "pupil", "pupils", "TAUGHT"),
    *("taught_nats", "LESSONS", "open_grade", "open_grades", "exclude_impossible", "likeness", "BetaWish", "Wish"),
    *(
        "Welcome",
        "Verdict",
        "verdict",
        "verdicts",
        "Grading",
        "start_told",
        "nats_told",
        "knows_open_grades",
        "RARE",
        "_mix",
        "judges.likeness",
    ),
    *("side_tasks", "begin_step", "is_here_whole", "draw_beta", "draw_workout", "fit_beta"),
)
PHRASES = (
    *("settled", "foresight", "if told", "open grade", "is understood as", "trained numbers"),
    *("what training makes small", "goes about it", "holds in doubt", "is in doubt at", "how well it foresees"),
    *("tells the rest", "more usual", "it says 7A", "are told by content", "nobody is like", "made anew"),
)
PATTERNS = (
    re.compile(rf"(?<![A-Za-z-])({'|'.join(map(re.escape, IDENTIFIERS))})(?![A-Za-z-])"),
    re.compile(rf"\b({'|'.join(phrase.replace(' ', chr(92) + 's+') for phrase in PHRASES)})\b", re.IGNORECASE),
)
EXEMPT = ("CHANGELOG.md", "tests/test_words.py", "package-lock.json")
TEXT = (".py", ".md", ".js", ".html", ".css", ".toml", ".json", ".sh", ".bat", ".yml", "Makefile", "NOTICE")


def forbidden(text: str) -> list[str]:
    """The forbidden words of a text, each with its line."""
    matches = [match for pattern in PATTERNS for match in pattern.finditer(text)]
    return sorted({f"{text.count(chr(10), 0, match.start()) + 1}: {match[0]}" for match in matches})


def files() -> list[str]:
    """The text files that git tracks, or all of the checkout where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    return [name for name in listed.stdout.splitlines() if name.endswith(TEXT) and (ROOT / name).exists()]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a git checkout says which files are ours")
def test_words_that_were_given_up_stay_given_up() -> None:
    found = {
        name: words
        for name in files()
        if name not in EXEMPT and (words := forbidden((ROOT / name).read_text(encoding="utf-8")))
    }
    assert found == {}


def test_the_words_are_found() -> None:
    assert forbidden("line one\nwhether it is Settled") == ["2: Settled"]
    assert forbidden("def to_come(self)") == ["1: to_come"]
    assert forbidden("holds that are made\n anew") == ["1: made\n anew"]
    assert not forbidden("unsettledness, you are welcome, to come")
