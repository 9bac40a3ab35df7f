"""The web app's API on a real server: what each route returns and refuses, and which clients have access."""

import io
import json
import socket
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import resources
from itertools import islice, product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from PIL import Image

from climbpath import board as boards
from climbpath.api import bundled_grader, load
from climbpath.beta.body import Climber
from climbpath.beta.moves import describe
from climbpath.beta.solver import solve
from climbpath.board import LEAST_EVIDENCE, Setup, drawn_as
from climbpath.drawing.problem import wall_svg
from climbpath.errors import ClimbpathError
from climbpath.grader.grader import grader_of, influence
from climbpath.grader.scale import offered
from climbpath.grades import ALL_GRADES, LADDER, rank, v_grade
from climbpath.model.checkpoint import bundled_model
from climbpath.naming import suggested_name
from climbpath.problem import Problem, Rules, parse_notation, violations
from climbpath.wall import parse_wall
from climbpath.web import importing, security, transfer, workers
from climbpath.web.app import create_app
from climbpath.web.logbook.records import Entry, Profile, identity_of
from climbpath.web.logbook.store import Logbook
from climbpath.web.routes.invitation import Invitation
from climbpath.web.security import MOST_BYTES, check_token
from support.making import DATA, api_record, random_problems
from support.server import eventually
from support.serving import KIM, NOBODY, TIMEOUT, Client, client_of, raw_json, served

