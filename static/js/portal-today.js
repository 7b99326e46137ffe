// After a tap the list of the day is new: keep the place, and tell screen readers where it is.
document.body.addEventListener("htmx:afterSwap", () => {
  const id = document.getElementById("day")?.dataset.just;
  const card = id && document.getElementById(id);
  if (!card) return;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", behavior: "auto" });
});
