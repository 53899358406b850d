// A small line chart: an SVG for the eye, the same samples as a table for everyone else.

import { el, setAttribute, setText, svg } from "./dom.js";
import { clock, mark } from "./format.js";
import { SPAN } from "./history.js";

const WIDTH = SPAN;
const HEIGHT = 100;
const LARGEST_GAP = 5;
const TABLE_STEP = 10;

/** The smallest round number (1, 2, 5 times a power of ten) that is not below `value`. */
export function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

/** Path of one series; a gap in time or a missing figure breaks the line. */
export function path(samples, field, start, top) {
  let d = "";
  let before = null;
  for (const sample of samples) {
    const value = sample[field];
    if (value === null) {
      before = null;
      continue;
    }
    const joined = before !== null && sample.time - before <= LARGEST_GAP;
    const x = (sample.time - start).toFixed(1);
    const y = (HEIGHT - (Math.min(value, top) / top) * HEIGHT).toFixed(1);
    d += `${joined ? "L" : "M"}${x} ${y}${joined ? "" : "h0"}`;
    before = sample.time;
  }
  return d;
}

/** A chart of `series` ([{field, label, line}]); `format` writes a figure, `floor` is the least height of the axis. */
export class Chart {
  #parts;
  #history = null;
  #cursor = null;

  constructor({ title, series, format, floor }) {
    this.title = title;
    this.series = series;
    this.format = format;
    this.floor = floor;
    this.#parts = this.#make();
    this.node = this.#parts.figure;
  }

  #make() {
    const lines = this.series.map(({ line }) => svg("path", { class: `line ${line}` }));
    const cursor = svg("path", { class: "cursor" });
    const grid = svg("path", { class: "grid", d: `M0 .5H${WIDTH}M0 50H${WIDTH}M0 99.5H${WIDTH}` });
    const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" };
    const plot = svg("svg", box, grid, ...lines, cursor);
    const values = this.series.map(() => el("strong"));
    const legend = this.series.map(({ label, line }, at) => el("li", {}, swatch(line), `${label} `, values[at]));
    const marks = [el("span"), el("span"), el("span")];
    const when = el("span", { text: "now" });
    const { details, body } = this.#makeTable();
    const axis = el("div", { class: "yaxis", "aria-hidden": "true" }, ...marks);
    const times = el("div", { class: "xaxis", "aria-hidden": "true" }, el("span", { text: "5 min ago" }), when);
    const caption = el("figcaption", {}, el("h3", { text: this.title }), el("ul", { class: "legend" }, ...legend));
    const middle = el("div", { class: "plot" }, axis, plot);
    const figure = el("figure", { class: "card chart" }, caption, middle, times, details);
    plot.addEventListener("pointermove", (event) => this.#point(event));
    plot.addEventListener("pointerleave", () => this.#point(null));
    return { figure, plot, lines, cursor, values, marks, when, details, body };
  }

  #makeTable() {
    const head = ["Time", ...this.series.map(({ label }) => label)].map((text) => el("th", { scope: "col", text }));
    const body = el("tbody");
    const caption = el("caption", { class: "unseen", text: this.title });
    const table = el("table", {}, caption, el("thead", {}, el("tr", {}, ...head)), body);
    const label = `${this.title} as a table`;
    const scroll = el("div", { class: "twin", role: "region", tabindex: "0", "aria-label": label }, table);
    const details = el("details", {}, el("summary", { text: "As a table" }), scroll);
    details.addEventListener("toggle", () => this.#drawTable());
    return { details, body };
  }

  #point(event) {
    const box = this.#parts.plot.getBoundingClientRect();
    this.#cursor = event && box.width ? ((event.clientX - box.left) / box.width) * WIDTH : null;
    if (this.#history) this.draw(this.#history);
  }

  draw(history) {
    this.#history = history;
    const { samples, now } = history;
    const start = now - SPAN;
    const all = samples.flatMap((sample) => this.series.map(({ field }) => sample[field] ?? 0));
    const top = roundUp(Math.max(this.floor, ...all));
    this.series.forEach(({ field }, at) => setAttribute(this.#parts.lines[at], "d", path(samples, field, start, top)));
    [top, top / 2, 0].forEach((value, at) => setText(this.#parts.marks[at], mark(this.format(value))));
    this.#drawLegend(samples, start);
    const latest = this.series.map(({ label, field }) => `${label} ${this.format(samples.at(-1)?.[field])}`).join(", ");
    setAttribute(this.#parts.plot, "aria-label", `${this.title} over the last five minutes; now ${latest}`);
    this.#drawTable();
  }

  #drawLegend(samples, start) {
    const chosen = this.#cursor === null ? null : samples.findLast((sample) => sample.time - start <= this.#cursor);
    const sample = chosen ?? samples.at(-1);
    this.series.forEach(({ field }, at) => setText(this.#parts.values[at], this.format(sample?.[field])));
    setText(this.#parts.when, chosen ? `at ${clock(chosen.time)}` : "now");
    setAttribute(this.#parts.cursor, "d", chosen ? `M${(chosen.time - start).toFixed(1)} 0V${HEIGHT}` : "");
  }

  #drawTable() {
    const { details, body } = this.#parts;
    if (!details.open || !this.#history) return;
    const { samples } = this.#history;
    const slot = (sample) => (sample ? Math.floor(sample.time / TABLE_STEP) : null);
    const key = String(slot(samples.at(-1)));
    if (body.dataset.key === key) return;
    body.dataset.key = key;
    const picked = samples.filter((sample, at) => slot(sample) !== slot(samples[at + 1]));
    body.replaceChildren(...picked.reverse().map((sample) => this.#row(sample)));
  }

  #row(sample) {
    const figures = this.series.map(({ field }) => el("td", { text: this.format(sample[field]) }));
    return el("tr", {}, el("th", { scope: "row", text: clock(sample.time) }), ...figures);
  }
}

function swatch(line) {
  const stroke = svg("path", { class: `line ${line}`, d: "M0 4H24" });
  return svg("svg", { class: "swatch", viewBox: "0 0 24 8", "aria-hidden": "true" }, stroke);
}
