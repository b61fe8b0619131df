import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nounText } from './noun-text.ts';

test('a noun begins a sentence, and a document may have its own word for it', () => {
  assert.equal(nounText('erasure'), 'Erasure');
  assert.equal(nounText('api_key'), 'API key');
  assert.equal(nounText('connection', { connection: 'device' }), 'Device');
  assert.equal(nounText('user', { connection: 'device' }), 'User');
});
