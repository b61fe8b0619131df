import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import fc from 'fast-check';
import { nameOf, type Operation } from '../support/contracts/operations.ts';
import { fitting } from '../support/contracts/schema-arbitrary.ts';
import { effort, slowTestMs, slowTest as test } from '../support/effort.ts';
import { openScene, type Request, type Scene } from './scene.ts';

const runs = effort({ short: 8, long: 20 });

/** A test goes through some hundred operations, each with a limit of its own. */
const everyOperation = { timeout: 10 * slowTestMs };

describe('requests that fit the documents', () => {
  let scene: Scene;

  before(async () => {
    scene = await openScene();
  });
  after(() => scene.close());

  const needsSecret = ({ contract, operationId }: Operation): boolean =>
    scene.doors.get(contract)?.needsSecret?.includes(operationId) === true;

  test('of every operation are answered as documented', everyOperation, async (context) => {
    for (const operation of scene.operations) {
      await context.test(nameOf(operation), { timeout: slowTestMs }, async () => {
        const statuses = new Set<number>();
        const property = fc.asyncProperty(requests(scene, operation), async (request) => {
          statuses.add((await scene.send(operation, request)).status);
        });
        await fc.assert(property, { numRuns: runs });
        // Every one of them may carry a condition that no resource meets, such as an entity tag.
        if (!operation.parameters.some(({ in: where, required }) => required && where !== 'path')) {
          statuses.add((await scene.send(operation, {})).status);
        }
        // A value that fits the schema may still be an unknown time zone, or taken. Bodies that succeed are
        // tested below.
        if (operation.body !== null || needsSecret(operation)) return;
        assert.ok(statuses.has(200) || statuses.has(204), `${[...statuses]}`);
      });
    }
    await scene.assertServes();
  });

  test("the document's own example of a body is taken", async () => {
    for (const operation of scene.operations) {
      if (operation.body === null || needsSecret(operation)) continue;
      const reply = await scene.send(operation, { ask: { json: operation.body.example } });
      assert.ok(reply.status < 300, `${nameOf(operation)}: ${reply.status} ${reply.text}`);
    }
  });
});

/** Requests with valid ids, or sometimes a foreign id, whose parameters and body fit the schemas. */
function requests(scene: Scene, operation: Operation): fc.Arbitrary<Request> {
  const ofPlace = (place: string) => operation.parameters.filter((each) => each.in === place);
  const record = (place: string) =>
    fc.record(Object.fromEntries(ofPlace(place).map(({ name, schema }) => [name, fitting(schema)])), {
      requiredKeys: ofPlace(place).flatMap(({ name, required }) => (required ? [name] : [])),
      noNullPrototype: true,
    });
  const subject = scene.subjectOf(operation);
  const foreign = subject === undefined ? {} : { [subject]: scene.spell(operation, scene.foreign) };
  const path = fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, fc.constant(foreign));
  const body = operation.body === null ? fc.constant(undefined) : fitting(operation.body.schema);
  return fc.record({ path, query: record('query'), headers: record('header'), body }).map((parts) => ({
    path: parts.path,
    query: queryText(parts.query),
    ask: {
      headers: headersOf(parts.headers),
      ...(parts.body === undefined ? {} : { json: parts.body }),
    },
  }));
}

function queryText(values: Record<string, unknown>): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    [value]
      .flat()
      .map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(String(each).toWellFormed())}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** Header values as far as HTTP allows them. Headers that choose tenant or session are not replaced. */
function headersOf(values: Record<string, unknown>): Record<string, string> {
  const own = Object.entries(values).filter(([name]) => !/^(x-app-id|x-user-token)$/i.test(name));
  return Object.fromEntries(
    own.map(([name, value]) => [name, String(value).replaceAll(/[^\x20-\x7e]/g, '-')]),
  );
}
