// The assessment page. A group ([data-group]) is the smallest thing that is saved: a figure, an answer, a mark.
// Every change is kept in this browser until the server has it, sent at once, and sent again after a lost connection.
const page = document.querySelector("[data-assessment]");
const storeKey = `kineplan-assessment-${page.dataset.assessment}`;
const RETRY_MS = 5000;
const TYPING_MS = 600;
let revision = Number(page.dataset.revision);
const pending = readStore(); // name -> pairs as a form would send them
let sending = false;
let timer = 0;
let retry = 0;
let summaryTimer = 0;

// --- Kept in this browser ---------------------------------------------------------------------------------------
// Kept with the revision it was typed on: somebody else may have changed the same field since.
function readStore() {
  try {
    const kept = JSON.parse(localStorage.getItem(storeKey) || "null");
    if (!kept) return new Map();
    revision = Math.min(revision, kept.revision);
    return new Map(kept.changes);
  } catch {
    return new Map();
  }
}

function writeStore() {
  try {
    if (pending.size) localStorage.setItem(storeKey, JSON.stringify({ revision, changes: [...pending] }));
    else localStorage.removeItem(storeKey);
  } catch {
    // A full or forbidden store: the change still goes to the server.
  }
}

// --- Groups -----------------------------------------------------------------------------------------------------
function groupOf(node) {
  return node.closest("[data-group]");
}

function find(name) {
  return page.querySelector(`[data-group="${CSS.escape(name)}"]`);
}

function controls(group) {
  return [...group.querySelectorAll("input, select, textarea")].filter((node) => node.name && node.name !== "group");
}

function pairs(group) {
  return controls(group)
    .filter((node) => !["checkbox", "radio"].includes(node.type) || node.checked)
    .map((node) => [node.name, node.value]);
}

function restore(group, values) {
  for (const node of controls(group)) {
    const given = values.filter(([name]) => name === node.name).map(([, value]) => value);
    if (["checkbox", "radio"].includes(node.type)) node.checked = given.includes(node.value);
    else if (given.length) node.value = given[0];
  }
}

function mark(group, error) {
  const place = group?.querySelector("[data-error]");
  if (!place) return;
  place.textContent = error || "";
  place.hidden = !error;
  for (const node of controls(group)) {
    if (error && node.type !== "hidden") node.setAttribute("aria-invalid", "true");
    else node.removeAttribute("aria-invalid");
  }
}

function labelOf(group) {
  const legend = group.querySelector("legend, label, .field-label");
  const row = group.closest("[aria-labelledby]");
  const named = group.querySelector("[aria-label]")?.getAttribute("aria-label");
  return named || legend?.textContent.trim() || row?.textContent.trim() || "";
}

// --- Saving -----------------------------------------------------------------------------------------------------
function state(name) {
  for (const place of document.querySelectorAll("[data-save-state]")) place.dataset.state = name;
}

function changed(group, delay) {
  pending.set(group.dataset.group, pairs(group));
  group.classList.add("is-waiting");
  mark(group, "");
  writeStore();
  clearTimeout(timer);
  timer = setTimeout(flush, delay);
}

function token() {
  return JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
}

function body(batch) {
  const data = new URLSearchParams();
  data.append("revision", String(revision));
  for (const [name, values] of batch) {
    data.append("group", name);
    for (const [key, value] of values) data.append(key, value);
  }
  return data;
}

async function flush() {
  clearTimeout(timer);
  if (sending || !pending.size) return;
  sending = true;
  state("saving");
  const batch = new Map(pending);
  try {
    const response = await fetch(page.dataset.saveUrl, {
      method: "POST",
      body: body(batch),
      headers: { "X-CSRFToken": token(), "X-Requested-With": "fetch" },
      credentials: "same-origin",
      keepalive: batch.size < 20,
    });
    await received(batch, response);
  } catch {
    offline();
  } finally {
    sending = false;
  }
  if (!retry && [...pending.keys()].some((name) => !failed.has(name))) timer = setTimeout(flush, 50);
}

function offline() {
  state("offline");
  clearTimeout(retry);
  retry = setTimeout(() => {
    retry = 0;
    flush();
  }, RETRY_MS);
}

const failed = new Map(); // name -> {message, code}: refused, still on the page, not sent again until it changes

