// What the reader filters and shows lives in the address behind `#`, so that every link carries it and nothing is stored.
"use strict";

const FILTERS = ["q", "outcome", "label", "family"];

function readState() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

function hashOf(state) {
  const said = Object.entries(state).filter(([, value]) => value !== undefined && value !== "");
  return said.length ? "#" + new URLSearchParams(said) : "";
}

function writeState(state) {
  history.replaceState(null, "", location.pathname + location.search + hashOf(state));
}

function isFiltered(state) {
  return FILTERS.some((name) => state[name]);
}

// Entries of data/entries.js as objects; `texts` is needed only for a search.
function readEntries(index) {
  return index.entries.map(
    ([id, uri, outcome, stage, reason, duplicateOf, hasPicture, regions, labels, families], place) => ({
      id, uri, outcome, stage, reason, duplicateOf, hasPicture, regions, place,
      labels: labels.map((number) => index.labels[number]),
      families: families.map((number) => index.families[number]),
    }),
  );
}

function chosen(entries, texts, state) {
  const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((entry) => {
    if (state.outcome && entry.outcome !== state.outcome) return false;
    if (state.label && !entry.labels.includes(state.label)) return false;
    if (state.family && !entry.families.includes(state.family)) return false;
    if (!words.length) return true;
    const said = `${entry.uri} ${entry.id || ""} ${entry.reason || ""} ${texts[entry.place] || ""}`.toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

function isTyping(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea") !== null;
}
