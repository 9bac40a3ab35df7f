// What a visitor without access sees: the problem of the link, drawn from the link alone, and whom to ask for more.

import { h, replace } from "./dom.js";
import { T, named } from "./texts.js";
import { boardOf, state } from "./state.js";
import { Stage, gradePill, holdCount } from "./stage.js";
import { boardOfLink, readLink, ruleOf } from "./problem.js";

export async function showGuest(main) {
  const fields = new URLSearchParams(location.search);
  let problem = null;
  let fault = T.guestNothing;
  if (fields.has("problem")) {
    const answer = await fetch("/boards.json");
    state.appInfo = await answer.json();
    problem = readLink(fields, state.appInfo);
    fault = T.badLink(boardOfLink(fields, state.appInfo));
  }
  document.title = `${named(problem?.name ?? T.guestTitle)} · climbpath`;
  const words = h(
    "section",
    { class: "card" },
    h("h2", null, problem ? T.guestMore : T.guestTitle),
    h("p", null, problem ? T.guestProblem : fault),
    h("p", null, T.guestAsk),
  );
  if (!problem) {
    replace(main, h("div", { class: "page" }, words));
    return;
  }
  const board = boardOf(problem);
  const size = fields.get("size");
  if (board.sizes[size]) state.linkedSizes[board.name] = size;
  state.setup = { board: board.name, angle: problem.angle };
  const title = () =>
    h("div", { class: "filters" }, h("span", { class: "fixed" }, T.boardAt(board.title, problem.angle)));
  const stage = new Stage({ on: {}, top: title });
  stage.show(problem);
  replace(
    stage.caption,
    h(
      "div",
      { class: "title" },
      h("h1", null, problem.name ?? problem.notation),
      h("small", null, [ruleOf(problem), holdCount(problem)].filter(Boolean).join(" · ")),
    ),
    gradePill(problem.grade),
  );
  replace(main, h("div", { class: "view guest" }, stage.root, h("aside", { class: "panel" }, words)));
}
