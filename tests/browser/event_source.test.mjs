// The browser's own EventSource, in Debian's Chromium, from a page of another origin.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { eventually, launchBrowser, makeSidecar, startNetwork } from './programs.mjs';

let browser;
let network;
let sidecar;
let pageServer;

before(async () => {
  network = await startNetwork('--rate', '100', '--step-size', '50KB', '--buffer', '20000');
  sidecar = await makeSidecar(network.nodes);
  pageServer = createServer((_, response) => response.end('<!doctype html><title>subscriber</title>'));
  pageServer.listen(0, '127.0.0.1');
  await once(pageServer, 'listening');
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  pageServer?.close();
  await sidecar?.dispose();
  network?.stop();
});

async function subscribe(target, of = sidecar) {
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.goto(`http://127.0.0.1:${pageServer.address().port}/`);
  await page.evaluate((url) => {
    window.events = [];
    window.opened = 0;
    const source = new EventSource(url);
    source.onopen = () => { window.opened += 1; };
    source.onmessage = (event) => window.events.push({ id: event.lastEventId, data: event.data });
  }, `${of.url}${target}`);
  return page;
}

const events = (page) => page.evaluate(() => window.events);

test('EventSource gets every event over a kill of the sidecar, from another origin', async () => {
  const pages = [];
  for (const endpoint of ['main', 'deploys', 'sigs']) pages.push(await subscribe(`/events/${endpoint}?start_from=1`));
  for (const page of pages) await eventually(() => page.evaluate(() => window.opened === 1), 'the first connection');
  await eventually(async () => (await events(pages[0])).length > 20, 'events');

  await sidecar.kill();
  await sidecar.start();
  for (const page of pages) await eventually(() => page.evaluate(() => window.opened > 1), 'the reconnect', 60_000);
  const before = (await events(pages[0])).length;
  await eventually(async () => (await events(pages[0])).length > before + 20, 'events after the reconnect');
  const newest = Number((await events(pages[0])).at(-1).id);
  for (const page of pages) {
    await eventually(async () => Number((await events(page)).at(-1).id) > newest, 'the other endpoints', 60_000);
  }

  const ids = [];
  for (const page of pages) {
    const got = (await events(page)).filter((event) => !event.data.includes('ApiVersion'));
    const own = got.map((event) => Number(event.id));
    assert.deepEqual(own, [...own].sort((a, b) => a - b), 'ids rise on each endpoint');
    for (const event of got) JSON.parse(event.data);
    ids.push(...own.filter((id) => id <= newest));
  }
  assert.deepEqual(ids.sort((a, b) => a - b), Array.from({ length: newest }, (_, i) => i + 1), 'no event lost or twice');
  for (const page of pages) await page.close();
});

test('EventSource reads over https', async () => {
  const secure = await makeSidecar(network.nodes, { tls: true });
  const page = await subscribe('/events/main?start_from=1', secure);
  await eventually(async () => (await events(page)).length > 20, 'events over https');
  const got = (await events(page)).filter((event) => !event.data.includes('ApiVersion'));
  for (const event of got) assert.ok(Object.keys(JSON.parse(event.data)).length === 1);
  assert.equal(await page.evaluate(() => window.opened), 1);
  await page.close();
  await secure.dispose();
});

test('fetch from another origin may read the range headers', async () => {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${pageServer.address().port}/`);
  const answer = await page.evaluate(async (url) => {
    const response = await fetch(`${url}/events/main?start_from=1`, { headers: { 'Last-Event-ID': '3' } });
    const reader = response.body.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return {
      status: response.status,
      oldest: response.headers.get('x-sidecar-oldest-id'),
      feed: response.headers.get('x-sidecar-feed-id'),
      text: new TextDecoder().decode(value),
    };
  }, sidecar.url);
  assert.equal(answer.status, 200);
  assert.equal(answer.oldest, '1');
  assert.match(answer.feed, /^[0-9a-f-]{36}$/);
  assert.match(answer.text, /^data:\{"ApiVersion"/);
  const missing = await page.evaluate((url) => fetch(`${url}/events/nope`).then((r) => r.status), sidecar.url);
  assert.equal(missing, 404, 'errors carry the CORS header too');
  await page.close();
});
