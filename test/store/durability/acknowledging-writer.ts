/**
 * A program for the durability tests: adds users to the store at the place that its first argument names, many
 * at a time, and prints the id of each on a line of its own once it was acknowledged. With a second argument it
 * stops after so many.
 */
import { writeSync } from 'node:fs';
import { newUser, openPlace } from '../harness.ts';

const [place = '', most = 'Infinity'] = process.argv.slice(2);
const store = openPlace(place);
const { orgKey, id: appId } = await store.readSystem('operator', async (tx) => {
  const app = await tx.apps.findFirst();
  if (app === null) throw new Error('there is no app');
  return app;
});

let left = Number(most);
async function write(): Promise<void> {
  while (left-- > 0) {
    const { id } = await store.change(orgKey, (tx) => tx.users.insert(newUser({ appId })));
    // Synchronous, so that nothing acknowledged is lost in a buffer of this process.
    writeSync(1, `${id}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, write));
await store.close();