HERON = replace(parse_notation("F5s D9 G13 G18e", grade="7A"), name="Slow Heron")
MASTERS = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25, "6B")
MINI = parse_notation("D5s D7 G9 E12e", "moonboard-mini-2020")
KNOWN = random_problems(30, seed=5)
TOKEN = "a-secret-of-24-letters_0"
COOKIE = "climbpath_token"
MINE = f"?profile={KIM}"
SAVED = f"/api/problems/{identity_of(HERON)}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of an app that serves this machine only."""
    with client_of(tmp_path_factory.mktemp("local"), KNOWN) as client:
        yield client


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client with the token, of an app that serves a network."""
    with client_of(tmp_path_factory.mktemp("similarity"), token=TOKEN) as client:
        yield client


def anyone(shared: Client) -> Client:
    """The same client without the token."""
    return Client(shared.address)


def body_of(problem: Problem) -> dict[str, Any]:
    return problem.to_dict()


def problem_of(body: dict[str, Any]) -> Problem:
    """The problem in a response, which must have all derived fields."""
    fields = {"notation", "v_grade", "identity", "suggested_name"}
    problem = Problem.from_dict({name: value for name, value in body.items() if name not in fields})
    assert {name: body[name] for name in fields} == {
        "notation": problem.notation,
        "v_grade": v_grade(problem.grade) if problem.grade else None,
        "identity": identity_of(problem),
        "suggested_name": suggested_name(problem),
    }
    return problem


def generated(client: Client, **body: Any) -> list[Problem]:
    return [problem_of(problem) for problem in client.post("/api/generate", body)["problems"]]


# boards


def test_the_boards_come_with_what_the_models_know(client: Client) -> None:
    app_info = client.get("/api/boards")
    assert app_info["ladder"] == list(ALL_GRADES)
    assert app_info["v_grades"] == [v_grade(grade) for grade in ALL_GRADES]
    assert app_info["ranks"] == sorted(map(rank, ALL_GRADES))
    assert [board["name"] for board in app_info["boards"]] == boards.names()
    evidence = load().evidence
    for board in app_info["boards"]:
        layout = boards.load(board["name"])
        assert [hold["label"] for hold in board["holds"]] == list(layout.labels)
        assert board["angles"] == list(layout.angles)
        for angle in layout.angles:
            setup = drawn_as(Setup(layout.name, angle), evidence)
            assert board["learned"][str(angle)] == setup.angle
            # those of which the angle has few are drawn as if the angle were unknown
            there = [setup, setup._replace(angle=None)]
            most = {g: max(evidence.get(one, {}).get(g, 0) for one in there) for g in layout.ladder}
            assert board["grades"][str(angle)] == list(offered(most))
            own = [g for g in offered(most) if evidence.get(setup, {}).get(g, 0) >= min(LEAST_EVIDENCE, most[g])]
            assert board["own_grades"][str(angle)] == own
            assert board["thin"][str(angle)] == {g: n for g, n in most.items() if 0 < n < LEAST_EVIDENCE}
            assert board["graded"][str(angle)] == (grader_of(Setup(layout.name, int(angle))) is not None)


# generate


def test_problems_are_generated_as_requested(client: Client) -> None:
    assert [problem.grade for problem in generated(client)] == ["7A"]
    found = generated(client, grades=["6C", "7A", "7A", "6B+"], number=7)
    grades = [problem.grade for problem in found]
    assert sorted(grades.count(grade) for grade in ("6B+", "6C", "7A")) == [2, 2, 3]
    assert not any(violations(problem) for problem in found)
    keys = {problem.key for problem in found}
    assert len(keys) == 7
    assert not keys & bundled_model("moonboard").known
    (one,) = generated(client, grades=list(LADDER[4:12]))
    assert one.grade in LADDER[4:12]


def test_a_seed_gives_the_same_problems_again(client: Client) -> None:
    """Even during other requests."""
    first = generated(client, seed=7, number=3, grades=["6C", "7A"])
    with ThreadPoolExecutor(4) as pool:
        others = [pool.submit(generated, client, number=3) for _ in range(4)]
        again = generated(client, seed=7, number=3, grades=["6C", "7A"])
        assert all(len(other.result()) == 3 for other in others)
    assert again == first
    assert generated(client, seed=8, number=3, grades=["6C", "7A"]) != first
    assert generated(client, number=3) != generated(client, number=3)


def test_conditions_are_met(client: Client) -> None:
    layout = boards.load("moonboard-2016")
    rules = Rules(
        min_holds=6,
        max_holds=8,
        pins=frozenset({"E8", "G13"}),
        start=frozenset({"F5"}),
        finish=frozenset({"G18"}),
        bans=frozenset({"D9", "H10"}),
    )
    conditions = {"pins": ["e8", "G13"], "start": ["F5"], "finish": ["G18"], "bans": ["D9", "H10"]}
    found = generated(client, **conditions, min_holds=6, max_holds=8, number=5)
    assert len(found) == 5
    assert not any(violations(problem, rules) for problem in found)
    sets = layout.hold_sets[:2]
    found = generated(client, hold_sets=[name.lower() for name in sets], number=5)
    assert {layout.hold(label).hold_set for problem in found for label in problem.holds} <= set(sets)
    (masters,) = generated(client, board="moonboard-masters-2017", angle=25, grades=["6B+"])
    assert (masters.board, masters.angle) == ("moonboard-masters-2017", 25)
    bold = generated(client, temperature=2.5, number=5)
    assert not any(violations(problem) for problem in bold)


def test_a_pin_in_a_role_has_it_in_every_problem(client: Client) -> None:
    found = generated(client, pins=["F5s", "C5h", "G18e"], number=12)
    assert all("F5" in one.start and "C5" in one.hands and "G18" in one.finish for one in found)
    assert any(len(one.start) == 2 for one in found), "another hold may start beside it"


def test_the_climber_reaches_everything_and_the_grader_agrees(client: Client) -> None:
    found = generated(client, climber={"height": 150, "ape": -5}, number=3)
    assert not any(beta.too_far for beta in solve(found, Climber(150, -5)))
    found = generated(client, grades=["6C+", "7A"], number=4)
    assert [problem.grade for problem in bundled_grader().predict(found)] == [p.grade for p in found]
    assert [problem.asked_grade for problem in found] == [problem.grade for problem in found]
    loose = generated(client, any_grade=True, number=20)
    assert {problem.asked_grade for problem in loose} == {"7A"}
    assert {problem.grade for problem in loose} > {"7A"}


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"pins": ["Z9"]}, "there is no hold 'Z9' on MoonBoard 2016"),
        ({"bans": ["F5", "Q1"]}, "there is no hold 'Q1'"),
        ({"pins": ["A18", "B18", "C18"]}, "A18, B18, C18 are pinned in the top row"),
        ({"pins": ["F5"], "bans": ["F5"]}, "F5"),
        ({"start": ["G13"]}, "G13"),
        ({"finish": ["G13"]}, "G13"),
        ({"min_holds": 9, "max_holds": 5}, "at least 9 holds and at most 5 contradict each other"),
        ({"min_holds": 2, "max_holds": 2}, "no problem on MoonBoard 2016 keeps to these conditions"),
        ({"hold_sets": ["Wood"]}, "has no hold set 'Wood'"),
        ({"hold_sets": ["A", "Wood"]}, "has no hold set 'Wood'"),
        ({"grades": ["8C+"]}, "has not learned grade 8C+"),
        ({"grades": ["8B+"]}, "8B+ on MoonBoard 2016 at 40° rests on 29 real problems, too few"),
    ],
)
def test_impossible_conditions_are_refused(client: Client, conditions: dict[str, Any], message: str) -> None:
    assert message in client.refusal("POST", "/api/generate", 409, json=conditions)


def test_conditions_that_no_sample_meets_are_refused_when_time_is_up(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "LONGEST_S", 0.5)
    message = client.refusal("POST", "/api/generate", 409, json=HOPELESS)
    assert message.startswith("found nothing: a climber of 100 cm with an ape index of -40 cm reaches")


HOPELESS = {"grades": ["8A"], "number": 20, "climber": {"height": 100, "ape": -40}, "max_holds": 4}
"""From row 6 to the top in three moves is 80 cm each, and this climber spans 60; but only sampling shows that."""


# many requests at once


def test_simultaneous_requests_get_distinct_problems_each_as_many_as_requested(client: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: generated(client, number=number), range(1, 9)))
    assert [len(found) for found in answers] == list(range(1, 9))
    assert len({problem.key for found in answers for problem in found}) == 36


def test_a_client_that_disconnects_does_not_affect_others(client: Client) -> None:
    host, port = client.address.removeprefix("http://").split(":")
    body = json.dumps({"number": 20}).encode()
    head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    for sent in (head + body, head + body[:5], head[:20]):
        for _ in range(5):
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(sent)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: generated(client, number=2), range(8)))
    assert [len(found) for found in answers] == [2] * 8


def test_requests_of_all_kinds_at_once(client: Client) -> None:
    def one(number: int) -> None:
        asked: list[tuple[str, str, dict[str, Any]]] = [
            ("POST", "/api/generate", {"json": {}}),
            ("POST", "/api/grade", {"json": body_of(HERON)}),
            ("POST", "/api/beta", {"json": {"problem": body_of(HERON)}}),
            ("GET", "/api/picture/png?problem=F5s-G18e", {}),
            ("PUT", f"/api/profiles/{uuid4()}", {"json": {"name": f"Guest {number}"}}),
            ("GET", f"/api/problems{MINE}", {}),
        ]
        method, path, request = asked[number % len(asked)]
        client.ask(method, path, **request)

    with ThreadPoolExecutor(12) as pool:
        assert len(list(pool.map(one, range(48)))) == 48


# grade, beta, similar


def test_a_problem_is_graded(client: Client) -> None:
    for problem in (HERON, MASTERS):
        (prediction,) = bundled_grader().predict([problem])
        answer = client.post("/api/grade", body_of(problem))
        assert (answer["grade"], answer["v_grade"]) == (prediction.grade, v_grade(prediction.grade))
        assert (answer["perhaps"], answer["words"]) == (prediction.perhaps, prediction.words)
        assert answer["probabilities"] == pytest.approx(prediction.probabilities, abs=1e-4)
        assert answer["influence"] == pytest.approx(influence(bundled_grader(), problem), abs=1e-3)


def test_a_beta_is_for_a_climber(client: Client) -> None:
    climber = Climber(165, -3)
    (beta,) = solve([HERON], climber)
    answer = client.post("/api/beta", {"problem": body_of(HERON), "climber": {"height": 165, "ape": -3}})
    assert [answer["start_text"], *(move["text"] for move in answer["moves"])] == list(describe(beta))
    assert [(move["hand"], move["hold"]) for move in answer["moves"]] == [(m.hand, m.hold) for m in beta.moves]
    assert (answer["crux"], answer["too_far"]) == (beta.crux, 0)
    far = client.post("/api/beta", {"problem": body_of(parse_notation("F5 G18")), "climber": {"height": 165}})
    assert far["too_far"] == pytest.approx(145, abs=1)
    assert far["moves"][0]["too_far"] > 0


def test_similar_problems_come_from_the_data_and_the_logbook(tmp_path: Path) -> None:
    with client_of(tmp_path, KNOWN) as client:
        first, *others = KNOWN
        answer = client.post("/api/similar" + MINE, body_of(first))
        assert answer["is_known"]
        assert answer["known"] == len({problem.identity for problem in others})
        shares = [similar["similarity"] for similar in answer["problems"]]
        assert shares == sorted(shares, reverse=True)
        assert first.identity not in [problem_of(similar["problem"]).identity for similar in answer["problems"]]
        near = replace(first, hands=first.hands[:-1], name="mine")
        client.post("/api/problems" + MINE, body_of(near), 201)
        nearest = client.post("/api/similar" + MINE, body_of(first))["problems"][0]
        assert problem_of(nearest["problem"]) == near
        as_feet = replace(first, hands=(), feet=first.hands)
        assert client.post("/api/similar" + MINE, body_of(as_feet))["is_known"]
        assert client.post("/api/similar" + MINE, body_of(MINI)) == {"is_known": False, "known": 0, "problems": []}
        assert "no such climber" in client.refusal("POST", f"/api/similar?profile={NOBODY}", 404, json=body_of(first))


@pytest.mark.parametrize("path", ["/api/grade", "/api/beta", "/api/problems" + MINE])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start": ["Z9"]}, "there is no hold 'Z9'"),
        ({"hands": ["F5"]}, "hold F5 has two roles"),
        ({"finish": ["D9"], "hands": []}, "finish hold D9 is not in row 18"),
        ({"start": ["G13"], "hands": []}, "start hold G13 is not in rows 2 to 6"),
        ({"hands": ["A18"]}, "hand hold A18 is not in rows 2 to 17"),
        ({"angle": 30}, "can be set to 25° or 40°, not 30°"),
        ({"board": "moonboard-mini-2020"}, "there is no hold"),
    ],
)
def test_an_impossible_problem_is_refused(client: Client, path: str, change: dict[str, Any], words: str) -> None:
    problem = body_of(HERON) | change
    body = {"problem": problem} if path == "/api/beta" else problem
    assert words in client.refusal("POST", path, 409, json=body)


def test_a_board_that_the_grader_has_not_learned_is_refused(client: Client) -> None:
    (mirror,) = random_problems(1, "tension-2-mirror")
    assert "Tension Board 2 Mirror" in client.refusal("POST", "/api/grade", 409, json=body_of(mirror))


# pictures


@pytest.mark.parametrize(
    "board_and_holds",
    ["problem=F5s-D9-G13-G18e", "board=moonboard-masters-2017&angle=25&problem=C5s-F6s-D9-G12-E15-F18e"],
)
@pytest.mark.parametrize("with_beta", ["", "&with_beta=true&height=150&ape=-5.5"])
def test_a_problem_is_drawn(client: Client, board_and_holds: str, with_beta: str) -> None:
    query = f"?{board_and_holds}&grade=7A%2B&name=%3Cb%3E+%F0%9F%A7%97{with_beta}"
    drawn = client.ask("GET", "/api/picture/svg" + query)
    assert drawn.headers["Content-Type"].startswith("image/svg+xml")
    assert drawn.headers["Content-Disposition"] == 'attachment; filename="7A+-b.svg"'
    root = ET.fromstring(drawn.content)
    assert "<b> 🧗" in str(root.attrib) + "".join(root.itertext())
    with Image.open(io.BytesIO(client.ask("GET", "/api/picture/png" + query).content)) as picture:
        assert picture.width > 300
    answer = client.ask("GET", "/api/picture/gif" + query)
    with Image.open(io.BytesIO(answer.content)) as animation:
        assert getattr(animation, "n_frames", 1) > 2
    assert answer.headers["Content-Type"] == "image/gif"


def test_a_picture_shows_the_hold_sets_that_are_asked_for(client: Client) -> None:
    whole = "/api/picture/svg?board=kilter-original&problem=1115s-1144-1391e"
    drawn = client.ask("GET", f"{whole}&size=12+x+14&hold_sets=bolt+ons").text
    wall = parse_wall("kilter-original", "12 x 14", "Bolt Ons")
    assert wall_svg(wall) in drawn
    assert ">Screw Ons<" not in drawn
    both = client.ask("GET", f"{whole}&size=12+x+14&hold_sets=Bolt+Ons&hold_sets=Screw+Ons").text
    assert both == client.ask("GET", f"{whole}&size=12+x+14").text
    assert "Kilter Board Original has no hold set 'A'" in client.refusal("GET", f"{whole}&hold_sets=A", 409)
    assert "hold_sets" in client.refusal("GET", f"{whole}&hold_sets=", 422)


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 422, "problem: Field required"),
        ("problem=", 409, "no start hold"),
        ("problem=F5s-Z9-G18e", 409, "there is no hold"),
        ("problem=F5s-%00-G18e", 409, "cannot read"),
        ("problem=F5s-G13e", 409, "finish hold G13 is not in row 18"),
        ("problem=" + "F5-" * 300, 422, "at most 840"),
        ("problem=F5s-G18e&angle=30", 409, "not 30°"),
        ("problem=F5s-G18e&angle=41", 422, "angle: choose from 0, 5, 10"),
        ("problem=F5s-G18e&angle=steep", 422, "angle"),
        ("problem=F5s-G18e&board=kilter", 422, "board: choose from"),
        ("problem=F5s-G18e&board=..%2F..%2Fetc", 422, "board"),
        ("problem=F5s-G18e&grade=9A+", 422, "grade"),
        ("problem=F5s-G18e&height=nan", 422, "height"),
        ("problem=F5s-G18e&height=1e999", 422, "height"),
        ("problem=F5s-G18e&with_beta=maybe", 422, "with_beta"),
        ("problem=F5s-G18e&name=" + "x" * 81, 422, "name"),
    ],
)
def test_an_invalid_picture_request_is_refused(client: Client, query: str, status: int, words: str) -> None:
    assert words in client.refusal("GET", f"/api/picture/svg?{query}", status)


def test_there_are_three_kinds_of_pictures(client: Client) -> None:
    assert "'svg', 'png' or 'gif'" in client.refusal("GET", "/api/picture/pdf?problem=F5s-G18e", 422)


# climbers and the logbook


def test_a_climber_is_added_changed_removed_and_restored(tmp_path: Path) -> None:
    with client_of(tmp_path) as client:
        alex = str(uuid4())
        body: dict[str, Any] = {"name": "Alex 🧗", "height": 190, "ape": 4.5, "easiest": "6A", "hardest": "8C+"}
        walls = [{"board": "tension-1", "angle": None, "size": "Short", "hold_sets": ["Set A"]}]
        body["walls"] = walls
        assert client.ask("PUT", f"/api/profiles/{alex}", json=body).json() == {"id": alex, **body}
        changed = client.ask("PUT", f"/api/profiles/{alex.upper()}", json={"name": "Alexandra"}).json()
        assert changed["walls"] == walls
        assert [(one["id"], one["name"]) for one in client.get("/api/profiles")] == [(KIM, "Kim"), (alex, "Alexandra")]
        client.post(f"/api/problems?profile={alex}", body_of(HERON), 201)
        removed = client.ask("DELETE", f"/api/profiles/{alex}", 204)
        assert removed.content == b""
        assert "no such climber" in client.refusal("DELETE", f"/api/profiles/{alex}", 404)
        for method, path, request in requests_for(alex):
            assert "no such climber" in client.refusal(method, path, 404, **request)
        client.ask("PUT", f"/api/profiles/{alex}", json={"name": "Alex"})
        assert client.get(f"/api/problems?profile={alex}")["total"] == 1


def requests_for(profile: str) -> list[tuple[str, str, dict[str, Any]]]:
    """A request of every kind that needs a climber's logbook."""
    who = f"?profile={profile}"
    return [
        ("GET", "/api/problems" + who, {}),
        ("POST", "/api/problems" + who, {"json": body_of(HERON)}),
        ("PATCH", SAVED + who, {"json": {"stars": 1}}),
        ("PUT", f"{SAVED}/ticks/{uuid4()}{who}", {"json": {"day": "2026-05-31"}}),
        ("DELETE", f"{SAVED}/ticks/{uuid4()}{who}", {}),
        ("GET", "/api/export/json" + who, {}),
        ("POST", "/api/import" + who, {"data": b"notation\nF5s G18e\n"}),
        ("POST", "/api/similar" + who, {"json": body_of(HERON)}),
    ]


