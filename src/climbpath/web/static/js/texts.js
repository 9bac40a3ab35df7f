// Every text of the app, in one place.

const many = (n, one, more) => `${n} ${n === 1 ? one : more}`;
const and = (words) => [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");
// The server's reasons begin with a small letter.
export const sentence = (words) => words[0].toUpperCase() + words.slice(1);
const cm = (number) => `${Math.round(number)} cm`;

const inRows = ([low, high]) => (low === high ? `in row ${low}` : `in rows ${low} to ${high}`);

export const T = {
  skip: "Skip to the board",
  tabs: { climb: "Climb", workout: "Workout", compose: "Compose", logbook: "Logbook", climber: "Climber" },
  nav: "Main",
  close: "Close",
  undone: "Undo",

  board: "Board",
  angle: "Angle",
  from: "Easiest grade",
  to: "Hardest grade",
  fromShort: "From",
  toShort: "To",
  filters: "Board and grades",
  notLearned: (title) => `No model has learned ${title} yet. Choose another board, or compose on this one.`,

  previous: "Previous",
  next: "Next",
  nextTitle: "Next problem",
  save: "Save",
  saved: "Saved",
  share: "Share",
  beta: "Beta",
  planTitle: "Plan your evening",
  planWords: "A warm-up, a pyramid and projects, with every try and every rest.",
  planList: (title) => `An evening of “${title}”`,
  planListWords: "A warm-up on new problems, then your list, the easiest first.",
  minutes: "Minutes",
  min: (n) => `${n} min`,
  planIt: "Plan it",
  planning: "Planning …",
  newPlan: "New plan",
  cancel: "Cancel",
  start: "Start",
  startAgain: "Start again",
  goOnWith: (i, n) => `Go on: ${i} of ${n}`,
  endWorkout: "End",
  workoutDone: "Done. Well climbed!",
  workoutOver: "That was the last try: well climbed!",
  thePlan: "The whole plan",
  planEvening: "Workout",
  atClock: (minutes) => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`,
  triesEach: (n) => many(n, "try", "tries"),
  tryOf: (i, n) => `Try ${i} of ${n}`,
  rest: "Rest",
  restTitle: "After your try: begin the rest",
  restEach: (time) => `Rest ${time} after every try.`,
  resting: (next) => `Rest, then try ${next}`,
  endRest: "End the rest now",
  finish: "Finish",
  backTo: (name) => `Back to ${name}`,
  beeps: "Beep when a rest is over",
  playing: "The list that is played",
  ofList: (i, n) => `${i} of ${n}`,
  playList: "Play",
  shuffle: "Shuffle",
  stopPlaying: "Stop playing this list",
  listDone: (title) => `That was the last of “${title}”.`,
  again: "Once more",
  searching: "Looking for problems …",
  noProblem: "No problem yet",
  endOfSeen: "Offline: these are the last problems that you saw.",
  noneSeen: "Offline: none of the last problems that you saw is of this board and these grades.",
  offline: "Offline",
  offlineHelp:
    "The server cannot be reached. Your logbook and the last 50 problems are still available; " +
    "your changes will be sent later.",
  waiting: (n) => `${many(n, "change waits", "changes wait")} to be sent`,
  sent: "Your offline changes have been sent",
  lost: (words) => `One change could not be saved: ${words}`,
  gone: "this problem is no longer in the logbook",
  ungraded: "ungraded",
  holds: (n) => many(n, "hold", "holds"),

  tuning: "Fine-tuning",
  most: "Most holds",
  fewest: "Fewest holds",
  adventure: "Adventurousness",
  adventures: ["classic", "usual", "bold", "wild"],
  holdSets: "Hold sets on your board",
  reachOnly: (name) => `Only what ${name} can reach`,
  unsentOnly: (name) => `Leave out what ${name} has sent`,
  matching: "Only problems that match the grade",

  grade: "Grade",
  graderSays: (words, probability) => `The grader says ${words}: ${Math.round(probability * 100)}\u00a0% sure.`,
  onRecord: (grade) => `On record as ${grade}.`,
  given: (grade) => `Given as ${grade}.`,
  fewProblems: (grade, n) => `${grade} (${many(n, "problem", "problems")})`,
  asked: (grade) => `Asked for ${grade}.`,
  chart: "How likely each grade is",
  notGraded: "There is no grader for this board and angle yet.",
  hardest: (label, steps) =>
    `Without ${label} it would be about ${Math.abs(steps).toFixed(1)} grades ${steps < 0 ? "easier" : "harder"}.`,

  betaTitle: "Beta",
  step: (i, n) => `${i} of ${n}`,
  stepBack: "Step back",
  stepOn: "Next move",
  closeBeta: "Close beta",
  crux: "crux",
  cruxIs: (i, hand, hold) => `Crux: move ${i}, ${hand.toLowerCase()} to ${hold}.`,
  hands: { LH: "Left hand", RH: "Right hand" },
  bothOn: (hold) => `Both hands on ${hold}`,
  startOn: (left, right) => `Left hand on ${left}, right hand on ${right}`,
  move: (hand, hold, match) => `${hand} to ${hold}${match ? ", match" : ""}`,
  outOf: (far) => `${cm(Math.max(1, far))} too far`,
  outOfReach: "out of reach",
  byCm: (far) => ` by ${cm(Math.max(1, far))}`,
  farBy: (far) => `Out of reach by ${cm(Math.max(1, far))}`,
  tooFar: (name, far) => `Out of reach for ${name} by ${cm(Math.max(1, far))}.`,
  noHand: (labels) => `For feet or as intermediates: ${labels}.`,
  forWhom: (name, height, ape) =>
    `For ${name}: ${cm(height)}${ape ? `, ape index ${ape > 0 ? "+" : "−"}${Math.abs(ape)} cm` : ""}.`,

  similar: "Similar problems",
  known: "A known problem uses exactly these holds.",
  novel: "No known problem uses exactly these holds.",
  similarity: (similarity) => `${Math.round(similarity * 100)} % similar`,
  noneSimilar: "Nothing in your logbook to compare with yet.",

  shareTitle: "Share and print",
  copy: "Copy link",
  copied: "Link copied",
  linkHint: "Opening this link shows exactly this problem.",
  pictures: "Pictures",
  withBeta: "with beta",
  gif: "Beta, animated",
  print: "Print",

  badLink: "This link is not valid: the board has no such holds, angle or grade.",

  zoomIn: "Zoom in",
  wholeBoard: "Whole board",
  zoomedIn: "Closer now: tap the hold.",
  undo: "Undo",
  redo: "Redo",
  clear: "Clear",
  complete: "Complete",
  cleared: "Board cleared",
  composeHint:
    "Tap a hold to include it, again to avoid it, once more to clear it. Press and hold it to choose its role.",
  composeKeys: "On a keyboard: arrow keys move, Enter includes, avoids or clears, R sets the role.",
  empty: (avoided, canComplete) =>
    (avoided ? `${many(avoided, "hold", "holds")} avoided. ` : "") +
    `Tap the holds that you want${canComplete ? ", then let Complete fill in the rest" : ""}.`,
  faults: {
    noStart: (rows, canComplete) =>
      `No start yet: tap a hold${rows ? ` ${inRows(rows)}` : ""}${canComplete ? ", or let Complete choose" : ""}.`,
    manyStarts: (labels) => `${and(labels)} are starts: a problem has one or two. Press and hold one to change it.`,
    noFinish: (rows, canComplete) =>
      `No finish yet: ${rows ? `tap a hold ${inRows(rows)}` : "tap a hand again"}${canComplete ? ", or let Complete choose" : ""}.`,
    manyFinishes: (labels) => `${and(labels)} are finishes: a problem has one or two. Press and hold one to clear it.`,
    wrong: {
      start: (label, rows) => `${label} cannot be a start: starts are ${inRows(rows)}.`,
      finish: (label, rows) => `${label} cannot be a finish: finishes are ${inRows(rows)}.`,
      hands: (label) => `${label} cannot be a hand: only starts and finishes are in its row.`,
    },
  },
  marks: { use: "included", only: "the only one", ban: "avoided", fill: "filled in", free: "free" },
  roles: { start: "start", hands: "hand", feet: "foot", finish: "finish" },
  roleTitle: (label) => `Hold ${label}`,
  roleChoices: { start: "Start", hands: "Hand", finish: "Finish", feet: "Foot", ban: "Avoid", free: "Clear" },
  onlyChoices: { start: "Only start", finish: "Only finish" },
  isFull: {
    start: (labels) => `${and(labels)} are the start. A problem has one or two starts.`,
    finish: (labels) => `${and(labels)} are the finish. A problem has one or two.`,
  },
  isOnly: {
    start: (label) => `${label} is to be the only start.`,
    finish: (label) => `${label} is to be the only finish.`,
  },
  beside: { start: (label) => `Start beside ${label}`, finish: (label) => `Finish beside ${label}` },
  insteadOf: { start: (label) => `Start instead of ${label}`, finish: (label) => `Finish instead of ${label}` },
  openInCompose: "Edit in Compose",
  tooManyPins: "You can choose up to 20 holds: free one first.",

  logbookTitle: (name) => (name === T.you ? T.entryTitle : `${name}’s logbook`),
  search: "Search name, notes, holds",
  list: "List",
  allLists: "All problems",
  order: "Order",
  orders: { newest: "Newest", easiest: "Easiest", hardest: "Hardest", stars: "Best", name: "Name" },
  progress: { "": "Sent or not", sent: "Sent", tried: "Tried, not sent", unsent: "Not sent" },
  logbookEmpty: "Nothing here yet. Save a problem that you like: it will be here for your next session.",
  logbookNothing: "No problem matches this search.",
  results: (n) => many(n, "problem", "problems"),
  more: "Show more",
  offlineSearch: "Offline: the newest problems of your logbook.",
  exportTitle: "Export",
  importTitle: "Import",
  importing: "Reading the file …",
  importDone: (read, added, merged, rejected) =>
    `${many(read, "record", "records")} read: ${added} new, ${merged} already in the logbook, ${rejected} rejected.`,
  notFoundTitle: "Not found",
  importNotFound: (n) =>
    `${many(n, "tick", "ticks")} not found: the problem is neither in the logbook nor in the known problems. ` +
    "They are kept, and looked for again at the next import.",
  formats: { json: "JSON, everything", csv: "CSV, for spreadsheets", app: "MoonBoard app JSON" },

  parts: { problems: "Problems", statistics: "Statistics", files: "Import & export" },
  leftOut: (reasons) =>
    `${many(reasons.length, "thing", "things")} in this logbook cannot be read, and stay in its file: ${reasons[0]}` +
    (reasons.length > 1 ? " …" : ""),
  showImported: "Show the problems",
  importWhat:
    "Problems and ticks of any program that climbpath reads, and its own exports of any size. " +
    "What you noted here is never overwritten.",
  noStatistics: "Nothing here yet. Tap Sent below a problem after you tried it, and your pyramid grows here.",
  noStatisticsOffline: "The server cannot be reached. Statistics need it once; after that the last ones stay here.",
  statisticsOf: (day) => `Offline: as of ${day}, without what you have logged since.`,
  sharePicture: "Share a picture",
  pictureSaved: "Picture saved",
  totals: ({ sent, flashed, tries, days }) => [
    [sent, "sent"],
    [flashed, "flashed"],
    [tries, tries === 1 ? "try" : "tries"],
    [days, days === 1 ? "day" : "days"],
  ],
  pyramid: "Pyramid",
  pyramidWords: (rows) =>
    rows
      .filter(({ sent, tried }) => sent + tried)
      .map(
        ({ grade, sent, flashed, tried }) =>
          `${grade || "ungraded"}: ${sent} sent, ${flashed} flashed, ${tried} not sent yet`,
      )
      .join("; "),
  flashed: "Flashed",
  sentWord: "Sent",
  triedWord: "Not sent yet",
  progressTitle: "Progress",
  progressHelp: "The hardest grade that you sent, and how many problems you sent for the first time.",
  progressWords: (bins) =>
    bins
      .filter(({ sent, hardest }) => sent || hardest)
      .map(({ full, sent, hardest }) => `${full}: ${sent} sent${hardest ? `, hardest ${hardest}` : ""}`)
      .join("; "),
  period: "Period",
  lastMonths: "12 months",
  allYears: "All years",
  holdsTitle: "Holds",
  holdChoices: { sent: "Holds that you sent on", failed: "Tries that were no send", stopped: "Where tries ended" },
  holdsHelp: (kind, { failed, stopped }) =>
    ({
      sent: "The larger a disc, the more problems with this hold you have sent.",
      failed: `The larger a disc, the more of ${many(failed, "try", "tries")} without a send were at problems with it.`,
      stopped: stopped
        ? `How far you got in ${stopped} of ${many(failed, "try", "tries")} without a send.`
        : "Say how far you got when you log tries, and it shows here.",
    })[kind],
  heatWords: (kind, counts) =>
    `${T.holdChoices[kind]}: ` +
    (counts
      .filter(([, count]) => count)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 5)
      .map(([label, count]) => `${label} ${count}`)
      .join(", ") || "none"),

  entryTitle: "Your logbook",
  name: "Name",
  suggest: "Suggest a name",
  stars: "Stars",
  starsOf: (n) => (n ? many(n, "star", "stars") : "no stars"),
  notes: "Notes",
  felt: "Felt like",
  feltNone: "–",
  lists: "Lists",
  listsHint: "Separated by commas: Projects, Warm-up",
  sentButton: "Sent",
  sentTitle: "Log a send, or tries without one",
  triesTitle: (name) => `How did ${name} go?`,
  tries: "Tries",
  fewer: "One try fewer",
  another: "One more try",
  countTries: "Count your tries of that day, the send included.",
  triesBefore: (n) => `Goes on from ${many(n, "try", "tries")} without a send on that day.`,
  sentOn: (n, isFirst) => (n > 1 ? `Sent on try ${n}` : isFirst ? "Flashed" : "Sent on the first try"),
  sentTimes: (n) => `Sent ${n} times`,
  notSent: (n) => `${many(n, "try", "tries")}, not sent`,
  notSentYet: "Not sent",
  reached: "Got as far as",
  upTo: (label) => `up to ${label}`,
  noTicks: "No tries logged yet.",
  correct: "Correct",
  day: "Day",
  untick: "Remove tick",
  unticked: "Tick removed",
  remove: "Delete from logbook",
  takeOut: "Saved: take it out of the logbook",
  removed: "Taken out of the logbook",
  feltLike: (grade) => `felt ${grade}`,

  climberTitle: "Who climbs?",
  you: "Me",
  newClimber: "Add a climber",
  height: "Height",
  ape: "Ape index",
  lengthHint: {
    height: (inches) => `cm, or ${inches}`,
    ape: (inches) => `Arm span minus height, in cm${inches === "0″" ? "" : `, or ${inches}`}`,
  },
  lengthUnread: {
    height: "Write it as 165, 1.65 m or 5'5\".",
    ape: 'Write it as +5, −3 or 2".',
  },
  lengthOut: {
    height: (least, most, low, high) => `A climber’s height is ${least} to ${most} cm (${low} to ${high}).`,
    ape: (least, most, low, high) => `An ape index is −${-least} to ${most} cm (${low} to ${high}).`,
  },
  whoTitle: "Who is climbing?",
  whoWords: "Everyone has a logbook, a height and grades of their own. Nothing is saved until you choose.",
  whoFirst: "Your name goes on your logbook; your height decides what is within reach.",
  whoLater: "Ape index and grades can be set later, under Climber.",
  startClimbing: "Start climbing",
  inviteTitle: "Invite a phone",
  inviteWords: "A friend, or your own second phone, scans a code and is in.",
  inviteShow: "Show the code",
  codeLabel: "QR code of the address",
  inviteScan: "Scan this with the camera of the other phone, in the same network:",
  inviteSetup: "1. Scan this first. It shows the other phone how to trust this machine:",
  inviteThen: "2. Then scan this:",
  inviteWarning: "Whoever has this code can see and change every logbook here.",
  inviteLocal: "Only this machine can open the app now. To let phones in, stop it with Ctrl-C and start it with:",
  inviteCommand: "climbpath serve --host 0.0.0.0",
  inviteAfter: "Then the code is here, and in the terminal. Add --https to install the app on the phone.",
  guestTitle: "You need an invitation",
  guestMore: "Want more?",
  guestProblem: "This problem is in the link itself. For its beta, new problems and a logbook you need an invitation.",
  guestNothing: "This climbpath is for people who were invited.",
  guestAsk: "Ask whoever runs it to open Climber, then Invite a phone, and scan the code there.",
  removeClimber: "Remove this climber",
  climberRemoved: (name) => `${name} removed`,
  theme: "Appearance",
  themes: { auto: "Same as the system", light: "Light", dark: "Dark" },
  appTitle: "This app",
  canInstall: "You can install it: choose “Add to Home Screen” or “Install” in your browser’s menu.",
  install: "Install",
  cannotInstall:
    "Over plain HTTP, browsers allow neither installation nor offline use. " +
    "Start climbpath serve with --https, or open the app on the machine that runs it.",
  installed: "The app is installed. The logbook and the last 50 problems also work offline.",
  about: (version) =>
    `climbpath ${version}. Nobody has climbed its problems yet: check the problem, and the mats, before you pull on.`,

  boardLabel: (title, angle) => `${title} at ${angle}°`,
  boardShort: (title, angle) => `${title} ${angle}°`,
  shownLabel: (title, words) => `${title}: ${words}`,
  holdLabel: (label, mark, role) => [label, role, mark].filter(Boolean).join(", "),
  errors: { offline: "The server cannot be reached.", busy: "The server is busy: try again in a moment." },
};
