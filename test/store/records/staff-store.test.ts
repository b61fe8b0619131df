/** The stores of staff accounts, on both databases: what is unique, what is taken once, and what goes with an account. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isRefusal } from '../../../src/core/errors.ts';
import { newPrefixedId, type OrgKey } from '../../../src/core/ids.ts';
import type { StaffSession } from '../../../src/core/staff/staff-session.ts';
import type { Tx } from '../../../src/core/unit-of-work.ts';
import { addStaff, addTenant, databases, type OwnStore } from '../harness.ts';

const minuteMs = 60_000;
const takenTimes = 5;

/** How many of several changes at the same time return true. */
async function winners(changes: readonly Promise<boolean>[]): Promise<number> {
  return (await Promise.all(changes)).filter(Boolean).length;
}

for (const { name, make } of databases) {
  describe(`staff accounts on ${name}`, () => {
    let own: OwnStore;
    let orgKey: OrgKey;
    let otherKey: OrgKey;
    before(async () => {
      own = await make();
      orgKey = (await addTenant(own.store)).orgKey;
      otherKey = (await addTenant(own.store)).orgKey;
    });
    after(() => own.dispose());

    const change = <T>(work: (tx: Tx) => Promise<T>, key = orgKey): Promise<T> => own.store.change(key, work);
    const session = (staffId: string, fields: Partial<StaffSession> = {}): StaffSession => ({
      ...{ id: newPrefixedId('ses'), staffId, stage: 'open', network: '192.0.2.1' },
      ...{ startedAt: 1_000, lastUsedAt: 1_000, factorAt: null, sealedTotp: null },
      ...fields,
    });

    test('an email is unique in an organization, however it is written, and may be in two', async () => {
      const email = 'ann@bücher.example.com';
      const account = await addStaff(own.store, orgKey, { email });
      for (const same of ['ANN@bücher.example.com', 'ann@xn--bcher-kva.example.com']) {
        await assert.rejects(addStaff(own.store, orgKey, { email: same }), (error) =>
          isRefusal(error, 'email_taken'),
        );
      }
      const other = await addStaff(own.store, otherKey, { email });
      const found = await own.store.readSystem('operator', (tx) =>
        tx.staff.listByEmail('Ann@BÜCHER.example.com'),
      );
      assert.deepEqual(new Set(found.map(({ id }) => id)), new Set([account.id, other.id]));
      assert.equal(await change((tx) => tx.staff.find(other.id)), null);
      assert.equal(
        (await own.store.readSystem('operator', (tx) => tx.staff.find(other.id)))?.orgKey,
        otherKey,
      );
    });

    test('another email is unique too, and its refusal leaves the rest of the change', async () => {
      const first = await addStaff(own.store, orgKey, { email: 'first@example.com' });
      const second = await addStaff(own.store, orgKey, { email: 'second@example.com' });
      await addStaff(own.store, otherKey, { email: 'elsewhere@example.com' });
      await change((tx) => tx.staff.update(first.id, { email: 'elsewhere@example.com' }));
      await change(async (tx) => {
        await assert.rejects(tx.staff.update(second.id, { email: 'ELSEWHERE@example.com' }), (error) =>
          isRefusal(error, 'email_taken'),
        );
        await tx.staff.update(second.id, { name: 'Second' });
      });
      const emailsOf = async () => (await change((tx) => tx.staff.list())).map(({ email }) => email);
      assert.ok((await emailsOf()).includes('second@example.com'));
      // The own address in another case is the same address.
      await change((tx) => tx.staff.update(second.id, { email: 'Second@example.com' }));
      assert.ok((await emailsOf()).includes('Second@example.com'));
      const found = await own.store.readSystem('operator', (tx) => tx.staff.listByEmail('first@example.com'));
      assert.deepEqual(found, []);
    });

    test('a time step, a recovery code, a link and a challenge are each taken once', async () => {
      const { id: staffId } = await addStaff(own.store, orgKey);
      const open = session(staffId);
      await change(async (tx) => {
        await tx.staffSessions.insert(open, 'digest');
        await tx.staffSessions.setChallenge(open.id, 'challenge');
        await tx.staffFactors.replaceCodes(staffId, ['one', 'two']);
        await tx.staffFactors.replaceLink({ staffId, expiresAt: 5_000 }, 'link');
      });
      const attempts: readonly ((tx: Tx) => Promise<boolean>)[] = [
        (tx) => tx.staff.consumeTotpStep(staffId, 7),
        (tx) => tx.staffFactors.consumeCode(staffId, 'one'),
        (tx) => tx.staffFactors.consumeLink('link'),
        (tx) => tx.staffSessions.consumeChallenge(open.id, 'challenge'),
      ];
      for (const attempt of attempts) {
        const changes = Array.from({ length: takenTimes }, () => change(attempt));
        assert.equal(await winners(changes), 1, String(attempt));
      }
      const usedLink = (tx: Tx) => tx.staffFactors.findUsedLink(staffId);
      assert.deepEqual(await change(usedLink), { staffId, expiresAt: 5_000 });
      assert.equal(await change(usedLink, otherKey), null);
      await change((tx) => tx.staffFactors.replaceLink({ staffId, expiresAt: 6_000 }, 'next'));
      assert.equal(await change(usedLink), null, 'another link was made');
      assert.equal(await change((tx) => tx.staff.consumeTotpStep(staffId, 6)), false, 'an earlier step');
      assert.equal(await change((tx) => tx.staff.consumeTotpStep(staffId, 8)), true);
      assert.equal(await change((tx) => tx.staffFactors.countCodes(staffId)), 1);
      assert.equal(await change((tx) => tx.staffFactors.consumeCode(staffId, 'two'), otherKey), false);
    });

    test('another link takes the place of the former', async () => {
      const { id: staffId } = await addStaff(own.store, orgKey);
      await change((tx) => tx.staffFactors.replaceLink({ staffId, expiresAt: 5_000 }, 'former'));
      await change((tx) => tx.staffFactors.replaceLink({ staffId, expiresAt: 6_000 }, 'present'));
      assert.equal(await change((tx) => tx.staffFactors.findLink('former')), null);
      assert.deepEqual(await change((tx) => tx.staffFactors.findLink('present')), {
        staffId,
        expiresAt: 6_000,
      });
      assert.equal(await change((tx) => tx.staffFactors.findLink('present'), otherKey), null);
    });

    test('a session is found with the role of its account, and the newest ones stay', async () => {
      const { id: staffId } = await addStaff(own.store, orgKey, { role: 'privacy' });
      const sessions = [1, 2, 3].map((at) =>
        session(staffId, { startedAt: at * minuteMs, lastUsedAt: at * minuteMs }),
      );
      await change(async (tx) => {
        for (const each of sessions) await tx.staffSessions.insert(each, `digest ${each.id}`);
      });
      const [oldest, , newest] = sessions;
      const found = await change((tx) => tx.staffSessions.findByDigest(`digest ${newest?.id}`));
      assert.deepEqual(found, { session: newest, role: 'privacy' });
      assert.equal(
        await change((tx) => tx.staffSessions.findByDigest(`digest ${newest?.id}`), otherKey),
        null,
      );
      assert.equal(await change((tx) => tx.staffSessions.keepNewest(staffId, 2)), 1);
      assert.equal(await change((tx) => tx.staffSessions.findByDigest(`digest ${oldest?.id}`)), null);
      assert.equal(await change((tx) => tx.staffSessions.endAll(staffId, newest?.id)), 1);
      assert.deepEqual(await change((tx) => tx.staffSessions.listOf(staffId)), [newest]);
    });

    test('everything of an account goes with it', async () => {
      const { id: staffId } = await addStaff(own.store, orgKey);
      await change(async (tx) => {
        await tx.staffSessions.insert(session(staffId), 'last');
        await tx.staffFactors.replaceCodes(staffId, ['code']);
        await tx.staffFactors.replaceLink({ staffId, expiresAt: 5_000 }, 'last link');
        await tx.staff.noteNetwork(staffId, 'network', 1_000);
        await tx.staffFactors.insertPasskey({
          ...{ id: newPrefixedId('pky'), staffId, credentialId: 'credential', publicKey: 'key', signs: 0 },
          ...{ transports: ['usb', 'nfc'], name: 'Key', isSynced: true, createdAt: 1_000, usedAt: null },
        });
      });
      const [passkey] = await change((tx) => tx.staffFactors.listPasskeys(staffId));
      assert.deepEqual([passkey?.transports, passkey?.isSynced], [['usb', 'nfc'], true]);
      assert.equal(await change((tx) => tx.staff.isKnownNetwork(staffId, 'network', 999)), true);
      assert.equal(await change((tx) => tx.staff.isKnownNetwork(staffId, 'network', 1_000)), false);
      assert.equal(await change((tx) => tx.staff.remove(staffId)), true);
      assert.equal(await change((tx) => tx.staff.remove(staffId)), false);
      const rows = own.openRows();
      for (const table of await rows.tables()) {
        if (!table.startsWith('staff_')) continue;
        const left = (await rows.all(table)).filter((row) => [row['staff_id'], row['id']].includes(staffId));
        assert.deepEqual(left, [], table);
      }
      await rows.close();
    });
  });
}
