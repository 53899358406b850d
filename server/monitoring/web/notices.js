// What must be known before any figure is read: whose server, simulated, draining, connection lost.

import { announce, byId, el, setAttribute, setText } from "./dom.js";
import { clock, duration } from "./format.js";

const notices = new Map();
const SIMULATED =
  "Every answer comes from the built-in simulator, none from GLM or Kimi. " +
  "Set GLM_API_KEY or KIMI_API_KEY to reach them.";
const DRAINING = "Running calls finish, new ones are refused; then the server stops.";
const LINK = { connecting: "Connecting", live: "Live", lost: "Connection lost" };

/** Show a notice, or take it away where `text` is empty. */
function notice(kind, title, text) {
  if (!text) {
    notices.get(kind)?.remove();
    notices.delete(kind);
    return;
  }
  if (!notices.has(kind)) {
    notices.set(kind, el("p", { class: "notice", "data-kind": kind }, el("strong", { text: title }), " ", el("span")));
    byId("notices").append(notices.get(kind));
  }
  setText(notices.get(kind).querySelector("span"), text);
}

export function drawServer(server) {
  setText(byId("name"), server.name);
  const facts = [`version ${server.version}`, `replica ${server.replica}`, `up ${duration(server.uptime_seconds)}`];
  if (server.protocol_versions?.length) facts.push(`MCP ${server.protocol_versions.join(", ")}`);
  setText(byId("facts"), facts.join(" · "));
  notice("simulated", "Simulated upstreams.", server.simulated && SIMULATED);
  notice("draining", "Draining.", server.draining && DRAINING);
}

/** The connection: its state, and what was missed on the way. */
export function drawLink(link, dropped, lastTime) {
  const lost = link.state === "lost";
  const losses = [link.missed ? `missed ${link.missed}` : "", dropped ? `dropped ${dropped}` : ""].filter(Boolean);
  setAttribute(byId("link"), "data-state", link.state);
  setText(byId("link-text"), [LINK[link.state], ...losses].join(" · "));
  const seconds = Math.max(0, Math.ceil((link.retryAt - Date.now()) / 1000));
  const age = lastTime ? `What stands below is of ${clock(lastTime)} and does not change.` : "No reading has come yet.";
  const again = seconds ? `Trying again in ${seconds}\u202fs.` : "Trying again.";
  notice("lost", "Connection lost.", lost && `${age} ${again}`);
  if (lost) announce("Connection lost");
  document.body.classList.toggle("stale", lost);
}
