// The client library that wallets and explorers use.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sdk from 'casper-js-sdk';
import { eventually, makeSidecar, startNetwork } from './programs.mjs';

const { EventName, EventStream } = sdk;

let network;
let sidecar;

before(async () => {
  network = await startNetwork('--rate', '200', '--step-size', '50KB', '--buffer', '20000');
  sidecar = await makeSidecar(network.nodes);
});

after(async () => {
  await sidecar?.dispose();
  network?.stop();
});

async function collect(endpoint, names, count) {
  const stream = new EventStream(`${sidecar.url}/events/${endpoint}`);
  const got = [];
  for (const name of names) assert.ok(stream.subscribe(name, (event) => got.push({ name, ...event })).ok);
  stream.start(1);
  await eventually(() => got.length >= count, `${count} events of ${names}`);
  stream.stop();
  return got;
}

test('casper-js-sdk reads blocks and processed deploys', async () => {
  const got = await collect('main', [EventName.BlockAdded, EventName.DeployProcessed], 10);
  const block = got.find((event) => event.name === EventName.BlockAdded);
  assert.match(block.body.BlockAdded.block_hash, /^[0-9a-f]{64}$/);
  const deploy = got.find((event) => event.name === EventName.DeployProcessed);
  assert.match(deploy.body.DeployProcessed.deploy_hash, /^[0-9a-f]{64}$/);
});

test('casper-js-sdk reads accepted deploys and finality signatures', async () => {
  const [accepted] = await collect('deploys', [EventName.DeployAccepted], 1);
  assert.ok(accepted.body.DeployAccepted.hash ?? accepted.body.DeployAccepted.deploy.hash);
  const signatures = await collect('sigs', [EventName.FinalitySignature], 50);
  assert.equal(new Set(signatures.map((event) => event.id)).size, signatures.length);
});
