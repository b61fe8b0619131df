/** The files for the container image and its start agree with the settings and the files of the project. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../src/config/config.ts';
import { settings } from '../src/config/settings.ts';

const root = join(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const names = new Set<string>(Object.values(settings).map(({ name }) => name));

test('compose.yaml passes every setting on, uses no other, and contains no secret', () => {
  const [, roster = ''] = /\n {2}roster:\n([\s\S]*?)\n {2}\w/.exec(read('compose.yaml')) ?? [];
  const environment = new Map(
    [...roster.matchAll(/^ {6}([A-Z0-9_]+): (.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  assert.ok(environment.size > 10);
  for (const name of environment.keys()) assert.ok(names.has(name), `${name} is not a setting`);
  const secret = Object.values(settings).filter((each) => each.isSecret);
  for (const { name } of secret) {
    const value = environment.get(name);
    assert.ok(value === undefined || value.includes('${'), `${name} has its value in the file`);
  }
  // These belong to the containers themselves.
  const fixed = ['NODE_ENV', 'HOST', 'PORT', 'ROSTER_DATA_DIR', 'DATABASE_URL'];
  for (const name of names) {
    const value = environment.get(name);
    assert.ok(value !== undefined, `${name} is missing in compose.yaml: add ${name}: \${${name}:-}`);
    if (!fixed.includes(name)) assert.match(value, new RegExp(`^\\$\\{${name}:[?-]`), name);
  }
});

test('compose.yaml with its variables set is a valid configuration for production', () => {
  const [, roster = '', database = ''] =
    /\n {2}roster:\n([\s\S]*?)\n {2}database:\n([\s\S]*)/.exec(read('compose.yaml')) ?? [];
  const filledIn: Readonly<Record<string, string>> = {
    ROSTER_DATABASE_PASSWORD: 'letters-and-digits-1',
    ROSTER_SECRET: 'a text of at least thirty-two characters',
    ROSTER_PUBLIC_URL: 'https://roster.example.com',
    ROSTER_SMS: 'outbox',
    ROSTER_EMAIL: 'smtp',
    ROSTER_SMTP_URL: 'smtps://user:password@smtp.example.com',
    ROSTER_EMAIL_FROM: 'Roster <roster@example.com>',
  };
  const environmentOf = (part: string): Record<string, string> =>
    Object.fromEntries(
      [...part.matchAll(/^ {6}([A-Z_]+): "?(.*?)"?$/gm)].map(([, name = '', value = '']) => [
        name,
        value.replace(/\$\{([A-Z_]+):[?-][^}]*\}/g, (_, variable: string) => filledIn[variable] ?? ''),
      ]),
    );
  const { secrets } = readConfig(environmentOf(roster));
  const address = new URL(secrets.databaseUrl ?? '');
  const server = environmentOf(database);
  assert.deepEqual(
    [address.hostname, address.username, address.password, address.pathname],
    ['database', server['POSTGRES_USER'], server['POSTGRES_PASSWORD'], `/${server['POSTGRES_DB']}`],
  );
  // Docker Compose reports a missing variable before it starts a container.
  for (const name of [
    'ROSTER_SECRET',
    'ROSTER_PUBLIC_URL',
    'ROSTER_DATABASE_PASSWORD',
    'ROSTER_SMS',
    'ROSTER_EMAIL',
  ]) {
    assert.match(roster, new RegExp(`\\$\\{${name}:\\?`), `${name} may be left out`);
  }
});

test('the data that must outlive the database is on a volume', () => {
  const [, folder = ''] = /ROSTER_DATA_DIR=(\S+)/.exec(read('Dockerfile')) ?? [];
  const compose = read('compose.yaml');
  const [, roster = ''] = /\n {2}roster:\n([\s\S]*?)\n {2}database:\n/.exec(compose) ?? [];
  const [, volume = ''] = new RegExp(`^ {6}- (\\w+):${folder}$`, 'm').exec(roster) ?? [];
  const [, volumes = ''] = /\nvolumes:\n([\s\S]*)/.exec(compose) ?? [];
  assert.match(volumes, new RegExp(`^ {2}${volume}:$`, 'm'), `${folder} is on no volume`);
});

test('the files of the image exist and are not ignored', () => {
  const reaching = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name]) => name);
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(\S+) /gm)].map(([, name]) => name);
  assert.ok(copied.length > 3);
  for (const name of [...reaching, ...copied]) {
    assert.ok(existsSync(join(root, name ?? '')), `${name} is missing`);
  }
  for (const name of copied) assert.ok(name === '.' || reaching.includes(name), `${name} is ignored`);
});

test('every way to start the program sets the same size of the young generation', () => {
  const option = '--max-semi-space-size=16';
  const { scripts } = JSON.parse(read('package.json'));
  // With `exec` the shell of npm becomes the server, so that it gets the signals that npm passes on.
  assert.equal(scripts.start, `exec node ${option} bin/roster serve`);
  assert.equal(scripts.roster, `exec node ${option} bin/roster`);
  assert.match(read('bin/roster'), new RegExp(`^#!/usr/bin/env -S node ${option}\\n`));
  assert.match(read('Dockerfile'), new RegExp(`^ENTRYPOINT \\["node", "${option}", `, 'm'));
  // The cache of compiled code belongs to these options.
  assert.ok(read('tools/warm-up.ts').includes(`['${option}']`));
});
