/**
 * Which folder may import which. The table is the whole rule: each room (a part of the source) lists the rooms, packages
 * and modules of Node that it may import, and every other import is a finding. A file that is in no room is a finding
 * too, so a new room needs a line in the table.
 */

import type { SourceFile } from './source.ts';
import { importsOf, packageOf, targetOf } from './syntax.ts';

interface Room {
  /** Prefixes of the paths in the room; if several rooms match, the longest prefix decides. */
  readonly paths: readonly string[];
  readonly rooms: readonly string[];
  /** Packages and modules of Node; `*` is any, `node:*` any module of Node. */
  readonly packages: readonly string[];
}

const everything = { rooms: ['*'], packages: ['*'] } as const;

/** The rooms of the store that work with either database. */
const underDatabases = [
  'storeMigrations',
  'storeRecords',
  'storeSearch',
  'storeUsers',
  'storeCounts',
  'storeSql',
  'storeSchema',
] as const;

/** `main -> cli -> app -> everything`; the rooms below import the core, and those that answer HTTP requests also `http`. */
export const rooms: Readonly<Record<string, Room>> = {
  main: { paths: ['src/main.ts'], rooms: ['app', 'cli'], packages: ['node:*'] },
  cli: { paths: ['src/cli/'], rooms: ['app', 'config', 'core'], packages: ['node:*'] },
  app: { paths: ['src/app/'], ...everything },
  config: { paths: ['src/config/'], rooms: ['core'], packages: ['node:*'] },
  core: {
    paths: ['src/core/'],
    rooms: [],
    packages: ['libphonenumber-js', 'node:crypto', 'node:url', 'node:util'],
  },
  /** Opens SQLite or PostgreSQL. */
  store: {
    paths: ['src/store/open-store.ts'],
    rooms: ['storeTypes', 'storeSqlite', 'storePostgres'],
    packages: [],
  },
  /** The interface of a store; the rooms of the two databases implement it. */
  storeTypes: {
    paths: ['src/store/store.ts'],
    rooms: ['core', 'storeCounts', 'storeUsers'],
    packages: [],
  },
  storeSchema: { paths: ['src/store/schema/'], rooms: ['core'], packages: ['kysely'] },
  storeSql: { paths: ['src/store/sql/'], rooms: ['core', 'storeSchema'], packages: ['kysely'] },
  storeMigrations: {
    paths: ['src/store/migrations/', 'src/store/migrate.ts'],
    rooms: ['core', 'storeSql'],
    packages: [],
  },
  storeCounts: { paths: ['src/store/counts/'], rooms: ['core', 'storeSql', 'storeSchema'], packages: [] },
  storeUsers: {
    paths: ['src/store/users/'],
    rooms: ['core', 'storeCounts', 'storeSql', 'storeSchema'],
    packages: ['kysely'],
  },
  storeSearch: {
    paths: ['src/store/search/'],
    rooms: ['core', 'storeCounts', 'storeUsers', 'storeSql', 'storeSchema'],
    packages: ['kysely', 'node:timers'],
  },
  storeRecords: {
    paths: ['src/store/records/'],
    rooms: ['core', 'storeSearch', 'storeUsers', 'storeCounts', 'storeSql', 'storeSchema'],
    packages: ['kysely'],
  },
  storeFolder: {
    paths: ['src/store/folder/'],
    rooms: ['core', 'storeSql'],
    packages: ['better-sqlite3', 'node:*'],
  },
  storeSqlite: {
    paths: ['src/store/sqlite/'],
    rooms: ['core', 'storeTypes', 'storeFolder', ...underDatabases],
    packages: ['better-sqlite3', 'node:*'],
  },
  storePostgres: {
    paths: ['src/store/postgres/'],
    rooms: ['core', 'storeTypes', ...underDatabases],
    packages: ['node:*', 'pg'],
  },
  storeCopies: {
    paths: ['src/store/copies/'],
    rooms: ['core', 'storeFolder', 'storeSqlite', 'storePostgres', ...underDatabases],
    packages: ['better-sqlite3', 'node:*', 'pg'],
  },
  /** The terms in which contracts, pages and the rooms below speak of a request. */
  http: { paths: ['src/http/'], rooms: ['core'], packages: ['node:*', 'pino', 'typebox'] },
  httpReading: {
    paths: ['src/http/reading/'],
    rooms: ['core', 'http'],
    packages: ['node:*'],
  },
  httpAnswering: { paths: ['src/http/answering/'], rooms: ['core', 'http'], packages: ['node:*'] },
  httpReference: {
    paths: ['src/http/reference/'],
    rooms: ['core', 'http', 'httpReading', 'httpAnswering'],
    packages: ['@scalar/fastify-api-reference', 'fastify', 'node:*'],
  },
  /** The path of a request. No contract and no page sees it. */
  httpServer: {
    paths: ['src/http/server/'],
    rooms: ['core', 'http', 'httpReading', 'httpAnswering', 'httpReference'],
    packages: ['find-my-way', 'node:*'],
  },
  contracts: {
    paths: ['src/contracts/'],
    rooms: ['core', 'http', 'httpReading', 'httpAnswering', 'shapes'],
    packages: ['node:http'],
  },
  pages: {
    paths: ['src/pages/'],
    rooms: ['core', 'http', 'httpReading', 'httpAnswering', 'shapes'],
    packages: ['node:*'],
  },
  /** What a web page and its server share: the types of their messages, and texts with values. */
  shapes: {
    paths: ['src/pages/connect/connect-shapes.ts', 'src/pages/fill-text.ts', 'src/contracts/console/shapes/'],
    rooms: [],
    packages: [],
  },
  web: {
    paths: ['web/'],
    rooms: ['shapes'],
    packages: [
      '@mantine/core',
      '@mantine/hooks',
      '@mantine/spotlight',
      '@simplewebauthn/browser',
      '@tanstack/react-query',
      '@tanstack/react-router',
      '@tanstack/react-virtual',
      'altcha-lib',
      'react',
      'react-dom',
      'uplot',
    ],
  },
  jobs: { paths: ['src/jobs/'], rooms: ['core'], packages: ['node:*'] },
  gateways: {
    paths: ['src/gateways/'],
    rooms: ['core'],
    packages: [
      '@simplewebauthn/server',
      'altcha-lib',
      'bcrypt',
      'libphonenumber-js',
      'nodemailer',
      'node:*',
      'oauth4webapi',
      'otpauth',
      'prom-client',
    ],
  },
  demo: { paths: ['src/demo/'], rooms: ['core', 'http', 'pages'], packages: ['node:*', 'oidc-provider'] },
  tests: { paths: ['test/'], ...everything },
  tools: { paths: ['tools/', 'bench/'], ...everything },
};

