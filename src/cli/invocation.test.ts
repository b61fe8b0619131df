import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commands } from './catalogue.ts';
import { type Invocation, UsageError } from './command.ts';
import { readCommandLine } from './invocation.ts';

function read(line: string) {
  return readCommandLine(line === '' ? [] : line.split(' '), commands, { HOST: '::1' });
}

function run(line: string): Invocation & { readonly name: string; readonly isJson: boolean } {
  const request = read(line);
  assert.ok(request.kind === 'run');
  return { ...request.invocation, name: request.command.name, isJson: request.isJson };
}

describe('reading a command line', () => {
  test('options may stand before, inside and after the words of a command', () => {
    for (const line of [
      'key create --org org_1 --role admin --json',
      '--json --org org_1 key create --role=admin',
      'key --role admin --json create --org=org_1',
    ]) {
      const { name, get, find, isJson } = run(line);
      assert.deepEqual([name, get('org'), get('role'), isJson], ['key create', 'org_1', 'admin', true]);
      assert.equal(find('expires'), undefined);
    }
  });

  test('the word after the name is the argument, and what follows -- is never an option', () => {
    assert.equal(run('key revoke key_1').argument, 'key_1');
    assert.equal(run('user show -- --odd').argument, '--odd');
  });

  test('a dash alone is a standard stream, where an option or an argument takes one', () => {
    for (const line of ['export --org a --out -', 'export --org a --out=-'])
      assert.equal(run(line).get('out'), '-');
    assert.equal(run('import - --org a').argument, '-');
  });

  test('an option that replaces a setting is in the environment under the name of the setting', () => {
    const { env } = run('serve --port 0 --data /srv/roster');
    assert.deepEqual(env, { HOST: '::1', PORT: '0', ROSTER_DATA_DIR: '/srv/roster' });
  });

  test('--yes is taken by every command, whether it asks or not', () => {
    for (const { name, argument, options } of commands) {
      const word = argument === undefined ? [] : [argument.choices?.[0] ?? 'x'];
      const required = Object.entries(options).flatMap(([option, { isRequired, choices, range }]) => {
        const value = choices?.[0] ?? String(range?.min ?? 'x');
        return isRequired === true ? [`--${option}=${value}`] : [];
      });
      const line = [...name.split(' '), ...word, ...required, '--yes'].join(' ');
      assert.equal(run(line).find('yes'), '', line);
      assert.equal(run(line).name, name);
    }
  });

  test('help and version need nothing else', () => {
    assert.deepEqual(read('key create --help'), { kind: 'help', words: ['key', 'create'] });
    assert.deepEqual(read('help key'), { kind: 'help', words: ['key'] });
    assert.deepEqual(read('--help'), { kind: 'help', words: [] });
    assert.deepEqual(read('--version'), { kind: 'version' });
  });

  const faults: readonly (readonly [line: string, message: RegExp, command: string | null])[] = [
    ['', /which command/, null],
    ['fly', /unknown command "fly"/, null],
    ['key', /there is create, list, set, rotate, revoke/, 'key'],
    ['key fly', /unknown command "key fly".*create, .*list, .*rotate, .*revoke/, 'key'],
    ['key list --fly', /unknown option --fly/, 'key list'],
    ['key list -x', /unknown option -x/, 'key list'],
    ['key list --role admin', /unknown option --role/, 'key list'],
    ['key create --role admin', /--org ID is missing/, 'key create'],
    ['key create --org', /--org needs a value/, 'key create'],
    ['key create --org --role admin', /--org needs a value/, 'key create'],
    ['key create --org= --role admin', /--org needs a value/, 'key create'],
    ['export --org - --out -', /--org needs a value/, 'export'],
    ['passwords build FILE --out -', /--out needs a value/, 'passwords build'],
    ['export --org a --out --json', /--out needs a value/, 'export'],
    ['key create --org a --org b --role admin', /--org is given twice/, 'key create'],
    ['key create --org a --role king', /--role must be one of admin, member, reader/, 'key create'],
    ['key create --org a --role admin --expires 0', /--expires must be a whole number from 1/, 'key create'],
    ['key create --org a --role admin --expires 1.5', /--expires must be a whole number/, 'key create'],
    ['app set a --signup ajar', /--signup must be one of open, closed/, 'app set'],
    ['key revoke', /ID is missing/, 'key revoke'],
    ['key revoke a b', /unexpected "b"/, 'key revoke'],
    ['init here', /unexpected "here"/, 'init'],
    ['completion tcsh', /SHELL must be one of bash, zsh, fish/, 'completion'],
    ['init --json=yes', /--json takes no value/, 'init'],
  ];
  for (const [line, message, command] of faults) {
    test(`\`roster ${line}\` is refused`, () => {
      assert.throws(
        () => read(line),
        (error) => error instanceof UsageError && message.test(error.message) && error.command === command,
      );
    });
  }

  test('an option takes a value in all commands, or in none', () => {
    const kinds = new Map<string, boolean>();
    for (const [name, { value }] of commands.flatMap(({ options }) => Object.entries(options))) {
      assert.equal(kinds.get(name) ?? value !== undefined, value !== undefined, name);
      kinds.set(name, value !== undefined);
    }
  });
});
