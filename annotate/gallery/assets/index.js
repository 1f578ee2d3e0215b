// The index: a grid of thumbnails behind filters, and the inputs that have no labels.
"use strict";

const PER_PAGE = 96;
const ENDED_AT_ONCE = 200;
const state = readState();
const entries = readEntries(galleryIndex);
const form = document.getElementById("filters");
let texts = null;
let found = [];
let endedShown = ENDED_AT_ONCE;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

const count = (number) => number.toLocaleString("en");

function addressOf(id) {
  const { page, at, ...kept } = state;
  return `images/${id}.html${hashOf(kept)}`;
}

function fillSelect(name, valuesOf) {
  const counts = new Map();
  for (const entry of entries) for (const value of valuesOf(entry)) counts.set(value, (counts.get(value) || 0) + 1);
  const sorted = [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
  const select = form.elements[name];
  for (const [value, number] of sorted) {
    const option = make("option", "", `${value} (${count(number)})`);
    option.value = value;
    select.append(option);
  }
  select.closest("label").hidden = !sorted.length;
}

function card(entry) {
  const item = make("li", `card outcome-${entry.outcome}`);
  item.id = entry.id;
  const link = make("a");
  link.href = addressOf(entry.id);
  const frame = make("span", "frame");
  if (entry.hasPicture) {
    const image = make("img");
    image.loading = "lazy";
    image.alt = "";
    image.src = `thumb/${entry.id}.jpg`;
    frame.append(image);
  } else frame.append(make("span", "quiet", "no picture"));
  const name = make("span", "name", entry.uri);
  name.title = entry.uri;
  const facts = make("span", "facts");
  if (entry.outcome !== "ok") facts.append(make("span", `chip outcome outcome-${entry.outcome}`, entry.outcome));
  for (const family of entry.families) facts.append(make("span", "chip", family));
  if (entry.outcome === "ok") facts.append(make("span", "quiet", `${entry.regions} ${entry.regions === 1 ? "region" : "regions"}`));
  link.append(frame, name, facts);
  item.append(link);
  return item;
}

function showGrid() {
  const images = found.filter((entry) => entry.id);
  const pages = Math.max(1, Math.ceil(images.length / PER_PAGE));
  const place = images.findIndex((entry) => entry.id === state.at);
  if (place >= 0) state.page = Math.floor(place / PER_PAGE) + 1;
  const page = Math.min(Math.max(Number(state.page) || 1, 1), pages);
  state.page = page > 1 ? page : undefined;
  document.getElementById("grid").replaceChildren(...images.slice((page - 1) * PER_PAGE, page * PER_PAGE).map(card));
  document.getElementById("pager").hidden = pages === 1;
  document.getElementById("page-place").textContent = `${count(page)} of ${count(pages)}`;
  document.getElementById("earlier").disabled = page === 1;
  document.getElementById("later").disabled = page === pages;
  const without = found.length - images.length;
  document.getElementById("found").textContent =
    `${count(images.length)} ${images.length === 1 ? "image" : "images"}` + (without ? `, ${count(without)} inputs without a page` : "");
}

function endedRow(entry) {
  const row = make("tr");
  const input = make("td", "uri");
  if (entry.id) {
    const link = make("a", "", entry.uri);
    link.href = addressOf(entry.id);
    input.append(link);
  } else input.textContent = entry.uri;
  const outcome = make("td");
  outcome.append(make("span", `chip outcome outcome-${entry.outcome}`, entry.outcome));
  const said = entry.duplicateOf ? `same bytes as ${entry.duplicateOf}` : entry.reason || "";
  row.append(input, outcome, make("td", "", entry.stage || "plan"), make("td", "", said));
  return row;
}

function showEnded() {
  const ended = found.filter((entry) => entry.outcome !== "ok");
  document.getElementById("ended").hidden = !ended.length;
  document.getElementById("ended-rows").replaceChildren(...ended.slice(0, endedShown).map(endedRow));
  document.getElementById("more-ended").hidden = ended.length <= endedShown;
}

async function show() {
  if (state.q && !texts) {
    await loadScript("data/texts.js");
    texts = galleryTexts;
  }
  found = chosen(entries, texts || [], state);
  showGrid();
  showEnded();
  const came = state.at && document.getElementById(state.at);
  if (came) {
    came.querySelector("a").focus({ preventScroll: true });
    came.scrollIntoView({ block: "center" });
  }
  state.at = undefined;
  writeState(state);
}

function turn(pages) {
  state.page = (Number(state.page) || 1) + pages;
  show();
  document.getElementById("filters").scrollIntoView();
}

fillSelect("outcome", (entry) => [entry.outcome]);
fillSelect("label", (entry) => entry.labels);
fillSelect("family", (entry) => entry.families);
for (const name of FILTERS) form.elements[name].value = state[name] || "";

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  for (const name of FILTERS) state[name] = form.elements[name].value;
  state.page = undefined;
  endedShown = ENDED_AT_ONCE;
  show();
});
document.getElementById("earlier").addEventListener("click", () => turn(-1));
document.getElementById("later").addEventListener("click", () => turn(1));
document.getElementById("more-ended").addEventListener("click", () => {
  endedShown += ENDED_AT_ONCE;
  showEnded();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !isTyping(event)) {
    form.elements.q.focus();
    event.preventDefault();
  }
});

show();
