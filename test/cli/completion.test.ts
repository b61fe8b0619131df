/** Each shell, on a terminal of its own, completes what a person types: the Tab key is pressed in the real shell. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commands } from '../../src/cli/catalogue.ts';
import { completionOf } from '../../src/cli/commands/completion.ts';
import { completedOf } from '../../src/cli/completion/completed-words.ts';
import { type Shell, shells } from '../../src/cli/completion/shells.ts';
import { commonOptions } from '../../src/cli/invocation.ts';

const folder = mkdtempSync(join(tmpdir(), 'roster-completion-'));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'keys of old.jwks'), '');

async function scriptFor(shell: Shell): Promise<string> {
  const invocation = {
    command: 'completion',
    argument: shell,
    find: () => undefined,
    get: () => '',
    env: {},
  };
  const { text } = await completionOf(commands)(invocation);
  const path = join(folder, `roster.${shell}`);
  writeFileSync(path, `${text}\n`);
  return path;
}

/** How a shell starts without the files of the account, and shows a mark when it is ready for a line. */
function startOf(
  shell: Shell,
  script: string,
): { readonly command: string; readonly setup: readonly string[] } {
  const tell = `roster() { printf 'GOT[%s]' "$*"; }`;
  switch (shell) {
    case 'bash':
      return { command: 'bash --norc --noprofile -i', setup: [`source ${script}`, tell, `PS1='READY> '`] };
    case 'zsh':
      return {
        command: 'zsh -f -i',
        setup: [`autoload -U compinit; compinit -D -u; source ${script}`, tell, `PS1='READY> '`],
      };
    case 'fish':
      return {
        command: 'fish --no-config -i',
        setup: [
          `source ${script}`,
          `function roster; printf 'GOT[%s]' "$argv"; end`,
          `function fish_prompt; printf 'READY> '; end`,
        ],
      };
  }
}

/** Types each line on a terminal, with a Tab where \`TAB\` stands; returns the words that the program then gets. */
async function typed(shell: Shell, lines: readonly string[]): Promise<readonly string[]> {
  const { command, setup } = startOf(shell, await scriptFor(shell));
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, TERM: 'dumb', LC_ALL: 'C.UTF-8' };
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: folder, env });
  let shown = '';
  let changed: () => void = () => {};
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    changed();
  });
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      isOver = true;
      changed();
      resolve();
    });
  });
  const until = async (mark: string, from: number): Promise<number> => {
    for (;;) {
      const at = shown.indexOf(mark, from);
      if (at !== -1) return at + mark.length;
      if (isOver) throw new Error(`${shell} ended: ${shown}`);
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    }
  };
  try {
    // The shell shows its mark once every line before it has run; what it echoes of these lines has a quote before the mark.
    child.stdin.write(`${setup.join('\n')}\n`);
    let at = 0;
    do at = await until('READY> ', at);
    while (/['"]$/.test(shown.slice(at, at + 1)));
    const got: string[] = [];
    for (const line of lines) {
      child.stdin.write(`${line.replaceAll('TAB', '\t')}\n`);
      const begin = await until('GOT[', at);
      const end = await until(']', begin);
      got.push(shown.slice(begin, end - 1));
      at = await until('READY> ', end);
    }
    return got;
  } finally {
    child.stdin.end('exit\n');
    child.kill();
    await ended;
  }
}

const cases: readonly (readonly [line: string, words: string])[] = [
  ['roster key cTAB', 'key create'],
  ['roster key create --role adTAB', 'key create --role admin'],
  ['roster user find --status actTAB', 'user find --status active'],
  ['roster --data /nowhere user expTAB', 'user export'],
  ['roster complTABzsTAB', 'completion zsh'],
  ['roster erasure verify --jwTABkeTAB receipt', 'erasure verify --jwks keys of old.jwks receipt'],
  ['roster oveTAB--dayTAB7', 'overview --days 7'],
  ['roster key set key_1 --end-fTAB', 'key set key_1 --end-former'],
  ['roster user unlock anna --yTAB', 'user unlock anna --yes'],
  ['roster passwords buTABkeTAB', 'passwords build keys of old.jwks'],
];

for (const shell of shells) {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  test(`${shell} completes commands, options, their values and files`, { skip: !isThere }, async () => {
    const got = await typed(
      shell,
      cases.map(([line]) => line),
    );
    const expected = cases.map(([, words]) => words);
    assert.deepEqual(
      got.map((words) => words.replace('--data /nowhere ', '').trim()),
      expected,
    );
  });
}

test('every command and every option of the table is completed, and an option takes a value everywhere or nowhere', () => {
  const { commands: all, valued } = completedOf(commands);
  assert.deepEqual(
    all.map(({ name }) => name),
    commands.map(({ name }) => name),
  );
  for (const [at, { options }] of commands.entries()) {
    const names = Object.keys({ ...options, ...commonOptions });
    assert.deepEqual(
      all[at]?.options.map(({ name }) => name),
      names.map((name) => `--${name}`),
    );
    for (const { name, takes } of all[at]?.options ?? []) {
      assert.equal(takes.kind !== 'nothing', valued.includes(name), name);
    }
  }
});

test('bash completes the value behind an equals sign, also where another bash splits there', async () => {
  const script = await scriptFor('bash');
  const complete = (...words: readonly string[]) => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const body = `source ${script}; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _roster; echo "\${COMPREPLY[*]}"`;
    return spawnSync('bash', ['--norc', '-c', body]).stdout.toString().trim();
  };
  assert.equal(complete('roster', 'key', 'create', '--role', '=', 'ad'), 'admin');
  assert.equal(complete('roster', 'key', 'create', '--role', '='), 'admin member reader');
  assert.equal(complete('roster', 'key', 'create', '--role', '=', 'admin', '--exp'), '--expires');
  assert.equal(complete('roster', 'key', 'create', '--org', ''), '');
});
