// The dashboard of the admin server, in Debian's Chromium, with nothing else to be reached.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import { causeFault, eventually, freePort, launchBrowser, makeSidecar, startNetwork } from './programs.mjs';

const HOSTILE = '<img src=x onerror=alert(1)>';

let browser;
let network;
let sidecar;
let controlPort;

before(async () => {
  controlPort = await freePort();
  network = await startNetwork('--wall-clock', '--block-interval', '1s', '--validators', '20', '--step-size', '50KB',
    '--network', HOSTILE, '--control-port', String(controlPort));
  sidecar = await makeSidecar(network.nodes, { admin: true });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await sidecar?.dispose();
  network?.stop();
});

/** A page that reaches the sidecar only; what else it asked for, and what the browser complained of. */
async function openPage(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  await page.route('**/*', (route) => {
    const url = route.request().url();
    if (new URL(url).origin === sidecar.adminUrl) return route.continue();
    complaints.push(`it asks for ${url}`);
    return route.abort();
  });
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => { complaints.push('a dialog'); dialog.dismiss(); });
  await page.goto(`${sidecar.adminUrl}/`);
  await page.waitForSelector('#link[data-state=good]');
  return { page, complaints, close: () => context.close() };
}

const text = (page, selector) => page.locator(selector).innerText();
const number = async (page, selector) => Number((await text(page, selector)).replace(/,/g, ''));

test('it shows nodes, blocks and rates, without any other server and without a complaint', async () => {
  const { page, complaints, close } = await openPage();
  await eventually(async () => (await text(page, '#state-word')) === 'Ready', 'ready');
  await eventually(async () => (await page.locator('#nodes .card[data-state=good]').count()) === 3, 'three nodes');
  await eventually(async () => (await page.locator('#blocks tr').count()) >= 3, 'blocks');
  await eventually(async () => (await number(page, '#rate')) > 5, 'a rate');

  const row = page.locator('#blocks tr').first();
  const title = await row.locator('th .id').getAttribute('title');
  const stored = await fetch(`${sidecar.restUrl}/block/${title}`).then((response) => response.json());
  assert.equal((await row.locator('th .figure').innerText()).replace(/,/g, ''), String(stored.block.header.height));

  const height = await number(page, '#head-height');
  await eventually(async () => (await number(page, '#head-height')) > height + 1, 'the head goes on');
  await eventually(async () => /at least .* at most/.test(await page.locator('#events-plot').getAttribute('aria-label')),
    'the plot in words');
  const painted = await page.locator('#events-plot canvas').evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  assert.ok(painted > 5, `${painted} colours in the plot`);
  assert.deepEqual(complaints, []);
  await close();
});

test('what nodes say is text', async () => {
  const { page, complaints, close } = await openPage();
  await eventually(async () => (await text(page, '#network')) === HOSTILE, 'the name of the network');
  assert.equal(await page.locator('img[src=x]').count(), 0);
  assert.deepEqual(complaints, []);
  await close();
});

test('a node that goes down is shown within seconds, with what to do, and when it is back', async () => {
  const { page, complaints, close } = await openPage();
  await eventually(async () => (await page.locator('#nodes .card[data-state=good]').count()) === 3, 'three nodes');
  await causeFault(controlPort, 'node=2 stop');
  const card = page.locator('#nodes .card', { has: page.locator('.pill .word:not(:text-is("running"))') });
  await eventually(async () => (await card.count()) === 1, 'the card');
  assert.match(await card.locator('.trouble').innerText(), /attempt \d+ of 1000/);
  const problem = page.locator('#ongoing .problem');
  await eventually(async () => (await problem.count()) === 1, 'the problem');
  assert.match(await problem.locator('.remedy').innerText(), /^What to do: Check/);
  assert.equal(await text(page, '#state-word'), 'Ready', 'two others are read');
  await causeFault(controlPort, 'node=2 resume');
  await eventually(async () => (await page.locator('#nodes .card[data-state=good]').count()) === 3, 'back', 20_000);
  await eventually(async () => page.locator('#no-problems').isVisible(), 'nothing wrong');
  assert.ok((await page.locator('#past .problem').count()) > 0, 'the log remembers');
  assert.deepEqual(complaints, []);
  await close();
});

