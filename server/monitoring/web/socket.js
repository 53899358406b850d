// The connection to the server: reconnects by itself, and notices what was lost.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const SILENCE = 6000;

/**
 * Keep a connection and report.
 *
 * `onMessage(message)` gets every snapshot and delta. `onState({state, missed, retryAt})` is called
 * when the connection changes (`connecting`, `live`, `lost`) or messages are missed; `retryAt` is
 * the time of the next attempt in milliseconds.
 */
export function connect({ url, onMessage, onState, Socket = WebSocket }) {
  const link = { state: "connecting", missed: 0, retryAt: 0 };
  let socket = null;
  let last = 0;
  let tries = 0;
  let retry = 0;
  let watchdog = 0;

  const report = (change) => onState(Object.assign(link, change));

  function open() {
    clearTimeout(retry);
    const opened = new Socket(url);
    socket = opened;
    opened.onmessage = (event) => socket === opened && receive(event.data);
    opened.onclose = () => socket === opened && lose();
    watch();
  }

  function receive(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    watch();
    tries = 0;
    const gap = message.type === "snapshot" ? 0 : Math.max(0, message.seq - last - 1);
    last = message.seq;
    if (gap || link.state !== "live") report({ state: "live", missed: link.missed + gap });
    onMessage(message);
  }

  // A connection that neither delivers nor closes is lost as well.
  function watch() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lose, SILENCE);
  }

  function lose() {
    clearTimeout(watchdog);
    const dead = socket;
    socket = null;
    dead?.close();
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tries++);
    // Spread out, so that the pages of a restarted server do not come back all at once.
    const wait = longest * (0.5 + Math.random() / 2);
    retry = setTimeout(open, wait);
    report({ state: "lost", retryAt: Date.now() + wait });
  }

  function now() {
    if (!socket) open();
  }

  addEventListener("online", now);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && now());
  open();
  return { now };
}
