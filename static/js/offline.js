// The portal without a connection: forms that cannot be sent become entries of the queue (queue.js), the page shows them
// as if they were stored, and a bar says what waits. Forms that can be sent work as they always did.
const queue = globalThis.kineplanQueue;
const ROOT = document.documentElement;
const bars = document.querySelector("[data-offline]");
const keptAt = ROOT.dataset.keptAt ? new Date(ROOT.dataset.keptAt) : null;
const LOG = /^\/portal\/exercise\/(\d+)\/log\/$/;
const PAIN = /^\/portal\/log\/\d+\/pain\/$/;
const UNDO = /^\/portal\/log\/\d+\/undo\/$/;
const GIVE_UP_MS = 10000;
const SAVED_SHOWN_MS = 6000;
const plural = new Intl.PluralRules(ROOT.lang || "en");
const worker = () => navigator.serviceWorker?.controller;

// --- Words: all of them are in the page, in the language of the patient ---
const word = (name, n) => {
  const node = document.getElementById("offline-words").content.querySelector(`[data-word="${name}"]`);
  const text = n === undefined ? node.textContent : node.dataset[plural.select(n) === "one" ? "one" : "other"];
  return text.replace("{n}", n);
};
const isToday = (at) => at.toDateString() === new Date().toDateString();
const isoDay = (at) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;

function clock(at) {
  const time = at.toLocaleTimeString(ROOT.lang, { hour: "2-digit", minute: "2-digit" });
  return isToday(at) ? time : `${at.toLocaleDateString(ROOT.lang, { weekday: "short", day: "numeric", month: "short" })}, ${time}`;
}

// --- The bar ---
let hadWaiting = false;

function bar(name, text) {
  const line = bars.querySelector(`[data-bar="${name}"]`);
  line.hidden = text === null;
  if (text !== null) line.querySelector("[data-text]").textContent = text;
}

async function showState() {
  const { waiting, refused, session } = await queue.state();
  const isOut = session === "over" && waiting > 0;
  bar("waiting", waiting && !isOut ? word("waiting", waiting) : null);
  bar("login", isOut ? word("login", waiting) : null);
  if (waiting || refused) bar("saved", null);
  else if (hadWaiting) showSaved();
  hadWaiting = waiting > 0;
  await Promise.all([showRefused(refused), showEntries()]);
}

function showSaved() {
  bar("saved", word("saved"));
  setTimeout(() => bar("saved", null), SAVED_SHOWN_MS);
}

async function showRefused(count) {
  const list = bars.querySelector("[data-refused]");
  list.hidden = !count;
  if (!count) return list.replaceChildren();
  const rows = (await queue.waiting()).filter((row) => row.state === "refused");
  return list.replaceChildren(...rows.map(refusedEntry));
}

function refusedEntry(row) {
  const entry = document.getElementById("offline-refused").content.cloneNode(true).firstElementChild;
  entry.dataset.entry = row.uuid;
  entry.querySelector("[data-what]").textContent = [row.payload.name, ...(row.told.length || row.kind !== "log" ? row.told : toldOf(row.payload))].filter(Boolean).join(" · ");
  entry.querySelector("[data-when]").textContent = clock(new Date(row.acted_at));
  entry.querySelector("[data-why]").textContent = row.words;
  const change = entry.querySelector("[data-change]");
  change.hidden = !row.page || row.kind === "undo";
  if (row.page) change.href = changeAddress(row);
  entry.querySelector("[data-throw]").addEventListener("click", () => queue.drop(row.uuid));
  return entry;
}

function changeAddress(row) {
  const url = new URL(row.page, location.origin);
  url.searchParams.set("entry", row.uuid);
  return url.pathname + url.search;
}

// --- A form as an entry ---
const textOf = (form, input) => input && form.querySelector(`label[for="${input.id}"]`)?.textContent.trim();

