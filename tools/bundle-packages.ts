/**
 * Writes each package of many files as one file, from which `bin/bundled-packages.js` loads it: a process then starts in
 * three quarters of the time. `npm ci` runs this. The bundles belong to the versions that are installed now.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

interface Bundle {
  /** The name in the imports. */
  readonly import: string;
  readonly package: string;
  /** The module of the package that the import means. */
  readonly entry: string;
  /** The file of the bundle. */
  readonly file: string;
  readonly version: string;
}

const packages: readonly Omit<Bundle, 'version'>[] = [
  { import: 'kysely', package: 'kysely', entry: 'dist/index.js', file: 'kysely.mjs' },
  {
    import: 'libphonenumber-js/min',
    package: 'libphonenumber-js',
    entry: 'min/index.js',
    file: 'libphonenumber-js-min.mjs',
  },
];

const modules = join(import.meta.dirname, '..', 'node_modules');

/** Writes the bundles and their list into the folder. */
export async function bundlePackages(folder: string): Promise<readonly Bundle[]> {
  mkdirSync(folder, { recursive: true });
  const bundles: Bundle[] = [];
  for (const each of packages) {
    await build({
      configFile: false,
      publicDir: false,
      logLevel: 'warn',
      build: {
        outDir: folder,
        emptyOutDir: false,
        target: 'esnext',
        // Stack traces stay readable.
        minify: false,
        lib: {
          entry: join(modules, each.package, each.entry),
          formats: ['es'],
          fileName: () => each.file,
        },
      },
    });
    const description = readFileSync(join(modules, each.package, 'package.json'), 'utf8');
    const { version }: { version: string } = JSON.parse(description);
    bundles.push({ ...each, version });
  }
  // The list comes last, and whole: a process that starts meanwhile uses the former list or none.
  const list = join(folder, 'bundles.json');
  writeFileSync(`${list}.new`, JSON.stringify(bundles));
  renameSync(`${list}.new`, list);
  return bundles;
}

if (import.meta.main) await bundlePackages(join(modules, '.cache', 'bundles'));
