// The reasons matter only when it was not all done. Without this module they are always shown.
const form = document.querySelector("[data-log-form]");
const reasons = form?.querySelector(".log-reason");

function showReasons() {
  const state = form.querySelector("input[name=state]:checked")?.value;
  reasons.hidden = state !== "part" && state !== "skipped" && !reasons.querySelector(".errorlist");
}

if (reasons) {
  form.addEventListener("change", showReasons);
  showReasons();
}