async function received(batch, response) {
  const isJson = (response.headers.get("content-type") || "").includes("json");
  if (!isJson || response.redirected) {
    offline(); // logged out or the server restarts: what was typed stays here
    return;
  }
  const answer = await response.json();
  if (!response.ok) {
    state("error");
    showProblems([{ name: "", message: answer.message }]);
    if (answer.code === "signed") pending.clear(), writeStore();
    return;
  }
  const stale = answer.revision !== revision;
  revision = answer.revision;
  for (const field of document.querySelectorAll("[data-revision-field]")) field.value = String(revision);
  settle(batch, answer);
  readouts(answer);
  if (answer.elsewhere.length) takeOver(answer.elsewhere);
  for (const place of document.querySelectorAll("[data-save-time]")) place.textContent = answer.saved_at;
  state(failed.size ? "error" : "saved");
  if (answer.written.some((name) => /^(r|rn|m):/.test(name))) regionsChanged();
  if (stale || answer.written.length) refreshSummary();
  page.dispatchEvent(new CustomEvent("kp:assessment-saved", { detail: answer }));
}

function settle(batch, answer) {
  const refused = new Map(answer.problems.map((problem) => [problem.name, problem]));
  for (const [name, values] of batch) {
    const same = JSON.stringify(pending.get(name)) === JSON.stringify(values);
    const problem = refused.get(name);
    if (problem) failed.set(name, problem);
    else failed.delete(name);
    if (same && (!problem || problem.code !== "cross")) pending.delete(name);
    const group = find(name);
    if (!same || !group) continue;
    group.classList.toggle("is-waiting", Boolean(problem));
    mark(group, problem?.message);
  }
  // Two fields that contradict each other: when another one was accepted, the refused one may pass now.
  if (answer.written.length) for (const [name, problem] of failed) if (problem.code === "cross") failed.delete(name);
  for (const conflict of answer.conflicts) conflicted(conflict);
  writeStore();
  showProblems([...failed].map(([name, problem]) => ({ name, message: problem.message })));
}

function conflicted({ name, message }) {
  const group = find(name);
  const place = page.querySelector("[data-conflicts]");
  const line = document.createElement("li");
  line.textContent = `${group ? labelOf(group) : name}: ${message}`;
  if (group) mark(group, message);
  place.querySelector("[data-conflict-list]").append(line);
  place.hidden = false;
}

function showProblems(problems) {
  const place = page.querySelector("[data-live-problems]");
  const list = place.querySelector("[data-problem-list]");
  list.replaceChildren(
    ...problems.map(({ name, message }) => {
      const line = document.createElement("li");
      const group = name && find(name);
      const target = group && controls(group).find((node) => node.type !== "hidden");
      if (!target?.id) line.textContent = message;
      else {
        const link = document.createElement("a");
        link.href = `#${target.id}`;
        link.textContent = message;
        line.append(link);
      }
      return line;
    }),
  );
  place.hidden = !problems.length;
}

function readouts(answer) {
  for (const [name, html] of Object.entries(answer.cells || {})) {
    const place = find(name)?.querySelector("[data-reading]");
    if (place) place.innerHTML = html;
  }
  for (const [path, html] of Object.entries(answer.rows || {})) {
    const place = page.querySelector(`[data-row="${CSS.escape(path)}"]`);
    if (place) place.innerHTML = html;
  }
}

function takeOver(names) {
  const sections = new Set();
  for (const name of names) {
    const panel = find(name)?.closest("[data-section]");
    if (panel && !pending.has(name)) sections.add(panel.dataset.section);
  }
  for (const key of sections) load(key);
}

function refreshSummary() {
  clearTimeout(summaryTimer);
  summaryTimer = setTimeout(() => window.htmx?.trigger("#assessment-summary", "kp:refresh"), 700);
}

// Lists of regions and sides come once with the page; a question gets them when it is answered yes.
function fillOptions(group) {
  for (const list of group.querySelectorAll("select[data-options]")) {
    if (list.options.length > 1) continue;
    const source = page.querySelector(`template[data-options-of="${list.dataset.options}"]`);
    list.append(source.content.cloneNode(true));
  }
}

// --- Typing -----------------------------------------------------------------------------------------------------
page.addEventListener("input", (event) => {
  const group = groupOf(event.target);
  if (!group || group.matches("[data-new-mark], [data-new]")) return;
  if (event.target.value === "yes") fillOptions(group);
  const quick = ["checkbox", "radio"].includes(event.target.type) || event.target.tagName === "SELECT";
  if (event.target.dataset.then) after(event.target.dataset.then);
  changed(group, quick ? 40 : TYPING_MS);
});

page.addEventListener("change", (event) => {
  const group = groupOf(event.target);
  if (!group) return;
  if (group.matches("[data-new]") && group.querySelector("input:not([type=hidden])").value && group.querySelector("select").value) {
    after("history");
    changed(group, 0);
  } else if (!group.matches("[data-new-mark], [data-new]")) {
    pending.has(group.dataset.group) ? flush() : undefined;
  }
});

