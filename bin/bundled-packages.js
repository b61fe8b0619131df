// Loads a package of many files from one file. `npm ci` writes these files with `tools/bundle-packages.ts`: to load kysely
// file by file takes a quarter of the time of a short command. Without the files (`npm ci --ignore-scripts`), or when
// another version of the package is installed, Node loads the package itself.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const url = require('node:url');

const modules = path.join(__dirname, '..', 'node_modules');
const folder = path.join(modules, '.cache', 'bundles');

// The URL of each bundle that may be used, by the name in the import.
const bundles = new Map();
for (const bundle of readJson(path.join(folder, 'bundles.json'), [])) {
  const installed = readJson(path.join(modules, bundle.package, 'package.json'), {});
  if (installed.version !== bundle.version) continue;
  bundles.set(bundle.import, url.pathToFileURL(path.join(folder, bundle.file)).href);
}

if (bundles.size > 0) {
  require('node:module').registerHooks({
    resolve: (specifier, context, nextResolve) => {
      const found = bundles.get(specifier);
      if (found === undefined) return nextResolve(specifier, context);
      return { url: found, format: 'module', shortCircuit: true };
    },
  });
}

function readJson(file, fallback) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return fallback;
  }
}
