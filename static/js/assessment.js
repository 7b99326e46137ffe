// The assessment page: what one types goes to assessment-save.js; sections are drawn and kept fresh here.
const { page, pending, changed, flush, find, refill, settled, state, busy } = window.kineplanAssessment;
const TYPING_MS = 600;
let summaryTimer = 0;

function groupOf(node) {
  return node.closest("[data-group]");
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
  if (!group || group.matches("[data-new]")) return;
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
  } else if (!group.matches("[data-new]")) {
    pending.has(group.dataset.group) ? flush() : undefined;
  }
});

// Draws a section anew when everything typed in it is saved.
function after(section) {
  function saved() {
    if (busy(panel(section))) return;
    page.removeEventListener("kp:assessment-saved", saved);
    load(section);
  }
  page.addEventListener("kp:assessment-saved", saved);
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
    changed(group);
  }
  after(button.closest("[data-section]").dataset.section);
  flush();
});

// A button with an address of its own (a consent signed today): sent, then the section is drawn anew.
page.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-post-section]");
  if (!button) return;
  event.preventDefault();
  button.disabled = true;
  const data = new URLSearchParams({ [button.name]: button.value });
  data.append("csrfmiddlewaretoken", button.form.elements.csrfmiddlewaretoken.value);
  try {
    await fetch(button.formAction, { method: "POST", body: data, credentials: "same-origin" });
    await load(button.closest("[data-section]").dataset.section);
    refreshSummary();
  } catch {
    button.disabled = false;
    state("offline");
  }
});

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
  const held = place.contains(document.activeElement) && document.activeElement;
  place.innerHTML = await response.text();
  place.dataset.loaded = "";
  delete place.dataset.stale;
  place.dataset.all = wantsAll;
  ready(place);
  if (held) (document.getElementById(held.id) || place.querySelector("h2"))?.focus({ preventScroll: true });
}

function ready(place) {
  for (const node of place.querySelectorAll("[data-needs-js]")) node.hidden = false;
  place.dispatchEvent(new CustomEvent("kp:section-ready", { bubbles: true }));
  refill(place);
}

// The rows that a section shows first follow from the symptom regions; what a section says follows from its answers.
const BY_REGION = ["posture", "strength", "flexibility", "endurance", "special", "palpation"];
const BY_ANSWER = ["flags", "conditions", "palpation", "function", "history", "pain"];

function regionsChanged() {
  for (const key of BY_REGION) if (panel(key).hidden) panel(key).dataset.stale = "";
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

// Ctrl and Enter: on to the next section, from anywhere in this one.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const next = page.querySelector(".panel:not([hidden]) .panel-foot [data-section-link]");
  if (!next) return;
  event.preventDefault();
  event.target.dispatchEvent(new Event("change", { bubbles: true }));
  show(next.dataset.sectionLink);
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
page.addEventListener("kp:assessment-saved", ({ detail: answer }) => {
  if (answer.elsewhere.length) takeOver(answer.elsewhere);
  if (answer.written.some((name) => /^(r|rn|m):/.test(name))) regionsChanged();
  if (answer.stale || answer.written.length) refreshSummary();
});
page.addEventListener("kp:reload-section", (event) => load(event.detail));
page.addEventListener("kp:refill", (event) => {
  if (event.detail.values.some(([, value]) => value === "yes")) fillOptions(event.target);
});

// --- Start ------------------------------------------------------------------------------------------------------
window.kineplanAssessment.ready.then(() => {
  for (const place of page.querySelectorAll("[data-loaded]")) ready(place);
  flush();
});
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
