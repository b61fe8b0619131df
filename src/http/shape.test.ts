import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type as TypeBox } from 'typebox';
import { Type } from './shape.ts';

test('a shape is what TypeBox makes of the same words', () => {
  const shapeBy = (words: typeof Type) =>
    words.Object(
      {
        name: words.String({ minLength: 1, description: 'A name' }),
        kind: words.Enum(['one', 'two'], { description: 'A kind' }),
        level: words.Optional(words.Integer({ minimum: 1 })),
        tags: words.Array(words.String(), { maxItems: 3 }),
        parent: words.Union([words.Object({ id: words.Literal(7) }), words.Null()], {
          description: 'Its own',
        }),
        options: words.Optional(words.Object({ isOpen: words.Optional(words.Boolean({ default: true })) })),
        answer: words.Literal('yes'),
      },
      { description: 'All of it' },
    );
  assert.deepEqual(JSON.parse(JSON.stringify(shapeBy(Type))), JSON.parse(JSON.stringify(shapeBy(TypeBox))));
});
