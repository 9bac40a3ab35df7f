// Makes elements without markup in strings, so that text from outside can never become code.

const SVG = "http://www.w3.org/2000/svg";
const STATES = ["value", "checked"]; // a user changes these, too
const given = new WeakMap(); // an element's attributes as they were given

const isThere = (value) => value !== undefined && value !== null && value !== false;

function filled(element, attributes, children) {
  element.append(...children.flat(2).filter(isThere));
  given.set(element, attributes ?? {});
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on") || (STATES.includes(name) && isThere(value))) element[name] = value;
    else if (isThere(value)) element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

export const h = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

const ICONS = {
  climb: "M6 20 L10 14 L8 9 L14 4 M14 4 h4 M6 20 h-3",
  compose: "M12 5 v14 M5 12 h14",
  logbook: "M6 4 h11 a2 2 0 0 1 2 2 v14 H8 a2 2 0 0 1 -2 -2 Z M10 9 h5 M10 13 h5",
  climber: "M12 11 a3.5 3.5 0 1 0 0 -7 a3.5 3.5 0 0 0 0 7 M5 20 c0 -4 3 -6 7 -6 s7 2 7 6",
  back: "M15 5 L8 12 L15 19",
  next: "M9 5 L16 12 L9 19",
  save: "M12 19.5 C5 14.5 3.5 11.5 3.5 9 a4.3 4.3 0 0 1 8.5 -1 a4.3 4.3 0 0 1 8.5 1 c0 2.5 -1.5 5.5 -8.5 10.5 Z",
  sent: "M5 12.5 L10 17.5 L19.5 7",
  plus: "M12 5 v14 M5 12 h14",
  minus: "M5 12 h14",
  share: "M12 15 V4 M8 7.5 L12 3.5 L16 7.5 M6 11 H5 v9 h14 v-9 h-1",
  beta: "M8 20 a2.5 2.5 0 1 0 0 -5 a2.5 2.5 0 0 0 0 5 M9 14.5 C9 9 13 11 15.5 5 M15.5 5 l-4 1.2 M15.5 5 l1.3 3.8",
  undo: "M9 6 L5 10 L9 14 M5 10 h9 a5 5 0 0 1 0 10 h-3",
  redo: "M15 6 L19 10 L15 14 M19 10 h-9 a5 5 0 0 0 0 10 h3",
  clear: "M5 7 h14 M10 7 V4.5 h4 V7 M7 7 l1 13 h8 l1 -13",
  complete: "M12 3 l1.8 5.2 L19 10 l-5.2 1.8 L12 17 l-1.8 -5.2 L5 10 l5.2 -1.8 Z M19 16 v4 M17 18 h4",
  mirror: "M12 3 v18 M9 7 L3 17 h6 z M15 7 l6 10 h-6 z",
  shuffle: "M3 7 h4 l9 10 h5 M18 14 l3 3 l-3 3 M3 17 h4 l2.5 -2.8 M13.5 9.8 L16 7 h5 M18 4 l3 3 l-3 3",
  workout: "M12 9 v4.5 l3 2 M12 21 a7.5 7.5 0 1 0 0 -15 a7.5 7.5 0 0 0 0 15 M9.5 2.5 h5",
  play: "M8 5 L19 12 L8 19 Z",
  close: "M6 6 L18 18 M18 6 L6 18",
  upload: "M12 15 v-11 M8 7.5 L12 3.5 L16 7.5 M5 20 h14",
  download: "M12 4 v11 M8 11.5 L12 15.5 L16 11.5 M5 20 h14",
  print: "M7 9 V4 h10 v5 M7 17 H4 V9 h16 v8 h-3 M7 14 h10 v6 H7 Z",
  bulb: "M9.5 18 h5 M10.5 21 h3 M12 3 a6 6 0 0 0 -3.5 10.9 c0.7 0.6 1 1.2 1 2.1 h5 c0 -0.9 0.3 -1.5 1 -2.1 A6 6 0 0 0 12 3",
  board: "M5 3.5 h14 v17 h-14 Z M9 8 h0.1 M14 11 h0.1 M10 15 h0.1",
  near: "M10.5 17 a6.5 6.5 0 1 0 0 -13 a6.5 6.5 0 0 0 0 13 M15.3 15.3 L20 20 M10.5 7.8 v5.4 M7.8 10.5 h5.4",
  far: "M10.5 17 a6.5 6.5 0 1 0 0 -13 a6.5 6.5 0 0 0 0 13 M15.3 15.3 L20 20 M7.8 10.5 h5.4",
  edit: "M5 19 l1 -4 L16 5 l3 3 L9 18 Z",
};

export const icon = (name) =>
  svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));

// A button with an icon and words; the words may be for screen readers alone.
export const button = (name, words, onclick, { quiet = false, ...attributes } = {}) =>
  h(
    "button",
    { type: "button", onclick, title: quiet ? words : undefined, ...attributes },
    name && icon(name),
    h("span", { class: quiet ? "unseen" : undefined }, words),
  );

