// What is to be read from across the room: ready or not, the head, and a few figures; and the storage.
import { byId, make, reconcile, setAttribute, setText } from './dom.js';
import { ageOf, bytes, count, duration, latency, plural, rate } from './format.js';
import { KINDS } from './history.js';

const sum = (values) => values.reduce((all, each) => all + each, 0);

function showState(snapshot) {
  setAttribute(byId('state'), 'data-state', snapshot.ready ? 'good' : 'bad');
  setText(byId('state-sign'), snapshot.ready ? '✓' : '✕');
  setText(byId('state-word'), snapshot.ready ? 'Ready' : 'Not ready');
  const reading = snapshot.nodes.filter((node) => node.state === 'running').length;
  const reasons = snapshot.ready
    ? [`Events are stored, and read from ${plural(reading, 'node', 'nodes')}.`] : snapshot.reasons;
  showReasons(reasons);
}

const showReasons = (reasons) => reconcile(byId('reasons'), reasons, (reason) => reason,
  () => make('li'), (element, reason) => setText(element, reason));

export function showLost(words) {
  setAttribute(byId('state'), 'data-state', 'idle');
  setText(byId('state-sign'), '?');
  setText(byId('state-word'), 'No connection');
  showReasons([words]);
}

function showHead(snapshot, now) {
  const { head } = snapshot;
  setText(byId('head-height'), head ? count(head.height) : '—');
  setText(byId('head-age'), head ? `${duration(ageOf(head.received_at, now))} ago` : 'no block yet');
}

function showFigures(snapshot, history) {
  setText(byId('rate'), rate(sum(KINDS.map((kind) => history.recent(kind)))));
  setText(byId('ingest'), latency(snapshot.latency_in_seconds.ingest.p99));
  setText(byId('delivery'), latency(snapshot.latency_in_seconds.delivery.p99));
  setText(byId('subscribers'), count(sum(Object.values(snapshot.subscribers))));
  const reading = snapshot.nodes.filter((node) => node.state === 'running').length;
  setText(byId('nodes-read'), `${reading} of ${plural(snapshot.nodes.length, 'node', 'nodes')} read`);
}

function showStorage(snapshot) {
  const { storage } = snapshot;
  const held = snapshot.newest_id - snapshot.oldest_id + 1;
  setText(byId('database-size'), storage.database_bytes === null ? 'not known' : bytes(storage.database_bytes));
  setText(byId('events-held'), count(held));
  setText(byId('ids'), held > 0 ? `${count(snapshot.oldest_id)} to ${count(snapshot.newest_id)}` : 'none yet');
  byId('queue').value = storage.queue_bytes / storage.queue_limit_bytes;
  setText(byId('queue-text'), `${bytes(storage.queue_bytes)} of ${bytes(storage.queue_limit_bytes)}`);
  setText(byId('feed'), snapshot.feed_id);
}

export function showSummary(snapshot, history, now) {
  setText(byId('network'), snapshot.network ?? 'no network yet');
  setText(byId('version'), `version ${snapshot.version}`);
  setText(byId('uptime'), `up ${duration(ageOf(snapshot.started_at, now))}`);
  showState(snapshot);
  showHead(snapshot, now);
  showFigures(snapshot, history);
  showStorage(snapshot);
}
