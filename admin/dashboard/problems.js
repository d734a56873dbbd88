// What is wrong now, what was, and what to do about it.
import { byId, make, reconcile, setAttribute, setText, show } from './dom.js';
import { ageOf, count, duration } from './format.js';

const WORDS = { readiness: 'not ready', node: 'node', gap: 'gap', log: 'log' };
const PAST_SHOWN = 12;

function create() {
  return make('li', 'problem', make('p', 'kind'), make('p', 'message'),
    make('p', 'remedy', make('strong', '', 'What to do: '), make('span')));
}

/** When, and how often. */
function when(problem, now) {
  if (problem.ongoing) return problem.since ? `for ${duration(ageOf(problem.since, now))}` : 'now';
  const last = `${duration(ageOf(problem.last, now))} ago`;
  return problem.times > 1 ? `${last}, ${count(problem.times)} times` : last;
}

function update(element, problem, now) {
  const [kind, message, remedy] = element.children;
  setAttribute(element, 'data-state', problem.severity === 'error' ? 'bad' : 'warning');
  const word = problem.source === 'log' ? problem.severity : WORDS[problem.source];
  setText(kind, `${word} · ${when(problem, now)}`);
  setText(message, problem.message);
  show(remedy, problem.remedy !== null);
  setText(remedy.lastChild, problem.remedy ?? '');
}

export function showProblems(snapshot, now) {
  const list = (id, problems) => reconcile(byId(id), problems, (problem) => problem.key, create,
    (element, problem) => update(element, problem, now));
  // Lines whose numbers differ are one problem, which moves.
  const keyed = snapshot.problems.map((problem) => ({
    ...problem, key: `${problem.source} ${problem.since} ${problem.message.replace(/\d+/g, '#')}`,
  }));
  const unique = [...new Map(keyed.map((problem) => [problem.key, problem])).values()];
  const ongoing = unique.filter((problem) => problem.ongoing);
  const past = unique.filter((problem) => !problem.ongoing).slice(0, PAST_SHOWN);
  list('ongoing', ongoing);
  list('past', past);
  show(byId('no-problems'), ongoing.length === 0);
  show(byId('past-title'), past.length > 0);
}
