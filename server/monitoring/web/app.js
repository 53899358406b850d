// Puts the parts together: messages change the state, frames draw it.

import { drawBreakers } from "./breakers.js";
import { drawDemo } from "./demo.js";
import { byId } from "./dom.js";
import { History } from "./history.js";
import { addLines, setUpLog } from "./log.js";
import { drawLink, drawServer } from "./notices.js";
import { drawSlos } from "./slos.js";
import { connect } from "./socket.js";
import { drawTraffic, setUpTraffic } from "./traffic.js";

const history = new History();
const state = { slos: [], traffic: {}, breakers: [], demo: null, server: null, dropped: 0, time: 0 };
let link = { state: "connecting", missed: 0, retryAt: 0 };
let frame = 0;

const PARTS = ["server", "slos", "traffic", "breakers", "demo", "dropped", "time"];

function take(message) {
  for (const part of PARTS) if (part in message) state[part] = message[part];
  history.add(state.time, state.traffic, state.breakers);
  addLines(message.log ?? [], message.type === "snapshot");
  draw();
}

// Several messages may come before the next frame; each is remembered, the last is drawn.
function draw() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    if (state.server) drawServer(state.server);
    drawLink(link, state.dropped, state.time);
    if (!state.time) return;
    drawSlos(state.slos);
    drawTraffic(state.traffic, history);
    drawBreakers(state.breakers, history);
    drawDemo(state.demo);
    document.title = `${byId("objectives").textContent} · ${byId("name").textContent}`;
  });
}

setUpTraffic(history);
setUpLog();
connect({
  url: new URL("/events", location.href.replace(/^http/, "ws")),
  onMessage: take,
  onState: (changed) => {
    link = { ...changed };
    draw();
  },
});
setInterval(() => link.state === "lost" && drawLink(link, state.dropped, state.time), 1000);
