import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { placeOf } from './directory-location.ts';

const config = { dataDir: '/srv/roster' };

describe('the place of a directory', () => {
  test('is its folder where it is a file', () => {
    assert.deepEqual(placeOf(config, { databaseUrl: null }), { kind: 'Data folder', at: '/srv/roster' });
  });

  test('is host and name of its database, without who enters and with what', () => {
    const databaseUrl = 'postgresql://ada:hush@db.example.com:6432/people?sslmode=verify-full&password=hush';
    const { kind, at } = placeOf(config, { databaseUrl });
    assert.equal(kind, 'Database');
    assert.equal(at, 'postgres://db.example.com:6432/people');
  });
});
