/** The audit log as the operator reads it: pages of events, and all events as NDJSON for another system. */
import type { Core } from '../../core/core.ts';
import type { Organization } from '../../core/directory/organization.ts';
import { findUserIds } from '../../core/directory/user-dossier.ts';
import type { FieldFault } from '../../core/errors.ts';
import { parseHumanId, parseUserIdText } from '../../core/ids.ts';
import type { AuditEvent, AuditFilter } from '../../core/record/audit-event.ts';
import { exportAuditEvents, listAuditEvents, readFilter } from '../../core/record/audit-log.ts';
import { toMillisecondText } from '../../core/time.ts';
import { CommandError, type Invocation, type Outcome } from '../command.ts';
import { counted, table } from '../layout.ts';
import { getOnlyOrganization, onOrganizations, operatorOf } from '../operator.ts';
import { openOutput, readOutput } from '../transfer/output.ts';
import { ProgressBar } from '../transfer/progress-bar.ts';

const eventsPerPage = 50;

export const list = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const organization = await getOnlyOrganization(directory, invocation);
  const filter = await filterOf(core, organization, invocation);
  const page = Number(invocation.find('page') ?? 1);
  const size = Number(invocation.find('limit') ?? eventsPerPage);
  const principal = operatorOf(organization.key);
  const listing = await listAuditEvents(core, principal, { filter, faults: [], page: { page, size } });
  const events = listing.items.map(shown);
  return {
    json: { events, page, limit: size, total: listing.total },
    text: `${table(
      ['at', 'actor', 'door', 'action', 'subject', 'fields', 'users', 'times'],
      events.map(({ at, actor, door: through, action, subject, fields, users, times }) => [
        at,
        actor.id === null ? actor.kind : `${actor.kind} ${actor.id}`,
        through,
        action,
        `${subject.kind} ${subject.id}`,
        fields.join(',') || '-',
        String(users ?? '-'),
        String(times ?? '-'),
      ]),
      'There are no such events.',
    )}\n\n${counted(listing.total, 'event')} in all; page ${page}, newest first`,
  };
});

export const exportAll = onOrganizations(async (directory, invocation): Promise<Outcome> => {
  const { core } = directory;
  const place = readOutput(invocation, 'audit export', 'events');
  const organization = await getOnlyOrganization(directory, invocation);
  const filter = await filterOf(core, organization, invocation);
  const output = await openOutput(place);
  const batches = exportAuditEvents(core, operatorOf(organization.key), filter);
  const bar = new ProgressBar();
  let exported = 0;
  const texts = async function* (): AsyncGenerator<string> {
    for await (const events of batches) {
      yield events.map((event) => `${JSON.stringify(shown(event))}\n`).join('');
      exported += events.length;
      bar.show({ share: null, text: counted(exported, 'event') });
    }
  };
  try {
    await output.write(texts());
  } finally {
    bar.clear();
  }
  return { json: { exported }, text: place.path === null ? '' : `${counted(exported, 'event')} exported` };
});

async function filterOf(core: Core, { key }: Organization, invocation: Invocation): Promise<AuditFilter> {
  const reference = invocation.find('user');
  const [userId, other] = reference === undefined ? [] : await findUserIds(core, key, reference);
  if (reference !== undefined && userId === undefined) throw new CommandError('there is no such user');
  if (other !== undefined) throw new CommandError('several users request this email: use the id of one');
  const { filter, faults } = readFilter(
    {
      user: userId,
      actor: invocation.find('actor'),
      action: invocation.find('action'),
      since: invocation.find('since'),
      until: invocation.find('until'),
    },
    (text) => (text === userId ? userId : (parseUserIdText(text) ?? parseHumanId(text))),
  );
  const [fault] = faults;
  if (fault !== undefined) throw new CommandError(faultText(fault));
  return filter;
}

function faultText({ field }: FieldFault): string {
  return field === 'since' || field === 'until'
    ? `--${field} must be a time such as 2025-01-20T08:30:00Z, or a date`
    : `--${field} is not valid`;
}

function shown(event: AuditEvent) {
  const { id, at, actorKind, actorId, door: through, action, subjectKind, subjectId } = event;
  return {
    id,
    at: toMillisecondText(at),
    actor: { kind: actorKind, id: actorId },
    door: through,
    action,
    subject: { kind: subjectKind, id: subjectId },
    fields: event.fields,
    users: event.users,
    times: event.times,
  };
}
