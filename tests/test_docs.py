"""The documentation against the code: commands, links, tables and examples."""

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

import command_reference
from climbpath import board as boards
from climbpath.cli import SETTINGS, cli
from climbpath.data import parquet
from climbpath.data.importers import climbpath_parquet, read
from climbpath.grader import grader
from climbpath.model import checkpoint
from climbpath.model.model import Transformer
from climbpath.model.tokens import vocabulary_of
from climbpath.problem import Problem, parse_notation
from climbpath.training.recipes import RECIPES, config_of
from climbpath.training.recipes import SETTINGS as RECIPE_SETTINGS
from climbpath.web.logbook import database
from support.commands import ROOT, climbpath_here
from support.making import api_record, guide_row, random_problems, scrape_record, write_csv, write_json

SOURCE = ROOT / "src/climbpath"
DOCS = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(ROOT.glob("docs/**/*.md"))
GUIDE = ROOT / "docs/cpu-training.md"
ARCHITECTURE = ROOT / "docs/architecture.md"
FORMATS = ROOT / "docs/file-formats.md"
DATA = ROOT / "docs/data.md"
README = ROOT / "README.md"

each_page = pytest.mark.parametrize("page", DOCS, ids=[page.stem for page in DOCS])
with_model = pytest.mark.skipif(
    not (SOURCE / "assets/models/moonboard.safetensors").exists(), reason="the bundled model is not made yet"
)


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in these languages."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for language, text in fenced if language in languages]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def inline(page: Path) -> list[str]:
    """What stands between backticks in a page's text and tables."""
    return re.findall(r"`([^`]+)`", prose(page))


def lines(page: Path) -> Iterator[list[str]]:
    """Every command in the fenced blocks of a page, as words, without what the shell takes."""
    for block in blocks(page, "bash", "bat"):
        for line in block.replace("\\\n", " ").splitlines():
            words = [word for word in shlex.split(line, comments=True) if word not in ("nohup", "&", "2>&1")]
            if words:
                yield words[: words.index(">")] if ">" in words else words


def arguments(words: list[str]) -> list[str] | None:
    """What climbpath is given by a command; None for another program's."""
    if words[0] == "climbpath":
        return words[1:]
    if words[0] == "python" and words[1].startswith("backend/training/"):
        thin_door = (ROOT / words[1]).read_text(encoding="utf-8")
        given = re.search(r"sys\.argv\[1:1\] = (\[.*\])", thin_door)
        assert given
        return [*ast.literal_eval(given[1]), *words[2:]]
    return None


def find_command(words: list[str]) -> tuple[click.Command, click.Context, list[str]]:
    """The command that the words name, its context, and the words behind its name."""
    command: click.Command = cli
    settings: dict[str, Any] = SETTINGS
    context = click.Context(cli, info_name="climbpath", **settings)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        found = command.get_command(context, name)
        assert found, f"there is no command {name!r}"
        command, context = found, click.Context(found, context, name)
    return command, context, words


def options(command: click.Command) -> set[str]:
    found = {
        name.replace("_", "-") for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)
    }
    return found | {"--help"}


def all_options() -> set[str]:
    found, groups = options(cli), list[click.Group]([cli])
    while groups:
        group = groups.pop()
        context = click.Context(group)
        for command in filter(None, (group.get_command(context, name) for name in group.list_commands(context))):
            found |= options(command)
            if isinstance(command, click.Group):
                groups.append(command)
    return found


def table(page: Path, header: str) -> list[list[str]]:
    """The rows of the table whose header row starts like this."""
    rows: list[list[str]] = []
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith(header):
            inside = True
        elif inside and not line.startswith("|"):
            break
        elif inside and not line.startswith("|--"):
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    assert rows, f"{page} has no table {header!r}"
    return rows


@each_page
def test_every_command_is_one_that_the_command_line_takes(page: Path) -> None:
    for words in lines(page):
        given = arguments(words)
        if given is not None:
            command, context, rest = find_command(given)
            assert context.parent
            command.make_context(str(context.info_name), list(rest), parent=context.parent)


