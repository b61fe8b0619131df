/**
 * Writes `docs/states.md` from the transition tables of the core: `node tools/states.ts`. A test fails when the
 * page is stale, or when a table is not on it.
 */
import { writeFileSync } from 'node:fs';
import { userTransitions } from '../src/core/directory/user.ts';
import { erasureTransitions } from '../src/core/erasure/erasure.ts';
import { messageTransitions } from '../src/core/messaging/message.ts';
import { connectionTransitions } from '../src/core/providers/connection.ts';
import { revocationTransitions } from '../src/core/providers/revocation.ts';

/** State, event, next state. */
export type Transitions = Readonly<Record<string, Readonly<Partial<Record<string, string>>>>>;

export interface Life {
  readonly title: string;
  /** Markdown: what a table cannot say. */
  readonly about: string;
  /** The name under which the core exports the table. */
  readonly name: string;
  readonly table: Transitions;
  /** The states in which one begins. */
  readonly first: readonly string[];
  /** How one that can be removed in any state ends; null where rows stay. */
  readonly removal: string | null;
}

export const lives: readonly Life[] = [
  {
    title: 'User',
    about:
      'Users who register or are invited begin `pending`; users who are made by a backend or on the command line begin `active`. ' +
      'Restoring leads back to what a user was. Deletion is no state but the end of the row, from any state.',
    name: 'userTransitions',
    table: userTransitions,
    first: ['pending', 'active'],
    removal: 'delete',
  },
  {
    title: 'Message',
    about:
      'A message is written `queued`, in the transaction that causes it. A real sender takes it, the development outbox keeps it, ' +
      'and one that nobody takes is given up after a bounded number of attempts. It goes with its user, in any state, and what has ended goes after 30 days.',
    name: 'messageTransitions',
    table: messageTransitions,
    first: ['queued'],
    removal: 'delete',
  },
  {
    title: 'Connection',
    about:
      'A connection begins when a person is sent to a provider. A disconnect is told to the provider wherever something may have been ' +
      'given (`disconnect`), and ends at once where nothing was (`discard`). One that nobody came back for is forgotten after a day, ' +
      'and it goes with its user, in any state; what the provider must be told then lives on as a revocation. One that an operator gives up ' +
      'stays `overdue`: nobody has confirmed that its access ended.',
    name: 'connectionTransitions',
    table: connectionTransitions,
    first: ['pending'],
    removal: 'delete',
  },
  {
    title: 'Revocation',
    about:
      'A grant that must end is `pending` until the provider confirms, on its own word alone; after 30 days it is `overdue` and is ' +
      'tried further on. It names no person and outlives the user. Only an operator gives one up.',
    name: 'revocationTransitions',
    table: revocationTransitions,
    first: ['pending'],
    removal: null,
  },
  {
    title: 'Erasure',
    about:
      "An erasure begins in the transaction that deletes its user; the person's own data is gone at once in every state. It is " +
      '`complete` when nothing of the person is found any more and every provider has confirmed, or was given up by an operator. ' +
      'What is not complete after 30 days is `overdue` and goes on.',
    name: 'erasureTransitions',
    table: erasureTransitions,
    first: ['running'],
    removal: null,
  },
];

export const statesPath = 'docs/states.md';

/** The page. */
export function renderStates(): string {
  return [
    '# States',
    '',
    'Every noun with a life has one transition table and one function over it; an edge that is missing here is refused.',
    '',
    'This page is written by `node tools/states.ts` from the tables in `src/core`.',
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
