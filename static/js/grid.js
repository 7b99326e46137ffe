// Grids of numbers: Enter and the arrow keys move between cells, a whole value moves on by itself, "all normal" fills.
// <div data-grid> with inputs; data-jump on an input: the number of digits after which the focus moves on (for 0-5: 1).

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
  const at = event.target.selectionStart;
  const atEnd = at === null || at === event.target.value.length;
  const atStart = at === null || at === 0;
  let next = MOVES[event.key]?.(grid, event.target);
  if (event.key === "ArrowRight" && atEnd) next = horizontal(grid, event.target, 1);
  if (event.key === "ArrowLeft" && atStart) next = horizontal(grid, event.target, -1);
  if (event.key in MOVES || next) event.preventDefault();
  go(next);
});

document.addEventListener("input", (event) => {
  const grid = event.target.closest?.("[data-grid]");
  const digits = Number(event.target.dataset?.jump || 0);
  if (!grid || !digits || event.inputType?.startsWith("delete")) return;
  if (event.target.value.replace(/\D/g, "").length >= digits) go(horizontal(grid, event.target, 1));
});

// <button type="button" data-all-normal="#grid-id">: fills each empty cell with its data-normal.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-all-normal]");
  const area = button && document.querySelector(button.dataset.allNormal);
  if (!area) return;
  event.preventDefault();
  for (const cell of area.querySelectorAll("[data-normal]")) fill(cell);
});

function fill(cell) {
  if (cell.type === "radio" || cell.type === "checkbox") {
    const group = cell.form ? [...cell.form.elements].filter((other) => other.name === cell.name) : [cell];
    const open = group.every((other) => !other.checked || other.value === "" || other.value === "not_asked");
    if (open) cell.checked = true;
    else return;
  } else if (cell.value === "") {
    cell.value = cell.dataset.normal;
  } else return;
  cell.dispatchEvent(new Event("input", { bubbles: true }));
  cell.dispatchEvent(new Event("change", { bubbles: true }));
}