function after(section) {
  page.addEventListener("kp:assessment-saved", () => load(section), { once: true });
}

// Digits choose a grade, y and n an answer; both move on to the next line.
page.addEventListener("keydown", (event) => {
  if (event.target.type !== "radio" || event.ctrlKey || event.metaKey || event.altKey) return;
  const wanted = { y: "yes", n: "no" }[event.key] || (/^\d$/.test(event.key) ? event.key : "");
  const group = groupOf(event.target);
  const choice = wanted && group?.querySelector(`input[type=radio][value="${wanted}"]`);
  if (!choice) return;
  event.preventDefault();
  choice.click();
  const all = [...page.querySelectorAll("[data-section]:not([hidden]) [data-group]")].filter(
    (other) => other.querySelector("input[type=radio]") && other.offsetParent !== null,
  );
  const next = all[all.indexOf(group) + 1];
  next?.querySelector("input[type=radio]:checked, input[type=radio]")?.focus();
});

// Every question above that is open becomes a no, one by one, each recorded.
page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-deny-all]");
  if (!button) return;
  event.preventDefault();
  for (const group of button.form.querySelectorAll(`[data-group^="${button.dataset.denyAll}"]`)) {
    const chosen = group.querySelector("input[type=radio]:checked");
    if (chosen && chosen.value !== "not_asked") continue;
    group.querySelector("input[type=radio][value=no]").checked = true;
    pending.set(group.dataset.group, pairs(group));
  }
  writeStore();
  after(button.closest("[data-section]").dataset.section);
  flush();
});

// --- The body picture -------------------------------------------------------------------------------------------
// A fingertip often lands in the gap between two shapes: the nearest one within 12 pixels is meant.
function pointed(event) {
  if (!event.target.closest("[data-pointing] svg")) return null;
  for (const far of [0, 4, 8, 12]) {
    for (let turn = 0; turn < 8; turn += 1) {
      const angle = (turn * Math.PI) / 4;
      const hit = document.elementFromPoint(event.clientX + far * Math.cos(angle), event.clientY + far * Math.sin(angle));
      const part = hit?.closest("[data-pointing] .body-part");
      if (part) return part;
    }
  }
  return null;
}

page.addEventListener("click", (event) => {
  const part = pointed(event);
  if (!part) return;
  const svg = part.closest("svg");
  const box = svg.getBoundingClientRect();
  const line = page.querySelector("[data-new-mark]");
  const views = [...page.querySelectorAll("[data-pointing] svg")];
  line.querySelector("[data-view]").value = views.indexOf(svg) === 1 ? "back" : "front";
  line.querySelector("[data-x]").value = Math.round((1000 * (event.clientX - box.left)) / box.width);
  line.querySelector("[data-y]").value = Math.round((1000 * (event.clientY - box.top)) / box.height);
  line.querySelector("[data-region]").value = part.dataset.region;
  line.querySelector("[data-side]").value = part.dataset.side || "";
  part.classList.add("is-marked");
  addMark(line);
});

page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add-mark]");
  if (button) addMark(button.closest("[data-new-mark]"));
});

function addMark(line) {
  const region = line.querySelector("[data-region]");
  if (!region.value) {
    region.focus();
    return;
  }
  const name = line.dataset.group;
  page.addEventListener(
    "kp:assessment-saved",
    async () => {
      await load("pain");
      document.getElementById(`id-${name.replace(":", "-")}`)?.focus();
    },
    { once: true },
  );
  changed(line, 0);
}

// --- Sections ---------------------------------------------------------------------------------------------------
function panel(key) {
  return page.querySelector(`.panel[data-section="${key}"]`);
}

