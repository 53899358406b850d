// Figures as people read them. What nobody can know is a dash, never a zero.

export const DASH = "–";
const MINUS = "−";
const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

const known = (value) => typeof value === "number" && Number.isFinite(value);

const fitting = (value) => (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);

/** A number with as many decimals as its size deserves. */
export function number(value, decimals = fitting(value)) {
  if (!known(value)) return DASH;
  const text = Math.abs(value).toFixed(decimals);
  const [whole, part] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f");
  return (value < 0 && Number(text) !== 0 ? MINUS : "") + grouped + (part ? `.${part}` : "");
}

/** A whole count. */
export const count = (value) => number(value, 0);

/** A share (0..1) in per cent, rounded down so that 100 % means all of it. */
export function percent(value, decimals = 1) {
  if (!known(value)) return DASH;
  const scale = 10 ** decimals;
  // Floating noise (0.29 * 100 = 28.999...) must not cost a digit.
  const rounded = Math.floor(value * 100 * scale + 1e-6) / scale;
  if (value > 0 && rounded === 0) return `<\u202f${(1 / scale).toFixed(decimals)}\u202f%`;
  return `${number(rounded, rounded === 0 || rounded === 100 ? 0 : decimals)}\u202f%`;
}

/** A promised share, written out as it was promised. */
export const objective = (value) => (known(value) ? `${Number((value * 100).toFixed(6))}\u202f%` : DASH);

/** A burn rate as a multiple of what the budget allows. */
export function burn(value) {
  if (!known(value)) return DASH;
  if (value === 0) return "0×";
  return value < 0.01 ? "<\u202f0.01×" : `${number(value)}×`;
}

/** Seconds as a latency: 12 ms, 1.20 s. */
export function latency(value) {
  if (!known(value)) return DASH;
  if (value < 1) return `${number(value * 1000, value < 0.01 ? 1 : 0)}\u202fms`;
  return `${number(value, value < 10 ? 2 : 1)}\u202fs`;
}

/** Seconds as a duration in its two largest units: 3 h 12 min. */
export function duration(seconds) {
  if (!known(seconds)) return DASH;
  let rest = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, size]) => rest >= size);
  if (first < 0) return "0\u202fs";
  const parts = [];
  for (const [name, size] of UNITS.slice(first, first + 2)) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount) parts.push(`${amount}\u202f${name}`);
  }
  return parts.join(" ");
}

const TIME = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** A date as a time of day. */
export const timeOf = (date) => TIME.format(date);

/** Seconds since the epoch as a time of day. */
export function clock(seconds) {
  if (!known(seconds)) return DASH;
  return timeOf(new Date(seconds * 1000));
}

/** A mark of an axis: no digit that says nothing. */
export function mark(text) {
  const [, figure, unit] = /^([\d.\s]+?)(\s?[a-z]*)$/i.exec(text) ?? [null, text, ""];
  const short = figure.includes(".") ? figure.replace(/\.?0+$/, "") : figure;
  return Number(short) === 0 ? "0" : short + unit;
}
