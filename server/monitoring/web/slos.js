// The verdict: one line for each objective, the worst first.

import { announce, byId, el, keyed, setAttribute, setShape, setText, shape, svg } from "./dom.js";
import { DASH, burn, count, duration, objective, percent } from "./format.js";

const STATES = {
  page: { text: "Page", shape: "page", rank: 0 },
  exhausted: { text: "Exhausted", shape: "exhausted", rank: 1 },
  ticket: { text: "Ticket", shape: "ticket", rank: 2 },
  ok: { text: "OK", shape: "ok", rank: 3 },
  no_data: { text: "No data", shape: "none", rank: 4 },
};
const TROUBLE = {
  page: ["is paging", "are paging"],
  exhausted: ["has no budget left", "have no budget left"],
  ticket: ["needs a ticket", "need a ticket"],
};
const WINDOWS = ["5m", "1h", "6h"];
const rows = new Map();

const stateOf = (slo) => STATES[slo.verdict] ?? STATES.no_data;
const cell = (label, className, ...children) =>
  el("td", { role: "cell", "data-label": label, class: className }, ...children);

export function drawSlos(slos) {
  const sorted = [...slos].sort((a, b) => stateOf(a).rank - stateOf(b).rank || (a.id < b.id ? -1 : 1));
  const byKey = new Map(sorted.map((slo) => [slo.id, slo]));
  byId("slos").hidden = sorted.length === 0;
  byId("slos-empty").hidden = sorted.length > 0;
  setText(byId("slos-empty"), "No objective is tracked.");
  keyed(byId("slo-rows"), rows, [...byKey.keys()], makeRow);
  for (const [key, slo] of byKey) drawRow(rows.get(key), slo);
  drawHeadline(sorted);
}

function makeRow() {
  const parts = {
    shape: shape("none"),
    state: el("span", { class: "state-text" }),
    tiers: el("span", { class: "sub" }),
    name: el("span", { class: "name" }),
    promise: el("span", { class: "sub" }),
    bar: svg("rect", { class: "left", x: 0, y: 0, width: 0, height: 6, rx: 3 }),
    left: el("span", { class: "figure" }),
    burns: WINDOWS.map(() => el("span")),
    exhausted: el("span"),
    coverage: el("span"),
  };
  const bar = svg(
    "svg",
    { class: "budget", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "track", x: 0, y: 0, width: 100, height: 6, rx: 3 }),
    parts.bar,
  );
  const node = el(
    "tr",
    { role: "row" },
    cell("State", "state", parts.shape, el("span", {}, parts.state, parts.tiers)),
    el("th", { role: "rowheader", scope: "row", "data-label": "Objective" }, parts.name, parts.promise),
    cell("Budget left", "left-cell", parts.left, bar),
    ...WINDOWS.map((window, at) => cell(`Burn ${window}`, "number burn", parts.burns[at])),
    cell("Exhausted in", "number", parts.exhausted),
    cell("Coverage", "number coverage", parts.coverage),
  );
  return { node, ...parts };
}

function drawRow(row, slo) {
  const state = stateOf(slo);
  const left = slo.budget_remaining;
  setAttribute(row.node, "data-state", slo.verdict);
  setShape(row.shape, state.shape);
  setText(row.state, state.text);
  setText(row.tiers, slo.firing_tiers?.length ? slo.firing_tiers.join(", ") : "");
  setText(row.name, slo.display_name || slo.name);
  const level = slo.sli === null ? "no events yet" : `now ${percent(slo.sli, 2)} of ${count(slo.total)} events`;
  setText(row.promise, `${objective(slo.objective)} over ${duration(slo.window)} · ${level}`);
  setText(row.left, percent(left));
  setAttribute(row.bar, "width", left === null ? 0 : Math.max(0, Math.min(1, left)) * 100);
  WINDOWS.forEach((window, at) => {
    const rate = slo.burn_rates?.[window] ?? null;
    setText(row.burns[at], burn(rate));
    row.burns[at].classList.toggle("fast", rate > 1);
  });
  setText(row.exhausted, exhaustion(slo));
  setText(row.coverage, percent(slo.coverage));
}

function exhaustion(slo) {
  const seconds = slo.exhaustion_seconds;
  if (seconds === 0 || slo.budget_remaining < 0) return "spent";
  if (seconds === null || seconds === undefined) return slo.budget_remaining === null ? DASH : "not burning";
  return seconds > slo.window * 10 ? "> 10 windows" : duration(seconds);
}

function drawHeadline(slos) {
  const [state, text] = headline(slos);
  const node = byId("headline");
  setAttribute(node, "data-state", state);
  setShape(node.querySelector(".shape"), STATES[state]?.shape ?? "none");
  setText(byId("objectives"), text);
  announce(text);
}

const some = (n) => `${n} ${n === 1 ? "objective" : "objectives"}`;

function headline(slos) {
  const number = (verdict) => slos.filter((slo) => slo.verdict === verdict).length;
  const bad = Object.keys(TROUBLE).filter((verdict) => number(verdict));
  if (bad.length) return [bad[0], bad.map((verdict, at) => trouble(verdict, number(verdict), at)).join(", ")];
  const silent = number("no_data") ? `, ${number("no_data")} without data` : "";
  if (number("ok")) return ["ok", `${some(number("ok"))} ${number("ok") === 1 ? "holds" : "hold"}${silent}`];
  return ["none", slos.length ? "No objective has data yet" : "No objective is tracked"];
}

function trouble(verdict, n, at) {
  const words = TROUBLE[verdict][n === 1 ? 0 : 1];
  return `${at === 0 ? some(n) : n} ${words}`;
}
