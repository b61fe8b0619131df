/** Walks the routes of the whole server: each that needs no credential has a limit by network, except health and static files. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { contracts } from '../../src/contracts/index.ts';
import { createServer } from '../../src/http/server/server.ts';
import { defaultHttpSettings } from '../../src/http/settings.ts';
import { createPages } from '../../src/pages/pages.ts';
import { createSiteTexts } from '../../src/pages/site-texts.ts';
import { startRoster } from '../support/server/start.ts';

const roster = await startRoster();
after(() => roster.close());

/** They answer from memory, with the same bytes for every caller. */
const unlimited = [
  ...['/healthz', '/readyz', '/favicon.ico', '/docs/js/:name'],
  ...['/connect/notice.js', '/connect/assets/:name', '/connect/marks/:provider/:digest'],
  ...['/connect/callback.js', '/connect/start.js', '/console/assets/:name'],
];
/** The picture of the Connect page, under its two addresses, and the scripts of pages behind links. */
const isUnlimited = (pattern: string): boolean =>
  unlimited.includes(pattern) || /^\/connect\/{1,2}images\//.test(pattern) || /^\/[a-z-]+\.js$/.test(pattern);

test('each door that needs no credential has a limit by network', () => {
  const { operations } = createServer({
    core: roster.core,
    contracts,
    fallback: 'organization',
    pages: createPages(roster.core, createSiteTexts()),
    settings: defaultHttpSettings,
    publicUrl: () => roster.baseUrl,
    logger: { request: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    readiness: async () => true,
  });
  assert.ok(operations.length > 60);
  const open = operations.filter(({ admission }) => admission === null);
  const without = open
    .filter(({ throttle }) => throttle === null)
    .map(({ pattern }) => pattern ?? 'unknown paths');
  assert.deepEqual(
    without.filter((pattern) => !isUnlimited(pattern)),
    [],
  );
  for (const pattern of unlimited) assert.ok(without.includes(pattern), pattern);
  const limited = open.filter(({ throttle }) => throttle !== null);
  assert.ok(limited.length > 20);
  assert.equal(operations.at(-1)?.pattern, null, 'unknown paths are one of them');
  assert.equal(operations.at(-1)?.throttle, 'page');
});