@each_page
def test_every_command_and_flag_in_the_text_exists(page: Path) -> None:
    known = all_options()
    for code in inline(page):
        flags = re.findall(r"(?<!\S)(--?[a-z][\w-]*)", code)
        if code.startswith("climbpath "):
            command, _, _ = find_command(shlex.split(code)[1:])
            assert {flag.replace("_", "-") for flag in flags} <= options(command), code
        elif code.startswith("--") and code != "--index-url":
            assert {flag.replace("_", "-") for flag in flags} <= known, code


@with_model
def test_the_readme_s_generating_commands_run(tmp_path: Path) -> None:
    commands = [words[1:] for words in lines(README) if words[:2] == ["climbpath", "generate"]]
    assert len(commands) >= 2
    for words in commands:
        done = climbpath_here(*words, "--num-samples", 2, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "2 problems, seed " in done.stdout
    assert (tmp_path / "out/7A/sheet.png").exists()


@with_model
def test_the_readme_s_python_runs() -> None:
    (block,) = blocks(README, "python")
    exec(compile(block, "README.md", "exec"), {})


@each_page
def test_all_python_compiles(page: Path) -> None:
    for block in blocks(page, "python"):
        compile(block, str(page), "exec")


def test_the_data_page_s_commands_and_python_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    problems = [replace(problem, repeats=20) for problem in random_problems(300)]
    write_csv(tmp_path / "guide.csv", [guide_row(problem, i) for i, problem in enumerate(problems)])
    scraped = {"problems": [scrape_record(problem, i) for i, problem in enumerate(problems[:50])]}
    write_json(tmp_path / "scrape.json.gz", scraped, packed=True)
    write_json(tmp_path / "dump.json", {"Data": [api_record(problem, i) for i, problem in enumerate(problems[:50])]})
    for words in lines(DATA):
        assert words[0] == "climbpath"
        cli.main(words[1:], standalone_mode=False)
    assert len(parquet.load(tmp_path / "problems.parquet")) == 300
    assert sorted(path.name for path in (tmp_path / "split").iterdir()) == [
        *("test.parquet", "train.parquet", "validation.parquet")
    ]
    (block,) = blocks(DATA, "python")
    exec(compile(block, "data.md", "exec"), {})


def test_the_files_typed_by_hand_can_be_imported(tmp_path: Path) -> None:
    found: list[Problem] = []
    for language in ("json", "csv"):
        (block,) = blocks(DATA, language)
        path = tmp_path / language
        path.write_text(block, encoding="utf-8")
        for item in read(path):
            assert isinstance(item, Problem), item
            found.append(item)
    assert len(found) == 3
    assert found[0] == found[2]


def test_identities_and_keys_of_the_data_page() -> None:
    first, *others = table(DATA, "| | identity")
    notation = re.findall(r"`(.*)`", first[0])[0]
    one = parse_notation(notation)
    for what, identity, key in others:
        named = re.findall(r"`(.*)`", what)
        other = parse_notation(*named) if named else parse_notation(notation, "moonboard-masters-2017", 25)
        same_angle = replace(one, board=other.board)
        assert (other.identity == one.identity) == (identity == "the same")
        assert (other.key == same_angle.key) == (key == "the same")


def test_the_parquet_columns_are_those_of_the_file() -> None:
    names = {"list<element: string>": "list of string", "list<item: string>": "list of string"}
    schema = [(f"`{field.name}`", names.get(str(field.type), str(field.type))) for field in climbpath_parquet.schema()]
    assert [(row[0], row[1]) for row in table(DATA, "| column")] == schema


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@each_page
def test_every_link_and_picture_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert not anchor or anchor in headings(path), target


@each_page
def test_every_file_of_the_project_that_is_named_is_there(page: Path) -> None:
    for code in inline(page):
        if re.fullmatch(r"[\w./-]+\.(py|sh|bat|lock|toml)", code):
            assert any((folder / code).exists() for folder in (ROOT, SOURCE)), code


@each_page
def test_every_figure_is_filled_in(page: Path) -> None:
    assert re.findall(r"\{\{\w*\}\}", page.read_text(encoding="utf-8")) == []


@each_page
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = [words[1] for words in lines(page) if words[0] == "make"]
    named += [code.split()[1] for code in inline(page) if code.startswith("make ")]
    assert set(named) <= targets


def cited(text: str) -> set[tuple[str, str]]:
    """The pages that code cites, each with the heading named behind it, 'docs/promises.md, "Splits"', or ''.

    A citation may be broken over two lines, of comments, too.
    """
    joined = re.sub(r"\s*\n\s*(?:# )?", " ", text)
    return set(re.findall(r'(docs/[\w/-]+\.md)(?:, "([^"\n]+)")?', joined))


def test_the_code_cites_pages_and_headings_that_exist() -> None:
    folders = ("src", "tests", "tools", "benchmarks")
    found = {
        citation
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if path != Path(__file__)
        for citation in cited(path.read_text(encoding="utf-8"))
    }
    assert len([heading for _, heading in found if heading]) >= 5
    for name, heading in found:
        assert (ROOT / name).exists(), name
        assert not heading or re.search(rf"^#+ {re.escape(heading)}$", prose(ROOT / name), re.MULTILINE), heading


def test_a_citation_is_found_with_its_heading() -> None:
    text = '(docs/a.md) (docs/dev/b-c.md, "One") # docs/d.md,\n    # "Two words".'
    assert cited(text) == {("docs/a.md", ""), ("docs/dev/b-c.md", "One"), ("docs/d.md", "Two words")}


def test_the_command_reference_is_current() -> None:
    page = command_reference.PAGE.read_text(encoding="utf-8")
    assert page == command_reference.reference(), "docs/commands.md is not current: renew it with 'make docs'"


def test_the_site_builds_and_none_of_its_links_is_broken(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="the site needs Sphinx: pip install -e '.[docs]'")
    build = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "-c", "docs"]
    folders = ["-d", str(tmp_path / "cache"), ".", str(tmp_path / "site")]
    done = subprocess.run([*build, *folders], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site/index.html").exists()


def test_the_settings_of_recipe_files_are_those_of_a_recipe() -> None:
    named = {row[0].strip("`") for row in table(GUIDE, "| setting")}
    assert named <= RECIPE_SETTINGS.keys()


def test_both_ways_to_start_pass_the_same_flags() -> None:
    flags = []
    for name, rest in (("train_cpu.sh", '"$@"'), ("train_cpu.bat", "%*")):
        last = (ROOT / name).read_text(encoding="utf-8").strip().splitlines()[-1]
        words = re.split(r"train_autoregressive\.py ", last)[1].split()
        assert words.pop() == rest
        flags.append(words)
    assert flags[0] == flags[1]
    command, context, rest_of = find_command(["train", "--recipe", "guide", *flags[0]])
    assert context.parent
    command.make_context("train", rest_of, parent=context.parent)


GUIDE_COMMANDS = [
    "train_cpu.bat",
    "bash train_cpu.sh",
    "python backend/training/train_autoregressive.py --device cpu --batch_size 16 --num_workers 0 --num_epochs 50",
    "--batch_size 16",
    "--num_workers 0",
    "--max_seq_len 64",
    "--warmup_steps 500",
    'torch.set_float32_matmul_precision("high")',
    "tensorboard --logdir runs/climb_path_cpu",
    "http://localhost:6006",
    "python backend/training/train_autoregressive.py --device cpu --batch_size 16 --num_epochs 5 #",
    "python backend/training/train_autoregressive.py --device cpu --batch_size 16 --num_epochs 50",
    'checkpoint = torch.load("checkpoints/climb_path_cpu/latest.pt")',
    'model.load_state_dict(checkpoint["model_state_dict"])',
    'optimizer.load_state_dict(checkpoint["optimizer_state_dict"])',
    'start_epoch = checkpoint["epoch"] + 1',
    "nohup python backend/training/train_autoregressive.py --device cpu --batch_size 16 --num_epochs 50"
    " > training.log 2>&1 &",
    "tail -f training.log",
    "python backend/training/train_autoregressive.py --device cpu --batch_size 16 --d_model 128 --num_layers 4"
    " --nhead 4 --dim_feedforward 512",
    "--batch_size 8",
    "--max_seq_len 48",
    "--d_model 128 --num_layers 4",
    "5e-5",
    "2e-4",
    "--warmup_steps 1000",
    "python backend/training/generate_paths.py --checkpoint checkpoints/climb_path_cpu/best.pt --grade 7A"
    " --num_samples 10 --visualize",
    'for grade in ["6B", "6C", "7A", "7B", "8A"]: for _ in range(20): generate_path(grade)',
]


def test_the_guide_s_commands_are_all_explained() -> None:
    text = " ".join(GUIDE.read_text(encoding="utf-8").replace("\\\n", " ").replace("'", '"').split())
    assert [command for command in GUIDE_COMMANDS if command not in text] == []


def test_the_sizes_are_those_of_the_models() -> None:
    rows = table(GUIDE, "| recipe | parameters")
    assert [name.strip("`") for name, _ in rows] == ["guide", "guide-small", "fast"]
    for name, count in rows:
        recipe = RECIPES[name.strip("`")]
        model = Transformer(config_of(recipe, ("moonboard-2016",)))
        assert count == f"{model.count_parameters():,}"


def test_the_tensorboard_tags_are_those_that_are_written() -> None:
    written = {
        tag
        for path in SOURCE.rglob("*.py")
        for tag in re.findall(r'\.add_(?:scalar|image)\("([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert {row[0].split("`")[1] for row in table(GUIDE, "| tag")} == written


def test_the_example_of_tokens_is_spelled_as_shown() -> None:
    text = prose(ARCHITECTURE) + "".join(blocks(ARCHITECTURE, "text"))
    problem = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")
    assert f"`{problem.notation}` at {problem.grade}" in text
    for kind in ("coordinate", "hold"):
        tokens = vocabulary_of(kind, (problem.board,))
        spelled = [tokens.names[i].removeprefix(f"{problem.board}:") for i in tokens.encode(problem)]
        assert re.search(rf"^{kind} +{re.escape(' '.join(spelled))}$", text, re.MULTILINE)


def test_checkpoint_and_model_hold_what_the_page_of_file_formats_lists(tiny: Path, tmp_path: Path) -> None:
    import torch
    from safetensors import safe_open

    small = ("--d-model", 32, "--num-layers", 1, "--nhead", 2, "--dim-feedforward", 64, "--num-epochs", 1)
    done = climbpath_here("train", "--data", tiny, *small, "--checkpoint-dir", "run", "--log-dir", "log", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    saved = torch.load(tmp_path / "run/best.pt", weights_only=True)
    listed = {name for row in table(FORMATS, "| entry") for name in re.findall(r"`(\w+)`", row[0])}
    assert listed == set(saved)
    assert climbpath_here("export", "run/best.pt", "--to", "mine.safetensors", cwd=tmp_path).returncode == 0
    text = prose(FORMATS)
    with safe_open(tmp_path / "mine.safetensors", framework="numpy") as model:
        for name in model.keys():  # noqa: SIM118 (not a dict)
            assert f"`{name}`" in text or name.split(".")[0] in ("blocks", "norm")
        assert all(f"`{name}`" in text for name in json.loads(model.metadata()["climbpath"]))


def test_the_numbers_of_formats_are_those_of_the_code() -> None:
    found = {row[0].split(",")[0].split(" (")[0]: row for row in table(FORMATS, "| file")}
    for name, number in (
        ("checkpoint", checkpoint.FORMAT),
        ("model", checkpoint.FORMAT),
        ("grader", grader.FORMAT),
        ("problems", f"version {climbpath_parquet.VERSION}"),
        ("logbook", f"version {database.VERSION}"),
    ):
        assert found[name][2] == str(number)
    assert found["logbook"][3].startswith(f"versions 1 to {int(database.VERSION) - 1} are upgraded")
    assert f"version {database.VERSION} in Alembic's table" in prose(FORMATS)
    assert f"The schema's version, {climbpath_parquet.VERSION}, is in" in prose(DATA)


def test_the_readme_names_the_torch_that_is_pinned() -> None:
    pinned = (ROOT / "tools/torch.txt").read_text(encoding="utf-8")
    version = next(line.removeprefix("torch==") for line in pinned.splitlines() if line.startswith("torch=="))
    assert set(re.findall(r"torch(?:==| )(\d[\d.]*\d)", README.read_text(encoding="utf-8"))) == {version}


def test_the_boards_that_the_data_page_lists_are_all_there() -> None:
    text = DATA.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in boards.names())
