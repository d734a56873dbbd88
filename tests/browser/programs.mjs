// Starts the real programs for a test: the simulated network and the sidecar, on free ports.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const programs = process.env.PROGRAMS ?? path.join(root, 'build/release');

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until `condition` gives something, looking every 20 ms. */
export async function eventually(condition, what, patience = 30_000) {
  const deadline = Date.now() + patience;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function startNetwork(...options) {
  const child = spawn(
    path.join(programs, 'casper-node-sim'),
    ['--sse-port', '0', '--rest-port', '0', '--quiet', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.on('data', (bytes) => { output += bytes; });
  await eventually(() => output.includes('\n'), 'the simulated network');
  const { nodes } = JSON.parse(output.split('\n').find((line) => line.startsWith('{')));
  return { nodes, stop: () => child.kill('SIGKILL') };
}

/** A sidecar that can be killed and started again on the same log and port. */
export async function makeSidecar(nodes) {
  const folder = await mkdtemp(path.join(tmpdir(), 'event-sidecar-browser-'));
  const config = path.join(folder, 'config.toml');
  const port = await freePort();
  const connections = nodes.map((node) => `
[[connections]]
ip_address = "127.0.0.1"
sse_port = ${node.sse_port}
rest_port = ${node.rest_port}
delay_between_retries_in_seconds = 1
max_attempts = 1000`).join('\n');
  await writeFile(config, `${connections}
[storage]
storage_path = "${folder}/storage"
[storage.sqlite_config]
[rest_server]
port = ${await freePort()}
[event_stream_server]
port = ${port}
`);
  let child;
  const sidecar = {
    port,
    url: `http://127.0.0.1:${port}`,
    async start() {
      child = spawn(path.join(programs, 'event-sidecar'), ['--path-to-config', config], { stdio: 'ignore' });
      await eventually(() => fetch(`${this.url}/events/main`, { method: 'HEAD' }).then((r) => r.ok, () => false), 'the sidecar');
    },
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    async dispose() {
      if (child.exitCode === null && child.signalCode === null) await this.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await sidecar.start();
  return sidecar;
}
