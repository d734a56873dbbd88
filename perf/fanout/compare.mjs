// Finds for each server and number of subscribers the largest rate that it sustains: nothing lost, p99 below
// 100 ms, everything delivered. After a first search, the servers are tried in turn, round by round, each
// around its best rate so far; the median of the rounds is the result.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { plot } from './plot.mjs';

const { values: options } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '100,1000,5000' },
    'payload-size': { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '2' },
    systems: { type: 'string', default: 'sidecar,nchan,nchan_pipelined,gathered,single' },
    'fixed-rate': { type: 'string' },
    'coalesce-ms': { type: 'string', default: '0' },
    'use-io-uring': { type: 'string', default: 'true' },
    programs: { type: 'string', default: 'build/release' },
    results: { type: 'string', default: 'perf/results' },
    name: { type: 'string' },
    load: { type: 'string', default: '' },  // for fanout_load, as '--silent 500'
  },
});
const payloadSize = Number(options['payload-size']);
const rounds = Number(options.rounds);
const mostLatency = 100;
const leastDelivered = 0.97;  // of what was emitted while it was measured
const serverCore = '0';
const otherCore = '1';
const ports = { sse: 28101, status: 24101, rest: 28888, streams: 29999, nginx: 28777, bare: 28666 };

const names = {
  sidecar: 'event-sidecar, whole path, durable',
  nchan: 'Nchan, one worker, nothing durable',
  nchan_pipelined: 'Nchan, events published without waiting',
  gathered: 'bare loop, gathered writes',
  single: 'bare loop, one write an event',
};

const program = (name) => path.resolve(options.programs, name);

/** What a trial started, ended with it. */
class Processes {
  folder = mkdtempSync(path.join(tmpdir(), 'fanout-'));
  children = [];

  start(core, command, ...args) {
    const child = spawn('taskset', ['-c', core, command, ...args.map(String)], { stdio: ['ignore', 'ignore', 'ignore'] });
    child.ended = new Promise((resolve) => child.once('exit', resolve));
    this.children.push(child);
    return child.pid;
  }

