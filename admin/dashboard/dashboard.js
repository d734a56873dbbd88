// Puts the page together: one stream in, every part shown anew each second.
import { byId, setAttribute, setText, show } from './dom.js';
import { Feed } from './feed.js';
import { duration } from './format.js';
import { History } from './history.js';
import { showBlocks } from './blocks.js';
import { showNodes } from './nodes.js';
import { eventsPlot, latencyPlot, subscribersPlot } from './plots.js';
import { showProblems } from './problems.js';
import { showLost, showSummary } from './summary.js';

const history = new History();
let snapshot = null;
let snapshotAt = 0;    // by performance.now()
let lostSince = null;  // likewise; null: connected
let lostWhy = '';
let announced = '';

const plots = [
  eventsPlot(byId('events-plot'), byId('events-legend')),
  latencyPlot(byId('latency-plot'), byId('latency-legend'), () => snapshot),
  subscribersPlot(byId('subscribers-plot'), byId('subscribers-legend'), () => snapshot),
];

/** The sidecar's clock, as this machine's may be wrong. */
const now = () => Date.parse(snapshot.time) + (performance.now() - snapshotAt);

function announce(words) {
  if (words === announced) return;
  announced = words;
  setText(byId('announcement'), words);
}

function title(words) {
  const name = snapshot?.network ? `${snapshot.network} · event-sidecar` : 'event-sidecar';
  if (document.title !== `${words} · ${name}`) document.title = `${words} · ${name}`;
}

function render() {
  const time = now();
  showSummary(snapshot, history, time);
  showNodes(snapshot, time);
  showBlocks(snapshot, time);
  showProblems(snapshot, time);
  if (document.hidden) return;
  for (const plot of plots) plot.draw(history, snapshot.second);
}

function take(fresh) {
  // Another version of the sidecar has another page.
  if (snapshot && snapshot.version !== fresh.version) return location.reload();
  snapshot = fresh;
  snapshotAt = performance.now();
  history.add(fresh);
  render();
  announce(fresh.ready ? 'Ready' : `Not ready: ${fresh.reasons.join('; ')}`);
  title(fresh.ready ? 'Ready' : 'Not ready');
}

function connected() {
  if (lostSince === null && byId('link').dataset.state === 'good') return;
  lostSince = null;
  lostWhy = '';
  setAttribute(byId('link'), 'data-state', 'good');
  setText(byId('link-text'), 'Live');
  show(byId('stale'), false);
  delete document.body.dataset.stale;
}

function lost(why) {
  if (lostSince === null) lostSince = snapshot ? snapshotAt : performance.now();
  if (why) lostWhy = why;
  showAge();
  announce('The connection to the sidecar is lost.');
  title('No connection');
}

/** While the connection is lost, what is shown grows old. */
function showAge() {
  if (lostSince === null) return;
  const age = duration((performance.now() - lostSince) / 1000);
  setAttribute(byId('link'), 'data-state', 'bad');
  setText(byId('link-text'), `Lost ${age} ago`);
  const why = lostWhy ? ` (${lostWhy})` : '';
  const what = snapshot ? `What is shown below is ${age} old.` : 'Nothing is known yet.';
  setText(byId('stale'), `No connection to the sidecar${why}. ${what} It is tried again by itself.`);
  show(byId('stale'), true);
  document.body.dataset.stale = '';
  const last = snapshot ? `${age} ago it was ${snapshot.ready ? 'ready' : 'not ready'}.` : 'The sidecar does not answer.';
  showLost(last);
}

// --- colours ---

const WORDS = { auto: 'Auto', light: 'Light', dark: 'Dark' };

function showTheme() {
  const words = WORDS[window.theme.current];
  setText(byId('theme-word'), words);
  setAttribute(byId('theme'), 'aria-label', `Colours: ${words}`);
  for (const plot of plots) plot.restyle();
}

byId('theme').addEventListener('click', () => {
  window.theme.advance();
  showTheme();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', showTheme);
showTheme();

setInterval(showAge, 1000);
document.addEventListener('visibilitychange', () => { if (!document.hidden && snapshot) render(); });

const folder = new URL('.', import.meta.url);
export const feed = new Feed(new URL('events', folder), new URL('state', folder), {
  history: (past) => history.replace(past),
  snapshot: take,
  opened: connected,
  lost,
});
