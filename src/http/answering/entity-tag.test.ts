import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerTagged, entityTagOf, preconditionOf } from './entity-tag.ts';

const shown = { id: 'a', zone: 'UTC' };
const tag = entityTagOf(shown);

describe('an entity tag', () => {
  test('is strong, and the same for the same shown resource alone', () => {
    assert.match(tag, /^"[\w-]{27}"$/);
    assert.equal(entityTagOf({ ...shown }), tag);
    assert.notEqual(entityTagOf({ ...shown, zone: 'Europe/London' }), tag);
  });

  const conditions: readonly (readonly [headers: Record<string, string>, read: number, change: boolean])[] = [
    [{}, 200, true],
    [{ 'if-match': tag }, 200, true],
    [{ 'if-match': `"other", ${tag}` }, 200, true],
    [{ 'if-match': ' * ' }, 200, true],
    [{ 'if-match': '"other"' }, 412, false],
    [{ 'if-match': `W/${tag}` }, 412, false],
    [{ 'if-match': tag.slice(1, -1) }, 412, false],
    [{ 'if-match': '' }, 412, false],
    [{ 'if-none-match': tag }, 304, false],
    [{ 'if-none-match': `"other",W/${tag}` }, 304, false],
    [{ 'if-none-match': '*' }, 304, false],
    [{ 'if-none-match': '"other"' }, 200, true],
    [{ 'if-none-match': 'nonsense' }, 200, true],
    [{ 'if-match': '"other"', 'if-none-match': tag }, 412, false],
  ];
  for (const [headers, read, change] of conditions) {
    test(`answers ${JSON.stringify(headers).replaceAll(tag, '<its tag>')} with ${read}`, () => {
      if (read === 412) {
        assert.throws(() => answerTagged(headers, tag, shown), { code: 'precondition_failed' });
      } else {
        const { status, body, headers: answered } = answerTagged(headers, tag, shown);
        assert.deepEqual([status, body], [read, read === 200 ? shown : undefined]);
        assert.deepEqual(answered, { etag: tag });
      }
      const check = (): void => preconditionOf<typeof shown>(headers, entityTagOf)(shown);
      if (change) check();
      else assert.throws(check, { code: 'precondition_failed' });
    });
  }
});
