// The scripted show, where one runs: what happens, what was expected, what was measured.

import { byId, el, setText } from "./dom.js";
import { DASH } from "./format.js";

let drawn = "";

export function drawDemo(demo) {
  byId("demo-section").hidden = !demo;
  const key = JSON.stringify(demo);
  if (!demo || key === drawn) return;
  drawn = key;
  setText(byId("demo-phase"), demo.phase ?? "");
  setText(byId("demo-text"), demo.text ?? "");
  byId("demo-timeline").replaceChildren(...(demo.timeline ?? []).map(entry));
  byId("demo-expected").hidden = !demo.predictions?.length;
  byId("demo-predictions").replaceChildren(...(demo.predictions ?? []).map(prediction));
}

const seconds = (value, otherwise) => (typeof value === "number" ? `${value.toFixed(1)}\u202fs` : otherwise);

function entry({ at, text, kind }) {
  const when = el("span", { class: "when", text: `+${seconds(at, DASH)}` });
  return el("li", { "data-kind": kind ?? "info" }, when, el("span", { text }));
}

function prediction(each) {
  return el(
    "tr",
    {},
    el("th", { scope: "row", text: each.name }),
    el("td", { text: seconds(each.predicted_seconds, DASH) }),
    el("td", { text: seconds(each.measured_seconds, "not yet") }),
  );
}
