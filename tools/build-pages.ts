/**
 * Builds the web pages that have a browser program, into `dist/`: `npm run build`, which `npm ci` runs by itself. A file
 * name contains a digest of the file's content. Each file has a copy that is compressed with Brotli.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');

/** The Connect page, whose files browsers may store for ever, so their names have digests. */
const connect = {
  source: join(root, 'web', 'connect'),
  target: join(root, 'dist', 'connect'),
  entry: 'main.tsx',
  output: { entryFileNames: 'main-[hash].js', assetFileNames: 'main-[hash][extname]' },
};

/** The script of the page that asks for a new password. */
const requestPassword = {
  source: join(root, 'web', 'request-password'),
  target: join(root, 'dist', 'request-password'),
  entry: 'main.ts',
  output: { entryFileNames: 'main.js' },
};

/** The console. Its pages are files of their own, which the browser loads when a page is opened. */
const consolePage = {
  source: join(root, 'web', 'console'),
  target: join(root, 'dist', 'console'),
  entry: 'main.tsx',
  output: {
    entryFileNames: 'main-[hash].js',
    chunkFileNames: '[name]-[hash].js',
    assetFileNames: 'main-[hash][extname]',
    // One file that every page needs, and one for what several pages need, so that a browser waits for few answers.
    codeSplitting: {
      groups: [
        { name: 'base', tags: ['$initial' as const], priority: 2 },
        { name: 'shared', minShareCount: 2, priority: 1 },
      ],
    },
  },
};

type BuiltPage = typeof connect | typeof requestPassword | typeof consolePage;

/** Builds the Connect page. Returns the files by name, with their sizes in bytes, plain and compressed. */
export function buildConnect(): Promise<ReadonlyMap<string, { plain: number; packed: number }>> {
  return buildPage(connect);
}

async function buildPage({ source, target, entry, output }: BuiltPage) {
  await build({
    root: source,
    base: './',
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    build: {
      outDir: target,
      emptyOutDir: true,
      assetsDir: '',
      cssCodeSplit: false,
      modulePreload: { polyfill: false },
      // `test/console/first-load.test.ts` has the limits.
      chunkSizeWarningLimit: 1000,
      rolldownOptions: {
        input: join(source, entry),
        // Directives such as `use client` are for servers that render pages; they do nothing here.
        onwarn(warning, warn) {
          if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
        },
        output,
      },
    },
  });
  const sizes = new Map<string, { plain: number; packed: number }>();
  for (const name of readdirSync(target)) {
    const path = join(target, name);
    const packed = brotliCompressSync(readFileSync(path), {
      params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
    });
    writeFileSync(`${path}.br`, packed);
    sizes.set(name, { plain: statSync(path).size, packed: packed.length });
  }
  return sizes;
}

if (import.meta.main) {
  for (const page of [connect, requestPassword, consolePage]) {
    for (const [name, { plain, packed }] of await buildPage(page)) {
      process.stdout.write(
        `${relative(root, join(page.target, name))}: ${plain} bytes, compressed ${packed}\n`,
      );
    }
  }
}
