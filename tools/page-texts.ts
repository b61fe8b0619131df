/**
 * Writes `docs/page-texts.md`, the English texts of the web pages as a deployment may copy them: `node
 * tools/page-texts.ts`. A test fails when it is stale.
 */
import { writeFileSync } from 'node:fs';
import { fileKey } from '../src/core/messaging/text-tree.ts';
import { englishSiteTexts } from '../src/pages/site-texts.ts';

export const pageTextsPath = 'docs/page-texts.md';

/** The content of the page. */
export function renderPageTexts(): string {
  const files = Object.entries(englishSiteTexts).map(([page, texts]) =>
    [`## \`${page}.json\``, '', '```json', JSON.stringify(withFileKeys(texts), null, 2), '```', ''].join(
      '\n',
    ),
  );
  return [
    '# Texts of the web pages',
    '',
    'The English texts of each web page, in the form of the files in `ROSTER_TEMPLATES_DIR`. Copy those that you want to change or',
    'to translate; [operations.md](operations.md#texts-of-web-pages) has the rules.',
    '',
    '`node tools/page-texts.ts` writes this page from `src/pages/site-texts.ts`.',
    '',
    files.join('\n'),
  ].join('\n');
}

function withFileKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [fileKey(key), withFileKeys(each)]));
}

if (import.meta.main) writeFileSync(new URL(`../${pageTextsPath}`, import.meta.url), renderPageTexts());
