import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedCoding } from './accepted-coding.ts';

test('the first coding that the client accepts is chosen, and none that it refuses', () => {
  for (const [field, expected] of [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br ; q=0.000', null],
    ['br;q=0.1', 'br'],
    ['identity', null],
    ['', null],
    ['brotli', null],
  ] as const) {
    assert.equal(acceptedCoding({ 'accept-encoding': field }, ['br', 'gzip']), expected, field);
  }
  assert.equal(acceptedCoding({}, ['br']), null);
});
