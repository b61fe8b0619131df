import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ConnectionLostError } from '../errors.ts';
import { MachineWatch } from './machine-watch.ts';

/** What each of the two machines does, by its port. A look over a new connection to a frozen one ends without an answer. */
let state: Record<number, 'up' | 'down' | 'frozen'>;
let isDatabaseAway: boolean;
let looks: number;
let silences: number;
let watch: MachineWatch;
const known = () => watch.outage;

const machines = [
  { group: 1, host: 'one', port: 1 },
  { group: 2, host: 'two', port: 2 },
];
const places = (away: string) =>
  [0, 5, 6, 7].map((orgKey) => ({ orgKey, isAway: away.includes(String(orgKey === 6 ? 2 : 1)) ? 1 : 0 }));

function connect() {
  return Object({
    control: async () => {},
    async ask(text: string) {
      if (text.includes('from pg_dist_node')) return machines;
      const [, groups] = /any \('\{(.*)\}'/.exec(text) ?? [];
      if (groups !== undefined) return places(groups);
      looks += 1;
      const port = Number(/, (\d)\)/.exec(text)?.[1]);
      if (state[port] === 'frozen') throw new Error('canceling statement due to statement timeout');
      return [{ answers: state[port] === 'up' ? 1 : 0 }];
    },
  });
}

beforeEach(() => {
  state = { 1: 'up', 2: 'up' };
  isDatabaseAway = false;
  [looks, silences] = [0, 0];
  const use = async (work: (connection: object) => unknown) => {
    if (isDatabaseAway) throw new ConnectionLostError(new Error('refused'));
    return work(connect());
  };
  watch = new MachineWatch({ connections: Object({ use }), onSilence: () => (silences += 1) });
  watch.noteSharded();
});

test('a machine that is away is told with its organizations, and no more once it is back', async () => {
  await watch.look();
  assert.equal(known(), null);
  state[2] = 'down';
  await watch.look();
  const outage = known();
  assert.deepEqual(outage, {
    ...{ machines: ['two:2'], groups: [2], away: new Set([6]) },
    ...{ reachable: '{0,5,7}', elsewhere: 0 },
  });
  await watch.look();
  assert.equal(known(), outage, 'the same outage is the same object');
  state[1] = 'down';
  await watch.look();
  assert.deepEqual(known()?.machines, ['one:1', 'two:2']);
  assert.equal(known()?.reachable, '{}');
  state = { 1: 'up', 2: 'up' };
  await watch.look();
  assert.equal(known(), null);
});

test('a machine that is silent is asked once more over another connection', async () => {
  state[2] = 'frozen';
  await watch.look();
  assert.equal(looks, 3);
  assert.deepEqual(known()?.machines, ['two:2']);
});

test('a look that has begun before does not count as one that begins now', async () => {
  const before = watch.look();
  await Promise.resolve();
  await Promise.resolve();
  state[2] = 'down';
  await Promise.all([before, watch.look()]);
  assert.deepEqual(known()?.machines, ['two:2']);
});

test('while the database itself is away, what was found last stays', async () => {
  state[2] = 'down';
  await watch.look();
  isDatabaseAway = true;
  state[2] = 'up';
  await watch.look();
  assert.deepEqual(known()?.machines, ['two:2']);
});

test('on one server nothing is asked', async () => {
  const connections = Object({ use: () => assert.fail('asked') });
  await new MachineWatch({ connections, onSilence: () => {} }).look();
});
