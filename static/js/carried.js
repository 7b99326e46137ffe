// Values carried forward into a reassessment. Touching a field measures it anew, "Same" confirms the old value;
// either way the mark goes once it is sent. Loaded before assessment.js, which sends what is left in the group.
const page = document.querySelector("[data-assessment]");

function marker(group) {
  return group?.querySelector("[data-carried]");
}

function forget(group) {
  marker(group)?.remove();
  group.classList.remove("is-carried");
}

// Before assessment.js reads the group: without the hidden mark, even the same value counts as measured today.
document.addEventListener(
  "input",
  (event) => {
    const group = event.target.closest?.("[data-group]");
    const mark = marker(group);
    if (mark && !mark.contains(event.target)) {
      forget(group);
      count(group.closest("[data-section]"));
    }
  },
  true,
);

page.addEventListener("kp:assessment-saved", (event) => {
  for (const name of event.detail.written) {
    const group = page.querySelector(`[data-group="${CSS.escape(name)}"]`);
    if (!marker(group)) continue;
    forget(group);
    count(group.closest("[data-section]"));
  }
});

// How many are left, and the button that confirms them all, as long as there are some.
function count(place) {
  const note = place?.querySelector("[data-carried-all]");
  if (!note) return;
  const left = place.querySelectorAll("[data-carried]").length;
  note.hidden = !left;
  place.querySelector("[data-same-all]").hidden = !left;
  note.querySelector("[data-carried-count]").textContent = String(left);
}

page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-same-all]");
  if (!button) return;
  event.preventDefault();
  for (const box of button.closest("[data-section]").querySelectorAll("[data-carried] input[type=checkbox]")) {
    if (box.checked) continue;
    box.checked = true;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

// Sections come and go; each is counted when it appears.
const watcher = new MutationObserver((changes) => {
  for (const place of new Set(changes.map((change) => change.target.closest("[data-section]")))) count(place);
});
for (const place of page.querySelectorAll(".panel")) {
  watcher.observe(place, { childList: true });
  count(place);
}
