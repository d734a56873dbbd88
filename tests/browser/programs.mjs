// Starts the real programs for a test: the simulated network and the sidecar, on free ports.
import { execFileSync, spawn } from 'node:child_process';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

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

/** Debian's Chromium. */
export function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
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

/** What goes wrong from now on in the network of that control port, as docs/simulator.md has it. */
export async function causeFault(controlPort, fault) {
  const answer = await fetch(`http://127.0.0.1:${controlPort}/faults`, { method: 'POST', body: fault });
  if (!answer.ok) throw new Error(`${fault}: ${await answer.text()}`);
}

/** The section [tls] with a certificate that nobody knows. */
function makeCertificate(folder) {
  const [certificate, key] = ['certificate.pem', 'key.pem'].map((name) => path.join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
  { stdio: 'ignore' });
  return { certificate, section: `[tls]\ncertificate_file = "${certificate}"\nprivate_key_file = "${key}"\n` };
}

/** Whether the server answers; over https it must show that certificate. */
function answers(url, ca) {
  if (!ca) return fetch(url, { method: 'HEAD' }).then((response) => response.ok, () => false);
  return new Promise((resolve) => {
    const asked = request(url, { method: 'HEAD', ca }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => resolve(false)).end();
  });
}

/**
 * A sidecar that can be killed and started again on the same log and port. With `admin` it has an admin server,
 * with the limits of the example configuration.
 */
export async function makeSidecar(nodes, { tls = false, admin = false } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'event-sidecar-browser-'));
  const config = path.join(folder, 'config.toml');
  const port = await freePort();
  const certificate = tls ? makeCertificate(folder) : undefined;
  const ca = certificate && await readFile(certificate.certificate);
  const restPort = await freePort();
  const adminPort = admin ? await freePort() : undefined;
  const adminSection = `[admin_server]
port = ${adminPort}
max_concurrent_requests = 1
max_requests_per_second = 1
`;
  const connections = nodes.map((node) => `
[[connections]]
ip_address = "127.0.0.1"
sse_port = ${node.sse_port}
rest_port = ${node.rest_port}
delay_between_retries_in_seconds = 1
max_attempts = 1000`).join('\n');
  await writeFile(config, `exit_when_nodes_unavailable = false
${connections}
[storage]
storage_path = "${folder}/storage"
[storage.sqlite_config]
[rest_server]
port = ${restPort}
[event_stream_server]
port = ${port}
${admin ? adminSection : ''}${certificate?.section ?? ''}`);
  let child;
  const sidecar = {
    port,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    restUrl: `${tls ? 'https' : 'http'}://127.0.0.1:${restPort}`,
    adminUrl: admin ? `${tls ? 'https' : 'http'}://127.0.0.1:${adminPort}` : undefined,
    async start() {
      child = spawn(path.join(programs, 'event-sidecar'), ['--path-to-config', config], { stdio: 'ignore' });
      await eventually(() => answers(`${this.url}/events/main`, ca), 'the sidecar');
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
