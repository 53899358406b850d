// The scripted show, where one runs: what happens, what was expected, what was measured.

import { byId, el, setText } from "./dom.js";
import { clock, duration } from "./format.js";

const EPOCH = 1e8;
let drawn = "";

export function drawDemo(demo) {
  byId("demo-section").hidden = !demo;
  const key = JSON.stringify(demo);
  if (!demo || key === drawn) return;
  drawn = key;
  setText(byId("demo-phase"), demo.phase ?? "");
  setText(byId("demo-text"), demo.text ?? "");
  byId("demo-timeline").replaceChildren(...(demo.timeline ?? []).map(entry));
  byId("demo-predictions-title").hidden = !demo.predictions?.length;
  const told = (demo.predictions ?? []).map((each) => el("li", { text: prediction(each) }));
  byId("demo-predictions").replaceChildren(...told);
}

function entry({ at, text, kind }) {
  // A time of day, or seconds since the show began.
  const when = at > EPOCH ? clock(at) : `+${duration(at)}`;
  return el("li", { "data-kind": kind ?? "note" }, el("span", { class: "when", text: when }), el("span", { text }));
}

function prediction(each) {
  if (typeof each === "string") return each;
  const figure = (name, label) => (typeof each[name] === "number" ? `${label} ${each[name].toFixed(1)}\u202fs` : null);
  const figures = [figure("predicted_seconds", "predicted"), figure("measured_seconds", "measured")];
  return [each.text ?? each.name, ...figures].filter(Boolean).join(" · ");
}
