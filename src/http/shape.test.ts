import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type as TypeBox } from 'typebox';
import { Type } from './shape.ts';

test('a shape equals the schema that TypeBox builds', () => {
  const shapeBy = (builder: typeof Type) =>
    builder.Object(
      {
        name: builder.String({ minLength: 1, description: 'A name' }),
        kind: builder.Enum(['one', 'two'], { description: 'A kind' }),
        level: builder.Optional(builder.Integer({ minimum: 1 })),
        tags: builder.Array(builder.String(), { maxItems: 3 }),
        parent: builder.Union([builder.Object({ id: builder.Literal(7) }), builder.Null()], {
          description: 'Its own',
        }),
        options: builder.Optional(
          builder.Object({ isOpen: builder.Optional(builder.Boolean({ default: true })) }),
        ),
        answer: builder.Literal('yes'),
      },
      { description: 'All of it' },
    );
  assert.deepEqual(JSON.parse(JSON.stringify(shapeBy(Type))), JSON.parse(JSON.stringify(shapeBy(TypeBox))));
});
