// A card for each node: its state as a word, a sign and a colour.
import { byId, make, reconcile, setAttribute, setText, show } from './dom.js';
import { ageOf, count, duration, plural } from './format.js';

const SIGNS = { good: '✓', warning: '!', bad: '✕', idle: '–' };
const BY_STATE = {
  running: 'good', initializing: 'idle', connecting: 'idle', restarting: 'idle', suspending: 'idle', suspended: 'idle',
  deleting: 'idle', deleted: 'idle', repairing: 'warning', defunct: 'bad', incompatible: 'bad',
};

function gradeOf(node) {
  if (node.state === 'running' && node.conditions.length > 0) return 'warning';
  if (node.attempt > 0 && node.state !== 'running') return node.state === 'defunct' ? 'bad' : 'warning';
  return BY_STATE[node.state] ?? 'idle';
}

function behind(node) {
  if (node.height === null) return 'no block yet';
  if (node.blocks_behind === 0) return 'at the newest block';
  return `${plural(node.blocks_behind, 'block', 'blocks')} behind`;
}

/** What went wrong, or what it does next. */
function trouble(node, now) {
  if (node.state === 'running') return '';
  const parts = [];
  if (node.last_error) parts.push(node.last_error);
  if (node.attempt > 0) parts.push(`attempt ${node.attempt} of ${node.max_attempts}`);
  if (node.next_attempt) {
    const seconds = -ageOf(node.next_attempt, now);
    if (seconds > 0) parts.push(`next in ${duration(Math.ceil(seconds))}`);
  }
  return parts.join('; ');
}

function create() {
  const endpoint = (name) => make('li', '', make('span', 'sign'), name);
  return make('li', 'card',
    make('div', 'card-head', make('h3'), make('p', 'pill', make('span', 'sign'), make('span', 'word'))),
    make('p', 'height', make('span', 'figure'), make('span', 'note')),
    make('p', 'trouble'),
    make('ul', 'endpoints', endpoint('main'), endpoint('deploys'), endpoint('sigs')),
    make('p', 'small'));
}

function update(element, node, now) {
  const find = (selector) => element.querySelector(selector);
  const grade = gradeOf(node);
  setAttribute(element, 'data-state', grade);
  setText(find('h3'), node.name);
  setText(find('.pill .word'), [node.state, ...node.conditions].join(', '));
  setText(find('.pill .sign'), SIGNS[grade]);
  setAttribute(find('.pill .sign'), 'aria-hidden', 'true');
  setText(find('.figure'), node.height === null ? '—' : count(node.height));
  setText(find('.note'), behind(node));
  const words = trouble(node, now);
  setText(find('.trouble'), words);
  show(find('.trouble'), words !== '');

  const endpoints = find('.endpoints');
  setAttribute(endpoints, 'aria-label', `Endpoints of ${node.name}`);
  for (const item of endpoints.children) {
    const connected = node.endpoints[item.lastChild.textContent];
    setAttribute(item, 'data-state', connected ? 'good' : 'idle');
    setText(item.firstChild, connected ? '✓' : '✕');
    setAttribute(item.firstChild, 'role', 'img');
    setAttribute(item.firstChild, 'aria-label', connected ? 'connected:' : 'not connected:');
  }
  const since = `${node.state} for ${duration(ageOf(node.since, now))}`;
  const gaps = node.gap_count > 0 ? plural(node.gap_count, 'gap', 'gaps') : '';
  // What the node says of itself has no bound here.
  setText(find('.small'), [node.address, node.build_version.slice(0, 40), since, gaps].filter(Boolean).join(' · '));
}

export function showNodes(snapshot, now) {
  reconcile(byId('nodes'), snapshot.nodes, (node) => node.name, create, (element, node) => update(element, node, now));
  show(byId('no-nodes'), snapshot.nodes.length === 0);
}
