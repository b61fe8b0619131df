/**
 * Writes `docs/settings.md` and `.env.example` from the list of settings: `node tools/settings.ts`. A test fails
 * when either is stale.
 */
import { writeFileSync } from 'node:fs';
import { type Setting, sections, settings } from '../src/config/settings.ts';

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
    'Roster is configured by its environment. An empty setting counts as unset. All faults are reported together at',
    'the start, and nothing is served until there is none. Values marked as secret never reach a log line or an error',
    'message.',
    '',
    'They may also stand in a file `.env` in the folder where `npm start` or `npx roster` is called: `cp .env.example .env`, and set',
    'what you need. What the environment itself says wins. Keep that file from everybody else (`chmod 600 .env`).',
    '',
    'This page is written by `node tools/settings.ts` from `src/config/settings.ts`.',
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
    '# Written by `node tools/settings.ts`; what the settings mean at length is in docs/settings.md.',
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
