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
      '. `npm ci` brings the right one: start it with `npm start` or `npx roster`.\n',
  );
  process.exit(1);
}
