// Circuit breakers: the state of each as text and shape, and what it was over the last minutes.

import { byId, el, keyed, setAttribute, setShape, setText, shape, svg } from "./dom.js";
import { count, duration, percent } from "./format.js";
import { SPAN } from "./history.js";

const STATES = {
  closed: { text: "closed", shape: "ok", tone: "ok" },
  open: { text: "open", shape: "page", tone: "page" },
  half_open: { text: "half open", shape: "ticket", tone: "ticket" },
  forced_open: { text: "forced open", shape: "exhausted", tone: "exhausted" },
  disabled: { text: "disabled", shape: "none", tone: "no_data" },
  metrics_only: { text: "metrics only", shape: "none", tone: "no_data" },
};
const UNKNOWN = { text: "unknown", shape: "none", tone: "no_data" };
const items = new Map();

const stateOf = (name) => STATES[name] ?? UNKNOWN;

export function drawBreakers(breakers, history) {
  byId("breakers-empty").hidden = breakers.length > 0;
  keyed(byId("breaker-list"), items, breakers.map(({ name }) => name), makeItem);
  for (const breaker of breakers) drawItem(items.get(breaker.name), breaker, history);
}

function makeItem(name) {
  const parts = { shape: shape("none"), state: el("strong"), since: el("span", { class: "sub" }), seen: el("span", { class: "sub" }) };
  const strip = svg("svg", { class: "strip", viewBox: `0 0 ${SPAN} 10`, preserveAspectRatio: "none", role: "img" });
  const words = el("p", {}, el("span", { class: "name", text: name }), " ", parts.state, parts.since, parts.seen);
  const head = el("div", { class: "breaker-head" }, parts.shape, words);
  return { node: el("li", { class: "card breaker" }, head, strip), strip, ...parts };
}

function drawItem(item, breaker, history) {
  const state = stateOf(breaker.state);
  setAttribute(item.node, "data-state", state.tone);
  setShape(item.shape, state.shape);
  setText(item.state, state.text);
  setText(item.since, since(breaker, history.now));
  setText(item.seen, windowOf(breaker));
  const bands = history.bands(breaker.name);
  const start = history.now - SPAN;
  item.strip.replaceChildren(...bands.map((band) => rectangle(band, start)));
  const told = bands.map((band) => `${stateOf(band.state).text} for ${duration(band.to - band.from)}`).join(", then ");
  setAttribute(item.strip, "aria-label", `${breaker.name} over the last five minutes: ${told}`);
}

function since(breaker, now) {
  const age = typeof breaker.since === "number" ? `for ${duration(now - breaker.since)}` : "";
  if (breaker.state !== "open" || !(breaker.retry_after > 0)) return age;
  return `${age}, tries again in ${duration(Math.ceil(breaker.retry_after))}`;
}

/** What the breaker judges by: the calls in its window, and which share of them failed or was slow. */
function windowOf({ calls, failures, slow }) {
  if (typeof calls !== "number") return "";
  const shares = [[failures, "failed"], [slow, "slow"]].filter(([part]) => part > 0);
  const told = shares.map(([part, word]) => `, ${percent(part / calls)} ${word}`).join("");
  return `${count(calls)} ${calls === 1 ? "call" : "calls"} in its window${told}`;
}

function rectangle(band, start) {
  const { tone } = stateOf(band.state);
  const height = tone === "ok" ? 4 : 10;
  const width = Math.max(1, band.to - band.from);
  return svg("rect", { class: tone, x: band.from - start, y: 10 - height, width, height });
}