async function load(key, all) {
  const place = panel(key);
  const wantsAll = all ?? place.dataset.all ?? "";
  const url = page.dataset.sectionUrl.replace("KEY", key) + (wantsAll === "1" ? "?all=1" : "");
  const response = await fetch(url, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
  if (!response.ok || response.redirected) throw new Error(`section ${key}: ${response.status}`);
  place.innerHTML = await response.text();
  place.dataset.loaded = "";
  delete place.dataset.stale;
  place.dataset.all = wantsAll;
  ready(place);
}

function ready(place) {
  for (const node of place.querySelectorAll("[data-needs-js]")) node.hidden = false;
  for (const field of place.querySelectorAll("[data-revision-field]")) field.value = String(revision);
  for (const [name, values] of pending) {
    const group = place.querySelector(`[data-group="${CSS.escape(name)}"]`);
    if (!group) continue;
    if (values.some(([, value]) => value === "yes")) fillOptions(group);
    restore(group, values);
    group.classList.add("is-waiting");
    if (failed.has(name)) mark(group, failed.get(name).message);
  }
}

// The rows that a section shows first follow from the symptom regions; what a section says follows from its answers.
const BY_REGION = ["posture", "strength", "flexibility", "endurance", "special", "palpation"];
const BY_ANSWER = ["flags", "conditions", "palpation", "function", "history", "pain"];

function regionsChanged() {
  for (const key of BY_REGION) if (panel(key).hidden) panel(key).dataset.stale = "";
}

function busy(place) {
  return [...pending.keys()].some((name) => place.contains(find(name)));
}

async function show(key, { push = true } = {}) {
  flush();
  const place = panel(key);
  if (!place) return;
  const left = page.querySelector(".panel:not([hidden])");
  if (left && left !== place && BY_ANSWER.includes(left.dataset.section)) left.dataset.stale = "";
  if (!("loaded" in place.dataset) || key === "review" || ("stale" in place.dataset && !busy(place))) {
    try {
      if (key === "review") await settled();
      await load(key);
    } catch {
      state("offline");
      if (!("loaded" in place.dataset)) return;
    }
  }
  for (const other of page.querySelectorAll(".panel")) other.hidden = other !== place;
  page.querySelector("[data-current-section]").value = key;
  current(key);
  if (push) history.pushState({ section: key }, "", `${page.dataset.pageUrl}?section=${key}`);
  if (page.getBoundingClientRect().top < 0) page.scrollIntoView({ block: "start" });
  place.querySelector("h2")?.focus({ preventScroll: true });
}

function current(key) {
  for (const link of page.querySelectorAll(".sections a")) {
    if (sectionOf(link) === key) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  const rail = page.querySelector(".sections-rail");
  const here = rail.querySelector("[aria-current]");
  if (here && rail.scrollWidth > rail.clientWidth) {
    rail.scrollLeft = here.offsetLeft - (rail.clientWidth - here.offsetWidth) / 2;
  }
}

// Fresh completion marks come with the summary; the rail keeps its place.
document.body.addEventListener("htmx:oobAfterSwap", () => current(page.querySelector("[data-current-section]").value));

// Signing reads what the server has: wait until everything typed is there.
async function settled() {
  for (let tries = 0; pending.size > failed.size && tries < 40; tries += 1) {
    await new Promise((done) => setTimeout(done, 50));
    flush();
  }
}

function sectionOf(link) {
  return new URL(link.href, location.href).searchParams.get("section");
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const rail = event.target.closest(".rail-place .sections a");
  const link = event.target.closest("[data-section-link]");
  const key = rail ? sectionOf(rail) : link?.dataset.sectionLink;
  if (key) {
    event.preventDefault();
    show(key);
    return;
  }
  const more = event.target.closest("[data-all]");
  if (more?.tagName === "A") {
    event.preventDefault();
    load(more.closest(".panel").dataset.section, more.dataset.all);
  }
});

window.addEventListener("popstate", () => {
  const key = new URLSearchParams(location.search).get("section");
  if (key) show(key, { push: false });
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-section-form]")) {
    event.preventDefault();
    flush();
  }
});
window.addEventListener("online", () => {
  clearTimeout(retry);
  retry = 0;
  flush();
});
window.addEventListener("pagehide", () => flush());

// --- Start ------------------------------------------------------------------------------------------------------
for (const place of page.querySelectorAll("[data-loaded]")) ready(place);
// The rail sticks below the patient header, whose height depends on the name and the alerts.
const patientHead = document.querySelector(".patient");
function measure() {
  if (patientHead) page.style.setProperty("--patient-height", `${patientHead.offsetHeight}px`);
}
measure();
window.addEventListener("resize", measure);
// Where the summary has no column of its own it is one line above the section, open on demand.
if (matchMedia("(max-width: 61.99rem)").matches) page.querySelector("[data-summary-fold]").open = false;
current(page.querySelector("[data-current-section]").value);
if (pending.size) flush();
// The other sections are fetched while nothing else happens, so that a lost connection does not stop the examination.
async function fetchRest() {
  for (const place of page.querySelectorAll(".panel:not([data-loaded])")) {
    if (place.dataset.section === "review" || "loaded" in place.dataset) continue;
    try {
      await load(place.dataset.section);
    } catch {
      return;
    }
    await new Promise((done) => setTimeout(done, 250));
  }
}
setTimeout(fetchRest, 1500);
