// A guided session: one exercise at a time. The clock is js/session-engine.js; here are the panes, the words, the taps.
import * as engine from "./session-engine.js";
import { newId, send, sendWaiting } from "./session-send.js";
import { keepAwake, keepChoices, readChoices, signal, wakeSound } from "./session-signals.js";

const root = document.querySelector("[data-session]");
const steps = [...root.querySelectorAll("[data-step]")];
const live = root.querySelector("[data-live]");
const say = root.dataset;
const choices = readChoices();
const answers = new Map(); // step key -> { state, name, left, outcome }
const RESULT_ICONS = { done: "circle-check", part: "circle-dot", skipped: "moon" };
let at = Math.max(0, Math.min(Number(say.at) || 0, steps.length - 1));
let clock = null; // the machine of the exercise that runs
let timer = 0;

const step = () => steps[at];
const find = (selector) => step().querySelector(selector);
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_all, key) => values[key] ?? "");
const capital = (word) => word[0].toUpperCase() + word.slice(1);
const words = (name) => say[`say${capital(name)}`] ?? "";

// --- Panes ---
function show(pane) {
  for (const other of steps) other.hidden = other !== step();
  for (const node of step().querySelectorAll("[data-pane]")) node.hidden = node.dataset.pane !== pane;
  root.dataset.pane = pane;
  const target = pane === "intro" ? find("[data-title]") : pane === "work" ? find("[data-pause]") : find(`[data-pane="${pane}"] [data-focus]`);
  target?.focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

function doseOf(node) {
  const { sets, reps, hold, minutes, rest, sides } = node.dataset;
  return { sets: +sets, reps: +reps, hold: +hold, minutes: +minutes, rest: +rest, sides: sides.split(",") };
}

// --- The clock ---
function run(change) {
  const before = clock;
  const { state, events } = change;
  clock = state;
  for (const event of events) react(event);
  if (clock) draw();
  if (before !== clock) keepAwake(clock?.status === "running");
}

function beat() {
  if (clock?.status === "running") run(engine.tick(clock, Date.now()));
}

function begin() {
  wakeSound();
  clock = engine.fresh(doseOf(step()), { tempo: choices.tempo ? engine.TEMPO_S : 0 });
  show("work");
  run(engine.start(clock, Date.now()));
  clearInterval(timer);
  timer = setInterval(beat, 200);
}

function halt() {
  clearInterval(timer);
  clock = null;
  keepAwake(false);
}

function react(event) {
  if (event.type === "phase") announce(event.segment);
  if (event.type === "rep") signal("rep", choices);
  if (event.type === "last") signal("last", choices);
  if (event.type === "paused") live.textContent = words("paused");
  if (event.type === "resumed") announce(engine.current(clock));
  if (event.type === "done") finished();
}

function announce(segment) {
  signal(["hold", "reps", "work"].includes(segment.kind) ? "go" : "stop", choices);
  live.textContent = [words(segment.kind), sideOf(segment), countOf(segment), lengthOf(segment)].filter(Boolean).join(", ");
}

const sideOf = (segment) => (segment.side ? words(segment.side) : "");
const lengthOf = (segment) => (segment.seconds ? fill(words("seconds"), { n: segment.seconds }) : "");

function countOf(segment) {
  const parts = [];
  if (segment.rep && segment.reps > 1) parts.push(fill(words("rep"), { n: segment.rep, total: segment.reps }));
  if (segment.sets > 1) parts.push(fill(words("set"), { n: segment.set, total: segment.sets }));
  return parts.join(" · ");
}

function finished() {
  signal("end", choices);
  halt();
  live.textContent = words("end");
  show("ask");
}

// --- Drawing ---
const clockText = (seconds) => (seconds < 60 ? String(seconds) : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function draw() {
  const segment = engine.current(clock);
  if (!segment) return;
  const now = Date.now();
  const isReps = segment.kind === "reps";
  const isPaused = clock.status === "paused";
  find("[data-dial]").dataset.kind = segment.kind;
  put(find("[data-what]"), isPaused ? words("paused") : words(segment.kind));
  put(find("[data-number]"), isReps ? String(clock.counted) : clockText(engine.secondsLeft(clock, now)));
  find("[data-number]").classList.toggle("is-long", find("[data-number]").textContent.length > 4);
  put(find("[data-of]"), isReps ? setOfReps(segment) : countOf(segment));
  put(find("[data-side]"), sideOf(segment));
  find("[data-share]").setAttribute("stroke-dasharray", `${(engine.shareDone(clock, now) * 100).toFixed(1)} 100`);
  find("[data-tap]").hidden = !isReps;
  find("[data-tempo-row]").hidden = !isReps;
  find("[data-tempo]").checked = Boolean(clock.tempo);
  for (const node of find("[data-pause]").children) node.hidden = (node.dataset.when === "paused") !== isPaused;
}

function setOfReps(segment) {
  const total = fill(words("rep"), { n: clock.counted, total: segment.reps });
  return segment.sets > 1 ? `${total} · ${fill(words("set"), { n: segment.set, total: segment.sets })}` : total;
}

// --- Answers ---
const chosen = (name) => step().querySelector(`input[name="${name}"]:checked`)?.value ?? "";

async function answer(state, { reason = "", pain = "" } = {}) {
  const node = step();
  const { step: key, name, left, bout, logUrl } = node.dataset;
  const fields = { on: say.day, bout, state, client_id: newId() };
  if (reason) fields.reason = reason;
  if (pain !== "") fields.pain = pain;
  fields.then = "session";
  answers.set(key, { state, name, left: Number(left), id: fields.client_id, outcome: "sending" });
  tell();
  halt();
  onward();
  const outcome = await send(logUrl, fields, { prescription: Number(key), name, told: [words(state)] });
  answers.get(key).outcome = outcome;
  if (outcome === "queued") settle(); // it may have gone already
  tell();
  if (root.dataset.pane === "end") drawResults();
}

function tell() {
  const outcomes = [...answers.values()].map((given) => given.outcome);
  root.dataset.sending = outcomes.filter((outcome) => ["sending", "queued"].includes(outcome)).length;
  const problem = outcomes.includes("refused") ? "refused" : outcomes.includes("waiting") ? "waiting" : "";
  const note = root.querySelector("[data-saved]");
  note.hidden = !problem;
  put(note.querySelector("span"), problem ? words(problem) : "");
}

function onward() {
  const next = steps.findIndex((node, index) => index > at && !answers.has(node.dataset.step));
  if (next < 0) return theEnd();
  at = next;
  show("intro");
  live.textContent = `${words("gonext")}: ${step().dataset.name}`;
}

function theEnd() {
  for (const node of steps) node.hidden = true;
  drawResults();
  const end = root.querySelector("[data-end]");
  end.hidden = false;
  root.dataset.pane = "end";
  end.focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

function icon(name) {
  const made = root.querySelector("[data-end] .icon").cloneNode(true);
  made.setAttribute("class", "icon");
  const use = made.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, `#${name}`));
  return made;
}

function line(symbol, strong, text) {
  const item = document.createElement("li");
  const name = document.createElement("strong");
  name.textContent = strong;
  name.className = "grow";
  const rest = document.createElement("span");
  rest.textContent = text;
  rest.className = "muted";
  item.append(icon(symbol), name, rest);
  return item;
}

function drawResults() {
  const given = steps.map((node) => answers.get(node.dataset.step)).filter(Boolean);
  const results = given.map((row) => line(RESULT_ICONS[row.state], row.name, words(row.state)));
  root.querySelector("[data-results]").replaceChildren(...results);
  const later = root.querySelector("[data-later]");
  for (const old of later.querySelectorAll("[data-made]")) old.remove();
  for (const row of given.filter((each) => each.left).reverse()) {
    const item = line("clock", row.name, words("again"));
    item.dataset.made = "";
    later.prepend(item);
  }
}

function hurt() {
  if (clock?.status === "running") run(engine.pause(clock, Date.now()));
  if (clock) show("hurt");
}

function ask({ skipping = false } = {}) {
  halt();
  show("ask");
  if (skipping) find("[data-reasons] button")?.focus();
}

const ON_TAP = {
  start: begin,
  ask: () => ask(),
  skip: () => ask({ skipping: true }),
  pause: () => clock && run(clock.status === "paused" ? engine.resume(clock, Date.now()) : engine.pause(clock, Date.now())),
  tap: () => clock && run(engine.count(clock, Date.now())),
  nextPart: () => clock && run(engine.skipPart(clock, Date.now())),
  again: () => (halt(), show("intro")),
  hurt,
  hurtBack: () => (show("work"), clock && run(engine.resume(clock, Date.now()))),
  hurtLog: () => answer(clock && engine.hasBegun(clock) ? "part" : "skipped", { reason: "pain", pain: chosen(`hurt-${step().dataset.step}`) }),
  toIntro: () => (halt(), show("intro")),
  previous: () => ((at = Math.max(0, at - 1)), show("intro")),
};

root.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.name === "state") {
    event.preventDefault(); // the form is for when this module is missing
    return void answer(button.value, { pain: chosen("pain") });
  }
  if (button.dataset.reason) return void answer("skipped", { reason: button.dataset.reason, pain: chosen("pain") });
  const name = Object.keys(ON_TAP).find((key) => key in button.dataset);
  if (name) ON_TAP[name]();
});

