/**
 * Writes `docs/states.md` from the transition tables of the core: `node tools/states.ts`. A test fails when the
 * page is stale, or when a table is not on it.
 */
import { writeFileSync } from 'node:fs';
import { userTransitions } from '../src/core/directory/user.ts';
import { erasureTransitions } from '../src/core/erasure/erasure.ts';
import { messageTransitions } from '../src/core/messaging/message.ts';
import { bulkTransitions } from '../src/core/people/bulk-act.ts';
import { connectionTransitions } from '../src/core/providers/connection.ts';
import { revocationTransitions } from '../src/core/providers/revocation.ts';
import type { Transitions } from '../src/core/transitions.ts';

export interface Life {
  readonly title: string;
  /** Markdown: facts that the table does not contain. */
  readonly about: string;
  /** The name under which the core exports the table. */
  readonly name: string;
  readonly table: Transitions<string, string>;
  /** The states in which a life begins. */
  readonly first: readonly string[];
  /** The event that removes the row in any state; null where rows stay. */
  readonly removal: string | null;
}

export const lives: readonly Life[] = [
  {
    title: 'User',
    about:
      'Users who register or are invited begin as `pending`; users whom a backend or the command line creates begin as `active`. ' +
      'A restore returns a user to the state before the cancellation. Deletion is not a state: it removes the row, from any state.',
    name: 'userTransitions',
    table: userTransitions,
    first: ['pending', 'active'],
    removal: 'delete',
  },
  {
    title: 'Message',
    about:
      'The transaction that causes a message writes it as `queued`. A real sender takes it; the development outbox keeps it. Roster gives ' +
      'up a message after a limited number of failed attempts. A message is deleted with its user, in any state, and 30 days after it ended.',
    name: 'messageTransitions',
    table: messageTransitions,
    first: ['queued'],
    removal: 'delete',
  },
  {
    title: 'Connection',
    about:
      'A connection begins when Roster sends a person to a provider. A disconnect revokes the grant at the provider where the provider ' +
      'may have given one (`disconnect`), and ends immediately where it gave none (`discard`). A connection whose person never returns is deleted ' +
      'after a day. A connection is deleted with its user, in any state; a revocation then ends the grant at the provider. A connection that ' +
      'an operator gives up stays `overdue`: its provider has not confirmed that the access ended.',
    name: 'connectionTransitions',
    table: connectionTransitions,
    first: ['pending'],
    removal: 'delete',
  },
  {
    title: 'Revocation',
    about:
      'A revocation is `pending` until the provider itself confirms that the grant has ended. After 30 days it is `overdue`, and the retries ' +
      'go on. It names no person and outlives the user. Only an operator gives one up.',
    name: 'revocationTransitions',
    table: revocationTransitions,
    first: ['pending'],
    removal: null,
  },
  {
    title: 'Erasure',
    about:
      "An erasure begins in the transaction that deletes its user, so the person's own data is gone immediately, in every state. It is " +
      '`complete` when a scan finds no remains of the person, and every provider has confirmed or was given up by an operator. ' +
      'An erasure that is not complete after 30 days is `overdue`, and its attempts continue.',
    name: 'erasureTransitions',
    table: erasureTransitions,
    first: ['running'],
    removal: null,
  },
  {
    title: 'Bulk act',
    about:
      'An act of staff on many people. It is `planned` until who made it confirms the number of people, and runs part by part until everyone has an ' +
      'outcome. It is deleted 30 days after it was made, in any state.',
    name: 'bulkTransitions',
    table: bulkTransitions,
    first: ['planned'],
    removal: 'delete',
  },
];

export const statesPath = 'docs/states.md';

/** The content of the page. */
export function renderStates(): string {
  return [
    '# States',
    '',
    'Each kind of record that changes state has one transition table and one function that reads it. A transition that is missing here is refused.',
    '',
    '`node tools/states.ts` writes this page from the tables in `src/core`.',
    ...lives.flatMap((life) => ['', `## ${life.title}`, '', life.about, '', renderDiagram(life)]),
    '',
  ].join('\n');
}

/** A Mermaid state diagram: https://mermaid.js.org/syntax/stateDiagram.html */
export function renderDiagram({ table, first, removal }: Pick<Life, 'table' | 'first' | 'removal'>): string {
  const edges = Object.entries(table).flatMap(([state, events]) =>
    Object.entries(events).map(([event, next]) => `    ${state} --> ${next}: ${event}`),
  );
  const ends = removal === null ? [] : Object.keys(table).map((state) => `    ${state} --> [*]: ${removal}`);
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...first.map((state) => `    [*] --> ${state}`),
    ...edges,
    ...ends,
    '```',
  ].join('\n');
}

if (import.meta.main) writeFileSync(new URL(`../${statesPath}`, import.meta.url), renderStates());
