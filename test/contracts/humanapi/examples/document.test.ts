/** The examples of the document, replayed in its order: same request, same status, same keys, same formats. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createFakeClock } from '../../../support/server/clock.ts';
import type { Reply } from '../../../support/server/http.ts';
import { setUpRoster } from '../../../support/server/set-up.ts';

/** What the document shows of each user: who, when made, when last changed. */
const people = [
  ['john@example.com', '2013-12-28T18:46:10.436Z', '2013-12-29T05:05:50.601Z'],
  ['jane@example.com', '2013-12-28T23:46:37.701Z', '2013-12-28T23:46:37.701Z'],
  ['joan@example.com', '2013-12-29T05:08:11.610Z', '2013-12-29T05:08:11.610Z'],
] as const;

describe('the examples of the humanapi document', () => {
  const clock = createFakeClock(people[0][1]);
  const roster = setUpRoster({ clock });
  let path: string;
  const ids: string[] = [];

  /** As the document's curl lines call, host and credential replaced. */
  const call = (line: string): Promise<Reply> =>
    roster.call(line, {
      host: 'humanapi.localhost:8080',
      appKey: roster.organization.app.appKey,
      headers: { accept: 'application/json' },
    });

  before(async () => {
    path = `/v1/apps/${roster.organization.app.appId}/users`;
    const changes = [
      ...people.map(([externalId, createdAt]) => ({ at: createdAt, externalId })),
      { at: people[0][2], externalId: people[0][0] },
    ].sort((left, right) => Date.parse(left.at) - Date.parse(right.at));
    for (const { at, externalId } of changes) {
      clock.advance(Date.parse(at) - clock.now());
      const made = await roster.call(`POST /humanapi${path}`, {
        appKey: roster.organization.app.appKey,
        json: { externalId },
      });
      const id = made.string('humanId');
      if (!ids.includes(id)) ids.push(id);
    }
  });

  /** The user that the document shows, as text, so that the order of the keys counts. */
  const shown = (index: 0 | 1 | 2): string => {
    const [externalId, createdAt, updatedAt] = people[index];
    const { appId } = roster.organization.app;
    return JSON.stringify({ humanId: ids[index], externalId, appId, createdAt, updatedAt });
  };

  test('Get all users associated with an app: one array', async () => {
    const reply = await call(`GET ${path}`);
    assert.equal(reply.status, 200);
    assert.match(reply.header('content-type'), /^application\/json(;|$)/);
    assert.equal(reply.text, `[${shown(0)},\n${shown(1)},\n${shown(2)}]`);
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  });

  test('Returns a single user: the bare object', async () => {
    const reply = await call(`GET ${path}/${ids[0]}`);
    assert.equal(reply.status, 200);
    assert.equal(reply.text, shown(0));
  });

  test('Delete a user: 204', async () => {
    const reply = await call(`DELETE ${path}/${ids[0]}`);
    assert.equal(reply.status, 204);
    assert.equal(reply.text, '');
    assert.equal((await call(`GET ${path}`)).text, `[${shown(1)},\n${shown(2)}]`);
  });
});
