import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ConfigError } from './config.ts';
import { readProviderFile } from './provider-file.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'roster-providers-'));
});
after(() => rmSync(folder, { recursive: true }));

const acme = {
  name: 'acme',
  title: 'Acme Band',
  client_id: 'id-1',
  client_secret: 'secret-of-acme',
  authorization_endpoint: 'https://acme.example/oauth/authorize',
  token_endpoint: 'https://acme.example/oauth/token',
  revocation_endpoint: 'https://acme.example/oauth/revoke',
};

function write(content: unknown): string {
  const path = join(folder, 'providers.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const readFile = ({ content, ...options }: { content: unknown; isProduction?: boolean; taken?: string[] }) =>
  readProviderFile({ path: write(content), isProduction: false, taken: [], ...options });

const read = (content: unknown, options: { isProduction?: boolean; taken?: string[] } = {}) =>
  readFile({ content, ...options }).providers;

/** The problems of the file, without the name of the setting. */
function problemsOf(content: unknown, options: { isProduction?: boolean; taken?: string[] } = {}): string[] {
  try {
    read(content, options);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.ok(error.faults.every(({ name }) => name === 'ROSTER_PROVIDERS_FILE'));
    return error.faults.map(({ problem }) => problem);
  }
  throw new Error('the file was taken');
}

describe('a file of providers', () => {
  test('is read as the documentation shows it', () => {
    const page = readFileSync(new URL('../../docs/connections.md', import.meta.url), 'utf8');
    const [, example = ''] = /\n```json\n([^`]+)```\n/.exec(page) ?? [];
    const [own, ...more] = read(example.replace('…', 'a-client-secret'), { isProduction: true });
    assert.equal(own?.description.name, 'google-health');
    assert.deepEqual(more, []);
  });

  test('a short one has the required members, and the defaults suit most services', () => {
    assert.deepEqual(read({ providers: [acme] }), [
      {
        description: {
          name: 'acme',
          title: 'Acme Band',
          issuer: 'https://acme.example',
          sendsIssuer: false,
          authorizationEndpoint: 'https://acme.example/oauth/authorize',
          tokenEndpoint: 'https://acme.example/oauth/token',
          clientAuthentication: 'basic',
          introspectionEndpoint: null,
          scopes: [],
          scopeSeparator: ' ',
          usesPkce: true,
          authorizationParameters: {},
          accountField: null,
          endsReusedGrants: false,
          end: {
            kind: 'rfc7009',
            endpoint: 'https://acme.example/oauth/revoke',
            clientAuthentication: 'basic',
          },
        },
        credentials: { clientId: 'id-1', clientSecret: 'secret-of-acme' },
      },
    ]);
  });

  test('a long one sets every member', () => {
    writeFileSync(join(folder, 'acme-secret'), 'from-a-file\n');
    const { client_secret: _, revocation_endpoint: __, ...rest } = acme;
    const [own] = read({
      providers: [
        {
          ...rest,
          client_secret_file: 'acme-secret',
          issuer: 'https://id.acme.example',
          sends_issuer: true,
          client_authentication: 'post',
          introspection_endpoint: 'https://acme.example/oauth/introspect',
          scopes: ['a', 'b'],
          scope_separator: ',',
          pkce: false,
          authorization_parameters: { access_type: 'offline' },
          account_field: 'user_id',
          ends_reused_grants: true,
          end: {
            kind: 'call',
            method: 'DELETE',
            url: 'https://acme.example/users/{account}',
            success: [200, 204],
            covers: 'grant',
          },
        },
      ],
    });
    assert.equal(own?.credentials.clientSecret, 'from-a-file');
    assert.deepEqual(own.description.end, {
      kind: 'call',
      method: 'DELETE',
      url: 'https://acme.example/users/{account}',
      token: 'bearer',
      success: [200, 204],
      covers: 'grant',
    });
    assert.equal(own.description.sendsIssuer, true);
    assert.equal(own.description.usesPkce, false);
    assert.deepEqual(own.description.scopes, ['a', 'b']);
  });

  test('the bodies of its own answers are read, together with the error codes of an unknown token', () => {
    const { revocation_endpoint: endpoint, ...rest } = acme;
    const [own] = read({
      providers: [
        {
          ...rest,
          answers: {
            gone: [{ errors: [{ errorType: 'invalid_grant' }] }],
            not_given: [{ fault: { code: 7 } }],
            no_such_token: [{ errors: [{ errorType: 'invalid_token' }] }],
          },
          end: { kind: 'rfc7009', endpoint, gone_errors: ['no_token'] },
        },
      ],
    });
    assert.deepEqual(own?.description.answers, {
      gone: [{ errors: [{ errorType: 'invalid_grant' }] }],
      notGiven: [{ fault: { code: 7 } }],
      noSuchToken: [{ errors: [{ errorType: 'invalid_token' }] }, { error: 'no_token' }],
    });
  });

  test('a body that every answer would have, or that is none, is reported', () => {
    const expected = 'must be a list of objects, each a part of a body that is not empty';
    for (const forms of [
      {},
      'invalid_grant',
      ['invalid_grant'],
      [{}],
      [{ error: {} }],
      [{ errors: [] }],
      [[1]],
    ]) {
      assert.deepEqual(problemsOf({ providers: [{ ...acme, answers: { gone: forms } }] }), [
        `providers[0].answers.gone ${expected}`,
      ]);
    }
    assert.deepEqual(problemsOf({ providers: [{ ...acme, answers: { lost: [{ a: 1 }] } }] }), [
      'providers[0].answers.lost is not known',
    ]);
    assert.deepEqual(problemsOf({ providers: [{ ...acme, answers: [] }] }), [
      'providers[0].answers must be an object',
    ]);
  });

  test('all faults are reported together, each with its path, and no secret is repeated', () => {
    const problems = problemsOf({
      providers: [
        { ...acme, name: 'Acme!', token_endpoint: 'http://acme.example/token', scope: ['a'], pkce: 'yes' },
        {
          ...acme,
          name: 'second',
          client_secret: 'broken\nsecret',
          title: '',
          revocation_endpoint: undefined,
        },
      ],
      more: 1,
    });
    assert.deepEqual(problems, [
      'the file.more is not known',
      'providers[0].name must be lower-case letters, digits and dashes',
      'providers[0].token_endpoint must be an https URL, or an http URL of this machine',
      'providers[0].pkce must be true or false',
      'providers[0].scope is not known',
      'providers[1].title must be a name of at most 64 characters',
      'providers[1].end must be an object, unless there is a revocation_endpoint',
      'providers[1].client_secret must be the secret of that client',
    ]);
    assert.ok(!problems.join('\n').includes('secret-of-acme'));
    assert.ok(!problems.join('\n').includes('broken'));
  });

  test("a name that is used twice, is on already, or is the demo's is refused", () => {
    assert.deepEqual(problemsOf({ providers: [acme, acme] }), [
      'providers[1].name is taken by another provider',
    ]);
    assert.deepEqual(problemsOf({ providers: [{ ...acme, name: 'fitbit' }] }, { taken: ['fitbit'] }), [
      'providers[0].name is taken by another provider',
    ]);
    assert.deepEqual(problemsOf({ providers: [{ ...acme, name: 'demo' }] }), [
      'providers[0].name is reserved for the demo provider',
    ]);
  });

  test('plain HTTP is accepted for this machine only, and in production not at all', () => {
    const local = { ...acme, token_endpoint: 'http://127.0.0.1:9000/token' };
    assert.equal(read({ providers: [local] }).length, 1);
    assert.deepEqual(problemsOf({ providers: [local] }, { isProduction: true }), [
      'providers[0].token_endpoint must be an https URL',
    ]);
    for (const url of ['http://example.com/', 'https://user:pass@acme.example/', 'ftp://x', 'token', '']) {
      assert.equal(problemsOf({ providers: [{ ...acme, token_endpoint: url }] }).length, 1, url);
    }
  });

  test('an incomplete end is reported by its members', () => {
    const { revocation_endpoint: _, ...rest } = acme;
    assert.deepEqual(
      problemsOf({ providers: [{ ...rest, end: { kind: 'call', method: 'GET', url: 'x' } }] }),
      [
        'providers[0].end.method must be one of "POST", "DELETE"',
        'providers[0].end.url must be an https URL, or an http URL of this machine',
        'providers[0].end.success must be a list of 200, 202 and 204',
        'providers[0].end.covers must be one of "grant", "access"',
      ],
    );
    assert.equal(problemsOf({ providers: [{ ...rest, end: [] }] })[0], 'providers[0].end must be an object');
  });

  test('a provider that always sends its issuer must name it', () => {
    assert.deepEqual(problemsOf({ providers: [{ ...acme, sends_issuer: true }] }), [
      'providers[0].issuer must be set if sends_issuer is true',
    ]);
  });

  test('a file that cannot be read is one line', () => {
    const missing = join(folder, 'missing.json');
    assert.throws(
      () => readProviderFile({ path: missing, isProduction: false, taken: [] }),
      (error) =>
        error instanceof ConfigError &&
        error.message === `ROSTER_PROVIDERS_FILE names a file that cannot be read: ${missing}`,
    );
    assert.match(problemsOf('{')[0] ?? '', /^names a file that is not JSON/);
    assert.deepEqual(problemsOf([]), [
      'the file must be an object',
      'the file.providers must be a list of providers',
    ]);
    assert.deepEqual(problemsOf({ providers: ['x'] }).slice(0, 1), ['providers[0] must be an object']);
  });

  test('a secret in a file of its own must exist', () => {
    const { client_secret: _, ...rest } = acme;
    assert.deepEqual(problemsOf({ providers: [{ ...rest, client_secret_file: 'nowhere' }] }), [
      'providers[0].client_secret_file names a file that cannot be read',
    ]);
    writeFileSync(join(folder, 'empty-secret'), '\n');
    assert.deepEqual(problemsOf({ providers: [{ ...rest, client_secret_file: 'empty-secret' }] }), [
      'providers[0].client_secret_file names a file without a secret',
    ]);
  });
});

describe('the mark of a provider in the file', () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108', 'hex');
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1"/></svg>';

  function writeMark(name: string, content: string | Uint8Array): string {
    mkdirSync(join(folder, 'marks'), { recursive: true });
    writeFileSync(join(folder, 'marks', name), content);
    return `marks/${name}`;
  }

  test('is read from a file beside it, also for a preset that is on or off', () => {
    const { providers, marks } = readFile({
      content: {
        providers: [
          { ...acme, mark: writeMark('acme.svg', svg) },
          { name: 'fitbit', mark: writeMark('fitbit.png', png) },
          { mark: join(folder, 'marks', 'acme.svg'), name: 'oura' },
        ],
      },
      taken: ['fitbit'],
    });
    assert.deepEqual(
      providers.map(({ description }) => description.name),
      ['acme'],
    );
    assert.deepEqual(
      [...marks].map(([name, { type, bytes }]) => [name, type, bytes.length]),
      [
        ['acme', 'image/svg+xml', svg.length],
        ['fitbit', 'image/png', png.length],
        ['oura', 'image/svg+xml', svg.length],
      ],
    );
    assert.equal(marks.get('acme')?.digest, marks.get('oura')?.digest);
    assert.match(marks.get('fitbit')?.digest ?? '', /^[0-9a-f]{32}$/);
  });

  test('is refused where it cannot be shown, with a line that names the entry', () => {
    const long = Buffer.concat([png, Buffer.alloc(65 * 1024)]);
    const cases: readonly (readonly [unknown, RegExp])[] = [
      ['marks/none.svg', /^names a file that cannot be read$/],
      ['marks', /^names a file that is not a file$/],
      [writeMark('a.gif', 'GIF89a'), /^names a file that is not a PNG or SVG picture$/],
      [writeMark('a.jpg', Buffer.from('ffd8ffe000104a46', 'hex')), /is not a PNG or SVG picture$/],
      [writeMark('empty.svg', ''), /is not a PNG or SVG picture$/],
      [writeMark('long.png', long), /^names a file that is larger than 65536 bytes$/],
      [writeMark('script.svg', svg.replace('path', 'script')), /must not have the element script$/],
      [writeMark('handler.svg', svg.replace('d=', 'onclick=')), /must not have the attribute onclick$/],
      [7, /^must be the path of a file$/],
      [null, /^must be the path of a file$/],
    ];
    for (const [mark, problem] of cases) {
      for (const [entry, taken] of [
        [{ ...acme, mark }, []],
        [{ name: 'fitbit', mark }, ['fitbit']],
      ] as const) {
        const [line = '', ...more] = problemsOf({ providers: [entry] }, { taken: [...taken] });
        assert.deepEqual(more, []);
        assert.ok(line.startsWith('providers[0].mark '), line);
        assert.match(line.slice('providers[0].mark '.length), problem);
      }
    }
  });

  test('alone is for a preset alone, and once', () => {
    const mark = writeMark('acme.svg', svg);
    const twice = {
      providers: [
        { name: 'fitbit', mark },
        { name: 'fitbit', mark },
      ],
    };
    assert.deepEqual(problemsOf(twice), ['providers[1].name is taken by another provider']);
    assert.ok(
      problemsOf({ providers: [{ name: 'acme', mark }] }).includes(
        'providers[0].title must be a name of at most 64 characters',
      ),
    );
    assert.ok(
      problemsOf({ providers: [{ name: 'demo', mark }] }).includes(
        'providers[0].name is reserved for the demo provider',
      ),
    );
    const taken = problemsOf({ providers: [{ ...acme, name: 'fitbit', mark }] }, { taken: ['fitbit'] });
    assert.deepEqual(taken, ['providers[0].name is taken by another provider']);
  });
});