def test_the_longest_problem_that_can_be_saved_can_be_ticked_drawn_and_deleted(tmp_path: Path) -> None:
    labels = [hold.label for hold in boards.load("kilter-original").holds][-84:]
    longest = Problem(
        board="kilter-original",
        angle=40,
        grade="7A",
        start=tuple(labels[:2]),
        hands=tuple(labels[2:42]),
        feet=tuple(labels[42:82]),
        finish=tuple(labels[82:]),
    )
    address = f"/api/problems/{identity_of(longest)}"
    with client_of(tmp_path) as client:
        client.post("/api/problems" + MINE, body_of(longest), 201)
        client.ask("PUT", f"{address}/ticks/{uuid4()}{MINE}", json={"day": "2026-05-31"})
        notation = longest.notation.replace(" ", "-")
        client.ask("GET", f"/api/picture/svg?board=kilter-original&angle=40&problem={notation}")
        client.ask("PATCH", address + MINE, json={"deleted": True})
        assert client.get(f"/api/problems{MINE}")["total"] == 0


def test_a_problem_is_saved_annotated_ticked_and_found(tmp_path: Path) -> None:
    with client_of(tmp_path) as client:
        saved = client.post("/api/problems" + MINE, body_of(HERON), 201)
        assert problem_of(saved["problem"]) == HERON
        assert client.post("/api/problems" + MINE, body_of(replace(HERON, grade="8A")), 200) == saved
        client.post("/api/problems" + MINE, body_of(MASTERS), 201)
        tick = {"id": str(uuid4()), "day": "2026-05-31", "attempts": 3, "sent": True, "reached": "", "angle": None}
        address = f"{SAVED}/ticks/{tick['id']}{MINE}"
        for attempts in (1, 3, 3):
            ticked = client.ask("PUT", address, json={"day": "2026-05-31", "attempts": attempts}).json()
        assert ticked == saved | {"ticks": [tick]}
        change = {"stars": 5, "notes": "left\nheel 100% 🧗 \x00", "felt": "7A+", "lists": ["b", "a", "b"]}
        changed = client.ask("PATCH", SAVED + MINE, json=change).json()
        assert changed == ticked | change | {"lists": ["a", "b"]}
        assert client.ask("PATCH", SAVED + MINE, json={}).json() == changed
        found = client.get(f"/api/problems{MINE}&text=100%25&in_list=a&progress=sent&easiest=7A&order=stars")
        lists, boards = {"a": 1, "b": 1}, {HERON.board: 1, MASTERS.board: 1}
        page = {"entries": [changed], "read": 1, "left_out": [], "total": 1}
        assert found == page | {"lists": lists, "boards": boards}
        everything = client.get(f"/api/problems{MINE}&limit=1&offset=1&order=newest")
        assert (everything["entries"], everything["total"]) == ([changed], 2)
        assert client.get(f"/api/problems{MINE}&board=moonboard-mini-2020")["total"] == 0
        named = client.ask("PATCH", SAVED + MINE, json={"name": "Fast Heron", "felt": None}).json()
        assert named["problem"]["name"] == "Fast Heron"
        for _ in range(2):
            assert client.ask("DELETE", address).json()["ticks"] == []
        for _ in range(2):
            client.ask("PATCH", SAVED + MINE, json={"deleted": True})
        assert client.get(f"/api/problems{MINE}")["total"] == 1
        assert "no longer in the logbook" in client.refusal("PATCH", SAVED + MINE, 404, json={"stars": 1})
        back = client.ask("PATCH", SAVED + MINE, json={"deleted": False}).json()
        assert back == named | {"ticks": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("PATCH", SAVED + MINE, {"stars": 6}, "stars: Input should be less than or equal to 5"),
        ("PATCH", SAVED + MINE, {"stars": 2.5}, "stars: Input should be a valid integer"),
        ("PATCH", SAVED + MINE, {"stars": "2"}, "stars: Input should be a valid integer"),
        ("PATCH", SAVED + MINE, {"notes": "x" * 2001}, "notes: String should have at most 2000"),
        ("PATCH", SAVED + MINE, {"notes": None}, "notes: Input should be a valid string"),
        ("PATCH", SAVED + MINE, {"lists": ["x" * 41]}, "lists.0: String should have at most 40"),
        ("PATCH", SAVED + MINE, {"lists": [""]}, "lists.0: String should have at least 1"),
        ("PATCH", SAVED + MINE, {"felt": "easy"}, "felt: choose from"),
        ("PATCH", SAVED + MINE, {"problem": body_of(MINI)}, "problem: Extra inputs are not permitted"),
        ("PATCH", "/api/problems/nonsense" + MINE, {}, "identity: String should match pattern"),
        ("PATCH", SAVED + "?profile=me", {}, "profile: Input should be a valid UUID"),
        ("PATCH", SAVED, {}, "profile: Field required"),
        ("PUT", f"{SAVED}/ticks/1{MINE}", {"day": "2026-05-31"}, "tick: Input should be a valid UUID"),
        ("PUT", f"{SAVED}/ticks/{KIM}{MINE}", {}, "day: Field required"),
        ("PUT", f"{SAVED}/ticks/{KIM}{MINE}", {"day": "2026-02-30"}, "day: day "),
        ("PUT", f"{SAVED}/ticks/{KIM}{MINE}", {"day": "2026-05-31T10:00"}, "day: Invalid isoformat"),
        ("PUT", f"{SAVED}/ticks/{KIM}{MINE}", {"day": 1748649600}, "day: Input should be a valid string"),
        ("PUT", f"{SAVED}/ticks/{KIM}{MINE}", {"day": "2026-05-31", "attempts": 0}, "attempts"),
        ("PUT", f"/api/profiles/{KIM}", {"name": ""}, "name: String should have at least 1"),
        ("PUT", f"/api/profiles/{KIM}", {"name": "x" * 41}, "name: String should have at most 40"),
        ("PUT", f"/api/profiles/{KIM}", {"name": "Kim", "height": 20}, "height"),
        ("PUT", f"/api/profiles/{KIM}", {"name": "Kim", "height": "175"}, "height: Input should be a valid number"),
        ("PUT", f"/api/profiles/{KIM}", {"name": "Kim", "id": NOBODY}, "id: Extra inputs"),
        ("PUT", "/api/profiles/kim", {"name": "Kim"}, "profile: Input should be a valid UUID"),
        ("GET", f"/api/problems{MINE}&limit=0", None, "limit"),
        ("GET", f"/api/problems{MINE}&offset=-1", None, "offset"),
        ("GET", f"/api/problems{MINE}&offset={10**30}", None, "offset"),
        ("GET", f"/api/problems{MINE}&order=stars;--", None, "order"),
        ("GET", f"/api/problems{MINE}&easiest=V99", None, "easiest"),
        ("GET", f"/api/problems{MINE}&text={'x' * 101}", None, "text"),
        ("GET", "/api/export/xlsx" + MINE, None, "kind"),
        ("POST", "/api/import", None, "profile: Field required"),
    ],
)
def test_an_invalid_value_is_refused_with_its_location(
    client: Client, method: str, path: str, body: object, words: str
) -> None:
    assert words in client.refusal(method, path, 422, json=body)


