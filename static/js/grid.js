// Grids of numbers: Enter and the arrow keys move between cells, a whole value moves on by itself, "all normal" fills.
// <div data-grid> with inputs. data-jump on an input: the digits after which the focus moves on (for 0-5: 1).
// data-max: the focus moves on when one more digit would exceed it. data-sign: a plus or minus typed right after moving
// on still belongs to the grade (4-), as a decimal point does to a number.
let came = null; // {from, to}: the last move that happened by itself

function cells(grid) {
  return [...grid.querySelectorAll("input:not([type=hidden], :disabled, [name$=':same']), select:not(:disabled)")].filter(
    (node) => node.offsetParent !== null,
  );
}

function columnOf(cell) {
  const box = cell.getBoundingClientRect();
  return box.left + box.width / 2;
}

function vertical(grid, cell, step) {
  const here = cell.getBoundingClientRect();
  const column = columnOf(cell);
  const sameColumn = cells(grid).filter((other) => Math.abs(columnOf(other) - column) < here.width / 2);
  return sameColumn[sameColumn.indexOf(cell) + step];
}

function horizontal(grid, cell, step) {
  const all = cells(grid);
  return all[all.indexOf(cell) + step];
}

function nextField(grid, cell) {
  const fields = cells(grid).filter((node) => !["checkbox", "radio"].includes(node.type));
  return fields[fields.indexOf(cell) + 1];
}

function go(cell) {
  if (!cell) return;
  cell.focus();
  if (cell.select) cell.select();
}

const MOVES = {
  Enter: (grid, cell) => vertical(grid, cell, 1),
  ArrowDown: (grid, cell) => vertical(grid, cell, 1),
  ArrowUp: (grid, cell) => vertical(grid, cell, -1),
};

document.addEventListener("keydown", (event) => {
  const grid = event.target.closest?.("[data-grid]");
  if (!grid || event.target.tagName !== "INPUT" || event.altKey || event.ctrlKey || event.metaKey) return;
  const moved = came?.to === event.target ? came : null;
  if (event.key.length === 1 || event.key in MOVES || event.key === "Tab") came = null;
  if (moved && belongsBack(event, moved)) return;
  const at = event.target.selectionStart;
  const atEnd = at === null || at === event.target.value.length;
  const atStart = at === null || at === 0;
  // After moving on by itself, "down" means below the cell that was filled.
  let next = MOVES[event.key]?.(grid, moved && event.key !== "ArrowUp" ? moved.from : event.target);
  if (event.key === "ArrowRight" && atEnd) next = horizontal(grid, event.target, 1);
  if (event.key === "ArrowLeft" && atStart) next = horizontal(grid, event.target, -1);
  if (event.key in MOVES || next) event.preventDefault();
  go(next);
});

// "4" has moved on to the next cell; "-" makes it 4-, a point or comma goes back to be followed by digits.
function belongsBack(event, { from, to }) {
  const sign = "+-".includes(event.key) && "sign" in from.dataset && /^\d$/.test(from.value);
  const point = ".,".includes(event.key) && "max" in from.dataset;
  if (!sign && !point) return false;
  event.preventDefault();
  from.value += event.key;
  from.dispatchEvent(new Event("input", { bubbles: true }));
  if (point) from.focus();
  else {
    from.dispatchEvent(new Event("change", { bubbles: true }));
    came = { from, to };
  }
  return true;
}

function isWhole(cell) {
  const digits = cell.value.replace(/\D/g, "").length;
  if (cell.dataset.jump) return digits >= Number(cell.dataset.jump);
  const max = Number(cell.dataset.max || 0);
  const value = Math.abs(Number(cell.value.replace(",", ".")));
  return max > 0 && digits > 0 && (value * 10 > max || /[.,]\d$/.test(cell.value));
}

document.addEventListener("input", (event) => {
  const grid = event.target.closest?.("[data-grid]");
  if (!grid || !event.isTrusted || event.target.tagName !== "INPUT" || event.inputType?.startsWith("delete")) return;
  if (!isWhole(event.target) || document.activeElement !== event.target) return;
  const to = nextField(grid, event.target);
  if (!to) return;
  const from = event.target;
  go(to);
  came = { from, to };
});

// --- Charting by exception --------------------------------------------------------------------------------------
// <button data-all-normal="selector"> fills every open cell inside it (or in its section: "section") with its
// data-normal; the button then says how many and takes it back with a second tap. A figure that was not measured
// carries that in its data-note field until somebody types a figure.
const taken = new WeakMap(); // button -> cells that it filled

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-all-normal]");
  if (!button) return;
  event.preventDefault();
  if (taken.has(button)) undo(button);
  else fillAll(button);
});

function areaOf(button) {
  const where = button.dataset.allNormal;
  return where === "section" ? button.closest("[data-section]") : document.querySelector(where);
}

function fillAll(button) {
  const filled = [...areaOf(button).querySelectorAll("[data-normal]")].filter(fill);
  if (!filled.length) return;
  taken.set(button, filled);
  button.dataset.label = button.querySelector("[data-text]").textContent;
  button.querySelector("[data-text]").textContent = button.dataset.done.replace("%n", String(filled.length));
}

function undo(button) {
  for (const cell of taken.get(button)) if (cell.isConnected) unfill(cell);
  taken.delete(button);
  button.querySelector("[data-text]").textContent = button.dataset.label;
}

function others(cell) {
  return [...cell.form.elements].filter((other) => other.name === cell.name);
}

function isOpen(cell) {
  if (cell.type !== "radio" && cell.type !== "checkbox") return cell.value === "";
  return others(cell).every((other) => !other.checked || other.value === "" || other.value === "not_asked");
}

function note(cell, text) {
  const field = cell.closest("[data-group]")?.querySelector("[data-note]");
  if (field) field.value = text;
}

function tell(cell) {
  cell.dispatchEvent(new Event("input", { bubbles: true }));
  cell.dispatchEvent(new Event("change", { bubbles: true }));
}

function fill(cell) {
  if (!isOpen(cell)) return false;
  if (cell.type === "radio" || cell.type === "checkbox") cell.checked = true;
  else cell.value = cell.dataset.normal;
  const measured = cell.closest("[data-group]")?.querySelector("[data-note]");
  note(cell, measured?.dataset.note || "");
  tell(cell);
  return true;
}

function unfill(cell) {
  if (cell.type === "radio" || cell.type === "checkbox") {
    if (!cell.checked) return;
    const none = others(cell).find((other) => other.type === "radio" && other.value === "");
    cell.checked = false;
    if (none) none.checked = true;
  } else if (cell.value !== cell.dataset.normal) return;
  else cell.value = "";
  note(cell, "");
  tell(cell);
}

// What somebody types has been measured.
document.addEventListener(
  "input",
  (event) => {
    if (event.isTrusted) note(event.target, "");
  },
  true,
);