function toldBy(form, data) {
  const chosen = (name) => textOf(form, form.querySelector(`input[type=radio][name=${name}]:checked`));
  const state = form.querySelector("input[type=radio][name=state]") ? chosen("state") : word(`state-${data.get("state")}`);
  return [state, chosen("reason"), data.get("pain") ? word("pain", Number(data.get("pain"))) : "", data.get("comment")];
}

function logEntry(form, data, prescription) {
  const old = form.querySelector("[name=client_id]");
  const payload = {
    prescription: Number(prescription),
    on: data.get("on"),
    bout: Number(data.get("bout")),
    state: data.get("state"),
    reason: data.get("state") === "done" ? "" : data.get("reason") || "",
    pain: data.get("pain") ? Number(data.get("pain")) : null,
    comment: data.get("comment") || "",
    name: nameOf(form),
    ...(form.dataset.corrects ? { corrects: form.dataset.corrects } : { fresh: true }),
  };
  const page = `/portal/exercise/${prescription}/log/?day=${payload.on}&bout=${payload.bout}&state=${payload.state}`;
  return { kind: "log", payload, told: toldBy(form, data).filter(Boolean), page, uuid: old?.value || crypto.randomUUID() };
}

function nameOf(form) {
  const place = form.closest("article") || document.getElementById("main");
  return place.querySelector("h2, h1")?.textContent.trim() || "";
}

// The answer about pain, or taking back: what it belongs to stands in the form's own attributes.
function storedEntry(form, data, kind) {
  const { prescription, on, bout, state, reason, comment, corrects } = form.dataset;
  const place = { prescription: Number(prescription), on, bout: Number(bout), corrects, name: nameOf(form) };
  if (kind === "undo") return { kind, payload: place, told: [word("undone")], page: "" };
  const pain = Number(data.get("pain"));
  const payload = { ...place, state, reason: reason || "", comment: comment || "", pain };
  const page = `/portal/exercise/${prescription}/log/?day=${on}&bout=${bout}&state=${state}`;
  return { kind: "log", payload, told: [word(`state-${state}`), word("pain", pain)], page };
}

function entryOf(form, submitter) {
  const data = new FormData(form, submitter ?? undefined);
  const path = new URL(form.action, location.origin).pathname;
  const log = path.match(LOG);
  if (log) return logEntry(form, data, log[1]);
  if (form.dataset.prescription && PAIN.test(path)) return storedEntry(form, data, "log");
  if (form.dataset.prescription && UNDO.test(path)) return storedEntry(form, data, "undo");
  if (!form.dataset.act) return null;
  const payload = Object.fromEntries([...data].filter(([name]) => name !== "csrfmiddlewaretoken"));
  return { kind: form.dataset.act, payload, told: Object.values(payload).filter(Boolean), page: location.pathname };
}

// A guided session sends its own forms (session-send.js).
const isQueued = (form) =>
  queue?.usable && !form.dataset.pane && form.method === "post" && (form.dataset.act || (form.dataset.prescription || LOG.test(new URL(form.action).pathname)));

async function keepInstead(form, submitter) {
  const entry = entryOf(form, submitter);
  const mended = new URLSearchParams(location.search).get("entry");
  await queue.enqueue(entry);
  if (mended) await queue.drop(mended);
  const idField = form.querySelector("[name=client_id]");
  if (idField) idField.value = crypto.randomUUID();
  const day = document.getElementById("day");
  if (day?.contains(form)) return;
  location.assign(form.dataset.actNext || backTo(entry.payload));
}

function backTo({ on, prescription }) {
  const query = on && on !== isoDay(new Date()) && !keptAt ? `?day=${on}` : "";
  return `/portal/${query}#exercise-${prescription}`;
}