def test_a_body_that_is_not_json_is_refused_with_the_position(client: Client) -> None:
    headers = {"Content-Type": "application/json"}
    for body, words in ((b"xx", "Expecting value at character 0"), (b'{"count": 1,}', "at character 12")):
        message = client.refusal("POST", "/api/generate", 422, data=body, headers=headers)
        assert message.startswith("the body is not JSON: ")
        assert words in message


def test_what_does_not_exist_is_not_found(client: Client) -> None:
    for method, path, request in requests_for(NOBODY):
        assert "there is no such climber" in client.refusal(method, path, 404, **request)
    missing = f"/api/problems/{identity_of(MINI)}"
    assert "this problem is no longer in the logbook" in client.refusal("PATCH", missing + MINE, 404, json={})
    assert "this problem is no longer in the logbook" in client.refusal("DELETE", f"{missing}/ticks/{KIM}{MINE}", 404)
    for path in ("/api/", "/api/nothing", "/api/nothing/at-all"):
        assert client.refusal("GET", path, 404)
    for path in ("/api", "/nothing", "/nothing.js", "/../app.py", "/..%2Fapp.py", "/%00", "/%ff", "/" + "x" * 3000):
        assert "There is no such page" in client.ask("GET", path, 404).text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/generate", "POST"),
        ("POST", "/api/boards", "GET"),
        ("PUT", "/api/problems", "GET, POST"),
        ("OPTIONS", f"/api/profiles/{KIM}", "DELETE, PUT"),
        ("GET", SAVED, "PATCH"),
        ("TRACE", SAVED, "PATCH"),
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/app.css", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_refused_with_the_allowed_ones(client: Client, method: str, path: str, allowed: str) -> None:
    answer = client.ask(method, path, 405)
    assert answer.headers["Allow"] == allowed


