import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import fc from 'fast-check';
import { nameOf, type Operation } from '../support/contracts/operations.ts';
import { effort, slowTest as test } from '../support/effort.ts';
import { contentTypes, deepNests, notJson, notObjects, traps } from './hostile-values.ts';
import { openScene, type Scene } from './scene.ts';

const runs = effort({ short: 15, long: 40 });
const json = { 'content-type': 'application/json' };

describe('hostile bodies', () => {
  let scene: Scene;
  const withBody = (): readonly Operation[] => scene.operations.filter(({ method }) => /^P/.test(method));

  before(async () => {
    scene = await openScene();
  });
  after(() => scene.close());

  for (const [title, bodies] of Object.entries({
    'that are no JSON': notJson,
    'that nest too deep': deepNests,
  })) {
    test(`${title} are malformed for every operation`, async () => {
      for (const operation of withBody()) {
        for (const body of bodies) {
          const reply = await scene.send(operation, { ask: { body, headers: json } });
          const shown = `${nameOf(operation)}: ${body.subarray(0, 40)}`;
          assert.ok(reply.status === 400 || (reply.status === 413 && body.length > 256 * 1024), shown);
        }
      }
      await scene.assertServes();
    });
  }

  test('that are JSON but not an object are refused by each operation with a body', async () => {
    for (const operation of withBody()) {
      for (const body of notObjects) {
        const reply = await scene.send(operation, { ask: { body, headers: json } });
        if (operation.body !== null) assert.equal(reply.status, 400, `${nameOf(operation)}: ${body}`);
      }
    }
  });

  test('with members that have a meaning in JavaScript are answered as documented', async () => {
    for (const operation of withBody()) {
      for (const body of traps) await scene.send(operation, { ask: { body, headers: json } });
    }
    await scene.assertServes();
    assert.equal(Object('').role, undefined, 'a prototype was polluted');
  });

  test('of another content type are refused before they are parsed', async () => {
    for (const operation of withBody()) {
      for (const type of contentTypes) {
        const reply = await scene.send(operation, { ask: { body: '{', headers: { 'content-type': type } } });
        assert.equal(reply.status, 415, `${nameOf(operation)}: ${type}`);
      }
      const packed = { ...json, 'content-encoding': 'gzip' };
      const reply = await scene.send(operation, { ask: { body: '{}', headers: packed } });
      assert.equal(reply.status, 415, `${nameOf(operation)}: gzip`);
    }
  });

  test('over 256 KiB are too large, also where they are valid', async () => {
    for (const operation of withBody()) {
      const body = JSON.stringify({ ...Object(operation.body?.example), note: 'n'.repeat(256 * 1024) });
      const reply = await scene.send(operation, { ask: { body, headers: json } });
      assert.equal(reply.status, 413, nameOf(operation));
    }
  });

  test('of random bytes, and pieces of good ones, are answered as documented', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
    for (const operation of withBody()) {
      const whole = JSON.stringify(operation.body?.example ?? {});
      const cut = fc.nat(whole.length).map((length) => Buffer.from(whole.slice(0, length)));
      const types = fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'text/plain');
      const property = fc.asyncProperty(fc.oneof(bytes, cut), types, async (body, type) => {
        await scene.send(operation, { ask: { body, headers: { 'content-type': type } } });
      });
      await fc.assert(property, { numRuns: runs });
    }
    await scene.assertServes();
  });
});
