// Everything common to all pages: theme, keys, menus, drawers, toasts, dialogs. Pages work without it.

const ROOT = document.documentElement;

// --- Theme: remembered in a cookie, so that the server sends the right page at once ---
function currentTheme() {
  if (ROOT.dataset.theme) return ROOT.dataset.theme;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function setTheme(theme) {
  ROOT.dataset.theme = theme;
  ROOT.dataset.bsTheme = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `kp_theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

if (!ROOT.dataset.theme) ROOT.dataset.bsTheme = currentTheme();

function revealTools(root) {
  for (const node of root.querySelectorAll("[data-theme-toggle], [data-needs-js]")) node.hidden = false;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-toggle]")) setTheme(currentTheme() === "dark" ? "light" : "dark");
});

// --- Keys: "/" searches, Escape closes what is open ---
function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function closeDetails(details) {
  details.open = false;
  details.querySelector("summary")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = document.querySelector("[data-slash-focus]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
  if (event.key === "Escape") {
    const open = [...document.querySelectorAll("details[data-menu][open], details.drawer[open]")].pop();
    if (open) closeDetails(open);
  }
});

// --- Menus close when the pointer goes elsewhere; drawers move the focus in and trap it softly ---
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const closer = event.target.closest("[data-close]");
  if (closer) {
    const details = closer.closest("details");
    if (details) closeDetails(details);
    closer.closest("dialog")?.close();
  }
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.openDialog);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
  }
});

document.addEventListener(
  "toggle",
  (event) => {
    const details = event.target;
    if (details instanceof HTMLDetailsElement && details.matches(".drawer") && details.open) {
      const panel = details.querySelector(".drawer-panel");
      panel?.setAttribute("tabindex", "-1");
      panel?.focus({ preventScroll: true });
    }
  },
  true,
);

// --- Toasts: from htmx (HX-Trigger: {"toast": {"text": ..., "undo": url}}) or from a page module ---
// What they say by themselves stands in the page, in its language.
const said = (name) => document.getElementById("toasts")?.dataset[name] ?? "";

export function toast(text, { undo = "", undoLabel = said("undo"), seconds = 8 } = {}) {
  const area = document.getElementById("toasts");
  if (!area) return;
  const box = document.createElement("div");
  box.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  box.append(words);
  if (undo) box.append(undoButton(undo, undoLabel, box));
  area.append(box);
  const timer = setTimeout(() => box.remove(), seconds * 1000);
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("focusin", () => clearTimeout(timer));
}

function undoButton(url, label, box) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm";
  button.textContent = label;
  button.addEventListener("click", async () => {
    const token = JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"];
    const response = await fetch(url, { method: "POST", headers: { "X-CSRFToken": token || "" } });
    if (response.ok) location.reload();
    else box.firstChild.textContent = said("kept");
  });
  return button;
}

document.body.addEventListener("toast", (event) => toast(event.detail.text, event.detail));
document.body.addEventListener("htmx:sendError", () =>
  toast(said("offline")),
);
document.body.addEventListener("htmx:responseError", (event) =>
  toast(
    event.detail.xhr.status === 403
      ? said("refused")
      : said("failed"),
  ),
);

// --- Forms: no double submit, and the error summary takes the focus ---
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-autosave")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});

// Logging out leaves nothing readable behind in this browser: what was typed (js/draftstore.js), pages that were kept
// for times without a connection (js/sw.js). Entries that are not sent yet stay, sealed (js/queue.js).
async function forget() {
  for (const name of Object.keys(localStorage)) if (name.startsWith("kineplan-draft-")) localStorage.removeItem(name);
  const names = globalThis.caches ? await caches.keys() : [];
  await Promise.all(names.filter((name) => name.startsWith("kineplan-pages-")).map((name) => caches.delete(name)));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[data-logout]")) return;
  if (document.querySelector("[data-assessment]")) return void forget(); // that page may still hold the log-out back
  event.preventDefault();
  const atMost = new Promise((resolve) => setTimeout(resolve, 2000));
  Promise.race([forget().catch(() => {}), atMost]).then(() => form.submit());
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// What sticks below the patient header needs to know how tall it is.
const patient = document.querySelector(".patient");
function measurePatient() {
  const sticky = patient.offsetHeight ? patient : patient.querySelector(".patient-name");
  ROOT.style.setProperty("--patient-height", `${sticky.offsetHeight}px`);
}
if (patient && "ResizeObserver" in window) new ResizeObserver(measurePatient).observe(document.body);

revealTools(document);
document.body.addEventListener("htmx:load", (event) => revealTools(event.detail.elt));
document.querySelector("[data-autofocus]")?.focus();