  async end() {
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.all(this.children.map((child) => child.ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function until(condition, what) {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (await condition().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not in time: ${what}`);
}
const accepts = (port) => () => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
  socket.once('error', () => resolve(false));
});
const answers = (port, target) => async () => (await fetch(`http://127.0.0.1:${port}${target}`)).ok;

function startNode(processes, rate) {
  processes.start(otherCore, program('casper-node-sim'), '--nodes', 1, '--sse-port', ports.sse, '--rest-port', ports.status,
    '--quiet', '--rate', rate, '--payload-size', payloadSize, '--max-skew', '0s', '--stamp', '--buffer', 60000);
  return until(answers(ports.status, '/status'), 'the simulated node');
}

/** Each gives the process that is measured, its port, and what the load generator needs to know. */
const servers = {
  async sidecar(processes, rate) {
    const file = path.join(processes.folder, 'config.toml');
    writeFileSync(file, `
exit_when_nodes_unavailable = false
[[connections]]
ip_address = "127.0.0.1"
sse_port = ${ports.sse}
rest_port = ${ports.status}
max_attempts = 1000
[storage]
storage_path = "${processes.folder}/storage"
[storage.sqlite_config]
[rest_server]
port = ${ports.rest}
bind_address = "127.0.0.1"
[event_stream_server]
port = ${ports.streams}
bind_address = "127.0.0.1"
max_concurrent_subscribers = 19000
coalesce_ms = ${options['coalesce-ms']}
use_io_uring = ${options['use-io-uring']}
`);
    await startNode(processes, rate);
    const pid = processes.start(serverCore, program('event-sidecar'), '--path-to-config', file);
    await until(answers(ports.rest, '/status'), 'the sidecar');
    return { pid, port: ports.streams, args: ['--path', '/events/sigs', '--dense-ids'] };
  },

  nchan: (processes, rate) => nchan(processes, rate),
  nchan_pipelined: (processes, rate) => nchan(processes, rate, '--pipelined'),

  gathered: (processes, rate) => bare(processes, rate, 64),
  single: (processes, rate) => bare(processes, rate, 1),
};

async function nchan(processes, rate, ...feed) {
  const file = path.join(processes.folder, 'nginx.conf');
  writeFileSync(file, `
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${processes.folder}/nginx.pid;
error_log ${processes.folder}/error.log;
events { worker_connections 19000; }
http {
  access_log off;
  nchan_shared_memory_size 1024M;
  keepalive_requests 1000000000;
  client_body_buffer_size 64k;
  server {
    listen 127.0.0.1:${ports.nginx} backlog=4096;
    location = / { return 200 "up"; }
    location = /events { nchan_subscriber eventsource; nchan_channel_id all; nchan_subscriber_first_message newest; }
    location = /publish {
      nchan_publisher; nchan_channel_id all; nchan_message_buffer_length 20000; nchan_message_timeout 60s;
    }
  }
}
`);
  await startNode(processes, rate);
  const pid = processes.start(serverCore, '/usr/sbin/nginx', '-c', file);
  await until(answers(ports.nginx, '/'), 'nginx');
  processes.start(otherCore, program('nchan_feed'), '--from', ports.sse, '--to', ports.nginx, ...feed);
  return { pid, port: ports.nginx, args: ['--path', '/events'] };
}

async function bare(processes, rate, gather) {
  const pid = processes.start(serverCore, program('bare_fanout'), '--port', ports.bare, '--rate', rate,
    '--payload-size', payloadSize, '--gather', gather);
  await until(accepts(ports.bare), 'the bare loop');
  return { pid, port: ports.bare, args: ['--dense-ids'] };
}

/** One server, one rate; with `sustained`. */
async function trial(system, subscribers, rate) {
  const processes = new Processes();
  try {
    const server = await servers[system](processes, rate);
    const perSecond = rate * subscribers;
    const args = ['-c', otherCore, program('fanout_load'), '--port', server.port, '--readers', subscribers,
      '--pid', server.pid, '--seconds', options.seconds, '--warm-up', options['warm-up'],
      '--sample', Math.max(1, Math.round(perSecond / 20_000)), '--patience', '15', ...server.args,
      ...options.load.split(' ').filter(Boolean)];
    const result = JSON.parse(await output('taskset', args.map(String)));
    const lost = result.missing + result.misplaced + result.cut_off;
    result.sustained = lost === 0 && result.latency_ms.p99 <= mostLatency
      && result.delivered_per_second >= leastDelivered * perSecond;
    return result;
  } catch (error) {
    return { sustained: false, failure: String(error.message).trim() };
  } finally {
    await processes.end();
  }
}

function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let complaint = '';
    child.stdout.on('data', (data) => { out += data; });
    child.stderr.on('data', (data) => { complaint += data; });
    child.once('exit', (code) => (code === 0 ? resolve(out) : reject(new Error(complaint || `exit ${code}`))));
  });
}

function describe(system, subscribers, rate, result) {
  const words = result.failure ?? [
    `${Math.round(result.delivered_per_second).toLocaleString('en')}/s`,
    `p50 ${result.latency_ms.p50.toFixed(1)} ms`, `p99 ${result.latency_ms.p99.toFixed(1)} ms`,
    `p99 by tenths ${result.p99_ms_by_tenth.map((p99) => p99?.toFixed(0)).join(' ')}`,
    `${(result.bytes_per_event).toFixed(0)} B`,
    `${(result.server?.memory_bytes_by_tenth[0] / 1e6).toFixed(0)} to ${(result.server?.memory_bytes / 1e6).toFixed(0)} MB`,
    `${result.server?.cpu_us_per_event.toFixed(3)} us CPU`, `${result.server?.cores.toFixed(2)} cores`,
    result.missing ? `${result.missing} missing` : '', result.cut_off ? `${result.cut_off} cut off` : '',
  ].filter(Boolean).join(', ');
  console.log(`${system.padEnd(9)} ${String(subscribers).padStart(5)} x ${Math.round(rate).toLocaleString('en').padStart(7)}/s  ` +
    `${result.sustained ? 'sustained' : 'NOT      '}  ${words}`);
}

async function attempt(system, subscribers, rate) {
  const result = await trial(system, subscribers, rate);
  describe(system, subscribers, rate, result);
  return { rate, ...result };
}

/** What fails is tried once more: on a shared machine one trial may be disturbed. */
async function attemptTwice(system, subscribers, rate) {
  const first = await attempt(system, subscribers, rate);
  return first.sustained ? first : attempt(system, subscribers, rate);
}

/** Up by a half while it goes, then down in the middle of what went and what did not. */
async function search(system, subscribers) {
  const guess = { sidecar: 4e6, gathered: 3.6e6, nchan: 1e5, nchan_pipelined: 1.8e5, single: 1.5e5 }[system] * Math.min(1, 500 / payloadSize);
  let good = null;
  let bad = Infinity;
  for (let rate = guess / subscribers; ;) {
    const result = await attemptTwice(system, subscribers, rate);
    if (result.sustained) good = result;
    else bad = rate;
    if (good && bad / good.rate < 1.12) return good;
    if (!good && rate * subscribers < 1000) return null;
    if (!good) rate /= 1.6;
    else rate = bad === Infinity ? rate * 1.5 : Math.sqrt(good.rate * bad);
  }
}

/** The largest of a round: more than before as long as that goes, else what was best, else less. */
async function round(system, subscribers, best) {
  let largest = null;
  for (let factor = 1.08; ; factor *= 1.1) {
    const more = await attemptTwice(system, subscribers, best * factor);
    if (!more.sustained) break;
    largest = more;
  }
  for (let factor = 1; !largest && factor > 0.3; factor *= 0.92) {
    const result = await attempt(system, subscribers, best * factor);
    if (result.sustained) largest = result;
  }
  return largest;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

function summary(results) {
  const kept = results.filter((result) => result && !result.failure);
  if (kept.length === 0) return null;
  return {
    delivered_per_second: median(kept.map((result) => result.delivered_per_second)),
    p99_ms: median(kept.map((result) => result.latency_ms.p99)),
    cpu_us_per_event: median(kept.map((result) => result.server.cpu_us_per_event)),
    memory_per_subscriber: median(kept.map((result) => result.server.memory_per_subscriber)),
    rounds: kept.length,
  };
}

const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();

async function compare(subscribers, systems) {
  const best = {};
  const results = Object.fromEntries(systems.map((system) => [system, []]));
  if (!options['fixed-rate']) {
    for (const system of systems) best[system] = (await search(system, subscribers))?.rate;
  }
  for (let i = 0; i < rounds; ++i) {
    for (const system of systems) {
      if (options['fixed-rate']) {
        results[system].push(await attempt(system, subscribers, Number(options['fixed-rate'])));
      } else if (best[system]) {
        results[system].push(await round(system, subscribers, best[system]));
      }
    }
  }
  return Object.fromEntries(systems.map((system) => [system, summary(results[system])]));
}

function table(all, counts, systems) {
  const lines = ['| | ' + counts.map((count) => `${count} subscribers`).join(' | ') + ' |',
    '|---|' + counts.map(() => '---|').join('')];
  const number = (value) => Math.round(value).toLocaleString('en');
  for (const system of systems) {
    const cells = counts.map((count) => {
      const result = all[count][system];
      if (!result) return 'none sustained';
      return `${number(result.delivered_per_second)}/s, p99 ${result.p99_ms.toFixed(1)} ms, ` +
        `${result.cpu_us_per_event.toFixed(3)} µs, ${(result.memory_per_subscriber / 1024).toFixed(1)} KB`;
    });
    lines.push(`| ${names[system]} | ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}

const systems = options.systems.split(',');
const counts = options.subscribers.split(',').map(Number);
const all = {};
for (const count of counts) all[count] = await compare(count, systems);

const date = new Date().toISOString().slice(0, 10);
const name = options.name ?? `fanout-${payloadSize}B${options['fixed-rate'] ? `-${options['fixed-rate']}-a-second` : ''}`;
const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores`;
const title = options['fixed-rate'] ? `${options['fixed-rate']} events of ${payloadSize} B a second` : `Events of ${payloadSize} B`;
mkdirSync(options.results, { recursive: true });
const base = path.join(options.results, name);
writeFileSync(`${base}.json`, JSON.stringify({ date, commit: git('rev-parse', '--short', 'HEAD'), machine, options, results: all }, null, 2) + '\n');
writeFileSync(`${base}.md`, `# ${title}

${options['fixed-rate'] ? 'At this rate' : 'The largest rate with p99 below 100 ms and nothing lost'}: delivered events a second, p99 from the
node to the subscriber, the server's CPU time for a delivered event, its memory for a subscriber. Medians of ${rounds}
rounds in turn, ${options.seconds} s each. The server on one core, everything else on the other. Nchan stores nothing durably;
the bare loops neither read nor parse nor store.

${table(all, counts, systems)}

${date}, commit ${git('rev-parse', '--short', 'HEAD')}, ${machine}. \`perf/compare ${process.argv.slice(2).join(' ')}\`
`);
writeFileSync(`${base}.svg`, plot({ title, names, systems, counts, all }));
console.log(`\n${table(all, counts, systems)}\n\n${base}.md, .svg, .json`);
