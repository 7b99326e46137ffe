// Saves a form as one types: <form data-autosave="URL"> with components/_save_state.html somewhere in it.
// The server answers 2xx when all was kept, 422 with {"errors": {field: [text]}} when a value was refused.
// What could not be sent stays on this device and is sent again.

const DELAY = 600;

class Autosave {
  constructor(form) {
    this.form = form;
    this.url = form.dataset.autosave || form.action;
    this.key = `kp-draft:${this.url}`;
    this.timer = 0;
    this.running = false;
    this.dirty = false;
    form.addEventListener("input", () => this.later());
    form.addEventListener("change", () => this.later(50));
    addEventListener("online", () => this.flush());
    addEventListener("pagehide", () => this.leave());
    this.restore();
  }

  // After a reload without a connection: put back what was typed, then send it.
  restore() {
    const kept = this.stored();
    if (!kept) return;
    const values = new URLSearchParams(kept);
    for (const node of this.form.elements) {
      if (!node.name || node.type === "hidden" || node.type === "file") continue;
      const wanted = values.getAll(node.name);
      if (node.type === "checkbox" || node.type === "radio") node.checked = wanted.includes(node.value);
      else if (node instanceof HTMLSelectElement && node.multiple) {
        for (const option of node.options) option.selected = wanted.includes(option.value);
      } else if (wanted.length) node.value = wanted[0];
    }
    this.flush();
  }

  stored() {
    try {
      return sessionStorage.getItem(this.key);
    } catch {
      return null;
    }
  }

  keep(body) {
    try {
      if (body === null) sessionStorage.removeItem(this.key);
      else sessionStorage.setItem(this.key, body);
    } catch {
      // A full or forbidden store: the page itself still holds what was typed.
    }
  }

  show(state) {
    for (const node of document.querySelectorAll("[data-save-state]")) {
      node.dataset.state = state;
      const time = node.querySelector("[data-save-time]");
      if (time && state === "saved") {
        time.textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      }
    }
  }

  later(delay = DELAY) {
    this.dirty = true;
    this.show("saving");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), delay);
  }

  body() {
    return new URLSearchParams(new FormData(this.form)).toString();
  }

  async flush() {
    if (this.running) return;
    this.running = true;
    this.dirty = false;
    const body = this.body();
    this.keep(body);
    try {
      const response = await fetch(this.url, {
        method: "POST",
        body,
        headers: { "Content-Type": "application/x-www-form-urlencoded", "X-Autosave": "1", Accept: "application/json" },
      });
      await this.answered(response);
    } catch {
      this.show("offline");
      this.timer = setTimeout(() => this.flush(), 5000);
    }
    this.running = false;
    if (this.dirty) this.later();
  }

  async answered(response) {
    const json = (response.headers.get("Content-Type") || "").includes("json");
    const data = json ? await response.json() : {};
    this.mark(data.errors || {});
    this.form.dispatchEvent(
      new CustomEvent("kp:answered", { bubbles: true, detail: { status: response.status, data } }),
    );
    // Overtaken by another device: what is typed stays on this page, but must not come back over the other by itself.
    if (response.status === 409) this.keep(null);
    if (response.ok && !response.redirected) {
      this.keep(null);
      this.show("saved");
      this.form.dispatchEvent(new CustomEvent("kp:saved", { bubbles: true, detail: data }));
    } else {
      this.show("error");
    }
  }

  mark(errors) {
    for (const old of this.form.querySelectorAll("[data-autosave-error]")) old.remove();
    for (const field of this.form.querySelectorAll("[data-autosave-invalid]")) {
      field.removeAttribute("aria-invalid");
      delete field.dataset.autosaveInvalid;
    }
    for (const [name, texts] of Object.entries(errors)) this.markField(name, [].concat(texts));
  }

  markField(name, texts) {
    const field = this.form.elements.namedItem(name);
    const node = field instanceof RadioNodeList ? field[0] : field;
    if (!node) return;
    node.setAttribute("aria-invalid", "true");
    node.dataset.autosaveInvalid = "1";
    const list = document.createElement("ul");
    list.className = "errorlist";
    list.dataset.autosaveError = "1";
    for (const text of texts) {
      const item = document.createElement("li");
      item.textContent = text;
      list.append(item);
    }
    (node.closest(".field, .lr-cell, .question-row") || node.parentElement).append(list);
  }

  leave() {
    if (!this.dirty) return;
    const data = new URLSearchParams(new FormData(this.form));
    navigator.sendBeacon(this.url, data);
  }
}

export function start(root = document) {
  for (const form of root.querySelectorAll("form[data-autosave]")) {
    if (!form.kpAutosave) form.kpAutosave = new Autosave(form);
  }
}

start();
document.body.addEventListener("htmx:load", (event) => start(event.detail.elt));
