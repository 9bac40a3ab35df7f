// Offline use: caches the files of the page, which come from the server whenever it answers in time. The page itself
// stores the data that it needs offline.

const CACHE = "climbpath-4";
const PATIENCE_MS = 3000;
const PAGE = [
  "/",
  "/app.css",
  "/icon.svg",
  "/icon-192.png",
  "/icon-512.png",
  "/manifest.webmanifest",
  "/js/analysis.js",
  "/js/api.js",
  "/js/awake.js",
  "/js/board.js",
  "/js/book.js",
  "/js/charts.js",
  "/js/climb.js",
  "/js/climber.js",
  "/js/compose.js",
  "/js/dates.js",
  "/js/dom.js",
  "/js/entry.js",
  "/js/guest.js",
  "/js/invite.js",
  "/js/lengths.js",
  "/js/lights.js",
  "/js/lights-bluetooth.js",
  "/js/lights-bytes.js",
  "/js/lights-card.js",
  "/js/lights-channel.js",
  "/js/lights-receiver.js",
  "/js/lights-server.js",
  "/js/lights-walk.js",
  "/js/lights-walls.js",
  "/js/logbook.js",
  "/js/main.js",
  "/js/panel.js",
  "/js/person.js",
  "/js/play.js",
  "/js/problem.js",
  "/js/signal.js",
  "/js/stage.js",
  "/js/state.js",
  "/js/statistics.js",
  "/js/storage.js",
  "/js/texts.js",
  "/js/timer.js",
  "/js/trail.js",
  "/js/who.js",
  "/js/workout.js",
  "/js/zoom.js",
  "/virtual-board/index.html",
  "/virtual-board/virtual-board.css",
  "/virtual-board/virtual-board.js",
];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(PAGE))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const drop = (names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  event.waitUntil(
    caches
      .keys()
      .then(drop)
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (PAGE.includes(pathname)) event.respondWith(freshOrCached(event.request, pathname));
});

// The server's answer; the cached one if there is none, or if it takes too long.
async function freshOrCached(request, pathname) {
  const cache = await caches.open(CACHE);
  const answer = fetch(request).then((response) => {
    if (response.ok) cache.put(pathname, response.clone());
    return response;
  });
  const late = new Promise((resolve) => {
    setTimeout(() => resolve(cache.match(pathname)), PATIENCE_MS);
  });
  try {
    return (await Promise.race([answer, late])) ?? (await answer);
  } catch {
    return (await cache.match(pathname)) ?? Response.error();
  }
}
