import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { locationOf } from './directory-location.ts';

const config = { dataDir: '/srv/roster' };

describe('the location of a directory', () => {
  test('is the data folder when the directory is a file', () => {
    assert.deepEqual(locationOf(config, { databaseUrl: null }), { kind: 'Data folder', at: '/srv/roster' });
  });

  test('is the host and the name of its database, without user and password', () => {
    const databaseUrl = 'postgresql://ada:hush@db.example.com:6432/people?sslmode=verify-full&password=hush';
    const { kind, at } = locationOf(config, { databaseUrl });
    assert.equal(kind, 'Database');
    assert.equal(at, 'postgres://db.example.com:6432/people');
  });
});
