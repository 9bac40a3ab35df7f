"""The Dockerfile, the compose file and the Kubernetes example: what can be checked without an engine to run them."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec

import pytest
import yaml

import rehearse_image
from climbpath.cli.serve import serve
from support.commands import ROOT

KUBERNETES = sorted((ROOT / "deploy").glob("kubernetes*.yaml"))


def flags_of(words: list[str]) -> set[str]:
    """The flags of a command line for climbpath serve."""
    assert words[0] == "serve"
    return {word.partition("=")[0] for word in words[1:] if word.startswith("--")}


def commands() -> dict[str, list[str]]:
    """The command lines of all three."""
    steps = rehearse_image.instructions((ROOT / "Dockerfile").read_text())
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    kubernetes = next(yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text()))
    (container,) = kubernetes["spec"]["template"]["spec"]["containers"]
    return {
        "Dockerfile": json.loads(dict(steps)["CMD"]),
        "compose.yaml": compose["services"]["app"]["command"],
        "kubernetes.yaml": container["args"],
    }


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "kubernetes.yaml"])
def test_the_commands_have_flags_that_there_are(name: str) -> None:
    known = {option for parameter in serve.params for option in parameter.opts}
    assert flags_of(commands()[name]) <= known


@pytest.mark.skipif(
    not find_spec("check_jsonschema"), reason="check-jsonschema, which has the schemas, is not installed"
)
@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.compose-spec", "compose.yaml"), ("vendor.github-workflows", ".github/workflows/ci.yml")],
)
def test_the_yaml_keeps_to_its_published_schema(schema: str, file: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(
    not find_spec("kubernetes_validate"), reason="kubernetes-validate, which has the schemas, is not installed"
)
@pytest.mark.parametrize("file", KUBERNETES, ids=lambda path: path.name)
def test_the_kubernetes_example_keeps_to_the_published_schemas(file: object) -> None:
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_has_what_its_extras_need_and_no_torch() -> None:
    lock = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "deploy/requirements.lock").read_text(), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["web"], *extras["postgres"], *extras["metrics"]]
    names = {re.split(r"[\[<>=;]", one)[0].lower() for one in wanted}
    assert names <= lock
    assert not {"torch", "pytest", "scipy"} & lock


def test_the_image_is_pinned_as_everything_else_is() -> None:
    def pinned(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9-]+==[^ ]+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pinned("deploy/requirements.lock") <= pinned("requirements.lock")


def test_nobody_is_root_and_nothing_is_secret_in_the_files() -> None:
    steps = rehearse_image.instructions((ROOT / "Dockerfile").read_text())
    assert dict(steps)["USER"] == "10001"
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    for name, value in compose["services"]["app"]["environment"].items():
        assert "${" in value, name
    kubernetes = next(yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text()))
    (container,) = kubernetes["spec"]["template"]["spec"]["containers"]
    assert all("valueFrom" in variable for variable in container["env"])
    assert kubernetes["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"]


def test_what_the_dockerfile_copies_is_not_ignored() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")}
    steps = rehearse_image.instructions((ROOT / "Dockerfile").read_text())
    copied = [rest for word, rest in steps if word == "COPY" and not rest.startswith("--from")]
    assert {source for rest in copied for source in rest.split()[:-1]} == allowed


def test_a_step_over_several_lines_is_one_instruction() -> None:
    text = '# a comment\nFROM base AS build\nRUN one \\\n  && two\n\nCMD ["x"]\n'
    assert rehearse_image.instructions(text) == [("FROM", "base AS build"), ("RUN", "one && two"), ("CMD", '["x"]')]
