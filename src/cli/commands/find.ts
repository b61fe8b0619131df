/** Finds users of an organization. Shows what is needed to tell them apart; `user show` shows all of one. */
import type { Core } from '../../core/core.ts';
import { fullNameOf, userRoles, userStatuses } from '../../core/directory/user.ts';
import { userView } from '../../core/directory/user-view.ts';
import { isRefusal } from '../../core/errors.ts';
import { type OrgKey, toUserIdText } from '../../core/ids.ts';
import { findUsers } from '../../core/search/find-users.ts';
import { SearchIndexer } from '../../core/search/search-blocks.ts';
import { readSearchText } from '../../core/search/search-query.ts';
import type { SearchFilter } from '../../core/search/user-search-store.ts';
import { isCalendarDate, parseInstant, toMillisecondText } from '../../core/time.ts';
import { CommandError, type Invocation } from '../command.ts';
import { counted, table } from '../layout.ts';
import { choiceOf, getOnlyOrganization, onOrganizations, operatorOf } from '../operator.ts';
import { ProgressBar } from '../transfer/progress-bar.ts';

const usersPerPage = 20;
const view = userView(
  ...([
    'id',
    'number',
    'externalId',
    'email',
    'firstName',
    'lastName',
    'phone',
    'status',
    'role',
    'createdAt',
  ] as const),
);

export const find = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const { key } = await getOnlyOrganization(directory, invocation);
  const { query, faults } = readSearchText(invocation.argument, 'TEXT');
  if (faults.length > 0) throw new CommandError('TEXT is too long');
  const page = {
    page: Number(invocation.find('page') ?? 1),
    size: Number(invocation.find('limit') ?? usersPerPage),
  };
  const filter = filterOf(invocation);
  await indexUsers(core, key);
  const { items, total, isExact } = await findUsers(core, operatorOf(key), { query, filter, page, view });
  const users = items.map((user) => {
    const { id, number, externalId, email, phone, status, role, createdAt } = user;
    const name = fullNameOf(user);
    return {
      id: toUserIdText(id),
      number,
      externalId,
      email,
      name,
      phone,
      status,
      role,
      createdAt: toMillisecondText(createdAt),
    };
  });
  const number = `${isExact ? '' : 'at least '}${counted(total, 'user')}`;
  return {
    json: { total, isExact, users },
    text: `${table(
      ['id', 'number', 'email', 'name', 'phone', 'external id', 'status', 'role', 'created'],
      users.map(({ id, number: of, email, name, phone, externalId, status, role, createdAt }) => {
        return [
          id,
          String(of),
          email ?? '-',
          name ?? '-',
          phone ?? '-',
          externalId ?? '-',
          status,
          role,
          createdAt,
        ];
      }),
      total === 0 ? 'No user matches.' : 'There are no users on this page.',
    )}\n\n${number} in all; page ${page.page}`,
    notes: isExact
      ? []
      : ['more users match than a search looks for: another word or a filter narrows it down'],
  };
});

/** A directory that no server serves may have many new users. Where nothing can be written, a search compares fewer of them. */
async function indexUsers(core: Core, orgKey: OrgKey): Promise<void> {
  const bar = new ProgressBar();
  try {
    await new SearchIndexer(core).complete(orgKey, ({ share }) =>
      bar.show({ share, text: 'preparing the search' }),
    );
  } catch (error) {
    if (!isRefusal(error, 'unavailable')) throw error;
  } finally {
    bar.clear();
  }
}

function filterOf(invocation: Invocation): SearchFilter {
  const flag = (option: string): boolean | undefined => {
    const value = invocation.find(option);
    return value === undefined ? undefined : value === 'yes';
  };
  const filter = {
    status: choiceOf(invocation, 'status', userStatuses),
    role: choiceOf(invocation, 'role', userRoles),
    appId: invocation.find('app'),
    isConfirmed: flag('confirmed'),
    isProved: flag('proved'),
    isClinical: flag('clinical'),
    provider: invocation.find('provider'),
    createdFrom: timeOf(invocation, 'created-since'),
    createdUntil: timeOf(invocation, 'created-until'),
    seenFrom: timeOf(invocation, 'seen-since'),
    seenUntil: timeOf(invocation, 'seen-until'),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

function timeOf(invocation: Invocation, option: string): number | undefined {
  const text = invocation.find(option);
  if (text === undefined) return undefined;
  const instant = parseInstant(isCalendarDate(text) ? `${text}T00:00:00Z` : text);
  if (instant === null)
    throw new CommandError(`--${option} must be a time such as 2025-01-20T08:30:00Z, or a date`);
  return instant;
}
