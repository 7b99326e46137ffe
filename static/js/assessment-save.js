// Saving of the assessment page. A group ([data-group]) is the smallest thing that is saved: a figure, an answer, a
// mark. Every change is kept in this browser until the server has it, sent at once, and sent again after a lost
// connection. What was sent and not answered is sent again as it was, before anything newer: the server may have it.
const page = document.querySelector("[data-assessment]");
const RETRY_MS = 5000;
let revision = Number(page.dataset.revision);
const pending = new Map(); // name -> {values: pairs as a form would send them, base: the revision it was typed on}
const failed = new Map(); // name -> {message, code}: refused, still on the page, not sent again until it changes
let inflight = null; // {base, changes: Map of pending}
const earlier = []; // batches of an earlier page that were sent and not answered
let sending = false;
let timer = 0;
let retry = 0;
let keeping = false;
let store = { write() {} };

// --- Groups -----------------------------------------------------------------------------------------------------
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
  const left = new Map();
  for (const [name, value] of values) left.set(name, [...(left.get(name) || []), value]);
  for (const node of controls(group)) {
    const given = left.get(node.name) || [];
    if (["checkbox", "radio"].includes(node.type)) node.checked = given.includes(node.value);
    else if (given.length) node.value = given.shift();
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
  const named = group.querySelector("[aria-label]")?.getAttribute("aria-label");
  const legend = group.querySelector("legend, label, .field-label");
  const row = group.closest("[aria-labelledby]");
  return named || legend?.textContent.trim() || row?.textContent.trim() || "";
}

// --- Kept in this browser ---------------------------------------------------------------------------------------
function keep() {
  if (keeping) return;
  keeping = true;
  queueMicrotask(() => {
    keeping = false;
    const sent = [...earlier, ...(inflight ? [inflight] : [])].map(({ base, changes }) => ({ base, changes: [...changes] }));
    store.write(pending.size || sent.length ? { sent, waiting: [...pending] } : null);
  });
}

function adopt(kept) {
  for (const { sent, waiting } of kept) {
    for (const { base, changes } of sent) earlier.push({ base, changes: new Map(changes) });
    for (const [name, entry] of waiting) pending.set(name, { ...entry, adopted: true });
  }
}

// What is typed and not saved, the newest of each field.
function unsaved() {
  const batches = [...earlier.map(({ changes }) => changes), ...(inflight ? [inflight.changes] : []), pending];
  return new Map(batches.flatMap((batch) => [...batch]));
}

// Puts it into a freshly drawn section.
function refill(place) {
  for (const field of place.querySelectorAll("[data-revision-field]")) field.value = String(revision);
  for (const [name, { values }] of unsaved()) {
    const group = place.querySelector(`[data-group="${CSS.escape(name)}"]`);
    if (!group) continue;
    group.dispatchEvent(new CustomEvent("kp:refill", { bubbles: true, detail: { values } }));
    restore(group, values);
    group.classList.add("is-waiting");
    mark(group, failed.get(name)?.message);
  }
}

// --- Sending ----------------------------------------------------------------------------------------------------
function state(name) {
  for (const place of document.querySelectorAll("[data-save-state]")) place.dataset.state = name;
}

function changed(group, delay = 40) {
  failed.delete(group.dataset.group);
  pending.set(group.dataset.group, { values: pairs(group), base: revision });
  group.classList.add("is-waiting");
  mark(group, "");
  if (!retry && !stopped && !failed.size) state("saving"); // never "saved" beside something that is not
  keep();
  clearTimeout(timer);
  timer = setTimeout(flush, delay);
}

function token() {
  return JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
}

function body({ base, changes }) {
  const data = new URLSearchParams({ revision: String(base) });
  for (const [name, { values }] of changes) {
    data.append("group", name);
    for (const [key, value] of values) data.append(key, value);
  }
  return data;
}

// The oldest first: changes that were typed on the same revision go together.
function nextBatch() {
  if (inflight) return inflight;
  if (earlier.length) return (inflight = earlier.shift());
  const ready = [...pending].filter(([name]) => !failed.has(name));
  if (!ready.length) return null;
  const base = Math.min(...ready.map(([, entry]) => entry.base));
  const changes = new Map(ready.filter(([, entry]) => entry.base === base));
  for (const name of changes.keys()) pending.delete(name);
  inflight = { base, changes };
  keep();
  return inflight;
}

async function flush() {
  clearTimeout(timer);
  if (sending) return;
  const batch = nextBatch();
  if (!batch) return;
  sending = true;
  state("saving");
  try {
    const response = await fetch(page.dataset.saveUrl, {
      method: "POST",
      body: body(batch),
      headers: { "X-CSRFToken": token(), "X-Requested-With": "fetch" },
      credentials: "same-origin",
      keepalive: batch.changes.size < 20,
    });
    await received(batch, response);
  } catch {
    offline();
  } finally {
    sending = false;
  }
  if (!retry && !stopped && (earlier.length || [...pending.keys()].some((name) => !failed.has(name)))) {
    timer = setTimeout(flush, 30);
  }
}

function offline() {
  state("offline");
  clearTimeout(retry);
  retry = setTimeout(() => {
    retry = 0;
    flush();
  }, RETRY_MS);
}

let stopped = false; // signed meanwhile, or logged out: nothing can be sent from this page any more

function stop(selector) {
  stopped = true;
  state(selector ? "offline" : "error");
  const note = selector && page.querySelector(selector);
  if (note) note.hidden = false;
}