export const labelled = (words, control, hint) =>
  h("label", { class: "field" }, h("span", null, words), control, hint && h("small", null, hint));

export const choice = (value, options, onchange, attributes) =>
  h(
    "select",
    { onchange: (event) => onchange(event.target.value), value, ...attributes },
    options.map(([key, words]) => h("option", { value: key }, words)),
  );

// Replace an element's children. Where old and new match, the old element stays and is updated, so that the focus, an
// open picker, a press in progress and half-typed text survive. A handler must therefore find other elements through
// its event: those made along with it may not be the ones on the page.
export function replace(element, ...children) {
  const old = [...element.childNodes];
  const shown = children
    .flat(2)
    .filter(isThere)
    .map((child, i) => {
      const fresh = child instanceof Node ? child : document.createTextNode(child);
      return old[i] && isMatch(old[i], fresh) ? updated(old[i], fresh) : fresh;
    });
  for (const child of old) if (!shown.includes(child)) child.remove();
  shown.forEach((child, i) => {
    if (element.childNodes[i] !== child) element.insertBefore(child, element.childNodes[i] ?? null);
  });
}

const isMatch = (old, fresh) =>
  old.nodeName === fresh.nodeName &&
  (old.nodeType === Node.TEXT_NODE ||
    (old !== fresh &&
      given.has(old) &&
      given.has(fresh) &&
      old.type === fresh.type &&
      old.dataset.key === fresh.dataset.key));

function updated(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return old;
  }
  const [before, now] = [given.get(old), given.get(fresh)];
  given.set(old, now);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    // the content security policy forbids setting it as an attribute
    if (name === "style") old.style.cssText = value;
    else if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const name of Object.keys({ ...before, ...now })) if (name.startsWith("on")) old[name] = now[name] ?? null;
  replace(old, ...fresh.childNodes);
  for (const name of STATES) {
    const isChosen = name === "checked" || old.localName === "select"; // takes effect at once, never half typed
    if (name in now && (isChosen || before[name] !== now[name])) old[name] = now[name];
  }
  return old;
}

const AFTER_TAP_MS = 400;

let shown = null; // the toast on the page: {bar, words, timer, isHeld}
let waiting = null; // what to show once a toast with an action has had its time

// Say something at the top of the page: one thing at a time. A tap sends it away; what cannot be undone also leaves
// when the climber goes on elsewhere. What can be undone stays for its time, unless the next thing can be undone, too.
export function toast(words, action) {
  if (shown?.isHeld && !action) {
    if (shown.words !== words) waiting = words;
    return;
  }
  if (shown) away(shown);
  const bar = h("div", { class: "toast" }, h("span", null, words));
  const mine = { bar, words, isHeld: Boolean(action) };
  bar.onclick = () => away(mine);
  if (action) bar.append(h("button", { type: "button", onclick: () => action.run() }, action.words));
  mine.timer = setTimeout(() => away(mine), action ? 8000 : 4500);
  shown = mine;
  document.getElementById("toasts").replaceChildren(bar);
}

document.addEventListener(
  "pointerdown",
  ({ target }) => {
    if (shown && !shown.isHeld && !shown.bar.contains(target)) away(shown);
  },
  true,
);

function away(one) {
  clearTimeout(one.timer);
  one.bar.remove();
  if (shown !== one) return;
  shown = null;
  const words = waiting;
  waiting = null;
  if (words) toast(words);
}

// Send the message away: what it could undo was another climber's, or is over.
export function hush() {
  waiting = null;
  if (shown) away(shown);
}

// A dialog that closes with its button, with Escape, or with a tap outside it.
export function dialog(title, closeWords, ...content) {
  const box = h(
    "dialog",
    { "aria-label": title },
    h(
      "div",
      { class: "dialog-head" },
      h("h2", null, title),
      button("close", closeWords, () => box.close(), { quiet: true, class: "ghost" }),
    ),
    content,
  );
  let isOutside = false; // where the press began: the press that opened the dialog may end outside it
  let isFresh = true; // until a press began here: the tap that opened the dialog also clicks on what it finds there
  setTimeout(() => {
    isFresh = false; // a screen reader clicks without a press
  }, AFTER_TAP_MS);
  box.addEventListener("close", () => box.remove());
  box.addEventListener("pointerdown", (event) => {
    isFresh = false;
    isOutside = event.target === box;
  });
  box.addEventListener(
    "click",
    (event) => {
      if (!isFresh || !event.detail) return;
      event.stopPropagation();
      event.preventDefault();
    },
    true,
  );
  box.addEventListener("click", (event) => {
    if (isOutside && event.target === box) box.close();
  });
  document.body.append(box);
  box.showModal();
  return box;
}