// --- Sending a form: straight away when it can be sent ---
const cannotSend = () => navigator.onLine === false;
const isValid = (form) => {
  const state = form.querySelector("input[name=state]");
  return !state || state.type !== "radio" || form.querySelector("input[name=state]:checked");
};

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!isQueued(form) || (!cannotSend() && form.hasAttribute("hx-post") && !keptAt)) return;
    if (!isValid(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (cannotSend()) keepInstead(form, event.submitter);
    else sendForm(form, event.submitter);
  },
  true,
);

// Plain forms: sent by hand, so that what was typed is not lost when the answer never comes.
async function sendForm(form, submitter) {
  if (form.dataset.sending) return;
  form.dataset.sending = "1";
  try {
    const token = await tokenFor(form);
    const body = new URLSearchParams(new FormData(form, submitter ?? undefined));
    if (token) body.set("csrfmiddlewaretoken", token);
    const headers = { "X-Kineplan-Act": "1" };
    const answer = await fetch(form.action, { method: "POST", body, headers, signal: AbortSignal.timeout(GIVE_UP_MS) });
    await sent(form, submitter, answer);
  } catch {
    await keepInstead(form, submitter);
  } finally {
    delete form.dataset.sending;
  }
}

// A page that was kept holds an old token.
async function tokenFor(form) {
  if (!keptAt) return "";
  const answer = await fetch("/portal/sync/", { redirect: "manual", signal: AbortSignal.timeout(GIVE_UP_MS) });
  return answer.ok ? (await answer.json()).csrf : "";
}

async function sent(form, submitter, answer) {
  const isLogin = answer.redirected && !new URL(answer.url).pathname.startsWith("/portal/");
  if (answer.status >= 500 || answer.status === 403 || isLogin) return keepInstead(form, submitter);
  const mended = new URLSearchParams(location.search).get("entry");
  if (answer.ok && mended) await queue.drop(mended);
  if (answer.status === 204) return location.assign(answer.headers.get("Location") || "/portal/");
  if (answer.ok && answer.redirected) return location.assign(answer.url);
  return showAnswer(await answer.text());
}

// A complaint: the page as the server wrote it, with everything that was typed.
function showAnswer(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const main = page.getElementById("main");
  if (!main) return location.reload();
  document.getElementById("main").replaceWith(document.adoptNode(main));
  main.querySelector("[data-autofocus], .error-summary")?.focus();
  return undefined;
}

// htmx: what could not be sent is kept; a log-in page is never put in the place of the list.
document.body.addEventListener("htmx:sendError", (event) => keepFromHtmx(event));
document.body.addEventListener("htmx:timeout", (event) => keepFromHtmx(event));
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  const isLogin = xhr.responseURL && !new URL(xhr.responseURL).pathname.startsWith("/portal/");
  if (xhr.status < 500 && xhr.status !== 403 && !isLogin) return;
  if (keepFromHtmx(event)) {
    event.detail.shouldSwap = false;
    event.detail.isError = false;
  }
});

function keepFromHtmx(event) {
  const form = event.detail.requestConfig?.elt?.closest("form");
  if (!form || !isQueued(form)) return false;
  event.stopImmediatePropagation();
  const trigger = event.detail.requestConfig?.triggeringEvent?.submitter;
  keepInstead(form, trigger);
  return true;
}

// --- Entries shown where they belong ---
function latestByBout(rows) {
  const latest = new Map();
  for (const row of rows) latest.set(`${row.payload.prescription}:${row.payload.on}:${row.payload.bout}`, row);
  return [...latest.values()];
}

function shownDay() {
  const asked = new URLSearchParams(location.search).get("day");
  return document.querySelector("#main input[name=on]")?.value || asked || isoDay(new Date());
}

const placeOf = (prescription) =>
  document.getElementById(`exercise-${prescription}`) ||
  (location.pathname === `/portal/exercise/${prescription}/` ? document.getElementById("log") : null);

