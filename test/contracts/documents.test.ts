/** What a generated client needs of the OpenAPI document of every contract. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describedDocuments } from '../support/contracts/documents.ts';

interface Document {
  readonly info: { readonly license?: { readonly identifier?: string } };
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
}

interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly example?: unknown }[];
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: Schema }>> }>>;
}

const documents = new Map(
  describedDocuments().map(([name, text]): [string, Document] => [name, JSON.parse(text)]),
);
const published = ['sonar', 'general', 'humanapi', 'organization'];

/** The schema of the body of an answer, and what it refers to. */
function answerOf(name: string, path: string, method: string, status: number) {
  const document = documents.get(name);
  const operation = document?.paths[path]?.[method];
  const { $ref = '' } = operation?.responses[status]?.content?.['application/json']?.schema ?? {};
  return { $ref, schema: document?.components.schemas[$ref.split('/').at(-1) ?? ''] };
}

for (const name of published) {
  describe(`the document of ${name}`, () => {
    const document = documents.get(name);
    assert.ok(document);
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));

    test('names its user and has a license', () => {
      assert.ok(document.components.schemas['User']?.properties);
      assert.equal(document.info.license?.identifier, 'Apache-2.0');
    });

    test('has a described tag and a description for every operation', () => {
      const tags = new Map(document.tags.map((tag) => [tag.name, tag.description]));
      for (const { operationId, tags: own, description } of operations) {
        assert.equal(own.length, 1, operationId);
        assert.ok(own.every((tag) => tags.get(tag)));
        assert.ok(description, operationId);
      }
    });

    test('has an example of every parameter', () => {
      for (const { operationId, parameters } of operations) {
        for (const { name: parameter, example } of parameters) {
          assert.notEqual(example, undefined, `${operationId} ${parameter}`);
        }
      }
    });
  });
}

test('refusals of fields have texts by field', () => {
  const texts = { type: 'array', items: { type: 'string' } };
  const general = answerOf('general', '/v1/users', 'post', 422).schema;
  assert.deepEqual(general?.properties?.['errors']?.additionalProperties, texts);
  const sonar = answerOf('sonar', '/v1/users', 'post', 422).schema;
  assert.deepEqual(sonar?.properties?.['details']?.additionalProperties, texts);
  assert.equal(answerOf('general', '/v1/users', 'post', 403).schema?.properties?.['errors']?.type, 'string');
});

test('the ids of general are 64-bit integers', () => {
  const { $ref, schema } = answerOf('general', '/v1/users', 'post', 201);
  assert.equal($ref, '#/components/schemas/User');
  assert.deepEqual(
    [schema?.properties?.['id']?.type, schema?.properties?.['id']?.format],
    ['integer', 'int64'],
  );
});
