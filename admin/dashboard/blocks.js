// The last blocks, a row each.
import { byId, make, reconcile, setAttribute, setText, show } from './dom.js';
import { ageOf, count, duration, short } from './format.js';

const orDash = (value) => (value === null ? '—' : count(value));

function create() {
  const head = make('th', '', make('span', 'figure'), make('span', 'id'));
  head.scope = 'row';
  return make('tr', '', head, ...['number era', 'number', 'number', 'number', 'proposer id'].map((name) => make('td', name)));
}

function update(row, block, now) {
  const [head, era, age, transactions, signatures, proposer] = row.children;
  setText(head.firstChild, count(block.height));
  setText(head.lastChild, short(block.hash));
  setAttribute(head.lastChild, 'title', block.hash);
  setText(era, orDash(block.era));
  setText(age, duration(ageOf(block.received_at, now)));
  setAttribute(age, 'title', block.time ? `Made at ${block.time}, stored at ${block.received_at}` : `Stored at ${block.received_at}`);
  setText(transactions, orDash(block.transactions));
  setText(signatures, count(block.signatures));
  setText(proposer, block.proposer ? short(block.proposer) : '—');
  setAttribute(proposer, 'title', block.proposer ?? '');
}

export function showBlocks(snapshot, now) {
  const { blocks, blocks_error: error } = snapshot;
  reconcile(byId('blocks'), blocks, (block) => block.hash, create, (row, block) => update(row, block, now));
  show(byId('no-blocks'), blocks.length === 0 && !error);
  show(byId('blocks-error'), error !== null);
  setText(byId('blocks-error'), error ? `These may be old, as the log cannot be read: ${error}` : '');
}
