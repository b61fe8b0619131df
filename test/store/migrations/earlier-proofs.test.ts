/** The upgrade: which addresses of users of an earlier version count as proved. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { operatorAt, type Principal } from '../../../src/core/access/principal.ts';
import type { NewUser, User } from '../../../src/core/directory/user.ts';
import { type AuditAction, record } from '../../../src/core/record/audit-event.ts';
import { dayMs } from '../../../src/core/time.ts';
import { fillEarlierProofs } from '../../../src/store/migrations/earlier-proofs.ts';
import type { Store } from '../../../src/store/store.ts';
import { addTenant, databases, newUser, type OwnStore, type Tenant } from '../harness.ts';
import { onTarget } from './on-target.ts';

const now = 500 * dayMs;
const email = { email: 'ada@example.org' };
const phone = { phone: '+1 555 123 4567', phoneE164: '+15551234567' };

for (const { name, make } of databases) {
  describe(`the proofs of an earlier version on ${name}`, () => {
    let own: OwnStore;
    let store: Store;
    before(async () => {
      own = await make();
      store = own.store;
    });
    after(() => own.dispose());

    type Step = readonly [AuditAction, by: 'person' | 'public' | 'operator' | 'key', at?: number];

    /** A user with a history, as an earlier version recorded it. */
    async function addEarlier(tenant: Tenant, fields: Partial<NewUser>, steps: readonly Step[]) {
      return store.change(tenant.orgKey, async (tx) => {
        const user = await tx.users.insert(newUser(tenant, fields));
        for (const [action, by, at = 1_000] of steps) {
          await record(tx, principalOf(by, user), action, { kind: 'user', id: user.id }, at);
        }
        return user;
      });
    }

    const upgrade = (version = 1_000) =>
      onTarget(own, (target) => fillEarlierProofs(target, { version, now }));

    async function proofsOf({ orgKey, id }: User) {
      const user = await store.read(orgKey, (tx) => tx.users.find({ id }));
      return { email: user?.emailProvedAt, phone: user?.phoneProvedAt };
    }

    const unproved = { email: null, phone: null };

    const cases: readonly {
      readonly title: string;
      readonly fields: Partial<NewUser>;
      readonly steps: readonly Step[];
      readonly messages?: readonly {
        readonly channel: string;
        readonly template: string;
        readonly at?: number;
      }[];
      readonly proofs: { readonly email: number | null; readonly phone: number | null };
    }[] = [
      {
        title: 'an accepted invitation proves the email',
        fields: { ...email, confirmedAt: 1_000 },
        steps: [['invitation.accepted', 'public', 1_000]],
        proofs: { email: 1_000, phone: null },
      },
      {
        title: 'the creation of an admin on the command line proves the email',
        fields: { ...email, role: 'admin', confirmedAt: 1_000 },
        steps: [
          ['user.created', 'operator'],
          ['session.started', 'operator'],
        ],
        proofs: { email: 1_000, phone: null },
      },
      {
        title: 'an import proves nothing, also of a confirmed admin',
        fields: { ...email, ...phone, role: 'admin', confirmedAt: 900 },
        steps: [['user.created', 'operator']],
        proofs: unproved,
      },
      {
        title: 'a code proves the email of a user who has no phone',
        fields: { ...email, confirmedAt: 1_000 },
        steps: [['user.confirmed', 'public']],
        proofs: { email: 1_000, phone: null },
      },
      {
        title: 'a code proves the phone, and not the email',
        fields: { ...email, ...phone, confirmedAt: 1_000 },
        steps: [['user.confirmed', 'public']],
        proofs: { email: null, phone: 1_000 },
      },
      {
        title: 'a change of another field leaves the phone proved',
        fields: { ...email, ...phone, confirmedAt: 1_000 },
        steps: [
          ['user.confirmed', 'public'],
          ['user.updated', 'person', 2_000],
        ],
        proofs: { email: null, phone: 1_000 },
      },
      {
        title: 'a code for an earlier phone proves nothing',
        fields: { ...email, ...phone },
        steps: [['user.confirmed', 'public']],
        proofs: unproved,
      },
      {
        title: 'a code for an earlier phone does not prove the phone of an imported confirmation',
        fields: { ...email, ...phone, confirmedAt: 900 },
        steps: [['user.confirmed', 'public']],
        proofs: unproved,
      },
      {
        title: 'a change by a person voids an old proof, because it may be another email',
        fields: { ...email, confirmedAt: 1_000 },
        steps: [
          ['invitation.accepted', 'public'],
          ['user.updated', 'person', 2_000],
        ],
        proofs: unproved,
      },
      {
        title: 'a change by a key is none of the email',
        fields: { ...email, confirmedAt: 1_000 },
        steps: [
          ['invitation.accepted', 'public'],
          ['user.updated', 'key', 2_000],
        ],
        proofs: { email: 1_000, phone: null },
      },
      {
        title: 'a change after a recent proof is none of the email where no message says so',
        fields: { ...email, confirmedAt: now - dayMs },
        steps: [
          ['invitation.accepted', 'public', now - dayMs],
          ['user.updated', 'person', now - 1_000],
        ],
        proofs: { email: now - dayMs, phone: null },
      },
      {
        title: 'a change of email after a recent proof voids it',
        fields: { ...email, confirmedAt: now - dayMs },
        steps: [
          ['invitation.accepted', 'public', now - dayMs],
          ['user.updated', 'person', now - 1_000],
        ],
        messages: [{ channel: 'email', template: 'email_changed' }],
        proofs: unproved,
      },
      {
        title: 'a change after an old proof is none of the email where the messages reach back to the proof',
        fields: { ...email, confirmedAt: 1_000 },
        steps: [
          ['invitation.accepted', 'public'],
          ['user.updated', 'person', 2_000],
        ],
        messages: [{ channel: 'email', template: 'invitation', at: 900 }],
        proofs: { email: 1_000, phone: null },
      },
      {
        title: 'a change of email after an old proof voids it',
        fields: { ...email, confirmedAt: 1_000 },
        steps: [
          ['user.confirmed', 'public'],
          ['user.updated', 'person', 2_000],
        ],
        messages: [
          { channel: 'email', template: 'confirmation', at: 900 },
          { channel: 'email', template: 'email_changed', at: 2_000 },
        ],
        proofs: unproved,
      },
      {
        title: 'a code for a phone that was removed proves no email',
        fields: { ...email, confirmedAt: now - dayMs },
        steps: [
          ['user.confirmed', 'public', now - dayMs],
          ['user.updated', 'person', now - 1_000],
        ],
        messages: [{ channel: 'sms', template: 'confirmation' }],
        proofs: unproved,
      },
      {
        title: 'an invitation that is accepted after a change of the account proves the email',
        fields: { ...email, confirmedAt: 3_000 },
        steps: [
          ['user.updated', 'person', 2_000],
          ['invitation.accepted', 'public', 3_000],
        ],
        proofs: { email: 3_000, phone: null },
      },
      {
        title: 'a user without an email has no proof of one',
        fields: { confirmedAt: 1_000 },
        steps: [['user.confirmed', 'public']],
        proofs: unproved,
      },
      {
        title: 'a reset link proves nothing',
        fields: email,
        steps: [['password.reset', 'public']],
        proofs: unproved,
      },
    ];

    test('are found in the record, and stay the same when the upgrade is repeated', async () => {
      const users: User[] = [];
      for (const { fields, steps, messages = [] } of cases) {
        // A tenant for each case, because all of them have the same email.
        const user = await addEarlier(await addTenant(store), fields, steps);
        users.push(user);
        for (const [index, { channel, template, at = now }] of messages.entries()) {
          await own.execute(`insert into messages
            (org_key, id, user_id, channel, template, is_outbox_only, state, attempts, next_attempt_at, created_at)
            values (${user.orgKey}, 'msg_${index}', '${user.id}', '${channel}', '${template}', 0, 'sent', 1, ${at}, ${at})`);
        }
      }
      for (let run = 0; run < 2; run++) {
        await upgrade();
        for (const [at, { title, proofs }] of cases.entries()) {
          const user = users[at];
          assert.ok(user !== undefined);
          assert.deepEqual(await proofsOf(user), proofs, title);
        }
      }
    });

    test('are found in all batches of a large record, after a stop too', async () => {
      const tenant = await addTenant(store);
      const user = await addEarlier(tenant, { confirmedAt: 5_000 }, [
        ...Array.from({ length: 1_100 }, (): Step => ['user.updated', 'person']),
      ]);
      const invited = await addEarlier(tenant, email, [['invitation.accepted', 'public', 6_000]]);
      await onTarget(own, async (target) => {
        let batches = 0;
        const inBatch = target.inBatch.bind(target);
        target.inBatch = (work) => {
          if (++batches === 3) throw new Error('stopped');
          return inBatch(work);
        };
        await assert.rejects(fillEarlierProofs(target, { version: 1_000, now }), /stopped/);
      });
      await upgrade();
      assert.deepEqual(await proofsOf(user), unproved);
      assert.deepEqual(await proofsOf(invited), { email: 6_000, phone: null });
    });

    test('are not filled again once the upgrade is recorded, because the server may have changed them', async () => {
      const invited = await addEarlier(await addTenant(store), email, [['invitation.accepted', 'public']]);
      await upgrade(15);
      assert.deepEqual(await proofsOf(invited), unproved);
    });
  });
}

function principalOf(by: 'person' | 'public' | 'operator' | 'key', user: User): Principal {
  const { orgKey } = user;
  switch (by) {
    case 'person':
      return {
        kind: 'user',
        door: 'general',
        orgKey,
        userId: user.id,
        sessionId: 'ses',
        sessionStartedAt: 0,
        user,
      };
    case 'public':
      return { kind: 'public', door: 'general', orgKey };
    case 'operator':
      return operatorAt('cli', orgKey);
    case 'key':
      return { kind: 'api_key', door: 'sonar', orgKey, keyId: 'key', role: 'admin' };
  }
}