async function received(batch, response) {
  const isJson = (response.headers.get("content-type") || "").includes("json");
  if (response.redirected || response.status === 401 || (response.status === 403 && !isJson)) {
    stop("[data-logged-out]"); // what was typed stays here and is sent after the next log-in
    return;
  }
  if (!isJson) {
    offline();
    return;
  }
  const answer = await response.json();
  inflight = null;
  if (!response.ok) {
    showProblems([{ name: "", message: answer.message }]);
    if (answer.code === "signed") pending.clear();
    else for (const name of batch.changes.keys()) failed.set(name, { name, ...answer });
    keep();
    stop("");
    return;
  }
  accept(batch, answer);
}

function accept(batch, answer) {
  const stale = answer.revision !== revision;
  revision = Math.max(revision, answer.revision);
  for (const field of document.querySelectorAll("[data-revision-field]")) field.value = String(revision);
  rebase(answer.elsewhere);
  settle(batch, answer);
  readouts(answer);
  for (const place of document.querySelectorAll("[data-save-time]")) place.textContent = answer.saved_at;
  state(failed.size ? "error" : pending.size || earlier.length ? "saving" : "saved");
  page.dispatchEvent(new CustomEvent("kp:assessment-saved", { detail: { ...answer, stale } }));
}

// What is typed on this page stands on the newest revision, unless somebody else changed the same field.
function rebase(elsewhere) {
  for (const [name, entry] of pending) if (!entry.adopted && !elsewhere.includes(name)) entry.base = revision;
}

function settle(batch, answer) {
  const refused = new Map(answer.problems.map((problem) => [problem.name, problem]));
  const overtaken = new Set(answer.conflicts.map(({ name }) => name));
  for (const [name, entry] of batch.changes) {
    const newer = pending.has(name);
    const problem = refused.get(name);
    const group = find(name);
    if (group && name in answer.marks && !overtaken.has(name) && !problem) seen(group, answer.marks[name]);
    if (newer) {
      if (!overtaken.has(name)) Object.assign(pending.get(name), { base: revision, adopted: false });
      continue;
    }
    if (problem) {
      failed.set(name, problem);
      pending.set(name, { ...entry, base: revision, adopted: false });
    } else failed.delete(name);
    group?.classList.toggle("is-waiting", Boolean(problem));
    mark(group, problem?.message);
  }
  // Two fields that contradict each other: when another one was accepted, the refused one may pass now.
  if (answer.written.length) for (const [name, problem] of failed) if (problem.code === "cross") failed.delete(name);
  for (const conflict of answer.conflicts) conflicted(conflict, batch.changes.get(conflict.name).values);
  keep();
  showProblems([...failed].map(([name, problem]) => ({ name, message: problem.message })));
}

function seen(group, value) {
  const field = group.querySelector("[data-seen]");
  if (field) field.value = value;
}

// --- Conflicts and problems -------------------------------------------------------------------------------------
// Neither value is lost: theirs is on the record, mine on the page, and a person decides.
function conflicted({ name, message, mark: theirMark }, values) {
  const group = find(name);
  const place = page.querySelector("[data-conflicts]");
  const line = page.querySelector("template[data-conflict]").content.firstElementChild.cloneNode(true);
  line.querySelector("[data-text]").textContent = `${group ? labelOf(group) : name}: ${message}`;
  if (group) mark(group, message);
  line.querySelector("[data-mine]").addEventListener("click", () => {
    const mine = values.map(([key, value]) => [key, key.endsWith(":seen") ? theirMark || "" : value]);
    pending.set(name, { values: mine, base: revision });
    keep();
    decided(line, name);
    flush();
  });
  line.querySelector("[data-theirs]").addEventListener("click", () => {
    decided(line, name);
    const section = find(name)?.closest("[data-section]")?.dataset.section;
    if (section) page.dispatchEvent(new CustomEvent("kp:reload-section", { detail: section }));
  });
  place.querySelector("[data-conflict-list]").append(line);
  place.hidden = false;
}

function decided(line, name) {
  line.remove();
  const group = find(name);
  if (group) mark(group, "");
  const place = page.querySelector("[data-conflicts]");
  place.hidden = !place.querySelector("[data-conflict-list]").childElementCount;
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

// Signing reads what the server has: wait until everything typed is there.
async function settled() {
  for (let tries = 0; (inflight || earlier.length || pending.size > failed.size) && tries < 60 && !retry; tries += 1) {
    flush();
    await new Promise((done) => setTimeout(done, 50));
  }
}

window.addEventListener("online", () => {
  clearTimeout(retry);
  retry = 0;
  flush();
});
window.addEventListener("offline", () => state("offline"));
window.addEventListener("pagehide", () => flush());

// Logging out takes the unsaved away: try to save first, then ask.
window.addEventListener(
  "submit",
  (event) => {
    if (!event.target.matches("[data-logout]") || !(pending.size || inflight || earlier.length)) return;
    const question = page.dataset.logoutQuestion;
    if (!window.confirm(question)) event.preventDefault();
  },
  true,
);

const ready = window.kineplanDrafts
  .open({ user: page.dataset.user, record: page.dataset.assessment, key: page.dataset.draftKey })
  .then((opened) => {
    store = opened;
    adopt(opened.kept);
    keep();
  });

window.kineplanAssessment = {
  page, pending, ready, changed, flush, find, refill, settled, state, unsaved,
  busy: (place) =>
    [...pending.keys(), ...(inflight?.changes.keys() || [])].some((name) => !failed.has(name) && place.contains(find(name))),
};
