// Traffic: figures of now, and how they came about.

import { Chart } from "./chart.js";
import { byId, el, setText } from "./dom.js";
import { DASH, count, latency, number } from "./format.js";

const rate = (value) => (typeof value === "number" ? number(value) : DASH);

const TILES = [
  ["requests_per_second", "Requests / s", rate],
  ["bad_per_second", "Bad / s", rate],
  ["p50_seconds", "p50", latency],
  ["p95_seconds", "p95", latency],
  ["p99_seconds", "p99", latency],
  ["in_flight", "In flight", count],
  ["connections", "Connections", count],
];

const tiles = new Map();
const charts = [
  new Chart({
    title: "Requests per second",
    series: [
      { field: "requests_per_second", label: "all", line: "first" },
      { field: "bad_per_second", label: "bad", line: "bad" },
    ],
    format: rate,
    floor: 1,
  }),
  new Chart({
    title: "Latency",
    series: [
      { field: "p50_seconds", label: "p50", line: "first" },
      { field: "p95_seconds", label: "p95", line: "second" },
      { field: "p99_seconds", label: "p99", line: "third" },
    ],
    format: latency,
    floor: 0.01,
  }),
];

export function setUpTraffic(history) {
  for (const [field, label] of TILES) {
    const value = el("dd", { text: DASH });
    tiles.set(field, value);
    byId("tiles").append(el("div", { class: "card tile" }, el("dt", { text: label }), value));
  }
  byId("charts").append(...charts.map((chart) => chart.node));
  for (const chart of charts) chart.draw(history);
}

export function drawTraffic(traffic, history) {
  for (const [field, , format] of TILES) setText(tiles.get(field), format(traffic[field]));
  tiles.get("bad_per_second").classList.toggle("bad", traffic.bad_per_second > 0);
  for (const chart of charts) chart.draw(history);
}
