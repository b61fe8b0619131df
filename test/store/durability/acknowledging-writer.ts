/**
 * A program for the durability tests: adds users to the store at the location of its first argument, many at a time, and
 * prints the id of each acknowledged user on a line. With a second argument it stops after so many users.
 */
import { writeSync } from 'node:fs';
import { newUser, openLocation } from '../harness.ts';

const [location = '', most = 'Infinity'] = process.argv.slice(2);
const store = openLocation(location);
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
