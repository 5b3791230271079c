import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openApiDocument } from '../../lib/server/openapi/document.js';
import { renderPage } from '../../lib/server/openapi/page/page.js';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { startServer } from '../support/with-server.js';

describe('the page at /docs', () => {
  it('has every route, and nothing that loads from elsewhere', async () => {
    const document = await openApiDocument();
    const page = renderPage(document);
    for (const path of Object.keys(document.paths)) assert.ok(page.includes(`<code>${path}</code>`), path);
    assert.doesNotMatch(page, /\b(?:src|href)="(?!#|\/openapi\.json")/u);
    assert.doesNotMatch(page, /@import|url\(/u);
  });

  it('escapes what the document says', async () => {
    const document = await openApiDocument();
    const title = '</title><script>alert(1)</script>';
    const page = renderPage({ ...document, info: { ...document.info, title, description: title } });
    assert.ok(!page.includes('<script>alert'));
    assert.ok(page.includes('&lt;script&gt;alert(1)'));
  });

  it('sends a request in a browser, under its own policy', { skip: skipWithoutChromium }, async () => {
    await using server = await startServer();
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const faults: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text());
      });
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(`${server.url}/docs`);
      await page.fill('#filter', '/tokenize');
      const form = page.locator('#postTokenize form');
      await form.locator('button').click();
      await page.waitForFunction("document.querySelector('#postTokenize output').textContent.includes('\"tokens\"')");
      assert.equal(await page.locator('#getHealth').isVisible(), false);
      assert.deepEqual(faults, []);
    } finally {
      await browser.close();
    }
  });
});
