"""The page's files are consistent with each other and with the Python code; these tests need no browser."""

import re
from pathlib import Path

from climbpath import web
from climbpath.drawing import themes

STATIC = Path(web.__file__).parent / "static"
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in sorted((STATIC / "js").glob("*.js"))}
STYLE = (STATIC / "app.css").read_text(encoding="utf-8")


def test_the_service_worker_caches_every_file_of_the_page() -> None:
    (listed,) = re.findall(r"const PAGE = \[(.*?)\];", (STATIC / "sw.js").read_text(encoding="utf-8"), re.DOTALL)
    files = {f"/{path.relative_to(STATIC).as_posix()}" for path in STATIC.rglob("*") if path.is_file()}
    kept = re.findall(r'"([^"]+)"', listed)
    assert len(kept) == len(set(kept))
    assert set(kept) == files - {"/index.html", "/not-found.html", "/sw.js"} | {"/"}


def test_the_page_preloads_its_modules() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'modulepreload" href="/js/([^"]+)"', page)) == set(SCRIPTS)


def test_lights_have_the_colours_of_pictures_and_of_print() -> None:
    dark, *_, light = STYLE.split("color-scheme: light;")
    for theme, style in ((themes.DARK, dark), (themes.LIGHT, light)):
        assert theme.lamps.keys() == themes.LAMPS.keys()
        for name, shade in theme.lamps.items():
            assert re.findall(rf"--{name}: (#[0-9a-f]{{6}})", style) == [shade], name
    assert re.findall(r'data-lamp="(\w+)"\] \{\n  --lamp: var\(--(\w+)\)', STYLE) == [
        (name, name) for name in themes.LAMPS
    ]


def test_holds_have_the_colours_of_pictures() -> None:
    dark, light, *_ = STYLE.split("color-scheme: light;")
    for theme, style in ((themes.DARK, dark), (themes.LIGHT, light)):
        wanted = {f"set-{name.lower().replace(' ', '-')}": tint for name, tint in theme.tints.items()}
        wanted |= {"wall": theme.wall, "page": theme.page, "grid": theme.grid, "hold-edge": theme.edge}
        wanted |= {"LH": theme.hands[0], "RH": theme.hands[1], "hold-rest": f"{theme.rest:g}"}
        for name, value in wanted.items():
            assert f"--{name}: {value};" in style, name


def test_both_light_themes_are_equal() -> None:
    """The colours are written twice, for the system's setting and the climber's choice: CSS has no other way."""
    blocks = re.findall(r"color-scheme: light;\n(.*?)\n\s*\}", STYLE, re.DOTALL)
    by_system, by_choice = ([line.strip() for line in block.splitlines()] for block in blocks[:2])
    assert by_system == by_choice


def test_every_text_is_in_texts_js_and_is_used() -> None:
    texts = SCRIPTS["texts.js"]
    known = set(re.findall(r"^  (\w+):", texts, re.MULTILINE))
    scripts = [path.read_text(encoding="utf-8") for path in STATIC.rglob("*.js")]
    used = {name for script in scripts for name in re.findall(r"\bT\.(\w+)", script)}
    assert known == used


def test_every_text_about_lights_is_used() -> None:
    scripts = [path.read_text(encoding="utf-8") for path in STATIC.rglob("*.js")]
    for group in ("lights", "virtualBoard"):
        (block,) = re.findall(rf"^  {group}: \{{\n(.*?)^  \}},$", SCRIPTS["texts.js"], re.MULTILINE | re.DOTALL)
        known = set(re.findall(r"^    (\w+):", block, re.MULTILINE))
        used = {name for script in scripts for name in re.findall(rf"\bT\.{group}\.(\w+)", script)}
        assert known - {"newLetters", "extraLeds", "mini"} == used


def test_no_script_turns_text_into_markup() -> None:
    for name, script in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script), (
            name
        )
