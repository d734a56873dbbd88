// Swagger UI as the sidecar serves it, with nothing else to be reached.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { eventually, launchBrowser, makeSidecar, startNetwork } from './programs.mjs';

let browser;
let network;
let sidecar;

before(async () => {
  network = await startNetwork('--rate', '200', '--events', '2000', '--step-size', '50KB', '--buffer', '20000');
  sidecar = await makeSidecar(network.nodes);
  await eventually(async () => (await newest()).newest_id === 2000, 'all events');
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await sidecar?.dispose();
  network?.stop();
});

const newest = () => fetch(`${sidecar.restUrl}/status`).then((response) => response.json());

/** A page that reaches the sidecar only; what else it asked for, and what the browser complained of. */
async function openPage() {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
  const complaints = [];
  await page.route('**/*', (route) => {
    const url = route.request().url();
    if (new URL(url).origin === sidecar.restUrl) return route.continue();
    complaints.push(`it asks for ${url}`);
    return route.abort();
  });
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
  return { page, complaints };
}

test('Swagger UI loads without any other server, and tries /block out', async () => {
  const { page, complaints } = await openPage();
  await page.goto(`${sidecar.restUrl}/swagger-ui`);
  await page.waitForSelector('.opblock-summary-path');
  assert.equal(page.url(), `${sidecar.restUrl}/swagger-ui/`);
  const document = await fetch(`${sidecar.restUrl}/api-doc.json`).then((response) => response.json());
  const shown = await page.$$eval('.opblock-summary-path', (all) => all.map((each) => each.dataset.path));
  assert.deepEqual(shown.sort(), Object.keys(document.paths).sort());

  const block = page.locator('.opblock', { has: page.locator('[data-path="/block"]') });
  await block.locator('.opblock-summary').click();
  await block.locator('button.execute').click();
  const answer = block.locator('.live-responses-table .response').first();
  await answer.waitFor();
  assert.match(await answer.locator('.response-col_status').innerText(), /^200/);
  const { height } = await newest();
  assert.match(await answer.locator('.highlight-code').first().innerText(), new RegExp(`"height": ${height},`));
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/swagger_ui.png`, fullPage: true });
  assert.deepEqual(complaints, []);
});

test('the page of another origin may read answers and errors, and ask with If-None-Match', async () => {
  const other = createServer((_, response) => response.end('<!doctype html><title>explorer</title>')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${other.address().port}/`);
  const answers = await page.evaluate(async (url) => {
    const block = await fetch(`${url}/block`);
    const etag = block.headers.get('etag');
    const error = await fetch(`${url}/block/nonsense`).then((response) => response.json());
    const again = await fetch(`${url}/block`, { headers: { 'If-None-Match': etag }, cache: 'no-store' });
    return { height: (await block.json()).block.header.height, error: error.code, again: again.status };
  }, sidecar.restUrl);
  assert.deepEqual(answers, { height: (await newest()).height, error: 400, again: 304 });
  await page.close();
  other.close();
});
