/** The export of one person in the console: an archive that verifies, for the roles that may, with a fresh second factor. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listPublicKeys } from '../../../src/core/erasure/receipt-key.ts';
import { verifyManifest } from '../../../src/core/person-export/manifest.ts';
import { minuteMs } from '../../../src/core/time.ts';
import { filesInZip } from '../../support/machine/zip-files.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const roster = setUpRoster();
const person = setUp(() => roster.addAdmin(roster.organization, 'ada@example.com'));
const privacy = setUp(() => roster.organization.staff('privacy'));
const ledger = setUpLedger(roster);
const pathOf = (id: string): string => `/console/api/v1/people/${id}/export`;

describe('the export of a person', () => {
  test('is an archive with a signed manifest, and an act of the staff account', async () => {
    await ledger.mark();
    const reply = await fetch(`${roster.baseUrl}${pathOf(person.userId)}`, { headers: privacy.ask.headers });
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get('content-type'), 'application/zip');
    assert.match(
      reply.headers.get('content-disposition') ?? '',
      /^attachment; filename="exp_[0-9a-f]{32}\.zip"$/,
    );
    assert.equal(reply.headers.get('cache-control'), 'no-store');
    const files = filesInZip(Buffer.from(await reply.arrayBuffer()));
    assert.ok(files.get('users.csv')?.includes('ada@example.com'));
    const result = verifyManifest(files.get('manifest.json') ?? '', await listPublicKeys(roster.core));
    assert.ok('claims' in result);
    assert.partialDeepStrictEqual(result.claims, {
      user_id: person.userId,
      exported_by: 'staff',
      door: 'console',
    });
    await ledger.expect({
      audit: [{ action: 'user.exported', actor_kind: 'staff', actor_id: privacy.staffId, users: 1 }],
    });
  });

  test('is refused to roles that may not, to an old factor, and for a person of another organization', async () => {
    const codeFor = async (ask: typeof privacy.ask, id = person.userId) => {
      const reply = await roster.call(`GET ${pathOf(id)}`, ask);
      return [reply.status, reply.at('error.code')];
    };
    for (const role of ['support', 'engineer'] as const) {
      const { ask } = await roster.organization.staff(role);
      assert.deepEqual(await codeFor(ask), [403, 'forbidden'], role);
    }
    const stranger = await (await roster.addOrganization()).staff('owner');
    assert.deepEqual(await codeFor(stranger.ask), [404, 'not_found']);
    assert.deepEqual(await codeFor(privacy.ask, `usr_${'0'.repeat(32)}`), [404, 'not_found']);
    assert.deepEqual(await codeFor(privacy.ask, 'usr_x'), [404, 'not_found']);
    roster.clock.advance(6 * minuteMs);
    assert.deepEqual(await codeFor(privacy.ask), [403, 'fresh_factor_required']);
    const anonymous = await roster.call(`GET ${pathOf(person.userId)}`);
    assert.deepEqual([anonymous.status, anonymous.at('error.code')], [401, 'unauthorized']);
  });
});