test('without any node it is not ready, and says why, once to those who listen', async () => {
  const { page, complaints, close } = await openPage();
  await causeFault(controlPort, 'stop');
  await eventually(async () => (await text(page, '#state-word')) === 'Not ready', 'not ready');
  assert.match(await text(page, '#reasons'), /no node/);
  assert.match(await text(page, '#announcement'), /^Not ready: /);
  assert.match(await page.title(), /^Not ready/);
  await causeFault(controlPort, 'resume');
  await eventually(async () => (await text(page, '#state-word')) === 'Ready', 'ready again', 20_000);
  assert.equal(await text(page, '#announcement'), 'Ready');
  assert.deepEqual(complaints, []);
  await close();
});

test('limits of one request a second do not touch it', async () => {
  const pages = [];
  for (let i = 0; i < 3; ++i) pages.push(await openPage());
  const scrapes = await Promise.all([1, 2, 3].map(() => fetch(`${sidecar.adminUrl}/metrics`)));
  assert.ok(scrapes.some((answer) => answer.status === 200));
  for (const { page, complaints } of pages) {
    await page.reload();
    await page.waitForSelector('#link[data-state=good]');
    assert.deepEqual(complaints, []);
  }
  for (const { close } of pages) await close();
});

test('light and dark: as the system, or as chosen, also after a reload', async () => {
  const { page, close } = await openPage({ colorScheme: 'dark' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await ground();
  assert.notEqual(light, dark);
  const button = page.getByRole('button', { name: /^Colours/ });
  await button.click();
  await button.click();
  assert.equal(await button.innerText(), 'Dark');
  assert.equal(await ground(), dark);
  await page.reload();
  assert.equal(await ground(), dark);
  assert.equal(await button.innerText(), 'Dark');
  await close();
});

for (const width of [360, 390, 768, 1100]) {
  test(`nothing is scrolled sideways at ${width} px`, async () => {
    const { page, close } = await openPage({ viewport: { width, height: 800 } });
    await eventually(async () => (await page.locator('#blocks tr').count()) >= 3, 'blocks');
    const room = await page.evaluate(() => {
      const { clientWidth, scrollWidth } = document.documentElement;
      const wide = [...document.querySelectorAll('main *')].filter((element) =>
        element.getBoundingClientRect().right > clientWidth + 1 && element.offsetParent !== null);
      return { clientWidth, scrollWidth, wide: wide.map((element) => element.outerHTML.slice(0, 80)) };
    });
    assert.equal(room.scrollWidth, room.clientWidth);
    assert.deepEqual(room.wide, []);
    await close();
  });
}

test('the keyboard reaches everything that can be used, visibly', async () => {
  const { page, close } = await openPage();
  const reached = [];
  for (let i = 0; i < 4; ++i) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => document.activeElement.textContent.trim()));
    const outlined = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outlined, 'solid', reached.at(-1));
  }
  assert.deepEqual(reached, ['Skip to the state', 'Auto', 'Metrics', 'This page as JSON']);
  await page.locator('#theme').focus();
  await page.keyboard.press('Enter');
  assert.equal(await text(page, '#theme-word'), 'Light');
  await close();
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing in ${colorScheme} colours`, async () => {
    const { page, close } = await openPage({ colorScheme });
    await eventually(async () => (await page.locator('#blocks tr').count()) >= 3, 'blocks');
    await page.evaluate(axe.source);
    const found = await page.evaluate(() => window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }));
    const told = found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => `${node.html} ${node.failureSummary}`)}`);
    assert.deepEqual(told, []);
    assert.ok(found.passes.length > 20);
    await close();
  });
}

test('a sidecar that goes away leaves a page that says so, and goes on when it is back', async () => {
  const { page, close } = await openPage();
  await eventually(async () => (await page.locator('#blocks tr').count()) >= 3, 'blocks');
  await sidecar.kill();
  await eventually(async () => (await text(page, '#state-word')) === 'No connection', 'lost', 5000);
  assert.match(await text(page, '#stale'), /^No connection to the sidecar.*tried again/);
  assert.match(await text(page, '#link-text'), /^Lost \d+ s ago$/);
  assert.match(await page.title(), /^No connection/);
  await sidecar.start();
  await eventually(async () => (await text(page, '#link-text')) === 'Live', 'live again', 20_000);
  await eventually(async () => (await text(page, '#state-word')) === 'Ready', 'ready again', 20_000);
  assert.equal(await page.locator('#stale').isVisible(), false);
  const height = await number(page, '#head-height');
  await eventually(async () => (await number(page, '#head-height')) > height, 'the head goes on');
  await close();
});
