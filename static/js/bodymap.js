// Pointing at the body picture. The list beside it does the same without a pointer, so shapes are not tab stops.
// Either toggles the checkbox NAME=region:side in the same form, or sets the selects [data-body-region] and
// [data-body-side]; in both cases "kp:body" tells the page.

function formOf(map) {
  return map.closest("form") || document;
}

function checkbox(map, region, side) {
  const name = CSS.escape(map.dataset.bodyName || "");
  return formOf(map).querySelector(`input[type=checkbox][name="${name}"][value="${region}:${side}"]`);
}

function setSelect(select, value) {
  if (!select || ![...select.options].some((option) => option.value === value)) return;
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

function light(map, region, side, on) {
  for (const part of map.querySelectorAll(`[data-region="${region}"][data-side="${side}"]`)) {
    part.classList.toggle("is-marked", on);
  }
}

function point(map, part) {
  const { region, side } = part.dataset;
  const box = checkbox(map, region, side);
  let on = true;
  if (box) {
    on = box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  } else {
    setSelect(formOf(map).querySelector("[data-body-region]"), region);
    setSelect(formOf(map).querySelector("[data-body-side]"), side);
  }
  light(map, region, side, on);
  map.dispatchEvent(new CustomEvent("kp:body", { bubbles: true, detail: { region, side, on } }));
}

document.addEventListener("click", (event) => {
  const part = event.target.closest?.(".body-part");
  const map = part?.closest("[data-body-map]");
  if (map) point(map, part);
});

// The list is the truth: when it changes, the picture follows.
document.addEventListener("change", (event) => {
  if (event.target.type !== "checkbox") return;
  for (const map of document.querySelectorAll("[data-body-map]")) {
    if (map.dataset.bodyName !== event.target.name || formOf(map) !== (event.target.form || document)) continue;
    const [region, side] = event.target.value.split(":");
    light(map, region, side, event.target.checked);
  }
});
