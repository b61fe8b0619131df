/**
 * Generates clients from OpenAPI documents, as an integrator does: the types of `openapi-typescript` (`generated/<name>.ts`)
 * and the client of `@hey-api/openapi-ts` (`generated/<name>/`).
 *
 * Both generators use the compiler API of TypeScript 5, which TypeScript 7 does not have. Their imports of `typescript`
 * are resolved to the package `typescript-5` in this process.
 */
import { writeFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import type { NamedText } from '../support/contracts/documents.ts';

registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === 'typescript' ? 'typescript-5' : specifier, context),
});
const { astToString, default: generateTypes } = await import('openapi-typescript');
const { createClient: generateClient } = await import('@hey-api/openapi-ts');

export async function generateClients(documents: readonly NamedText[], folder: string): Promise<void> {
  for (const [name, text] of documents) {
    await writeFile(join(folder, `${name}.ts`), astToString(await generateTypes(text)));
    await generateClient({
      input: JSON.parse(text),
      output: { path: join(folder, name), importFileExtension: '.ts' },
      logs: { level: 'silent', file: false },
    });
  }
}
