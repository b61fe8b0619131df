/**
 * Writes `docs/settings.md` and `.env.example` from the list of settings: `node tools/settings.ts`. A test fails
 * when either is stale.
 */
import { writeFileSync } from 'node:fs';
import { type Setting, sections } from '../src/config/setting.ts';
import { settings } from '../src/config/settings.ts';

/** The generated files: path in the checkout, and content. */
export function renderFiles(): readonly { readonly path: string; readonly content: string }[] {
  return [
    { path: 'docs/settings.md', content: renderTable() },
    { path: '.env.example', content: renderExample() },
  ];
}

function bySection(): { section: string; list: Setting<unknown>[] }[] {
  const all: readonly Setting<unknown>[] = Object.values(settings);
  return sections.map((section) => ({ section, list: all.filter((each) => each.section === section) }));
}

function renderTable(): string {
  const parts = bySection().map(({ section, list }) =>
    [
      `## ${section}`,
      '',
      '| setting | default | must be | meaning |',
      '| --- | --- | --- | --- |',
      ...list.map((each) => `| ${cells(each).join(' | ')} |`),
      '',
    ].join('\n'),
  );
  return [
    '# Settings',
    '',
    'Environment variables configure Roster. An empty setting counts as unset. The start reports all faults together, and the',
    'server does not start with a fault. Secret values never appear in a log line or an error message.',
    '',
    'Settings may also be in a file `.env` in the folder in which you call `npm start` or `npx roster`: run `cp .env.example .env`',
    'and set the values that you need. A variable of the environment takes precedence over the file. Let only its owner read',
    'that file (`chmod 600 .env`).',
    '',
    '`node tools/settings.ts` writes this page from `src/config/settings.ts`.',
    '',
    parts.join('\n'),
  ].join('\n');
}

function cells(each: Setting<unknown>): string[] {
  const fallback = each.fallback === null ? (each.otherwise ?? '') : `\`${each.fallback}\``;
  const name = `\`${each.name}\`${each.isSecret ? ' (secret)' : ''}`;
  return [name, fallback, each.parser.expected.replaceAll('<', '&lt;'), each.meaning];
}

function renderExample(): string {
  const lines = bySection().flatMap(({ section, list }) => [
    '',
    `# --- ${section} ---`,
    ...list.flatMap((each) => [
      '',
      `# ${plain(each.meaning)}`,
      `# Must be ${plain(each.parser.expected)}.${each.fallback === null ? ` Unset: ${plain(each.otherwise ?? '')}.` : ''}`,
      `#${each.name}=${each.fallback ?? ''}`,
    ]),
  ]);
  return [
    '# The settings of Roster with their defaults, in the form of an environment file.',
    '# `node tools/settings.ts` writes this file; docs/settings.md explains the settings.',
    ...lines,
    '',
  ].join('\n');
}

function plain(markdown: string): string {
  return markdown.replaceAll('`', '');
}

if (import.meta.main) {
  for (const { path, content } of renderFiles()) {
    writeFileSync(new URL(`../${path}`, import.meta.url), content);
  }
}
