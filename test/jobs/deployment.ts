/** A directory without a server for tests of jobs: a real database in its own folder, and a clock that stands still. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config/config.ts';
import { PasswordChanges } from '../../src/core/access/password-changes.ts';
import { SignInGate } from '../../src/core/access/sign-in-gate.ts';
import type { Core } from '../../src/core/core.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import type { NewUser, User } from '../../src/core/directory/user.ts';
import { newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import { RefusedDeletions } from '../../src/core/erasure/refused-deletion-store.ts';
import { ShedRequests } from '../../src/core/figures/shed-requests.ts';
import type { OrgKey } from '../../src/core/ids.ts';
import { KeyUses } from '../../src/core/keys/key-uses.ts';
import type { Message } from '../../src/core/messaging/message.ts';
import { queueMessage } from '../../src/core/messaging/queue-message.ts';
import type { MessageSender, OutgoingMessage, SendOutcome } from '../../src/core/messaging/sender.ts';
import { AuditTally } from '../../src/core/record/tally.ts';
import { createSecretBox } from '../../src/core/secret.ts';
import type { Clock } from '../../src/core/time.ts';
import { createMessageComposer } from '../../src/gateways/message-composer.ts';
import { createPasswordHasher } from '../../src/gateways/password-hasher.ts';
import { isCommonPassword } from '../../src/gateways/passwords/common-passwords.ts';
import { staffFactorChecks } from '../../src/gateways/staff-factors.ts';
import type { Journal } from '../../src/jobs/journal.ts';
import { openRecords } from '../../src/store/folder/folder-records.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createFakeClock, type FakeClock } from '../support/server/clock.ts';
import { openRows, type Row, type Rows } from '../support/server/rows.ts';

export const secret = 'a-secret-of-a-deployment-under-test';

export interface Deployment {
  readonly core: Core;
  readonly clock: FakeClock;
  readonly folder: string;
  readonly orgKey: OrgKey;
  readonly rows: Rows;
  addUser(values?: Partial<NewUser>): Promise<User>;
  /** Queues a confirmation to the user's phone. */
  postCode(user: User, code?: string): Promise<void>;
  /** Queues an invitation to the user's address. */
  postInvitation(user: User, token?: string): Promise<void>;
  /** The rows of messages, oldest first. */
  messages(): readonly Row[];
  close(): Promise<void>;
}

export async function openDeployment(): Promise<Deployment> {
  const folder = await mkdtemp(join(tmpdir(), 'roster-jobs-'));
  const clock = createFakeClock();
  const { core, closeStore } = await openCore(folder, clock);
  const { organization, app } = await createOrganization(core, 'test', 'Default');
  const orgKey = organization.key;
  const rows = openRows(folder);
  return {
    core,
    clock,
    folder,
    orgKey,
    rows,
    addUser: (values = {}) =>
      core.work.change(orgKey, (tx) => tx.users.insert({ ...newUserOf(app.id, clock.now()), ...values })),
    postCode: (user, code = '012345') =>
      core.work.change(orgKey, async (tx) => {
        const to = '+15551234567';
        const spent = await queueMessage(core, tx, user, {
          template: 'confirmation',
          channel: 'sms',
          to,
          code,
        });
        assert.equal(spent, null);
      }),
    postInvitation: (user, token = 'inv_1_token') =>
      core.work.change(orgKey, async (tx) => {
        const to = 'jane@example.com';
        await queueMessage(core, tx, user, { template: 'invitation', channel: 'email', to, token });
      }),
    messages: () => [...rows.all('messages')].sort((a, b) => Number(a['seq']) - Number(b['seq'])),
    async close() {
      rows.close();
      await closeStore();
      await rm(folder, { recursive: true });
    },
  };
}

const noProviders = {
  redirectUri: 'http://localhost/connect/callback',
  list: () => [],
  find: () => null,
  findMark: () => null,
};

/** A core with the database in the folder, as each process that serves it has one. */
export async function openCore(
  folder: string,
  clock: Clock,
  secrets = createSecretBox(secret),
): Promise<{ core: Core; closeStore: () => Promise<void> }> {
  const { config } = readConfig({
    ROSTER_LIMIT_ADDRESS_HOUR: '1000000',
    ROSTER_LIMIT_ADDRESS_DAY: '1000000',
    ROSTER_LIMIT_ACCOUNT_HOUR: '1000000',
    ROSTER_LIMIT_SMS_ORGANIZATION_DAY: 'none',
    ROSTER_LIMIT_SMS_DAY: 'none',
  });
  const store = openStore({ dataDir: folder });
  await store.migrate();
  const records = openRecords(folder, secrets, (error) => {
    throw error;
  });
  const core: Core = {
    work: store,
    clock,
    secrets,
    hasher: createPasswordHasher({ queueMax: 256 }),
    composer: createMessageComposer({
      linkUrl: 'http://localhost:8080/set-password',
      proofUrl: 'http://localhost:8080/prove-email',
      changeUrl: 'http://localhost:8080/change-email',
      undoUrl: 'http://localhost:8080/undo-email-change',
    }),
    sms: null,
    isCommonPassword: async (password) => isCommonPassword(password),
    policy: { ...config, outboxChannels: ['sms', 'email'] },
    humanity: null,
    staffFactors: staffFactorChecks,
    providers: noProviders,
    ledger: records.ledger,
    refused: new RefusedDeletions(),
    publicKeys: records.publicKeys,
    remains: store.remains,
    running: new Set(),
    signInGate: new SignInGate(),
    passwordChanges: new PasswordChanges(),
    tally: new AuditTally(),
    keyUses: new KeyUses(),
    shed: new ShedRequests(),
    takesUnicodeAddresses: () => true,
    issuer: () => 'https://roster.example.com',
  };
  return {
    core,
    async closeStore() {
      await records.close();
      await store.close();
    },
  };
}

/** A sender that records its messages and answers as the test says, by the number of the call. */
export function createTestSender(
  answer: (call: number, message: OutgoingMessage) => SendOutcome | Promise<SendOutcome> = () => ({
    kind: 'taken',
  }),
): MessageSender & { readonly sent: OutgoingMessage[] } {
  const sent: OutgoingMessage[] = [];
  return {
    sent,
    async send(message) {
      sent.push(message);
      return answer(sent.length, message);
    },
    close: async () => {},
  };
}

export interface TestJournal extends Journal {
  readonly notes: Readonly<Record<string, string | number>>[];
  readonly faults: unknown[];
}

export function createTestJournal(): TestJournal {
  const notes: TestJournal['notes'] = [];
  const faults: unknown[] = [];
  return {
    notes,
    faults,
    note: (_event, fields) => notes.push(fields),
    warn: (_event, fields) => notes.push(fields),
    fault: (_event, error) => faults.push(error),
  };
}

/** The message's id, state and attempts as its row has them. */
export function stateOf(row: Row | undefined): Pick<Message, 'state' | 'attempts'> & { hasContent: boolean } {
  return {
    state: row?.['state'] as Message['state'],
    attempts: Number(row?.['attempts']),
    hasContent: row?.['sealed_content'] !== null,
  };
}
