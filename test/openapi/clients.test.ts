/**
 * The clients that common generators make of the OpenAPI documents. The programs in `samples/` use them: each is compiled
 * with the `strict` option of TypeScript, and then calls a running server.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { readDocuments } from '../support/contracts/documents.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { generateClients } from './generate.ts';
import type { Access } from './samples/access.ts';

/** The two functions that each sample has; both do the same calls. */
interface Sample {
  withTypes(access: Access): Promise<unknown>;
  withClient(access: Access): Promise<unknown>;
}

/** What the samples read, by contract. */
const reads = {
  sonar: (name: string) => ({
    ...{ isSame: true, listed: name, isHolder: true },
    fault: 'must be a name of the IANA time zone database, such as Europe/London',
  }),
  general: (name: string) => ({
    ...{ isSame: true, listed: `${name}@general.example`, fault: 'is invalid' },
  }),
  humanapi: (name: string) => ({ listed: name, fault: 'Not Found' }),
  organization: (name: string) => ({
    ...{ isSame: true, listed: `${name}@organization.example`, fault: 'conflict' },
  }),
};

const project = resolve(import.meta.dirname, '../..');

const compilerOptions = {
  ...{ strict: true, target: 'esnext', module: 'nodenext', noEmit: true, skipLibCheck: true },
  ...{ verbatimModuleSyntax: true, erasableSyntaxOnly: true, allowImportingTsExtensions: true },
  ...{ lib: ['esnext', 'dom'], types: ['node'] },
};

describe('generated clients', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'roster-clients-'));
    await cp(join(import.meta.dirname, 'samples'), folder, { recursive: true });
    await symlink(join(project, 'node_modules'), join(folder, 'node_modules'), 'junction');
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    await mkdir(join(folder, 'generated'));
    await generateClients(await readDocuments(roster.baseUrl), join(folder, 'generated'));
  });
  after(() => rm(folder, { recursive: true }));

  /** What the compiler says of these files, and of the files that they import. */
  async function compile(files: readonly string[]): Promise<string> {
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const compiler = join(project, 'node_modules/typescript/bin/tsc');
    const ended = promisify(execFile)(process.execPath, [compiler, '-p', '.'], { cwd: folder });
    const { stdout } = await ended.catch((fault: { stdout: string }) => fault);
    return stdout;
  }

  test('strict TypeScript compiles programs that read answers and errors without a cast', async () => {
    assert.equal(await compile(Object.keys(reads).map((name) => `${name}.ts`)), '');
  });

  test('strict TypeScript refuses a program that reads what an answer may not have', async () => {
    await writeFile(
      join(folder, 'wrong.ts'),
      [
        "import type { CreateUserError, User } from './generated/general/types.gen.ts';",
        'export const readFault = (error: CreateUserError) => error.errors.email;',
        'export const readName = (user: User) => user.name;',
      ].join('\n'),
    );
    const codes = (await compile(['wrong.ts'])).match(/^wrong\.ts.*error TS\d+/gm);
    assert.deepEqual(codes, ['wrong.ts(2,67): error TS2339', 'wrong.ts(3,46): error TS2339']);
  });

  for (const [name, read] of Object.entries(reads)) {
    test(`the clients of ${name} call a server`, async () => {
      const sample: Sample = await import(pathToFileURL(join(folder, `${name}.ts`)).href);
      const { app, apiKeys } = roster.organization;
      const access: Access = {
        ...{ baseUrl: `${roster.baseUrl}/${name}`, apiKey: apiKeys.admin, session: admin.session },
        ...{ appId: app.appId, appKey: app.appKey },
      };
      assert.deepEqual(await sample.withTypes(access), read('typed'));
      assert.deepEqual(await sample.withClient(access), read('generated'));
    });
  }
});
