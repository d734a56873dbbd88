// The last ten minutes, for the plots: a column for each curve, in steps of five seconds.

export const SPAN_S = 600;
const STEP_S = 5;
const RECENT_S = 10;

export const KINDS = ['FinalitySignature', 'DeployAccepted', 'DeployProcessed', 'BlockAdded', 'Step',
  'DeployExpired', 'Fault', 'Shutdown'];
export const LATENCIES = ['ingest_p50', 'ingest_p99', 'delivery_p50', 'delivery_p99'];

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const greatest = (values) => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
};
const last = (values) => values.at(-1);

/** How the seconds of a step become one value. */
const COLUMNS = new Map([
  ...KINDS.map((kind) => [kind, mean]),
  ...LATENCIES.map((name) => [name, greatest]),
  ['subscribers', last],
]);

export class History {
  #times = [];     // the end of each whole step
  #columns = new Map([...COLUMNS.keys()].map((name) => [name, []]));
  #step = null;    // the step that is not whole yet
  #pending = [];   // its seconds
  #newest = 0;     // second
  #seconds = [];   // the last few, as functions from a name to a value

  get times() { return this.#times; }
  get newest() { return this.#newest; }
  column(name) { return this.#columns.get(name); }

  /** The mean of the last seconds: a chain's events come in bursts. */
  recent(name) { return this.#seconds.length === 0 ? 0 : mean(this.#seconds.map((valueOf) => valueOf(name) ?? 0)); }

  /** The sidecar's own history, in place of what is here. */
  replace(history) {
    this.#times = [];
    for (const name of COLUMNS.keys()) this.#columns.set(name, []);
    this.#step = null;
    this.#pending = [];
    this.#newest = 0;
    this.#seconds = [];
    history.time.forEach((time, i) => this.#add(time, (name) =>
      history.events[name]?.[i] ?? history.latency[name]?.[i] ?? (name === 'subscribers' ? history.subscribers[i] : null)));
  }

  /** The second of a snapshot. */
  add(snapshot) {
    const latency = snapshot.latency_in_seconds;
    const values = {
      ...snapshot.events_per_second,
      ingest_p50: latency.ingest.p50,
      ingest_p99: latency.ingest.p99,
      delivery_p50: latency.delivery.p50,
      delivery_p99: latency.delivery.p99,
      subscribers: Object.values(snapshot.subscribers).reduce((sum, each) => sum + each, 0),
    };
    this.#add(snapshot.second, (name) => values[name] ?? null);
  }

  #add(time, valueOf) {
    if (time <= this.#newest) return;
    this.#newest = time;
    const step = Math.floor(time / STEP_S);
    if (this.#step !== null && step !== this.#step) this.#finishStep();
    this.#step = step;
    this.#pending.push(valueOf);
    this.#seconds.push(valueOf);
    if (this.#seconds.length > RECENT_S) this.#seconds.shift();
  }

  #finishStep() {
    this.#times.push((this.#step + 1) * STEP_S);
    for (const [name, combine] of COLUMNS) {
      const values = this.#pending.map((valueOf) => valueOf(name));
      this.#columns.get(name).push(combine === greatest ? combine(values) : combine(values.map((value) => value ?? 0)));
    }
    this.#pending = [];
    while (this.#times.length > 0 && this.#times[0] < this.#newest - SPAN_S - STEP_S) {
      this.#times.shift();
      for (const name of COLUMNS.keys()) this.#columns.get(name).shift();
    }
  }
}
