// The open visit note: one tap for many rows, carried marks that go when a field is touched, the sign bar kept true,
// and a choice when another device has saved the same note. Everything works without this file, page by page.

const form = document.getElementById("note-form");
const overtaken = document.querySelector("[data-overtaken]");

function changed() {
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

// --- Many answers with one tap ---
form.addEventListener("click", (event) => {
  if (event.target.closest("[data-deny-rest]")) {
    event.preventDefault();
    for (const open of form.querySelectorAll('input[name^="f:"][value="not_asked"]:checked')) {
      form.querySelector(`input[name="${CSS.escape(open.name)}"][value="no"]`).checked = true;
    }
    changed();
  }
  if (event.target.closest("[data-all-done]")) {
    event.preventDefault();
    for (const yes of form.querySelectorAll('.row-done input[value="yes"]')) {
      if (!form.querySelector(`input[name="${CSS.escape(yes.name)}"]:checked`)) yes.checked = true;
    }
    changed();
  }
});

// --- What is still carried ---
function showCarried(names) {
  const carried = new Set(names);
  for (const box of form.querySelectorAll("[data-carries]")) {
    const on = carried.has(box.dataset.carries);
    box.classList.toggle("is-carried", on);
    box.querySelector("[data-carry-mark]").hidden = !on;
  }
  for (const mark of form.querySelectorAll('[data-carry-mark]:not([data-carry-mark=""])')) {
    mark.hidden = !carried.has(mark.dataset.carryMark);
  }
  for (const row of form.querySelectorAll("[data-row]")) {
    const mark = row.querySelector("[data-row-carried]");
    if (mark) mark.hidden = !names.some((name) => name.startsWith(row.dataset.row));
  }
}

function swap(selector, html) {
  const box = form.querySelector(selector);
  if (html === undefined || box.innerHTML === html) return;
  const open = box.querySelector("details")?.open;
  const ticked = box.querySelector("[name=confirm_carried]")?.checked;
  box.innerHTML = html;
  if (open && box.querySelector("details")) box.querySelector("details").open = true;
  if (ticked && box.querySelector("[name=confirm_carried]")) box.querySelector("[name=confirm_carried]").checked = true;
}

form.addEventListener("kp:answered", (event) => {
  const { status, data } = event.detail;
  if (status === 409) {
    overtaken.hidden = false;
    overtaken.querySelector("[data-overtaken-text]").textContent = data.message;
    overtaken.dataset.revision = data.revision;
    overtaken.scrollIntoView({ block: "center" });
    return;
  }
  if (data.revision === undefined) return;
  form.elements.revision.value = data.revision;
  showCarried(data.carried);
  swap("[data-note-standing]", data.standing);
  swap("[data-note-raised]", data.raised);
});

// --- Another device has saved ---
overtaken.querySelector("[data-take-theirs]").addEventListener("click", () => {
  const saver = form.kpAutosave;
  saver.dirty = false;
  saver.keep(null);
  location.reload();
});
overtaken.querySelector("[data-keep-mine]").addEventListener("click", () => {
  form.elements.revision.value = overtaken.dataset.revision;
  overtaken.hidden = true;
  changed();
});

// --- Signing waits for the save that is under way, so that the two cannot meet ---
form.addEventListener("submit", (event) => {
  const saver = form.kpAutosave;
  if (!saver) return;
  clearTimeout(saver.timer);
  saver.dirty = false;
  if (!saver.running) return;
  event.preventDefault();
  const button = event.submitter;
  form.addEventListener("kp:answered", () => setTimeout(() => form.requestSubmit(button)), { once: true });
});

// Back from another page out of the browser's memory: the revision there may be old.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
