/**
 * A caller floods doors that refuse it before it has a place among the others: with credentials that do not exist, with calls
 * that its role forbids, with unknown paths. Another flood is of pages that are always served. A tenant who is there gets its
 * answer before most of the flood has one.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { signUp } from '../../contracts/general/sign-up.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import { openLines, type ReadyLine } from '../support/ready-lines.ts';

const floodSize = 300;
/** So many of a flood may be answered before another tenant. */
const answeredMax = 100;

describe('a flood that needs no place', () => {
  const roster = setUpRoster({ env: { ROSTER_LIMIT_PAGE: '60' } });
  const other = setUp(async () => roster.addAdmin(await roster.addOrganization('Other')));
  const free = setUp(() => signUp(roster));
  const lines = setUp(() => openLines(roster.baseUrl, floodSize + 1));
  after(() => lines.close());

  const get = (path: string, field = 'X-Nothing: 1', method = 'GET'): string =>
    `${method} ${path} HTTP/1.1\r\nHost: x\r\n${field}\r\n\r\n`;

  /** Each with the statuses that the flood may get. */
  const floods: readonly (readonly [string, () => string, readonly number[]])[] = [
    ['of wrong sessions', () => get('/general/v1/users/1', `X-User-Token: ${free.session}x`), [401]],
    ['of wrong keys', () => get('/sonar/v1/users', `Authorization: Bearer ${'0'.repeat(40)}`), [401]],
    [
      'of calls that a role forbids',
      () => get('/general/v1/users/1/approve_clinical', `X-User-Token: ${free.session}`, 'POST'),
      [403],
    ],
    ['of unknown paths', () => get('/nowhere'), [404, 429]],
    ['of health checks', () => get('/healthz'), [200]],
    ['of checks that read the database', () => get('/readyz'), [200]],
  ];
  for (const [what, ask, expected] of floods) {
    test(`${what} lets another tenant pass`, async () => {
      const [own, ...others] = lines.all as [ReadyLine, ...ReadyLine[]];
      const line = get(`/general/v1/users/${other.number}`, `X-User-Token: ${other.session}`);
      assert.equal(await own.ask(line), 200);
      const bytes = ask();
      let answered = 0;
      const statuses = others.map(async (each) => {
        const status = await each.ask(bytes);
        answered += 1;
        return status;
      });
      assert.equal(await own.ask(line), 200);
      const before = answered;
      assert.deepEqual([...new Set(await Promise.all(statuses))].sort(), expected);
      assert.ok(before <= answeredMax, `${before} were answered before`);
    });
  }
});
