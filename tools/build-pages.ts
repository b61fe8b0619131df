/**
 * Builds the pages that have a program of their own, into `dist/`: `npm run build`, which `npm ci` runs by itself. File
 * names hold a digest of what is in them, and each file lies there packed by Brotli too.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');
const source = join(root, 'web', 'connect');
const target = join(root, 'dist', 'connect');

/** Builds the Connect page; the files by name, with their bytes as they are and packed. */
export async function buildConnect(): Promise<ReadonlyMap<string, { plain: number; packed: number }>> {
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
      modulePreload: false,
      rolldownOptions: {
        input: join(source, 'main.tsx'),
        // What is meant for servers that render pages has no meaning here.
        onwarn(warning, warn) {
          if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
        },
        output: { entryFileNames: 'main-[hash].js', assetFileNames: 'main-[hash][extname]' },
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
  for (const [name, { plain, packed }] of await buildConnect()) {
    process.stdout.write(`dist/connect/${name}: ${plain} bytes, packed ${packed}\n`);
  }
}
