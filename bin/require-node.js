// Ends the process with a message of one line if the running Node is too old. Uses only old syntax.
'use strict';

var oldestMajor = 26;
var version = process.versions.node;

if (Number(version.split('.')[0]) < oldestMajor) {
  process.stderr.write(
    'roster: needs Node ' +
      oldestMajor +
      ' or newer, and this is Node ' +
      version +
      (isWithoutScripts()
        ? '. `npm ci` ran without its scripts, which bring the right one: run `npm ci --ignore-scripts=false`.\n'
        : '. `npm ci` brings the right one: start it with `npm start` or `npx roster`.\n'),
  );
  process.exit(1);
}

// Whether the package that brings Node is there, without the Node that its script downloads.
function isWithoutScripts() {
  return isInstalled('package.json') && !isInstalled('bin/node') && !isInstalled('bin/node.exe');
}

function isInstalled(name) {
  try {
    require.resolve('../node_modules/node/' + name);
    return true;
  } catch (_error) {
    return false;
  }
}