/** The room of a file; null for none. A test beside its subject is in `tests`. */
export function roomOf(path: string): string | null {
  if (path.endsWith('.test.ts')) return 'tests';
  let best: { name: string; length: number } | null = null;
  for (const [name, room] of Object.entries(rooms)) {
    for (const beginning of room.paths) {
      const isLonger = best === null || beginning.length > best.length;
      if (path.startsWith(beginning) && isLonger) best = { name, length: beginning.length };
    }
  }
  return best?.name ?? null;
}

export interface ArrowFinding {
  readonly line: number;
  readonly message: string;
}

/** Every import of the file that the table does not allow. */
export function arrowFindings(file: SourceFile): ArrowFinding[] {
  const name = roomOf(file.path);
  const room = name === null ? undefined : rooms[name];
  if (name === null || room === undefined) {
    return [{ line: 1, message: 'is in no room of the table in tools/tidy/arrows.ts' }];
  }
  const findings: ArrowFinding[] = [];
  for (const { specifier, line } of importsOf(file)) {
    const problem = problemOf(file, name, room, specifier);
    if (problem !== null) findings.push({ line, message: problem });
  }
  return findings;
}

function problemOf(file: SourceFile, name: string, room: Room, specifier: string): string | null {
  const target = targetOf(file, specifier);
  if (target === null) {
    const wanted = packageOf(specifier);
    return isListed(room.packages, wanted) ? null : `${name} must not import ${wanted}`;
  }
  if (isListed(room.rooms, '')) return null;
  const targetRoom = roomOf(target);
  if (targetRoom === null) return `${name} must not import ${target}`;
  if (targetRoom !== name && !isListed(room.rooms, targetRoom)) {
    return `${name} must not import from ${targetRoom} (${target})`;
  }
  const contract = contractOf(file.path);
  const otherContract = contractOf(target);
  if (contract !== null && targetRoom === 'contracts' && otherContract !== contract) {
    return `the contract ${contract} must not import from ${otherContract ?? 'the list of contracts'}`;
  }
  return null;
}

function isListed(list: readonly string[], wanted: string): boolean {
  return (
    list.includes('*') || list.includes(wanted) || (wanted.startsWith('node:') && list.includes('node:*'))
  );
}

/** The contract whose folder the file is in; null for other files, also for the list of contracts. */
function contractOf(path: string): string | null {
  return /^src\/contracts\/([^/]+)\//.exec(path)?.[1] ?? null;
}
