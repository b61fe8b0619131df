import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readDatabaseAddress } from './database-address.ts';

describe('the address of a database', () => {
  test('of one host is that host', () => {
    const url = 'postgres://roster:pass@db.example.com:5432/roster';
    assert.deepEqual(readDatabaseAddress(url), {
      hosts: ['db.example.com:5432'],
      database: 'roster',
      urls: [url],
      role: null,
      isShuffled: false,
      connectMs: null,
    });
  });

  test('has several hosts, each with its own port, and passes the other options on', () => {
    const read = readDatabaseAddress(
      'postgresql://u:p%40ss@h1:5432,h2:5433,h3/db?target_session_attrs=read-write&sslmode=verify-full&connect_timeout=2',
    );
    assert.deepEqual(read?.urls, [
      'postgres://u:p%40ss@h1:5432/db?sslmode=verify-full',
      'postgres://u:p%40ss@h2:5433/db?sslmode=verify-full',
      'postgres://u:p%40ss@h3/db?sslmode=verify-full',
    ]);
    assert.deepEqual(
      [read?.role, read?.connectMs, read?.hosts],
      ['leader', 2_000, ['h1:5432', 'h2:5433', 'h3']],
    );
  });

  test('takes IPv6 addresses in brackets', () => {
    const read = readDatabaseAddress('postgres://u@[fd00::1]:5432,[::1]/db');
    assert.deepEqual(read?.urls, ['postgres://u@[fd00::1]:5432/db', 'postgres://u@[::1]/db']);
  });

  test('takes hosts and ports from the query, as libpq does', () => {
    const named = readDatabaseAddress('postgres://u@/db?host=h1,fd00::1,/run/postgresql&port=1,2,3');
    assert.deepEqual(named?.hosts, ['h1:1', '[fd00::1]:2', '%2Frun%2Fpostgresql:3']);
    assert.deepEqual(readDatabaseAddress('postgres://u@h1,h2/db?port=6432')?.hosts, ['h1:6432', 'h2:6432']);
  });

  test('takes every word for the wanted session, and the order of the hosts', () => {
    const roleOf = (word: string) =>
      readDatabaseAddress(`postgres://h1,h2/db?target_session_attrs=${word}`)?.role;
    assert.deepEqual(['any', 'read-write', 'primary'].map(roleOf), [null, 'leader', 'leader']);
    assert.deepEqual(['read-only', 'standby', 'prefer-standby'].map(roleOf), [
      'standby',
      'standby',
      'standby',
    ]);
    assert.equal(readDatabaseAddress('postgres://h1,h2/db?load_balance_hosts=random')?.isShuffled, true);
  });

  test('keeps a plus sign in the options, as libpq does', () => {
    const read = readDatabaseAddress('postgres://h1/db?sslmode=verify-full&sslrootcert=/a%20b+c.pem');
    assert.equal(new URL(read?.urls[0] ?? '').searchParams.get('sslrootcert'), '/a b+c.pem');
  });

  test('keeps a password with signs that have a meaning in addresses', () => {
    const url = 'postgres://u:a,b@c@h1:1,h2/db';
    assert.deepEqual(readDatabaseAddress(url)?.urls, [
      'postgres://u:a,b@c@h1:1/db',
      'postgres://u:a,b@c@h2/db',
    ]);
  });

  for (const [what, url] of [
    ['without a host', 'postgres:///db'],
    ['with an empty host', 'postgres://h1,,h2/db'],
    ['without the name of a database', 'postgres://h1,h2/'],
    ['without a slash', 'postgres://h1,h2'],
    ['with another scheme', 'mysql://h1,h2/db'],
    ['with a port that is none', 'postgres://h1:5432,h2:x/db'],
    ['with a port that is too high', 'postgres://h1:65536,h2/db'],
    ['with another number of ports than hosts', 'postgres://h1,h2,h3/db?port=1,2'],
    ['with a bracket that does not close', 'postgres://[::1,h2/db'],
    ['with a session that no server has', 'postgres://h1,h2/db?target_session_attrs=writer'],
    ['with an order that no library has', 'postgres://h1,h2/db?load_balance_hosts=on'],
    ['with a way of TLS that no library has', 'postgres://h1,h2/db?sslmode=verify_full'],
    ['with a limit that is no number', 'postgres://h1,h2/db?connect_timeout=soon'],
  ] as const) {
    test(`${what} is none`, () => assert.equal(readDatabaseAddress(url), null));
  }
});
