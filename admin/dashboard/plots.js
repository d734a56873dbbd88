// The three plots. Each has a legend, which is also their text: what they show now, or at the pointer.
import { make, setAttribute, setText, reconcile } from './dom.js';
import { count, duration, latency, rate } from './format.js';
import { KINDS, SPAN_S } from './history.js';

const { uPlot } = window;
const MINUTE = 60;
const NARROW = 400;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axis(more) {
  return {
    stroke: colour('--quiet'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    ...more,
  };
}

/** Minutes ago, so that the grid stands still while the curves move. */
const timeAxis = () => axis({
  size: 28,
  gap: 6,
  splits: (plot, _, from, to) => (plot.width < NARROW ? [10, 5, 0] : [10, 8, 6, 4, 2, 0])
    .map((minutes) => Math.max(from, to - minutes * MINUTE)),
  values: (_, splits) => splits.map((at, i) => {
    const minutes = Math.round((splits.at(-1) - at) / MINUTE);
    if (minutes === 0) return 'now';
    return i === 0 ? '' : `−${minutes} min`;
  }),
});

/** A plot in `place` with its legend; `columns(history)` gives a column for each of its series. */
class Plot {
  constructor(place, legend, options) {
    this.place = place;
    this.legend = legend;
    this.options = options;
    this.size = { width: 0, height: 0 };
    new ResizeObserver(() => this.#resize()).observe(place);
    this.restyle();
  }

  /** In the colours of the page as they are now. */
  restyle() {
    this.plot?.destroy();
    this.size = this.#room();
    this.plot = new uPlot({
      ...this.size,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: 7 },
        sync: { key: 'dashboard' },
      },
      scales: { x: { time: false, range: () => [this.end - SPAN_S, this.end] }, y: this.options.scale },
      axes: [timeAxis(), axis({ size: 52, gap: 4, space: 34, values: (_, splits) => splits.map(this.options.tick), ...this.options.axis })],
      series: [{}, ...this.options.series()],
      hooks: { setCursor: [() => this.#describe()] },
    }, [[]], this.place);
    if (this.history) this.draw(this.history, this.end);
  }

  draw(history, end) {
    this.history = history;
    this.end = end;
    this.plot.setData([history.times, ...this.options.columns(history)]);
    this.#describe();
    setAttribute(this.place, 'aria-label', this.options.inWords(history));
  }

  #room() {
    return { width: Math.max(this.place.clientWidth, 100), height: Math.max(this.place.clientHeight, 100) };
  }

  #resize() {
    const room = this.#room();
    if (room.width === this.size.width && room.height === this.size.height) return;
    this.size = room;
    this.plot.setSize(room);
  }

  #describe() {
    if (!this.history) return;
    const { idx } = this.plot.cursor;
    this.options.describe(this.legend, idx === undefined ? null : idx, this.history);
  }
}

function fillLegend(list, rows) {
  reconcile(list, rows, (row) => row.name, (row) => make('li', '',
    make('span', `swatch ${row.swatch}`), make('span', 'of', row.name), make('span', 'value')),
  (element, row) => setText(element.lastElementChild, row.value));
}

const spread = (values) => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : { least: Math.min(...known), most: Math.max(...known), last: known.at(-1) };
};

const span = (history) => duration(history.times.length === 0 ? 0 : history.newest - history.times[0]);

// --- events ---

/** Each kind on top of those before it, the topmost first, so that it is painted behind the others. */
function stacked(history) {
  let below = new Array(history.times.length).fill(0);
  const sums = KINDS.map((kind) => {
    const column = history.column(kind);
    below = below.map((sum, i) => sum + column[i]);
    return below;
  });
  return sums.reverse();
}

const slug = (kind) => `kind-${KINDS.indexOf(kind)}`;

