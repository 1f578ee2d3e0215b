// One image: layers over the picture, phrases linked to regions, steps inside the index page's filter.
"use strict";

const GRID_SIDE = 20;
const state = { show: "boxes,masks", ...readState() };
const picture = document.getElementById("picture");
const maps = JSON.parse(document.getElementById("quality-map").textContent);
let held = null;

const regionsOf = (element) => (element.dataset.regions || "").split(" ").filter(Boolean);
const linked = [...document.querySelectorAll("[data-regions]")].map((element) => [element, regionsOf(element)]);

function save() {
  writeState(state);
  const { at, ...kept } = state;
  for (const link of document.querySelectorAll("a[data-keep-state]")) {
    if (!link.hasAttribute("href")) continue;
    const home = link.classList.contains("home");
    link.href = link.getAttribute("href").split("#")[0] + hashOf(home ? { ...kept, at: document.body.dataset.image } : kept);
  }
}

// Layers

function showLayers() {
  const shown = new Set(state.show.split(","));
  for (const button of document.querySelectorAll("[data-layer]")) {
    const on = shown.has(button.dataset.layer);
    button.setAttribute("aria-pressed", on);
    if (picture) picture.classList.toggle(`show-${button.dataset.layer}`, on);
  }
}

function toggleLayer(name) {
  const shown = new Set(state.show.split(",").filter((layer) => layer !== "none"));
  if (!shown.delete(name)) shown.add(name);
  state.show = [...shown].join(",") || "none";
  showLayers();
  save();
}

// From nothing over yellow and red to dark violet: severity 0 to 5.
function heatColour(severity) {
  const stops = [[0, 255, 240, 120, 0], [1, 255, 226, 92, 0.5], [2.5, 250, 130, 40, 0.66], [4, 214, 32, 62, 0.74], [5, 96, 8, 92, 0.82]];
  const next = Math.max(1, stops.findIndex(([at]) => severity <= at));
  const [low, high] = [stops[next - 1], stops[next]];
  const share = (severity - low[0]) / (high[0] - low[0]);
  return low.slice(1).map((value, channel) => value + share * (high[channel + 1] - value));
}

function showHeat() {
  const map = maps.find((said) => said.family === state.heat);
  const canvas = document.getElementById("heat");
  for (const button of document.querySelectorAll("[data-heat]")) {
    button.setAttribute("aria-pressed", map !== undefined && maps[button.dataset.heat] === map);
  }
  if (!canvas) return;
  document.getElementById("legend").hidden = !map;
  canvas.hidden = !map;
  if (!map) return;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(GRID_SIDE, GRID_SIDE);
  map.severity_tenths.forEach((tenths, cell) => {
    const [red, green, blue, alpha] = heatColour(tenths / 10);
    pixels.data.set([red, green, blue, 255 * alpha], 4 * cell);
  });
  context.putImageData(pixels, 0, 0);
}

function toggleHeat(number) {
  const family = maps[number] && maps[number].family;
  state.heat = state.heat === family ? undefined : family;
  showHeat();
  save();
}

// Phrases and regions

function drawCells(cells) {
  const layer = document.getElementById("cells");
  if (!layer) return;
  const { width, height } = layer.ownerSVGElement.dataset;
  const wide = width / GRID_SIDE;
  const high = height / GRID_SIDE;
  layer.replaceChildren(
    ...cells.map((pair) => {
      const [near, far] = pair.split("-").map(Number);
      const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const [left, top] = [near % GRID_SIDE, Math.floor(near / GRID_SIDE)];
      box.setAttribute("x", left * wide);
      box.setAttribute("y", top * high);
      box.setAttribute("width", ((far % GRID_SIDE) - left + 1) * wide);
      box.setAttribute("height", (Math.floor(far / GRID_SIDE) - top + 1) * high);
      return box;
    }),
  );
}

// A phrase that names cells lights the regions of its question too, so that both boxes can be compared.
function highlight(element) {
  const owner = element && !element.dataset.regions ? element.closest("[data-regions]") : element;
  const ids = new Set(owner ? regionsOf(owner) : []);
  const withCells = element ? (element.dataset.cells ? [element] : [...element.querySelectorAll("[data-cells]")]) : [];
  const cells = withCells.flatMap((phrase) => phrase.dataset.cells.split(" ").filter(Boolean));
  for (const [other, regions] of linked) {
    other.classList.toggle("is-on", regions.some((id) => ids.has(id)));
  }
  for (const phrase of document.querySelectorAll("[data-cells]")) phrase.classList.toggle("is-on", withCells.includes(phrase));
  drawCells(cells);
  if (picture) picture.classList.toggle("is-focused", ids.size > 0 || cells.length > 0);
}

const linkOf = (target) => target instanceof Element && target.closest('[data-cells], [data-regions]:not([data-regions=""])');

function hold(element) {
  held = held === element ? null : element;
  for (const button of document.querySelectorAll("[data-regions][aria-pressed], [data-cells][aria-pressed]")) {
    button.setAttribute("aria-pressed", button === held);
  }
  highlight(held);
}

document.addEventListener("pointerover", (event) => highlight(linkOf(event.target) || held));
document.addEventListener("focusin", (event) => highlight(linkOf(event.target) || held));
document.addEventListener("focusout", () => highlight(held));
document.addEventListener("click", (event) => {
  const layer = event.target.closest("[data-layer]");
  const heat = event.target.closest("[data-heat]");
  const link = linkOf(event.target);
  if (layer) toggleLayer(layer.dataset.layer);
  else if (heat) toggleHeat(Number(heat.dataset.heat));
  else if (link) hold(link);
  else if (held) hold(held);
});

// Steps

// A key pressed early waits until the filter is known, or it would step out of it.
async function go(id) {
  await filterKnown;
  const link = document.getElementById(id);
  if (link.hasAttribute("href")) link.click();
}

const LAYER_KEYS = { b: "boxes", m: "masks", d: "dropped", p: "points" };

document.addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  const key = event.key;
  if (key === "ArrowLeft" || key === "k") go("before");
  else if (key === "ArrowRight" || key === "j") go("after");
  else if (key === "i") document.querySelector("a.home").click();
  else if (key in LAYER_KEYS) toggleLayer(LAYER_KEYS[key]);
  else if (key === "h") {
    const now = maps.findIndex((said) => said.family === state.heat);
    toggleHeat(now + 1 < maps.length ? now + 1 : now);
  } else if (key === "Escape") {
    held = null;
    hold(null);
  } else if ((key === "Enter" || key === " ") && event.target.matches("span[role=button], [tabindex][data-regions]")) {
    hold(linkOf(event.target));
  } else return;
  event.preventDefault();
});

async function stayInsideFilter() {
  if (!isFiltered(state)) return;
  await loadScript("../data/entries.js");
  if (state.q) await loadScript("../data/texts.js");
  const texts = state.q ? galleryTexts : [];
  const ids = chosen(readEntries(galleryIndex), texts, state).map((entry) => entry.id).filter(Boolean);
  const place = ids.indexOf(document.body.dataset.image);
  if (place < 0) return;
  for (const [name, id] of [["before", ids[place - 1]], ["after", ids[place + 1]]]) {
    const link = document.getElementById(name);
    if (id) {
      link.href = `${id}.html`;
      link.removeAttribute("aria-disabled");
    } else {
      link.removeAttribute("href");
      link.setAttribute("aria-disabled", "true");
    }
  }
  document.getElementById("place").textContent =
    `${(place + 1).toLocaleString("en")} of ${ids.length.toLocaleString("en")} filtered`;
  save();
}

showLayers();
showHeat();
save();
const filterKnown = stayInsideFilter();
