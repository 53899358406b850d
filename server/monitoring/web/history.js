// What the charts remember: the last minutes, one sample a second.

export const SPAN = 300;
const FIELDS = ["requests_per_second", "bad_per_second", "p50_seconds", "p95_seconds", "p99_seconds"];

export class History {
  samples = [];
  #changes = new Map();

  get now() {
    return this.samples.at(-1)?.time ?? 0;
  }

  /** Remember the figures of a message; one that is out of order is left out. */
  add(time, traffic, breakers) {
    if (!(time > this.now)) return;
    this.samples.push({ time, ...Object.fromEntries(FIELDS.map((field) => [field, traffic?.[field] ?? null])) });
    while (this.samples[0].time < time - SPAN) this.samples.shift();
    for (const { name, state } of breakers ?? []) this.#note(name, state, time);
  }

  #note(name, state, time) {
    const changes = this.#changes.get(name) ?? [];
    if (changes.at(-1)?.state !== state) changes.push({ state, from: time });
    while (changes.length > 1 && changes[1].from < time - SPAN) changes.shift();
    this.#changes.set(name, changes);
  }

  /** What a breaker was over the last minutes: [{state, from, to}], oldest first, times in seconds. */
  bands(name) {
    const changes = this.#changes.get(name) ?? [];
    return changes.map(({ state, from }, at) => ({
      state,
      from: Math.max(from, this.now - SPAN),
      to: changes[at + 1]?.from ?? this.now,
    }));
  }
}