export const eventsPlot = (place, legend) => new Plot(place, legend, {
  series: () => [...KINDS].reverse().map((kind) => ({
    stroke: colour(`--${slug(kind)}`), fill: colour(`--${slug(kind)}-fill`), width: 1.25, points: { show: false },
  })),
  scale: { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.1)] },
  tick: (value) => rate(value),
  columns: stacked,
  describe: (list, idx, history) => fillLegend(list, KINDS.map((kind) => ({
    name: kind,
    swatch: slug(kind),
    value: rate(idx === null ? history.recent(kind) : history.column(kind)[idx] ?? 0),
  }))),
  inWords(history) {
    const total = spread(stacked(history)[0]);
    if (!total) return 'No data yet.';
    return `Events a second over the last ${span(history)}: ${rate(total.last)} now, `
      + `at least ${rate(total.least)}, at most ${rate(total.most)}. The list below has them by kind.`;
  },
});

// --- latency ---

const POWERS = [-4, -3, -2, -1, 0, 1, 2].map((exponent) => 10 ** exponent);

const CURVES = [
  { name: 'To disk, 99% within', column: 'ingest_p99', swatch: 'ingest', of: (now) => now.latency_in_seconds.ingest.p99 },
  { name: 'To disk, half within', column: 'ingest_p50', swatch: 'ingest thin', of: (now) => now.latency_in_seconds.ingest.p50 },
  { name: 'To readers, 99% within', column: 'delivery_p99', swatch: 'delivery', of: (now) => now.latency_in_seconds.delivery.p99 },
  { name: 'To readers, half within', column: 'delivery_p50', swatch: 'delivery thin', of: (now) => now.latency_in_seconds.delivery.p50 },
];

export const latencyPlot = (place, legend, now) => new Plot(place, legend, {
  series: () => CURVES.map((curve) => ({
    stroke: colour(`--${curve.swatch.split(' ')[0]}`),
    width: 2,
    dash: curve.swatch.includes('thin') ? [2, 4] : [],
    paths: uPlot.paths.stepped({ align: -1 }),
    points: { show: false },
    spanGaps: false,
  })),
  scale: {
    distr: 3,
    range: (_, least, most) => [
      Math.min(0.0005, 10 ** Math.floor(Math.log10(least || 0.001))),
      Math.max(0.1, 10 ** Math.ceil(Math.log10(most || 0.1))),
    ],
  },
  axis: { splits: (_, __, least, most) => POWERS.filter((power) => power >= least * 0.999 && power <= most * 1.001) },
  tick: (value) => latency(value),
  columns: (history) => CURVES.map((curve) => history.column(curve.column)),
  describe: (list, idx, history) => fillLegend(list, CURVES.map((curve) => ({
    name: curve.name,
    swatch: curve.swatch,
    value: latency(idx === null ? now() && curve.of(now()) : history.column(curve.column)[idx]),
  }))),
  inWords(history) {
    const words = CURVES.map((curve) => [curve.name, spread(history.column(curve.column))])
      .filter(([, known]) => known)
      .map(([name, known]) => `${name} ${latency(known.last)} now, ${latency(known.most)} at worst`);
    return words.length === 0 ? 'No latency was measured yet.'
      : `Latency over the last ${span(history)}. ${words.join('. ')}.`;
  },
});

// --- subscribers ---

export const subscribersPlot = (place, legend, now) => new Plot(place, legend, {
  series: () => [{
    stroke: colour('--readers'), fill: colour('--readers-fill'), width: 2, points: { show: false },
    paths: uPlot.paths.stepped({ align: -1 }),
  }],
  scale: { range: (_, __, most) => [0, Math.max(4, Math.ceil((most ?? 0) * 1.15))] },
  tick: (value) => (Number.isInteger(value) ? count(value) : ''),
  columns: (history) => [history.column('subscribers')],
  describe: (list, idx, history) => fillLegend(list, [
    { name: 'All', swatch: 'readers', value: count(idx === null ? total(now()) : history.column('subscribers')[idx] ?? 0) },
    ...Object.entries(now()?.subscribers ?? {}).map(([name, value]) => ({ name, swatch: 'none', value: count(value) })),
  ]),
  inWords(history) {
    const known = spread(history.column('subscribers'));
    if (!known) return 'No data yet.';
    return `Subscribers over the last ${span(history)}: ${count(known.last)} now, at least ${count(known.least)}, `
      + `at most ${count(known.most)}.`;
  },
});

const total = (snapshot) => Object.values(snapshot?.subscribers ?? {}).reduce((sum, each) => sum + each, 0);
