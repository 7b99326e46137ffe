// The draft page: minutes while a dose is typed, panels that close, focus that stays where one works.
const PER_REPETITION = 3; // seconds, as in the time estimate of the exercise reference

function value(form, name) {
  const text = form.querySelector(`[name$="-${name}"]`)?.value ?? "";
  const number = Number(text.trim().replace(",", "."));
  return text.trim() === "" || Number.isNaN(number) ? null : number;
}

function minutesADay(form) {
  const [perDay, days] = [value(form, "per_day"), value(form, "days_per_week")];
  const timed = value(form, "duration_min");
  const [sets, reps] = [value(form, "sets"), value(form, "reps")];
  if (perDay === null || days === null || (timed === null && (sets === null || reps === null))) return null;
  const bout = timed ?? (sets * (reps * ((value(form, "hold_s") ?? 0) + PER_REPETITION) + (value(form, "rest_s") ?? 0))) / 60;
  return (perDay * bout * days) / 7;
}

function showEstimate(form) {
  const box = form.closest(".plan-column")?.querySelector("[data-budget]");
  const line = box?.querySelector("[data-estimate]");
  const was = Number(form.dataset.minutes);
  const now = minutesADay(form);
  if (!line || now === null || Number.isNaN(was)) return;
  const total = Number(box.dataset.home) - was + now;
  const limit = Number(box.dataset.limit);
  line.hidden = false;
  line.classList.toggle("plan-care", total > limit + 0.05);
  line.textContent = form.dataset.words
    .replace("{total}", total.toFixed(1))
    .replace("{limit}", String(limit))
    .replace("{item}", now.toFixed(1));
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-minutes]");
  if (form) showEstimate(form);
});

// A panel closes without leaving the page; the link works without this module.
document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-close-panel]");
  const slot = closer?.closest(".plan-slot");
  if (!slot) return;
  event.preventDefault();
  slot.replaceChildren();
  slot.previousElementSibling?.querySelector("a, button")?.focus();
});

// After a change the phase is drawn anew: go on where the hand was.
document.body.addEventListener("kp:plan-changed", (event) => {
  const target = event.detail.anchor && document.getElementById(event.detail.anchor);
  if (!target) return;
  target.setAttribute("tabindex", "-1");
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: "nearest" });
});

// A panel that opens takes the focus.
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (!event.target.matches?.(".plan-slot")) return;
  event.target.querySelector("input:not([type=hidden]), select, button")?.focus({ preventScroll: true });
});
