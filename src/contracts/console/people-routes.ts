/** People in the console: the list and the search, one person, what each contract shows of it, and its timeline. */
import type { Core } from '../../core/core.ts';
import { pageSizeMax, readPage } from '../../core/directory/paging.ts';
import { userRoles, userStatuses } from '../../core/directory/user.ts';
import { readChoice } from '../../core/directory/user-fields.ts';
import type { UserRef } from '../../core/directory/user-store.ts';
import { type FieldFault, refuseFaults } from '../../core/errors.ts';
import { parseUserIdText } from '../../core/ids.ts';
import { findPeople } from '../../core/people/find-people.ts';
import { getPerson } from '../../core/people/person.ts';
import { readTimeline } from '../../core/people/timeline.ts';
import { readSearchText } from '../../core/search/search-query.ts';
import type { SearchFilter } from '../../core/search/user-search-store.ts';
import { isCalendarDate, parseInstant } from '../../core/time.ts';
import type { Answer, Call, Query, Route, ShowUser } from '../../http/contract.ts';
import { presentPeople, presentPerson, presentTimeline } from './people-present.ts';
import {
  peopleOrders,
  peoplePage,
  peoplePerPage,
  peopleQuery,
  person,
  personContracts,
  personParams,
  timeline,
  timelineQuery,
} from './people-schemas.ts';
import { staffOf } from './staff-caller.ts';

const tag = 'People';

export function peopleRoutes(core: Core, showUser: ShowUser): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/people',
      operationId: 'listPeople',
      tag,
      summary: 'Find people',
      description:
        'By email, name, phone, external id or any id, as one types; without a text the newest come first. Filters combine. With a filter other than a status, `next` leads to everyone who matches.',
      access: 'console.people.read',
      query: peopleQuery,
      responses: { 200: { description: 'A page of people', schema: peoplePage } },
      refusals: ['invalid_fields'],
      sampleFaults: [{ field: 'pageSize', fault: 'out_of_range', min: 1, max: pageSizeMax }],
      handle: (call) => list(core, call),
    },
    {
      method: 'GET',
      path: '/people/:id',
      operationId: 'getPerson',
      tag,
      summary: 'One person',
      description: 'Everything about a person, what the reader may do, and why not. The look is recorded.',
      access: 'console.people.read',
      params: personParams,
      responses: { 200: { description: 'The person', schema: person } },
      refusals: ['user_not_found'],
      async handle(call) {
        const dossier = await getPerson(core, staffOf(call), { ref: personRef(call) });
        return { status: 200, body: presentPerson(dossier, core.clock.now()) };
      },
    },
    {
      method: 'GET',
      path: '/people/:id/contracts',
      operationId: 'getPersonContracts',
      tag,
      summary: 'One person as each API shows it',
      access: 'console.people.read',
      params: personParams,
      responses: { 200: { description: 'By the name of the contract', schema: personContracts } },
      refusals: ['user_not_found'],
      async handle(call) {
        const { user } = await getPerson(core, staffOf(call), { ref: personRef(call) });
        return { status: 200, body: showUser(user, core.clock.now()) };
      },
    },
    {
      method: 'GET',
      path: '/people/:id/timeline',
      operationId: 'getPersonTimeline',
      tag,
      summary: 'What happened to a person',
      description: 'The events of the audit log about the person, newest first.',
      access: 'console.record.read',
      params: personParams,
      query: timelineQuery,
      responses: { 200: { description: 'A page of events', schema: timeline } },
      refusals: ['user_not_found', 'invalid_fields'],
      sampleFaults: [{ field: 'pageSize', fault: 'out_of_range', min: 1, max: pageSizeMax }],
      handle: (call) => readEvents(core, call),
    },
  ];
}

/** The person that the path names; null for a text that is no id. The search finds a person by every other spelling. */
export function personRef({ params }: Pick<Call, 'params'>): UserRef | null {
  const id = parseUserIdText(params['id'] ?? '');
  return id === null ? null : { id };
}

async function readEvents(core: Core, call: Call): Promise<Answer> {
  const { page, faults } = readPage(call.query, { page: 'page', size: 'pageSize' }, peoplePerPage);
  refuseFaults(faults);
  const listing = await readTimeline(core, staffOf(call), { ref: personRef(call), page });
  return { status: 200, body: presentTimeline(listing) };
}

async function list(core: Core, call: Call): Promise<Answer> {
  const { page, faults } = readPage(call.query, { page: 'page', size: 'pageSize' }, peoplePerPage);
  const asked = readPeopleQuery(call.query);
  const { sort = peopleOrders[0] } = call.query;
  const order = peopleOrders.find((each) => each === sort);
  const { after, page: number } = call.query;
  const isPlaced = after === undefined || after === '' || (typeof after === 'string' && number === undefined);
  const invalid: FieldFault[] = [
    ...(order === undefined ? [{ field: 'sort', fault: 'invalid' } as const] : []),
    ...(isPlaced ? [] : [{ field: 'after', fault: 'invalid' } as const]),
  ];
  refuseFaults([...asked.faults, ...faults, ...invalid]);
  const found = await findPeople(core, staffOf(call), {
    ...{ query: asked.query, filter: asked.filter, page, isOldestFirst: order === 'oldest' },
    ...(typeof after === 'string' && after !== '' ? { after } : {}),
  });
  return { status: 200, body: presentPeople(found) };
}

/** The text and the filters of a query, the names of those that are given, and every fault. An empty parameter filters nothing. */
export function readPeopleQuery(query: Query) {
  const faults: FieldFault[] = [];
  const names: string[] = [];
  const take = <T>(field: string, read: (text: string) => T | undefined): T | undefined => {
    const value = query[field];
    if (value === undefined || value === '') return undefined;
    const taken = typeof value === 'string' ? read(value) : undefined;
    names.push(field);
    if (taken === undefined) faults.push({ field, fault: 'invalid' });
    return taken;
  };
  const choice = <T extends string>(field: string, choices: readonly T[]): T | undefined =>
    take(field, (text) => {
      const read = readChoice(text, choices);
      return 'value' in read ? read.value : undefined;
    });
  const flag = (field: string): boolean | undefined => {
    const said = choice(field, ['yes', 'no']);
    return said === undefined ? undefined : said === 'yes';
  };
  const time = (field: string): number | undefined =>
    take(field, (text) => parseInstant(isCalendarDate(text) ? `${text}T00:00:00Z` : text) ?? undefined);
  const name = (field: string): string | undefined =>
    take(field, (text) => (/^[\x21-\x7e]{1,64}$/.test(text) ? text : undefined));
  const read = {
    status: choice('status', userStatuses),
    role: choice('role', userRoles),
    appId: name('appId'),
    isConfirmed: flag('confirmed'),
    isProved: flag('proved'),
    isClinical: flag('clinical'),
    provider: name('provider'),
    createdFrom: time('createdFrom'),
    createdUntil: time('createdTo'),
    seenFrom: time('seenFrom'),
    seenUntil: time('seenTo'),
  };
  const typed = take('q', (text) => (text.isWellFormed() && !text.includes('\0') ? text : undefined));
  const text = readSearchText(typed, 'q');
  const filter: SearchFilter = Object.fromEntries(
    Object.entries(read).filter(([, value]) => value !== undefined),
  );
  return { query: text.query, filter, names, faults: [...faults, ...text.faults] };
}
