/**
 * Finds in the audit log which addresses were proved before Roster stored it. It reads the events of each organization
 * in their order, in batches, each a transaction of its own; after a stop it starts again with the first event.
 *
 * An accepted invitation, and the creation of an admin on the command line, prove the email. A code proves the phone, or
 * the email of a user without a phone, where `confirmed` was given by it and stands. A change by a person may be one of
 * the email, and the log does not tell: it voids an earlier proof. Messages are stored for 30 days, and the oldest are
 * deleted first. Where those of the user reach back to the proof, and show no other email and no phone, the proof stays.
 */
import { dayMs } from '../../core/time.ts';
import type { MigrationTarget, RunQuery } from '../migrate.ts';

interface EventRow {
  readonly seq: number;
  readonly at: number;
  readonly action: string;
  readonly subject_id: string;
}

const batchRows = 500;
/** Less than the time for which messages are stored. */
const messagesReachMs = 29 * dayMs;

const selectOrganizations = 'select org_key from organizations order by org_key';
/** The one session that the operator starts is that of a new admin. */
const selectEvents = `
  select seq, at, action, subject_id from audit_events
  where org_key = $1 and seq > $2 and subject_kind = 'user' and (
    action in ('invitation.accepted', 'user.confirmed')
    or (action = 'session.started' and actor_kind = 'operator')
    or (action = 'user.updated' and actor_kind = 'user')
  )
  order by seq limit ${batchRows}`;

const ofUser = 'where org_key = $1 and id = $2';
const proveEmail = `update users set email_proved_at = $3 ${ofUser} and email is not null`;
const proveConfirmedEmail = `${proveEmail} and phone_e164 is null and confirmed_at = $3`;
const proveConfirmedPhone = `
  update users set phone_proved_at = $3 ${ofUser} and phone_e164 is not null and confirmed_at = $3`;
const voidEmail = `
  update users set email_proved_at = null ${ofUser} and email_proved_at is not null and (
    exists (
      select 1 from messages where org_key = $1 and user_id = $2
        and (template = 'email_changed' or channel = 'sms')
    )
    or email_proved_at < $3 and not exists (
      select 1 from messages where org_key = $1 and user_id = $2 and created_at <= email_proved_at
        and template in ('invitation', 'confirmation')
    )
  )`;

/** Does nothing more once another process has recorded `version`: that process may serve and change the users. */
export async function fillEarlierProofs(
  target: MigrationTarget,
  { version, now }: { readonly version: number; readonly now: number },
): Promise<void> {
  const organizations = (await target.inBatch((run) => run(selectOrganizations, []))) as {
    org_key: number;
  }[];
  for (const { org_key } of organizations) {
    let after: number | undefined = 0;
    while (after !== undefined) {
      const from: number = after;
      after = await target.inBatch(async (run) => {
        if ((await target.version()) >= version) return undefined;
        const events = (await run(selectEvents, [org_key, from])) as EventRow[];
        for (const event of events) await applyEvent(run, { org_key, event, now });
        return events.at(-1)?.seq;
      });
    }
  }
}

async function applyEvent(
  run: RunQuery,
  { org_key, event, now }: { readonly org_key: number; readonly event: EventRow; readonly now: number },
): Promise<void> {
  const { action, subject_id, at } = event;
  switch (action) {
    case 'user.updated':
      await run(voidEmail, [org_key, subject_id, now - messagesReachMs]);
      break;
    case 'user.confirmed':
      await run(proveConfirmedEmail, [org_key, subject_id, at]);
      await run(proveConfirmedPhone, [org_key, subject_id, at]);
      break;
    default:
      await run(proveEmail, [org_key, subject_id, at]);
  }
}
