import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Coverage, missingOf } from './coverage.ts';

test('a documented answer that no test received is missing, except answers that are tested once for all', () => {
  const documented: Coverage[] = [
    { contract: 'general', operation: 'getUser', statuses: ['200', '401', '404', '500', '503'] },
    { contract: 'sonar', operation: 'getUser', statuses: ['200', '403'] },
  ];
  const seen: Coverage[] = [
    { contract: 'general', operation: 'getUser', statuses: ['200'] },
    { contract: 'general', operation: 'getUser', statuses: ['401'] },
    { contract: 'humanapi', operation: 'getUser', statuses: ['404'] },
  ];
  assert.deepEqual(missingOf(documented, seen), ['general.getUser 404', 'sonar.getUser 200']);
  assert.deepEqual(missingOf(documented, [...seen, ...documented]), []);
});