async function showEntries() {
  for (const old of document.querySelectorAll("[data-waiting]")) old.remove();
  const rows = (await queue.waiting()).filter((row) => row.state === "waiting" && ["log", "undo"].includes(row.kind));
  const day = shownDay();
  for (const row of latestByBout(rows)) if (row.payload.on === day) showEntry(row);
}

// A guided session hands over the figures alone.
const toldOf = ({ state, pain }) => [word(`state-${state}`), ...(typeof pain === "number" ? [word("pain", pain)] : [])];

function showEntry(row) {
  const place = placeOf(row.payload.prescription);
  if (!place) return;
  const line = document.getElementById("offline-entry").content.cloneNode(true).firstElementChild;
  line.querySelector("[data-text]").textContent = (row.told.length ? row.told : toldOf(row.payload)).join(", ");
  line.dataset.state = row.payload.state || "undone";
  const isUndo = row.kind === "undo";
  line.querySelector("[data-take-back]").hidden = isUndo;
  line.querySelector("[data-take-back]").addEventListener("click", () => takeBack(row));
  place.append(line);
  if (!isUndo) settle(place, row, line);
}

// Nothing more to tap for this session: the next one of the day, or none.
function settle(place, row, line) {
  const form = place.querySelector("form.log-buttons:not([hidden])");
  const bout = form?.querySelector("[name=bout]");
  if (form && bout && Number(bout.value) === row.payload.bout) nextSession(place, form, bout);
  if (row.payload.state !== "skipped" && row.payload.pain === null) line.append(painQuestion(row));
}

function nextSession(place, form, bout) {
  const perDay = Number(place.dataset.perDay || 1);
  if (Number(bout.value) < perDay) {
    const next = Number(bout.value) + 1;
    for (const link of place.querySelectorAll(".log-others a")) link.href = link.href.replace(`bout=${bout.value}`, `bout=${next}`);
    bout.value = next;
    form.querySelector("[name=client_id]").value = crypto.randomUUID();
    const label = form.querySelector("button");
    label.lastChild.textContent = word("state-done");
  } else {
    for (const part of place.querySelectorAll(".log-buttons")) part.hidden = true;
  }
}

function painQuestion(row) {
  const box = document.getElementById("offline-pain").content.cloneNode(true).firstElementChild;
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pain]");
    if (!button) return;
    const pain = Number(button.dataset.pain);
    const { fresh, ...payload } = { ...row.payload, pain, corrects: row.uuid };
    queue.enqueue({ kind: "log", payload, told: [...(row.told.length ? row.told : toldOf(row.payload)), word("pain", pain)], page: row.page });
  });
  return box;
}

function takeBack(row) {
  const { prescription, on, bout, name } = row.payload;
  queue.enqueue({ kind: "undo", payload: { prescription, on, bout, name, corrects: row.uuid }, told: [word("undone")] });
  for (const part of placeOf(prescription).querySelectorAll(".log-buttons")) part.hidden = false;
}

// --- A page that was kept ---
function showKept() {
  if (!keptAt) return;
  bar("kept", word(isToday(keptAt) ? "kept" : "kept-old").replace("{time}", clock(keptAt)));
  for (const field of document.querySelectorAll("[name=client_id]")) field.value = crypto.randomUUID();
  const asked = new URLSearchParams(location.search);
  if (!asked.has("day") && !isToday(keptAt)) moveToToday();
  const form = document.querySelector("[data-log-form]");
  if (form) fillFromAddress(form, asked);
}

// The list of an earlier day, without its answers: what is tapped belongs to today.
function moveToToday() {
  const [then, now] = [isoDay(keptAt), isoDay(new Date())];
  for (const field of document.querySelectorAll(`#main [name=on][value="${then}"]`)) field.value = now;
  for (const link of document.querySelectorAll("#main a[href*='day=']")) link.href = link.href.replace(`day=${then}`, `day=${now}`);
}

