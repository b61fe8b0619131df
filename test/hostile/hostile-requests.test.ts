import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import fc from 'fast-check';
import { characters } from '../support/arbitraries.ts';
import { attackedContracts, handlesOf } from '../support/contracts/door.ts';
import { nameOf, type Operation } from '../support/contracts/operations.ts';
import { addPerson, type Person } from '../support/contracts/people.ts';
import { effort, slowTest as test } from '../support/effort.ts';
import { oddIds, oddQueryValues } from './hostile-values.ts';
import { openScene, type Request, type Scene, withinDeadline } from './scene.ts';

const runs = effort({ short: 10, long: 25 });

describe('hostile requests', () => {
  let scene: Scene;

  before(async () => {
    scene = await openScene();
  });
  after(() => scene.close());

  /** Operations on one user or another resource, and the parameter that names it. */
  const onOne = (): { operation: Operation; name: string }[] =>
    scene.operations.flatMap((operation) => {
      const name = scene.subjectOf(operation);
      return name === undefined ? [] : [{ operation, name }];
    });

  test('an odd id is not found', async () => {
    for (const { operation, name } of onOne()) {
      for (const id of oddIds) {
        const reply = await scene.send(operation, { path: { [name]: id }, ...goodBody(operation) });
        assert.equal(reply.status, 404, `${nameOf(operation)}: ${id}`);
      }
    }
    await scene.assertServes();
  });

  test("an id in another contract's spelling, and another tenant's in any spelling, is not found", async () => {
    const own = await addPerson(scene.roster);
    for (const { operation, name } of onOne()) {
      const spelled = (person: Person): string[] =>
        [...scene.doors.values()].map(({ idOf }) => String(idOf(handlesOf(person))));
      const others = spelled(own).filter((id) => id !== scene.spell(operation, own));
      const ids = new Set([...others, ...spelled(scene.foreign)]);
      assert.ok(ids.size >= 5);
      for (const id of ids) {
        const reply = await scene.send(operation, { path: { [name]: id }, ...goodBody(operation) });
        assert.equal(reply.status, 404, `${nameOf(operation)}: ${id}`);
      }
    }
  });

  test('an odd value of the parameter that names the own part of the directory is not found', async () => {
    for (const [contract, { scope }] of scene.doors) {
      if (scope === undefined) continue;
      const operations = scene.operations.filter((operation) => {
        return operation.contract === contract && operation.path.includes(`{${scope.parameter}}`);
      });
      assert.ok(operations.length >= 4 || !attackedContracts().some(({ name }) => name === contract));
      for (const operation of operations) {
        for (const id of oddIds) {
          const reply = await scene.send(operation, { path: { [scope.parameter]: id } });
          assert.equal(reply.status, 404, `${nameOf(operation)}: ${id}`);
        }
      }
    }
  });

  test('a text of any kind in the place of an id is not found', async () => {
    const texts = fc.string({ unit: characters, minLength: 1 }).filter((text) => !/^\.{1,2}$/.test(text));
    for (const { operation, name } of onOne()) {
      const property = fc.asyncProperty(texts, async (text) => {
        const id = encodeURIComponent(text.toWellFormed());
        assert.equal(
          (await scene.send(operation, { path: { [name]: id }, ...goodBody(operation) })).status,
          404,
        );
      });
      await fc.assert(property, { numRuns: runs });
    }
  });

  test('a query of any kind is answered as documented', async () => {
    for (const operation of scene.operations.filter(({ method }) => method === 'GET')) {
      const names = operation.parameters.filter((each) => each.in === 'query').map(({ name }) => name);
      for (const name of [...names, 'unknown', '__proto__', 'constructor']) {
        for (const value of oddQueryValues) {
          await scene.send(operation, { query: `?${name}=${value}` });
          await scene.send(operation, { query: `?${name}=${value}&${name}=1&${name}[]=2&${name}[a]=3` });
        }
        await scene.send(operation, { query: `?${`${name}=1&`.repeat(600)}` });
      }
      for (const query of ['?', '?&&&===', '?%', '?%ff=%ff', '?=1', '?a=b?c=d', `?${'&'.repeat(5_000)}`]) {
        await scene.send(operation, { query });
      }
    }
    await scene.assertServes();
  });

  test('paging outside the range is refused, and names the limit', async () => {
    const lists = scene.operations.filter(({ contract, parameters }) => {
      const pages = scene.doors.get(contract)?.pages;
      return parameters.some(({ name }) => name === pages?.page);
    });
    const paged = attackedContracts().filter(({ name }) => scene.doors.get(name)?.pages !== null);
    // The list of users in each contract, and the audit log in one.
    const contracts = new Set(lists.map(({ contract }) => contract));
    assert.deepEqual([...contracts].sort(), paged.map(({ name }) => name).sort());
    for (const operation of lists) {
      for (const { name, schema } of operation.parameters.filter((each) => each.schema.type === 'integer')) {
        const past = (schema.maximum ?? 0) + 1;
        for (const value of ['0', '-1', '1.5', '', 'x', String(past), '1&'.concat(name, '=1')]) {
          const reply = await scene.send(operation, { query: `?${name}=${value}` });
          assert.ok([400, 422].includes(reply.status), `${nameOf(operation)} ${name}=${value}`);
          assert.ok(reply.text.includes(name), reply.text);
        }
      }
    }
  });

  test('a method that the path does not have is 405 with the methods that it has, also a method that Node does not know', async () => {
    const methods = [
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'TRACE',
      'PROPFIND',
      'PURGE',
      'M-SEARCH',
    ];
    const byPath = Map.groupBy(scene.operations, ({ path }) => path);
    for (const [operation] of byPath.values()) {
      assert.ok(operation);
      const taken = scene.operations
        .filter(({ path }) => path === operation.path)
        .map(({ method }) => method);
      for (const method of methods.filter((each) => !taken.includes(each))) {
        const reply = await scene.send(operation, { method });
        assert.equal(reply.status, 405, `${method} ${operation.path}`);
        const allowed = reply.header('allow').split(/, */);
        for (const each of taken) assert.ok(allowed.includes(each), `${method}: ${allowed}`);
        assert.ok(!allowed.includes(method));
      }
    }
    await scene.assertServes();
  });

  test('HEAD is answered as GET, without the body', async () => {
    for (const operation of scene.operations.filter(({ method }) => method === 'GET')) {
      const get = await scene.send(operation);
      const line = await scene.line(operation, { method: 'HEAD' });
      const head = await scene.roster.open(line, await scene.credential(operation));
      let length = 0;
      for await (const piece of head) length += piece.length;
      assert.equal(head.statusCode, get.status, line);
      assert.equal(length, 0);
      assert.equal(head.headers['content-type'], get.headers['content-type']);
      assert.ok(head.headers['x-request-id']);
    }
  });

  test('without a valid credential a request gets 401 and changes nothing', async () => {
    const credentials: Record<string, string>[] = [
      {},
      ...[
        'Bearer',
        'Basic',
        'Bearer \t',
        'Basic !!!!',
        'Basic Og==',
        'Digest x',
        'x',
        `Bearer ${'x'.repeat(9_000)}`,
      ].map((authorization) => ({ authorization })),
      ...['x', 'st_1_', `st_zzzzzzz_${'A'.repeat(43)}`, `inv_1_${'A'.repeat(43)}`].map((token) => ({
        'x-user-token': token,
      })),
    ];
    for (const operation of scene.operations.filter(({ needsCredential }) => needsCredential)) {
      for (const headers of credentials) {
        const line = await scene.line(operation);
        const reply = await scene.unchanged(() => scene.roster.call(line, { headers }));
        assert.equal(reply.status, 401, `${line} ${JSON.stringify(headers)}`);
      }
    }
  });

  test('a thousand headers, and odd ones that the document does not name, change nothing about the answer', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`h${index}`, 'v']));
    const odd = {
      'content-length-x': '-1',
      'x-forwarded-for': `${'1.2.3.4, '.repeat(300)}not an address`,
      'x-forwarded-host': 'sonar.evil.example',
      'x-http-method-override': 'DELETE',
      accept: 'text/html;q=0.9, */*;q=zero',
      'accept-language': `${'xx-'.repeat(500)}1`,
      cookie: `${'a=b; '.repeat(500)}`,
      origin: 'null',
      range: 'bytes=0-0',
      'if-none-match': '*',
      __proto__x: 'polluted',
      'x-request-id': 'mine',
      'idempotency-key': 'k'.repeat(4_000),
    };
    for (const operation of scene.operations.filter(({ method }) => method === 'GET')) {
      const plain = await scene.send(operation);
      const { headers: own = {} } = await scene.credential(operation);
      const documented = [...operation.parameters.map(({ name }) => name.toLowerCase()), ...Object.keys(own)];
      const others = Object.entries(odd).filter(([name]) => !documented.includes(name));
      for (const headers of [many, Object.fromEntries(others)]) {
        const reply = await scene.send(operation, { ask: { headers } });
        assert.equal(reply.status, plain.status, nameOf(operation));
        assert.notEqual(reply.header('x-request-id'), 'mine');
      }
    }
    await scene.assertServes();
  });

  test('header values of any kind are answered as documented', async () => {
    const values = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    });
    for (const operation of scene.operations) {
      const names = operation.parameters.filter((each) => each.in === 'header').map(({ name }) => name);
      for (const name of [...names, 'Accept', 'X-App-Id', 'Idempotency-Key']) {
        const property = fc.asyncProperty(values, async (value) => {
          await scene.send(operation, { ask: { headers: { [name]: value } } });
        });
        await fc.assert(property, { numRuns: 5 });
      }
    }
  });

  test('a path of any kind is answered in an envelope', async () => {
    const paths = fc.oneof(
      fc.webPath(),
      fc
        .array(
          fc.constantFrom(
            '/',
            '..',
            '.',
            '%2e',
            '%2f',
            '//',
            'v1',
            'users',
            '%',
            '%ff',
            ...scene.doors.keys(),
          ),
        )
        .map((parts) => `/${parts.join('')}`),
    );
    const property = fc.asyncProperty(
      paths,
      fc.constantFrom('GET', 'POST', 'DELETE'),
      async (path, method) => {
        const line = `${method} ${path.startsWith('/') ? path : `/${path}`}`;
        const reply = await withinDeadline(line, scene.roster.call(line));
        assert.ok(reply.status < 500);
      },
    );
    await fc.assert(property, { numRuns: 200 });
    await scene.assertServes();
  });
});

/** The document's example of a body that has required fields: such fields are checked before the user is looked up. */
function goodBody({ body }: Operation): Request {
  const { required = [] } = body?.schema ?? {};
  return body !== null && required.length > 0 ? { ask: { json: body.example } } : {};
}
