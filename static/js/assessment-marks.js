// The body picture: several marks, each a line of its own with region, side, depth, quality and 0-10. Pointing and the
// list do the same, and both work without a connection: a mark gets its key here.
const { page, changed, unsaved } = window.kineplanAssessment;
const SVG = "http://www.w3.org/2000/svg";

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join("-");
}

function fromTemplate(name, replacements) {
  const holder = document.createElement("template");
  let html = page.querySelector(`template[data-${name}]`).innerHTML;
  for (const [word, value] of Object.entries(replacements)) html = html.replaceAll(word, value);
  holder.innerHTML = html;
  return holder.content.firstElementChild;
}

function part(line, name) {
  return line.querySelector(`[name$=":${name}"]`);
}

function chosen(select) {
  return select.value ? select.selectedOptions[0].textContent : "";
}

// --- Adding -----------------------------------------------------------------------------------------------------
function add(values) {
  const line = fromTemplate("mark-line", { KEY: newKey() });
  for (const [name, value] of Object.entries(values)) part(line, name).value = value;
  legend(line);
  page.querySelector("[data-marks]").append(line);
  addRegion(values.region, values.side);
  changed(line, 0);
  draw();
  part(line, "nprs").focus();
}

function legend(line) {
  const side = chosen(part(line, "side")).toLowerCase();
  line.querySelector("[data-where]").textContent = chosen(part(line, "region")) + (side ? `, ${side}` : "");
}

// What hurts is a symptom region; the server adds it with the mark, the list shows it at once.
function addRegion(region, side) {
  const name = `r:${region}:${side}`;
  const there = page.querySelector(`[data-group="${CSS.escape(name)}"] input[type=checkbox]`);
  if (there) {
    there.checked = true;
    return;
  }
  const words = page.querySelector("[data-mark-list]");
  const label = [...words.querySelectorAll("[data-region] option")].find((option) => option.value === region)?.textContent;
  const where = [...words.querySelectorAll("[data-side] option")].find((option) => option.value === side)?.textContent;
  const chip = fromTemplate("region-chip", { REGION: region, SIDE: side });
  chip.querySelector("label span").textContent = label + (side ? `, ${where.toLowerCase()}` : "");
  page.querySelector("[data-regions]").append(chip);
  page.querySelector("[data-no-region]").hidden = true;
}

// A fingertip often lands in the gap between two shapes: the nearest one within 12 pixels is meant.
function pointed(event) {
  if (!event.target.closest("[data-pointing] svg")) return null;
  for (const far of [0, 4, 8, 12]) {
    for (let turn = 0; turn < 8; turn += 1) {
      const angle = (turn * Math.PI) / 4;
      const hit = document.elementFromPoint(event.clientX + far * Math.cos(angle), event.clientY + far * Math.sin(angle));
      const shape = hit?.closest("[data-pointing] .body-part");
      if (shape) return shape;
    }
  }
  return null;
}

page.addEventListener("click", (event) => {
  const shape = pointed(event);
  if (!shape) return;
  const svg = shape.closest("svg");
  const box = svg.getBoundingClientRect();
  const views = [...page.querySelectorAll("[data-pointing] svg")];
  add({
    view: views.indexOf(svg) === 1 ? "back" : "front",
    x: Math.round((1000 * (event.clientX - box.left)) / box.width),
    y: Math.round((1000 * (event.clientY - box.top)) / box.height),
    region: shape.dataset.region,
    side: shape.dataset.side || "",
  });
});

page.addEventListener("click", (event) => {
  if (!event.target.closest("[data-add-mark]")) return;
  const line = page.querySelector("[data-mark-list]");
  const region = line.querySelector("[data-region]");
  if (!region.value) {
    region.focus();
    return;
  }
  add({ region: region.value, side: line.querySelector("[data-side]").value });
  region.value = "";
});

// --- The picture follows the lists ------------------------------------------------------------------------------
function draw() {
  const views = [...page.querySelectorAll("[data-pointing] svg")];
  for (const dot of page.querySelectorAll("[data-pointing] .mark-dot")) dot.remove();
  page.querySelectorAll("[data-marks] .line-mark").forEach((line, index) => {
    const x = part(line, "x").value;
    if (x === "" || part(line, "remove")?.checked) return;
    const svg = views[part(line, "view").value === "back" ? 1 : 0];
    svg?.append(dot(svg, Number(x), Number(part(line, "y").value), index + 1));
  });
  paint();
}

function dot(svg, x, y, number) {
  const { x: left, y: top, width, height } = svg.viewBox.baseVal;
  const group = document.createElementNS(SVG, "g");
  group.setAttribute("class", "mark-dot");
  group.setAttribute("transform", `translate(${left + (x * width) / 1000} ${top + (y * height) / 1000})`);
  const circle = document.createElementNS(SVG, "circle");
  circle.setAttribute("r", String(width / 24));
  const label = document.createElementNS(SVG, "text");
  label.setAttribute("text-anchor", "middle");
  label.setAttribute("dy", "0.36em");
  label.setAttribute("font-size", String(width / 17));
  label.textContent = String(number);
  group.append(circle, label);
  return group;
}

function paint() {
  const on = [...page.querySelectorAll("[data-regions] input[type=checkbox]:checked")].map((box) => box.name.split(":"));
  for (const shape of page.querySelectorAll("[data-pointing] .body-part")) {
    const { region, side } = shape.dataset;
    const hit = on.some(([, where, which]) => where === region && (["", "both"].includes(which) || which === side));
    shape.classList.toggle("is-marked", hit);
  }
}

page.addEventListener("change", (event) => {
  const line = event.target.closest(".line-mark");
  if (line && !line.matches("[data-mark-list]")) {
    legend(line);
    if (/:(region|side)$/.test(event.target.name)) addRegion(part(line, "region").value, part(line, "side").value);
    draw();
  } else if (event.target.closest("[data-regions]")) paint();
});

// A mark that was added and not saved yet is not in a freshly drawn section.
page.addEventListener("kp:section-ready", (event) => {
  const place = event.target;
  if (place.dataset.section !== "pain") return;
  for (const [name, { values }] of unsaved()) {
    if (!name.startsWith("m:") || place.querySelector(`[data-group="${CSS.escape(name)}"]`)) continue;
    const line = fromTemplate("mark-line", { KEY: name.slice(2) });
    for (const [key, value] of values) {
      const field = line.querySelector(`[name="${CSS.escape(key)}"]`);
      if (field) field.value = value;
    }
    legend(line);
    place.querySelector("[data-marks]").append(line);
    addRegion(part(line, "region").value, part(line, "side").value);
  }
  draw();
});