function fillFromAddress(form, asked) {
  if (asked.get("day")) form.elements.on.value = asked.get("day");
  if (asked.get("bout")) form.elements.bout.value = asked.get("bout");
  const state = form.querySelector(`input[name=state][value="${CSS.escape(asked.get("state") || "")}"]`);
  if (state) state.checked = true;
  form.dispatchEvent(new Event("change"));
}

// --- An entry that was refused, to be mended: its form holds what was typed ---
async function fillRefused() {
  const uuid = new URLSearchParams(location.search).get("entry");
  const row = uuid && (await queue.waiting()).find((each) => each.uuid === uuid);
  const form = row && document.querySelector(`[data-log-form], form[data-act="${CSS.escape(row.kind)}"]`);
  if (!form) return;
  for (const [name, value] of Object.entries(row.payload)) setField(form, name, value);
  form.dispatchEvent(new Event("change"));
  bar("refused-here", row.words);
}

function setField(form, name, value) {
  const field = form.elements.namedItem(name);
  if (!field || name === "client_id" || value === null) return;
  if (field instanceof RadioNodeList) field.value = String(value);
  else if (field.type === "checkbox") field.checked = Boolean(value);
  else field.value = value;
}

// --- The service worker, and what it keeps ---
async function register() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/portal/sw.js", { scope: "/portal/" });
  await navigator.serviceWorker.ready;
  if (matchMedia("(display-mode: standalone)").matches && !(await queue.note("keep"))) await queue.setNote("keep", "week");
  if (!keptAt) askToKeep();
}

const toKeep = () => {
  const day = document.getElementById("day");
  const links = [...document.querySelectorAll("#day h2 a, a.extra-link, #day .log-others a:first-child, a[data-keep]")];
  return [...(day ? ["/portal/", "/portal/?sheet=blank"] : []), ...links.map((link) => link.getAttribute("href"))];
};

function askToKeep() {
  const start = () => worker()?.postMessage({ keep: [...new Set(toKeep())] });
  if (worker()) (globalThis.requestIdleCallback ?? setTimeout)(start);
  else navigator.serviceWorker.addEventListener("controllerchange", start, { once: true });
}

// Something was stored: the copy of the list must say so as well.
let renewing = 0;
function renewCopy() {
  clearTimeout(renewing);
  renewing = setTimeout(() => worker()?.postMessage({ keep: ["/portal/"], again: true }), 3000);
}

// --- "What is kept on this device" in the settings ---
async function startSetting() {
  const form = document.querySelector("[data-keep-setting]");
  if (!form || !queue?.usable) return;
  form.hidden = false;
  const chosen = (await queue.note("keep")) || "day";
  form.querySelector(`input[value="${chosen}"]`).checked = true;
  form.addEventListener("change", async (event) => {
    await queue.setNote("keep", event.target.value);
    worker()?.postMessage("tidy");
    form.querySelector("[data-kept-note]").hidden = false;
  });
}

// --- Start ---
if (bars && queue?.usable) {
  document.addEventListener("kineplan:queue", showState);
  document.addEventListener("kineplan:answer", (event) => {
    if (event.detail.status === "refused") return;
    renewCopy();
    reloadDay();
  });
  document.body.addEventListener("htmx:afterSwap", () => {
    showEntries();
    renewCopy();
  });
  bars.querySelector("[data-send]").addEventListener("click", () => queue.sync());
  showKept();
  fillRefused();
  showState();
  startSetting();
}
if (queue?.usable) register().catch(() => {}); // a browser that forbids it: everything works with a connection

// The list as the server has it now, when nobody is typing.
let reloading = 0;
function reloadDay() {
  if (!document.getElementById("day") || location.search.includes("entry=")) return;
  clearTimeout(reloading);
  reloading = setTimeout(async () => {
    if ((await queue.state()).waiting) return;
    if (keptAt) return location.reload();
    htmx.ajax("GET", location.pathname + location.search, { target: "#day", select: "#day", swap: "outerHTML" });
  }, 400);
}
