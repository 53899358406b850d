// The log tail: redacted lines as the server wrote them, to filter and to hold still.

import { byId, el, setText } from "./dom.js";
import { timeOf } from "./format.js";

const KEPT = 400;
const SHOWN_FIRST = ["method", "tool", "outcome", "duration_ms", "error_type"];
// What has a place of its own, says the same on every line, or is found by the correlation id.
const ELSEWHERE = ["ts", "level", "event", "service", "logger", "correlation_id"];
const LEFT_OUT = new Set([...ELSEWHERE, "trace_id", "span_id", "trace_flags"]);

let lines = [];
let waiting = [];
let paused = false;
let wanted = "";

export function setUpLog() {
  byId("log-filter").addEventListener("input", () => filterBy(byId("log-filter").value));
  byId("log-pause").addEventListener("click", togglePause);
  byId("log-tools").addEventListener("submit", (event) => event.preventDefault());
  byId("log-lines").addEventListener("click", (event) => {
    const id = event.target.closest("button")?.dataset.id;
    if (id) filterBy((byId("log-filter").value = wanted === id.toLowerCase() ? "" : id));
  });
}

/** Take over all lines of a snapshot, or add the new ones of a delta. */
export function addLines(added, whole) {
  if (whole) {
    lines = [];
    waiting = [];
    byId("log-lines").replaceChildren();
  }
  if (paused) waiting = [...waiting, ...added].slice(-KEPT);
  else append(added);
  drawCount();
}

function append(added) {
  const box = byId("log-lines");
  const follows = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
  const made = added.map((line) => ({ text: JSON.stringify(line).toLowerCase(), node: row(line) }));
  for (const line of made) line.node.hidden = !line.text.includes(wanted);
  lines.push(...made);
  for (const old of lines.splice(0, Math.max(0, lines.length - KEPT))) old.node.remove();
  box.append(...made.map(({ node }) => node));
  if (follows) box.scrollTop = box.scrollHeight;
}

function row(line) {
  const level = String(line.level ?? "info");
  const id = line.correlation_id;
  const only = { type: "button", class: "id", "data-id": id, title: "Show only this correlation id", text: id };
  return el(
    "div",
    { class: "line-row", "data-level": level },
    el("span", { class: "time", text: time(line.ts) }),
    el("span", { class: "level", text: level }),
    el("span", { class: "event", text: String(line.event ?? "") }),
    el("span", { class: "rest", text: rest(line) }),
    id ? el("button", only) : "",
  );
}

function time(ts) {
  const date = new Date(typeof ts === "number" ? ts * 1000 : ts);
  return Number.isNaN(date.getTime()) ? String(ts ?? "") : timeOf(date);
}

function rest(line) {
  const names = Object.keys(line).filter((name) => !LEFT_OUT.has(name));
  const order = (name) => (SHOWN_FIRST.includes(name) ? SHOWN_FIRST.indexOf(name) : SHOWN_FIRST.length);
  const written = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));
  return names
    .sort((a, b) => order(a) - order(b))
    .filter((name) => line[name] !== null && line[name] !== "")
    .map((name) => `${name}=${written(line[name])}`)
    .join("  ");
}

function filterBy(text) {
  wanted = text.trim().toLowerCase();
  for (const line of lines) line.node.hidden = !line.text.includes(wanted);
  drawCount();
}

function togglePause() {
  paused = !paused;
  byId("log-pause").setAttribute("aria-pressed", String(paused));
  if (!paused) {
    append(waiting);
    waiting = [];
  }
  drawCount();
}

function drawCount() {
  const shown = lines.filter(({ node }) => !node.hidden).length;
  const held = paused ? `, paused with ${waiting.length} waiting` : "";
  setText(byId("log-count"), (wanted ? `${shown} of ${lines.length} lines` : `${lines.length} lines`) + held);
}
