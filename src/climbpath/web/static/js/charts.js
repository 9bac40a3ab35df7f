// Charts as SVG, 340 units wide, and one picture of several of them. Their colours are those of the page.

import { svg } from "./dom.js";

const WIDE = 340;
const ROW = 26;
const MIDDLE = 172;
const HALF = 118; // of the widest bar
const LEFT = 40; // of the months
const STYLED = ["fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "opacity"];
const TYPED = ["font-size", "font-weight", "text-anchor", "dominant-baseline"];
const FONT = "system-ui, sans-serif";

const chart = (high, words, ...shapes) =>
  svg("svg", { class: "figure", viewBox: `0 0 ${WIDE} ${high}`, role: "img", "aria-label": words }, shapes);
const text = (x, y, words, attributes) => svg("text", { x, y, "text-anchor": "middle", ...attributes }, String(words));

// Bars by grade, the hardest on top: [{grade, sent, flashed, tried}], the easiest first. Flashes are the inner part of
// a bar, and problems that are not sent yet its dashed ends.
export function pyramid(rows, words) {
  const most = Math.max(1, ...rows.map((row) => row.sent + row.tried));
  const wide = (n) => (2 * HALF * n) / most;
  const bar = (n, y, name) =>
    n > 0 && svg("rect", { class: name, x: MIDDLE - wide(n) / 2, y, width: wide(n), height: ROW - 6, rx: 5 });
  return chart(
    rows.length * ROW,
    words,
    [...rows].reverse().map(({ grade, sent, flashed, tried }, i) => {
      const y = i * ROW + 3;
      return svg(
        "g",
        null,
        text(2, y + 14.5, grade || "?", { class: "label", "text-anchor": "start" }),
        [tried > 0 && bar(sent + tried, y, "tried"), bar(sent, y, "sends"), bar(flashed, y, "flashes")].filter(Boolean),
        text(WIDE - 2, y + 14.5, sent, { class: sent ? "label" : "axis", "text-anchor": "end" }),
      );
    }),
  );
}

// Months, or years: [{name, sent, hardest}]. Above, the hardest grade of each as an index into `ladder`; below, how
// many problems were sent.
export function progress(bins, ladder, words) {
  const ranks = bins.filter((bin) => bin.hardest).map((bin) => ladder.indexOf(bin.hardest));
  const [low, high] = ranks.length ? [Math.min(...ranks), Math.max(...ranks)] : [0, 0];
  const every = high - low > 6 ? 2 : 1;
  const step = ranks.length ? Math.min(22, 110 / Math.max(1, high - low)) : 0;
  const top = 14;
  const bottom = top + step * (high - low) + 10; // of the grades
  const base = bottom + 82; // of the bars
  const each = (WIDE - LEFT) / Math.max(1, bins.length);
  const x = (i) => LEFT + each * (i + 0.5);
  const y = (rank) => top + step * (high - rank);
  const most = Math.max(1, ...bins.map((bin) => bin.sent));
  const points = bins.map((bin, i) => bin.hardest && [x(i), y(ladder.indexOf(bin.hardest))]).filter(Boolean);
  const grades = ranks.length ? ladder.slice(low, high + 1) : [];
  return chart(
    base + 18,
    words,
    grades.map((grade, i) =>
      svg(
        "g",
        null,
        svg("line", { class: "rule", x1: LEFT - 6, x2: WIDE, y1: y(low + i), y2: y(low + i) }),
        i % every === 0 && text(LEFT - 10, y(low + i) + 4, grade, { class: "axis", "text-anchor": "end" }),
      ),
    ),
    svg("polyline", { class: "way", points: points.map((point) => point.join(",")).join(" ") }),
    points.map(([cx, cy]) => svg("circle", { class: "dot", cx, cy, r: 4.5 })),
    bins.map(({ name, sent }, i) => {
      const tall = (54 * sent) / most;
      return svg(
        "g",
        null,
        sent > 0 &&
          svg("rect", {
            class: "sends",
            x: x(i) - each * 0.36,
            y: base - tall,
            width: each * 0.72,
            height: tall,
            rx: Math.min(4, tall / 2),
          }),
        sent > 0 && text(x(i), base - tall - 5, sent, { class: "label" }),
        text(x(i), base + 14, name, { class: "axis" }),
      );
    }),
    svg("line", { class: "rule", x1: LEFT - 6, x2: WIDE, y1: base, y2: base }),
  );
}

// Draw charts that are on the page into one picture. `parts` are [element, x, y, width, height] and `words` are
// [text, x, y, size, weight], in pixels. Resolves to a PNG.
export async function picture(parts, words, wide, high) {
  const page = getComputedStyle(document.documentElement);
  const colour = (name) => page.getPropertyValue(name).trim();
  const whole = svg(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${wide} ${high}`, width: wide, height: high },
    svg("rect", { width: wide, height: high, fill: colour("--page") }),
    parts.map(([element, x, y, width, height]) => {
      const copy = styled(element, element.cloneNode(true));
      for (const [name, value] of Object.entries({ x, y, width, height })) copy.setAttribute(name, value);
      copy.setAttribute("preserveAspectRatio", "xMidYMin meet");
      return copy;
    }),
    words.map(([line, x, y, size, weight]) =>
      text(x, y, line, {
        "text-anchor": "start",
        fill: colour(weight > 500 ? "--text" : "--quiet"),
        "font-size": size,
        "font-weight": weight,
        "font-family": FONT,
      }),
    ),
  );
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(whole))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [wide, high];
  canvas.getContext("2d").drawImage(image, 0, 0, wide, high);
  return new Promise((resolve) => {
    canvas.toBlob(resolve, "image/png");
  });
}

// Write into a copy what style sheets say of the original, because a picture has none.
function styled(original, copy) {
  const style = getComputedStyle(original);
  for (const name of STYLED) copy.setAttribute(name, style.getPropertyValue(name));
  if (original.localName === "text") {
    for (const name of TYPED) copy.setAttribute(name, style.getPropertyValue(name));
    copy.setAttribute("font-family", FONT);
  }
  copy.removeAttribute("class");
  [...original.children].forEach((child, i) => styled(child, copy.children[i]));
  return copy;
}
