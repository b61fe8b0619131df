/**
 * A program for the outage tests, which limit its files to one or two mebibytes. It requests small changes and changes
 * that do not fit, and prints their outcomes as JSON. Its argument is the folder of the store.
 */
import { isRefusal } from '../../../src/core/errors.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { addTenant, newUser } from '../harness.ts';

const tooMany = 10_000;
let outages = 0;
const store = openStore({ dataDir: process.argv[2] ?? '', onOutage: () => outages++ });
const tenant = await addTenant(store);

function outcomeOf(change: Promise<unknown>): Promise<string> {
  return change.then(
    () => 'done',
    (error) => (isRefusal(error, 'unavailable') ? 'unavailable' : String(error)),
  );
}

function add(count: number): Promise<string> {
  const change = store.change(tenant.orgKey, async (tx) => {
    for (let at = 0; at < count; at++) await tx.users.insert(newUser(tenant));
  });
  return outcomeOf(change);
}

const atOnce = await Promise.all([add(1), add(tooMany), add(1)]);
const swallowed = await outcomeOf(
  store.change(tenant.orgKey, async (tx) => {
    for (let at = 0; at < tooMany; at++) await tx.users.insert(newUser(tenant)).catch(() => {});
  }),
);
const small = await add(1);
const { faults, counted } = await store.checkCounts(tenant.orgKey);
await store.close();
process.stdout.write(JSON.stringify({ atOnce, swallowed, small, outages, faults, users: counted.active }));
