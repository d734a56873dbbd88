// Streams in gzip and deflate, as the clients that ask for them read them: each event when it comes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, get } from 'node:http';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { createGunzip, createInflate } from 'node:zlib';
import { eventually, launchBrowser, makeSidecar, startNetwork } from './programs.mjs';

let network;
let sidecar;

before(async () => {
  network = await startNetwork('--rate', '100', '--step-size', '400KB', '--buffer', '20000');
  sidecar = await makeSidecar(network.nodes);
});

after(async () => {
  await sidecar?.dispose();
  network?.stop();
});

/** The events of a text that ends wherever it does. */
function eventsOf(text) {
  return text.split('\n\n').slice(0, -1).map((frame) => {
    const [, data, id] = frame.match(/^data:(.*?)(?:\nid:(\d+))?$/s) ?? [];
    return { id: Number(id ?? 0), data };
  });
}

/** Collects the text of what its bytes say. */
function collect(bytes, close) {
  const stream = { text: '', close, newest: () => eventsOf(stream.text).at(-1)?.id ?? 0 };
  bytes.setEncoding('utf8');
  bytes.on('data', (text) => { stream.text += text; });
  bytes.on('error', () => {});
  return stream;
}

async function byHttp(target, coding, inflater) {
  const request = get(`${sidecar.url}${target}`, { headers: { 'accept-encoding': coding } });
  const [response] = await once(request, 'response');
  assert.equal(response.headers['content-encoding'], coding === 'identity' ? undefined : coding);
  assert.match(response.headers.vary, /Accept-Encoding/);
  return collect(inflater ? response.pipe(inflater) : response, () => request.destroy());
}

function byCurl(target) {
  const curl = spawn('curl', ['-sN', '--compressed', `${sidecar.url}${target}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  return collect(curl.stdout, () => curl.kill());
}

test('Node and curl read what the plain stream says, each event when it comes', async () => {
  for (const endpoint of ['main', 'sigs']) {
    const target = `/events/${endpoint}?start_from=1`;
    const plain = await byHttp(target, 'identity');
    const others = [
      await byHttp(target, 'gzip', createGunzip()),
      await byHttp(target, 'deflate', createInflate()),
      byCurl(target),
    ];
    await eventually(() => plain.newest() > 200, 'events');
    for (let round = 0; round < 5; round += 1) {
      const newest = plain.newest();
      for (const other of others) await eventually(() => other.newest() >= newest, `event ${newest}`);
      await eventually(() => plain.newest() > newest, 'another event');
    }
    for (const stream of [plain, ...others]) stream.close();
    for (const other of others) {
      const shared = Math.min(other.text.length, plain.text.length);
      assert.ok(other.text.slice(0, shared) === plain.text.slice(0, shared), endpoint);
      assert.ok(eventsOf(other.text).length > 10);
    }
  }
});

test('EventSource and fetch of Chromium are answered in gzip', async () => {
  const pageServer = createServer((_, response) => response.end('<!doctype html><title>subscriber</title>'));
  pageServer.listen(0, '127.0.0.1');
  await once(pageServer, 'listening');
  const browser = await launchBrowser();
  const page = await browser.newPage();
  const codings = [];
  page.on('response', (response) => {
    if (response.url().includes('/events/')) codings.push(response.headers()['content-encoding']);
  });
  await page.goto(`http://127.0.0.1:${pageServer.address().port}/`);
  await page.evaluate((url) => {
    window.events = [];
    window.fetched = '';
    const source = new EventSource(`${url}/events/main?start_from=1`);
    source.onmessage = (event) => window.events.push({ id: Number(event.lastEventId), data: event.data });
    fetch(`${url}/events/sigs`).then(async (response) => {
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) window.fetched += (await reader.read()).value;
    });
  }, sidecar.url);

  const seen = () => page.evaluate(() => window.events.at(-1)?.id ?? 0);
  await eventually(async () => await seen() > 200, 'events of EventSource');
  const fetched = async () => eventsOf(await page.evaluate(() => window.fetched)).at(-1)?.id ?? 0;
  await eventually(async () => await fetched() > 0, 'events of fetch');
  for (let round = 0; round < 3; round += 1) {
    const [event, signature] = [await seen(), await fetched()];
    await eventually(async () => await seen() > event, 'the next event', 10_000);
    await eventually(async () => await fetched() > signature, 'the next signature', 10_000);
  }
  assert.deepEqual(codings, ['gzip', 'gzip']);
  const events = (await page.evaluate(() => window.events)).filter((event) => !event.data.includes('ApiVersion'));
  for (const event of events) assert.equal(Object.keys(JSON.parse(event.data)).length, 1);
  const ids = events.map((event) => event.id);
  assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b));
  await browser.close();
  pageServer.close();
});