# export and import


def test_an_exported_logbook_can_be_imported_again(tmp_path: Path) -> None:
    with client_of(tmp_path) as client:
        for problem in (HERON, MASTERS):
            client.post("/api/problems" + MINE, body_of(problem), 201)
        client.ask("PATCH", SAVED + MINE, json={"stars": 4, "notes": 'a,"b"\nc', "felt": "7A+", "lists": ["x;y"]})
        client.ask("PUT", f"{SAVED}/ticks/{KIM}{MINE}", json={"day": "2026-05-31"})
        before = client.get(f"/api/problems{MINE}&order=name")["entries"]
        for kind, media in (("json", "application/json"), ("csv", "text/csv"), ("app", "application/json")):
            exported = client.ask("GET", f"/api/export/{kind}{MINE}")
            assert exported.headers["Content-Type"].startswith(media)
            assert exported.headers["Content-Disposition"].startswith('attachment; filename="logbook.')
            again = client.ask("POST", "/api/import" + MINE, data=exported.content).json()
            assert again == {
                "read": 2,
                "added": 0,
                "merged": 2,
                "rejected": 0,
                "reasons": [],
                "not_found": 0,
                "notes": [],
            }
            assert client.get(f"/api/problems{MINE}&order=name")["entries"] == before
            other = str(uuid4())
            client.ask("PUT", f"/api/profiles/{other}", json={"name": kind})
            copied = client.ask("POST", f"/api/import?profile={other}", data=exported.content).json()
            assert copied["added"] == 2
            copies = client.get(f"/api/problems?profile={other}&order=name")["entries"]
            if kind == "json":
                assert copies == before
            if kind == "csv":
                assert [copy | {"ticks": []} for copy in copies] == [entry | {"ticks": []} for entry in before]
                assert [tick["day"] for copy in copies for tick in copy["ticks"]] == ["2026-05-31"]


def test_files_of_other_programs_are_imported_with_every_record_accounted_for(tmp_path: Path) -> None:
    with client_of(tmp_path) as client:
        for name in ("api_dump.json", "guide.csv", "site_scrape.json"):
            answer = client.ask("POST", "/api/import" + MINE, data=(DATA / name).read_bytes()).json()
            assert answer["added"] + answer["merged"] > 0
            assert answer["read"] == answer["added"] + answer["merged"] + answer["rejected"]
            assert len(answer["reasons"]) == answer["rejected"]
            assert all(one["reason"] and 0 <= one["record"] < answer["read"] for one in answer["reasons"])
        spoiled = {"Data": [api_record(HERON), {"Id": 3}, api_record(MASTERS), 7]}
        answer = client.ask("POST", "/api/import" + MINE, json=spoiled).json()
        assert [one["record"] for one in answer["reasons"]] == [1, 3]
        assert answer["reasons"][1]["reason"] == "a record is an object with fields, not 7"


