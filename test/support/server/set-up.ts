/**
 * The set-up of a suite: values that are made before its first test, and a server that is closed after its last.
 * Each function is called where the suite is declared, and registers its hooks there. The value that it returns is
 * filled in later, so a test uses it like any other constant; a use before the first test fails.
 *
 *     describe('POST /v1/users', () => {
 *       const roster = setUpRoster();
 *       const admin = setUp(() => roster.addAdmin());
 *       const ledger = setUpLedger(roster);
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { type Ledger, openLedger } from './ledger.ts';
import { type Roster, type StartOptions, startRoster } from './start.ts';

/** A server that runs while the tests of the suite do. */
export function setUpRoster(options: StartOptions = {}): Roster {
  let started: Roster | undefined;
  const roster = setUp(async () => {
    started = await startRoster(options);
    return started;
  });
  after(() => started?.close());
  return roster;
}

/** A ledger of what the tests of the suite write. */
export function setUpLedger(roster: Roster): Ledger {
  return setUp(() => openLedger(roster));
}

let previous: Promise<unknown> = Promise.resolve();

/**
 * What `make` returns. Values are made one after the other, in the order in which they are declared; outside of a suite
 * node:test starts all hooks at the same time, so each waits for the one before it. What takes long needs a `timeout`, in milliseconds.
 */
export function setUp<Value extends object>(
  make: () => Value | Promise<Value>,
  options: { readonly timeout?: number } = {},
): Value {
  let made: Value | undefined;
  before(async () => {
    const own = previous.then(make);
    previous = own.catch(() => null);
    made = await own;
  }, options);
  const value = (): Value => {
    assert.ok(made !== undefined, 'used before the first test of the suite');
    return made;
  };
  const handler: Required<Pick<ProxyHandler<Value>, 'get' | 'has' | 'ownKeys' | 'getOwnPropertyDescriptor'>> =
    {
      get: (_, key) => Reflect.get(value(), key),
      has: (_, key) => Reflect.has(value(), key),
      ownKeys: () => Reflect.ownKeys(value()),
      getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(value(), key),
    };
  return new Proxy({} as Value, handler);
}