root.addEventListener("change", (event) => {
  if (!event.target.matches("[data-tempo]")) return;
  choices.tempo = event.target.checked;
  keepChoices(choices);
  if (clock) run(engine.setTempo(clock, Date.now(), choices.tempo ? engine.TEMPO_S : 0));
});

// --- Sound and vibration, remembered on this phone ---
for (const name of ["sound", "buzz"]) {
  const button = document.querySelector(`[data-${name}]`);
  const paint = () => button.setAttribute("aria-pressed", String(choices[name]));
  button.hidden = name === "buzz" && !navigator.vibrate;
  button.addEventListener("click", () => {
    choices[name] = !choices[name];
    keepChoices(choices);
    wakeSound();
    paint();
    if (choices[name]) signal("rep", { sound: name === "sound", buzz: name === "buzz" });
  });
  paint();
}

document.querySelector("[data-tools]").hidden = false;
for (const node of root.querySelectorAll("[data-needs-module]")) node.hidden = false;
for (const node of root.querySelectorAll("[data-no-module]")) node.hidden = true;
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  beat();
  keepAwake(clock?.status === "running");
});
addEventListener("online", async () => {
  if (!(await sendWaiting())) return;
  for (const given of answers.values()) if (given.outcome === "waiting") given.outcome = "sent";
  tell();
});
addEventListener("beforeunload", (event) => {
  if (clock?.status === "running") event.preventDefault();
});
// The portal's queue says what became of an answer, and its bar on top shows what it still holds. When the service worker
// has sent it, the page hears only that the queue has changed.
document.addEventListener("kineplan:queue", settle);

async function settle() {
  const held = new Set((await globalThis.kineplanQueue.waiting()).map((row) => row.uuid));
  for (const given of answers.values()) {
    if (given.outcome === "queued" && !held.has(given.id)) given.outcome = "sent";
  }
  tell();
}

sendWaiting();
show("intro");