def test_an_export_of_over_16_mb_is_imported_while_others_are_served(tmp_path: Path) -> None:
    triples = islice(product("ABCDEFGHIJK", repeat=3), 1000)
    problems = [parse_notation(f"F5s {a}9 {b}11 {c}13 G18e") for a, b, c in triples]
    content = "".join(transfer.to_json(Entry(problem, notes="x" * 2000) for problem in problems))
    with client_of(tmp_path) as client, ThreadPoolExecutor(1) as other:
        padded = content.ljust(17 << 20).encode()
        running = other.submit(client.ask, "POST", "/api/import" + MINE, data=padded)
        while not running.done():
            assert client.get("/api/profiles")
        assert running.result().json()["added"] == 1000
        assert client.get(f"/api/problems{MINE}")["total"] == 1000


def test_an_import_ends_when_the_client_hangs_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has saved by then stays, and the same file can be imported again."""
    monkeypatch.setattr(importing, "STEP", 1)
    content = "".join(
        transfer.to_json(Entry(parse_notation(f"F5s {a}9 {b}11 G18e")) for a in "ABCDEFGHIJK" for b in "ABCDEFGHIJK")
    ).encode()
    with client_of(tmp_path) as client:
        head = f"POST /api/import{MINE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
        host, port = client.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(head.encode() + content)
            eventually(lambda: client.get(f"/api/problems{MINE}")["total"])
        before = -1
        while before != (now := client.get(f"/api/problems{MINE}")["total"]):
            before = now
            time.sleep(0.3)
        answer = client.ask("POST", "/api/import" + MINE, data=content).json()
        assert (answer["read"], answer["added"]) == (121, 121 - now)


def test_tries_without_a_send_and_statistics(client: Client) -> None:
    client.post("/api/problems" + MINE, body_of(HERON), 201)
    tick = f"{SAVED}/ticks/{KIM}{MINE}"
    tries = {"day": "2026-05-30", "attempts": 4, "sent": False, "reached": "G13"}
    assert client.ask("PUT", tick, json=tries).json()["ticks"] == [{"id": KIM, **tries, "angle": None}]
    assert "no hold A9" in client.refusal("PUT", tick, 409, json=tries | {"reached": "A9"})
    found = client.get(f"/api/statistics{MINE}")
    assert (found["board"], found["tries"], found["sent"], found["stopped"]) == ("moonboard-2016", 4, 0, 4)
    assert found["grades"] == {"7A": {"sent": 0, "flashed": 0, "tried": 1}}
    assert client.get(f"/api/problems{MINE}&progress=tried")["total"] == 1
    client.ask("PUT", tick, json={"day": "2026-05-30", "attempts": 5})
    assert client.get(f"/api/statistics{MINE}")["months"] == {"2026-05": {"sent": 1, "tries": 5, "hardest": "7A"}}
    assert client.get(f"/api/statistics{MINE}&board=moonboard-mini-2020")["tries"] == 0
    client.refusal("GET", f"/api/statistics?profile={NOBODY}", 404)


def test_problems_sent_before_are_left_out_of_generated_ones(client: Client) -> None:
    wish = {"grades": ["6C"], "seed": 7}
    (first,) = client.post("/api/generate", wish)["problems"]
    identity = client.post("/api/problems" + MINE, {k: first[k] for k in body_of(HERON)}, 201)["identity"]
    assert client.post("/api/generate", wish | {"unsent_by": KIM})["problems"] == [first]
    tick = f"/api/problems/{identity}/ticks/{KIM}{MINE}"
    client.ask("PUT", tick, json={"day": "2026-05-30", "attempts": 4, "sent": False})
    assert client.post("/api/generate", wish | {"unsent_by": KIM})["problems"] == [first]
    client.ask("PUT", tick, json={"day": "2026-05-30", "attempts": 5})
    (other,) = client.post("/api/generate", wish | {"unsent_by": KIM})["problems"]
    assert other["notation"] != first["notation"]
    assert client.post("/api/generate", wish)["problems"] == [first]
    client.refusal("POST", "/api/generate", 404, json=wish | {"unsent_by": NOBODY})


def test_the_numbers_of_reasons_and_records_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "MOST_RECORDS", 100)
    with client_of(tmp_path) as client:
        bad = client.ask("POST", "/api/import" + MINE, data="notation\n" + "Z9\n" * 100).json()
        assert (bad["rejected"], len(bad["reasons"])) == (100, importing.MOST_REASONS)
        many = json.dumps({"Data": [api_record(HERON)] + [{"Id": 3}] * 100})
        cut = client.ask("POST", "/api/import" + MINE, data=many).json()
        assert (cut["read"], cut["added"]) == (100, 1)
        assert cut["notes"] == ["the file has more than 100 records: those after them were not read; split it"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\x89PNG\r\n", "it is a picture"),
        (b"[" * 100_000, "it is in no format that climbpath reads"),
        (b"\x1f\x8b\x08\x00", "the gzip data break off"),
        (b'{"format": "climbpath logbook", "entries": 7}', "this logbook is damaged"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused(client: Client, content: bytes, words: str) -> None:
    assert words in client.refusal("POST", "/api/import" + MINE, 409, data=content)


def test_a_truncated_file_is_imported_as_far_as_possible(client: Client) -> None:
    content = json.dumps({"Data": [api_record(HERON), api_record(MASTERS)]}).encode()
    answer = client.ask("POST", "/api/import" + MINE, data=content[:-100]).json()
    assert (answer["read"], answer["rejected"]) == (2, 1)
    assert "the rest is lost" in answer["reasons"][0]["reason"]
    answer = client.ask("POST", "/api/import" + MINE, data=b"PAR1").json()
    assert "may be cut off" in answer["reasons"][0]["reason"]


# bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b'"text"',
        b"[]",
        b"[{}]",
        b"{",
        b"\xff\xfe{}",
        b'{"temperature": NaN}',
        b'{"temperature": Infinity}',
        b'{"temperature": -Infinity}',
        b'{"temperature": 1e999}',
        b'{"seed": 1e999}',
        b'{"seed": 4294967296}',
        b'{"seed": -1}',
        b'{"seed": 0.5}',
        b'{"seed": ' + b"9" * 5000 + b"}",
        b'{"number": 0}',
        b'{"number": 21}',
        b'{"number": true}',
        b'{"number": "3"}',
        b'{"any_grade": 1}',
        b'{"any_grade": "yes"}',
        b'{"grades": []}',
        b'{"grades": ["9A+"]}',
        b'{"grades": "7A"}',
        b'{"grades": null}',
        b'{"pins": ["F5", null]}',
        b'{"pins": ["F5\\u0000"]}',
        b'{"pins": ["\\ud83e"]}',
        b'{"pins": ["F5,G6"]}',
        b'{"pins": ["' + b"F" * 1000 + b'"]}',
        b'{"pins": [' + b",".join([b'"F5"'] * 21) + b"]}",
        b'{"start": ["F5", "G6", "E6"]}',
        b'{"hold_sets": [""]}',
        b'{"hold_sets": ["\\ud83e"]}',
        b'{"climber": {"height": 99.9}}',
        b'{"climber": {"height": NaN}}',
        b'{"climber": {"reach": 1}}',
        b'{"board": "../../etc/passwd"}',
        b'{"board": 2016}',
        b'{"\\ud83e": 1}',
        b'{"x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"climber": ' * 5000 + b"}" * 5000,
        b'{"unknown": 1}',
        b"\0" * 1000,
    ],
)
def test_no_body_breaks_the_server(client: Client, body: bytes) -> None:
    words = client.refusal("POST", "/api/generate", 422, data=body, headers={"Content-Type": "application/json"})
    assert len(words) < 1000


def test_2_0_is_an_integer(client: Client) -> None:
    """JSON has one type of numbers: 2.0 is 2, as the OpenAPI description says."""
    assert len(client.ask("POST", "/api/generate", **raw_json({"number": 2.0, "seed": 5.0})).json()["problems"]) == 2


def test_half_a_surrogate_pair_is_refused_everywhere(client: Client) -> None:
    half = "\ud83e"
    for body in (body_of(HERON) | {"name": half}, body_of(HERON) | {"ids": [half]}, body_of(HERON) | {"method": half}):
        assert "unicode" in client.refusal("POST", "/api/problems" + MINE, 422, **raw_json(body))
    for change in ({"name": half}, {"notes": half}, {"lists": [half]}, {"felt": half}):
        client.ask("PATCH", SAVED + MINE, 422, **raw_json(change))
    client.ask("PUT", f"/api/profiles/{KIM}", 422, **raw_json({"name": half}))


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense", ""]
)
def test_only_json_content_types_are_accepted(client: Client, kind: str) -> None:
    """So that a form on another site cannot send a request."""
    client.ask("POST", "/api/generate", 422, data=b"{}", headers={"Content-Type": kind})


def test_the_size_of_a_body_is_limited(client: Client) -> None:
    fits = json.dumps({"seed": 1}).ljust(MOST_BYTES).encode()
    as_json = {"Content-Type": "application/json"}
    client.ask("POST", "/api/generate", data=fits, headers=as_json)
    assert client.refusal("POST", "/api/generate", 413, data=fits + b" ", headers=as_json) == "the request is too large"
    in_pieces = iter([fits[:-1], b" ", b" "])
    assert client.refusal("POST", "/api/generate", 413, data=in_pieces, headers=as_json) == "the request is too large"
    client.ask("POST", "/api/generate", data=iter([fits[:-1], b" "]), headers=as_json)


def test_the_size_of_a_file_is_limited(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 2 << 20
    monkeypatch.setattr(security, "MOST_IMPORTED_BYTES", most)
    csv = b"notation,x\nF5s G18e," + b"x" * (most - 100) + b"\nF5s H18e,\n"
    answer = client.ask("POST", "/api/import" + MINE, data=csv).json()
    assert (answer["added"], answer["rejected"]) == (1, 1)
    lines = (
        f"POST /api/import{MINE} HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {most + 1}",
        "Connection: close",
    )
    status, headers, body = client.raw("\r\n".join(lines).encode() + b"\r\n\r\n")
    assert (status, json.loads(body)) == (413, {"error": "the request is too large"})
    assert headers["x-content-type-options"] == "nosniff"
    pieces = (b"x" * 2**20 for _ in range(most // 2**20))
    over = client.refusal("POST", "/api/import" + MINE, 413, data=(piece + b"x" * 8 for piece in pieces))
    assert over == "the request is too large"


# access


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000"])
def test_this_machine_s_own_names_are_served(client: Client, host: str) -> None:
    client.ask("GET", "/api/profiles", headers={"Host": host})


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "evil.example:8000", "localhost@evil.example", "evil@localhost"),
        *("localhost/x", "localhost:x", "[", "[::1", "::1", "0.0.0.0", "2130706433", "127.0.0.1.nip.io", "ä"),
        "x" * 5000,
    ],
)
def test_no_other_name_is_served(client: Client, host: str) -> None:
    """Another site can point its own name at this machine (DNS rebinding)."""
    for path in ("/api/profiles", "/", "/openapi.json", "/nothing"):
        words = client.refusal("GET", path, 403, headers={"Host": host.encode()})
        assert words.startswith("this app can only be opened on this machine, as localhost")
    assert client.raw(b"GET / HTTP/1.0\r\n\r\n")[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://["},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://localhost:8000.evil.example", "Host": "localhost:8000"},
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "nonsense"},
    ],
)
def test_another_site_cannot_change_anything(client: Client, headers: dict[str, str]) -> None:
    before = client.get("/api/profiles")
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        words = client.refusal(method, f"/api/profiles/{KIM}", 403, json={"name": "Evil"}, headers=headers)
        assert words == "this request comes from another site"
    assert client.get("/api/profiles") == before


def test_the_app_s_own_page_and_programs_can_change_things(client: Client) -> None:
    own = client.address
    for headers in ({}, {"Origin": own, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        client.ask("PUT", f"/api/profiles/{KIM}", json={"name": "Kim"}, headers=headers)


def test_every_client_needs_the_token(shared: Client) -> None:
    guest = anyone(shared)
    for method, path in (("GET", "/api/boards"), ("GET", "/api/nothing"), ("POST", "/api/generate")):
        assert guest.refusal(method, path, 401).startswith("an access token is needed")
    assert guest.refusal("GET", "/openapi.json", 401)
    assert guest.refusal("POST", "/", 401)
    assert shared.get("/api/profiles")[0]["name"] == "Kim"


def test_without_the_token_only_the_page_s_own_files_can_be_read(shared: Client) -> None:
    """They draw the problem of a link, and contain nothing of anybody."""
    guest = anyone(shared)
    static = Path(str(resources.files("climbpath") / "web" / "static"))
    files = [path for path in static.rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        assert guest.ask("GET", f"/{path.relative_to(static).as_posix()}").content == path.read_bytes()
    assert guest.ask("GET", "/?problem=F5s-G18e").content == (static / "index.html").read_bytes()
    assert guest.get("/boards.json") == shared.get("/api/boards")
    for other in ("/nothing", "/js/../../app.py", "/%2e%2e/app.py", "/js"):
        guest.ask("GET", other, 404)
    for method, route in api_routes(shared):
        assert guest.refusal(method, route, 401).startswith("an access token is needed"), route


def api_routes(client: Client) -> list[tuple[str, str]]:
    """The method and the path of every route of the API."""
    described = client.get("/openapi.json")["paths"]
    return [(method.upper(), path) for path, methods in described.items() for method in methods]


def test_the_invitation_is_only_for_those_who_have_access(shared: Client, client: Client) -> None:
    assert anyone(shared).refusal("GET", "/api/invitation", 401)
    nothing = {"app": None, "setup": None, "climber": None}
    assert client.get("/api/invitation") == nothing, "only this machine can open the app"


def test_an_invitation_is_a_link_with_the_token_and_its_qr_code(tmp_path: Path) -> None:
    links = Invitation(f"https://192.168.1.20:8000/?token={TOKEN}", "http://192.168.1.20:8001/")
    logbook = Logbook(tmp_path / "logbook.sqlite3")
    with served(create_app(load(), logbook, token=TOKEN, invitation=links)) as address:
        invited = Client(address, {"Authorization": f"Bearer {TOKEN}"}).get("/api/invitation")
    for name, link in links._asdict().items():
        assert invited[name]["link"] == link
        rows = invited[name]["code"]
        assert len(rows) >= 21
        assert {len(row) for row in rows} == {len(rows)}
        assert set("".join(rows)) == {"0", "1"}
        assert rows[0].startswith("1111111")


def test_another_site_cannot_make_the_server_work(client: Client) -> None:
    """Its pages do not see the answers, but drawing pictures takes time."""
    for site in ("cross-site", "same-site", "nonsense"):
        for path in ("/api/picture/gif?problem=F5s-G18e", "/api/profiles", "/openapi.json"):
            words = client.refusal("GET", path, 403, headers={"Sec-Fetch-Site": site})
            assert words == "this request comes from another site"
        client.ask("GET", "/", headers={"Sec-Fetch-Site": site})  # a link on another site


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \xe4"},
        {"Cookie": f"{COOKIE}=wrong"},
        {"Cookie": f"{COOKIE}="},
        {"Cookie": f"other={TOKEN}"},
        {"Cookie": f"{COOKIE}=\xe4"},
        {"Host": "x/icon.svg?"},
        {"Host": "["},
        {"X-Original-URL": "/icon.svg"},
    ],
)
def test_a_wrong_token_gives_no_access(shared: Client, headers: dict[str, str]) -> None:
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    anyone(shared).ask("GET", "/api/profiles", 401, headers=encoded)
    anyone(shared).ask("GET", "/api/profiles?token=wrong", 401, headers=encoded)


def test_the_token_is_accepted_as_a_bearer_and_as_a_cookie(shared: Client) -> None:
    """Under any name or address of this machine."""
    for headers in (
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer {TOKEN}"},
        {"Cookie": f"other=1; {COOKIE}={TOKEN}"},
    ):
        anyone(shared).ask("GET", "/api/profiles", headers=headers | {"Host": "board.local:8000"})
    other_site = {"Cookie": f"{COOKIE}={TOKEN}", "Origin": "http://evil.example"}
    anyone(shared).ask("POST", "/api/generate", 403, json={}, headers=other_site)


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/?token={}", "/"),
        ("/?board=moonboard-2016&token={}&problem=F5s-G18e", "/?board=moonboard-2016&problem=F5s-G18e"),
        ("/api/profiles?token={}", "/api/profiles"),
        ("//evil.example/?token={}", "/evil.example/"),
        ("/%5Cevil.example?token={}", "/%5Cevil.example"),
    ],
)
def test_a_link_with_the_token_sets_a_cookie_and_is_cleaned(shared: Client, path: str, clean: str) -> None:
    for headers in ({}, {"Cookie": f"{COOKIE}={TOKEN}"}):
        answer = anyone(shared).ask("GET", path.format(TOKEN), 303, headers=headers)
        assert answer.headers["Location"] == clean
        cookie = answer.headers["Set-Cookie"].lower()
        assert cookie.startswith(f"{COOKIE}={TOKEN};")
        assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in cookie.split(";")}
    if path.startswith("/api/"):
        anyone(shared).ask("GET", path.format("wrong"), 401)


def test_a_browser_has_access_after_opening_the_link(shared: Client) -> None:
    browser = requests.Session()
    browser.get(f"{shared.address}/?token={TOKEN}", timeout=TIMEOUT)
    assert browser.get(f"{shared.address}/api/profiles", timeout=TIMEOUT).json()[0]["name"] == "Kim"


def test_a_token_in_the_query_allows_no_changes(shared: Client) -> None:
    words = anyone(shared).refusal("PUT", f"/api/profiles/{KIM}?token={TOKEN}", 401, json={"name": "Evil"})
    assert words.startswith("an access token is needed")


@pytest.mark.parametrize(
    "token", ["", "short", "x" * 15, "x" * 201, "with a blank in it!", "ä" * 16, "x" * 16 + "\n", "/" * 20]
)
def test_a_token_fits_in_a_link_and_is_long_enough(token: str) -> None:
    assert check_token(TOKEN) == TOKEN
    with pytest.raises(ClimbpathError, match="16 to 200 letters, digits, - and _"):
        check_token(token)


def test_static_files_and_the_description_are_guarded_like_the_api(client: Client, shared: Client) -> None:
    for path in ("/icon.svg", "/openapi.json"):
        assert client.ask("GET", path).content == shared.ask("GET", path).content  # and Client checks the headers
    assert client.ask("GET", "/icon.svg").headers["Cache-Control"] == "no-cache"
    assert client.ask("GET", "/api/boards").headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in client.ask("GET", "/icon.svg").headers["Content-Security-Policy"]


# errors in the server


def test_an_internal_error_is_reported_without_details(tmp_path: Path) -> None:
    class Faulty(Logbook):
        def profiles(self) -> list[Profile]:
            raise RuntimeError("a secret detail")

    with served(create_app(load(), Faulty(tmp_path / "logbook.sqlite3"))) as address:
        words = Client(address).refusal("GET", "/api/profiles", 500)
        assert "secret" not in words
        assert Client(address).get("/api/boards")


def test_an_unusable_logbook_is_reported_so_that_clients_try_again(tmp_path: Path) -> None:
    logbook = Logbook(tmp_path / "logbook.sqlite3")
    with served(create_app(load(), logbook)) as address:
        for path in tmp_path.iterdir():
            path.unlink()
        (tmp_path / "logbook.sqlite3").write_text("spilled coffee" * 1000)
        client = Client(address)
        assert "file is not a database" in client.refusal("GET", "/api/profiles", 503)
        assert "file is not a database" in client.refusal("PUT", f"/api/profiles/{KIM}", 503, json={"name": "Kim"})
        assert client.post("/api/grade", body_of(HERON))["grade"]
