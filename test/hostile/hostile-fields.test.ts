import assert from 'node:assert/strict';
import { after, before, describe, type TestOptions } from 'node:test';
import fc from 'fast-check';
import { nameOf, type Operation } from '../support/contracts/operations.ts';
import { type Field, fieldsOf } from '../support/contracts/schema-arbitrary.ts';
import { effort, slowTestMs, slowTest as test } from '../support/effort.ts';
import { anyJson, oddities, wrongTypes } from './hostile-values.ts';
import { openScene, type Scene } from './scene.ts';

const runs = effort({ short: 3, long: 8 });

/** A test goes through some hundred fields, each with a limit of its own. */
const everyField = { timeout: 10 * slowTestMs };

describe('hostile values in the fields of bodies', () => {
  let scene: Scene;

  before(async () => {
    scene = await openScene();
  });
  after(() => scene.close());

  const send = (operation: Operation, body: string) =>
    scene.send(operation, { ask: { body, headers: { 'content-type': 'application/json' } } });

  async function eachField(
    context: { test(title: string, options: TestOptions, work: () => Promise<void>): Promise<void> },
    work: (operation: Operation, field: Field) => Promise<void>,
  ): Promise<void> {
    for (const operation of scene.operations.filter(({ body }) => body !== null)) {
      for (const field of fieldsOf(operation.body?.schema ?? {})) {
        await context.test(`${nameOf(operation)}: ${field.path.join('.')}`, { timeout: slowTestMs }, () =>
          work(operation, field),
        );
      }
    }
  }

  test('a value of a wrong type is refused, and nothing is written', everyField, async (context) => {
    await eachField(context, async (operation, field) => {
      // An admin who changes another user needs no password, so the field is not read.
      if (field.path.at(-1) === 'current_password') return;
      for (const text of wrongTypes) {
        // An empty list is a list.
        if (text === '[]' && field.schema.type === 'array') continue;
        const reply = await send(operation, withField(operation, field, text));
        assert.ok([400, 401, 422].includes(reply.status), `${text} was answered with ${reply.status}`);
      }
    });
  });

  test('an odd value is answered as documented', everyField, async (context) => {
    await eachField(context, async (operation, field) => {
      for (const text of oddities) await send(operation, withField(operation, field, text));
    });
    await scene.assertServes();
  });

  test('every value is answered as documented', everyField, async (context) => {
    await eachField(context, async (operation, field) => {
      const property = fc.asyncProperty(anyJson, async (text) => {
        await send(operation, withField(operation, field, text));
      });
      await fc.assert(property, { numRuns: runs });
    });
    await scene.assertServes();
  });
});

let count = 0;

/** The example of the body with a new email, and with the JSON text in the place of one field. */
function withField(operation: Operation, { path }: Field, text: string): string {
  const hole = '"a hole that no example has"';
  const email = `hostile-${count++}@example.com`;
  const example = JSON.parse(JSON.stringify(operation.body?.example), (name, value) =>
    name === 'email' ? email : value,
  );
  // A body may have several forms; the example shows one of them.
  const isOtherForm = operation.body?.schema.anyOf !== undefined && !(String(path[0]) in example);
  const fresh = isOtherForm ? {} : example;
  return JSON.stringify(setAt(fresh, path, JSON.parse(hole))).replace(hole, () => text);
}

/** A copy with the value at the path; objects that are missing on the path are created. */
function setAt(target: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const members = typeof target === 'object' && target !== null ? { ...target } : {};
  const present = Object.entries(members).find(([key]) => key === name)?.[1];
  return { ...members, [name]: setAt(present, rest, value) };
}
