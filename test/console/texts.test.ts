import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contracts } from '../../src/contracts/index.ts';
import { ownDoors, type Principal } from '../../src/core/access/principal.ts';
import { messageTemplates } from '../../src/core/messaging/message.ts';
import { type AuditSubjectKind, auditActions } from '../../src/core/record/audit-event.ts';
import { placeholderText } from '../../src/pages/fill-text.ts';
import { en } from '../../web/console/texts/en.ts';
import { es } from '../../web/console/texts/es.ts';
import { words } from '../../web/console/texts/words-en.ts';
import { words as spanishWords } from '../../web/console/texts/words-es.ts';

/** Every text by its path. */
function textsOf(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  assert.ok(typeof value === 'object' && value !== null, path);
  return Object.entries(value).flatMap(([key, each]) => textsOf(each, `${path}.${key}`));
}

/** Every kind: the compiler asks for a line for a new one. */
const actorKinds: Readonly<Record<Principal['kind'], true>> = {
  ...{ api_key: true, app: true, user: true, connect: true, staff: true, public: true, operator: true },
};
const subjectKinds: Readonly<Record<AuditSubjectKind, true>> = {
  ...{ organization: true, app: true, api_key: true, user: true, connection: true, erasure: true },
  ...{ staff: true, users: true, command: true, audit_log: true, unknown: true },
};

const placeholders = (text: string): string[] =>
  [...text.matchAll(placeholderText)].map(([, name = '']) => name).sort();

describe('the texts of the console', () => {
  const english = textsOf(en);
  const spanish = new Map(textsOf(es));

  test('have a Spanish text for each English one, with the same values in it', () => {
    assert.deepEqual(
      [...spanish.keys()],
      english.map(([path]) => path),
    );
    for (const [path, text] of english) {
      assert.deepEqual(placeholders(spanish.get(path) ?? ''), placeholders(text), path);
    }
  });

  test('are not empty, and are not the English ones', () => {
    const same = english.filter(([path, text]) => spanish.get(path) === text).map(([path]) => path);
    assert.deepEqual(same, ['.name', '.no']);
    for (const [path, text] of spanish) assert.notEqual(text.trim(), '', path);
  });
});

describe('the words for what the server names by codes', () => {
  const lists: Readonly<Record<keyof typeof words, readonly string[]>> = {
    action: auditActions,
    actor: Object.keys(actorKinds),
    byActor: Object.keys(actorKinds),
    door: [...contracts.map(({ name }) => name), ...ownDoors],
    message: messageTemplates,
    subject: Object.keys(subjectKinds),
  };

  for (const [list, codes] of Object.entries(lists)) {
    test(`are there for each ${list}, and for nothing else`, () => {
      const named: Readonly<Record<string, Readonly<Record<string, string>>>> = words;
      assert.deepEqual(Object.keys(named[list] ?? {}).sort(), [...codes].sort());
    });
  }

  test('are there in both languages, and differ from the codes and from each other', () => {
    const spanish = new Map(textsOf(spanishWords));
    for (const [path, text] of textsOf(words)) {
      assert.notEqual((spanish.get(path) ?? '').trim(), '', path);
      assert.notEqual(spanish.get(path), text, path);
      assert.ok(!path.endsWith(`.${text}`), path);
    }
  });
});
