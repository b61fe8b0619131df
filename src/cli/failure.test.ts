import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '../config/config.ts';
import { refuse } from '../core/errors.ts';
import { CommandError, UsageError } from './command.ts';
import { explain, explainOutage } from './failure.ts';

describe('the explanation of a failure', () => {
  test('a wrong call gets a hint and ends with 2', () => {
    const { lines, exitCode } = explain(new UsageError('--org ID is missing', 'key create'));
    assert.deepEqual([...lines, exitCode], ['--org ID is missing', 'Try `roster key create --help`.', 2]);
    assert.deepEqual(explain(new UsageError('which command?', null)).lines[1], 'Try `roster --help`.');
  });

  test('every faulty setting has a line of its own', () => {
    const faults = [
      { name: 'PORT', problem: 'must be a number' },
      { name: 'HOST', problem: 'must be a name' },
    ];
    const told = { lines: ['PORT must be a number', 'HOST must be a name'], exitCode: 1 };
    assert.deepEqual(explain(new ConfigError(faults)), told);
  });

  test('every faulty field has a line of its own', () => {
    const { lines } = explain(
      refuse('invalid_fields', {
        faults: [
          { field: 'email', fault: 'invalid' },
          { field: 'password', fault: 'too_short', min: 8 },
        ],
      }),
    );
    assert.deepEqual(lines, ['the email is not valid', 'the password must have at least 8 characters']);
  });

  test('a refusal is a sentence, a fault one line without its stack', () => {
    assert.deepEqual(explain(refuse('email_taken', {})).lines, ['the email has already been taken']);
    assert.deepEqual(explain(refuse('forbidden', {})).lines, ['refused: forbidden']);
    assert.deepEqual(explain(new CommandError('cancelled')), { lines: ['cancelled'], exitCode: 1 });
    assert.deepEqual(explain(new TypeError('x is\nodd')), { lines: ['failed: x is'], exitCode: 1 });
  });

  test('a full disk, a broken disk and a busy database have different explanations', () => {
    const told = (code: string) => explainOutage(Object.assign(new Error('at /data'), { code }));
    assert.equal(told('SQLITE_FULL'), 'the disk is full (SQLITE_FULL): earlier changes are kept');
    assert.equal(told('53100'), 'the disk is full (53100): earlier changes are kept');
    for (const code of ['SQLITE_IOERR_WRITE', 'SQLITE_READONLY', 'SQLITE_CORRUPT', '58030']) {
      assert.equal(told(code), `the database cannot be read or written (${code})`);
    }
    for (const code of ['SQLITE_BUSY', '55P03', '08006']) assert.equal(told(code), null);
    assert.equal(explainOutage(null), null);
    assert.deepEqual(explain(refuse('unavailable', { retryAfterSeconds: 1 })).lines, [
      'the database or the data folder is busy or unavailable: try again',
    ]);
  });
});
