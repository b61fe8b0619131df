/**
 * The programs of the cluster: PostgreSQL, Patroni, etcd, HAProxy and pgbouncer of Debian 13, in a tree of their own that
 * `debootstrap` makes once. The tree is kept in the cache folder of the user, outside the checkout.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const packages = [
  'postgresql-17',
  'patroni',
  'etcd-server',
  'haproxy',
  'pgbouncer',
  'python3-etcd',
  'python3-psycopg2',
];
const release = 'trixie';

/** What this machine lacks for the cluster, and how to get it; null if it has everything. */
export function missingProgram(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 'the cluster needs Linux and root: it makes network namespaces';
  }
  const needed = { ip: 'iproute2', debootstrap: 'debootstrap', unshare: 'util-linux', nsenter: 'util-linux' };
  for (const [program, name] of Object.entries(needed)) {
    if (program === 'debootstrap' && hasTree()) continue;
    if (!isThere(program)) return `${program} is missing: apt-get install ${name}`;
  }
  return null;
}

function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function treePath(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'roster-cluster', release);
}

/** Written last, so that a tree without it is not complete. */
const mark = 'roster-complete';

function hasTree(): boolean {
  return existsSync(join(treePath(), mark));
}

/** Makes the tree if it is not there; returns its path. */
export function ensureTree(): string {
  const path = treePath();
  if (hasTree()) return path;
  const made = `${path}.${process.pid}`;
  try {
    build(made);
    rmSync(path, { recursive: true, force: true });
    renameSync(made, path);
    return path;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

function build(path: string): void {
  mkdirSync(path, { recursive: true });
  const run = (command: string, ...words: string[]): void => {
    execFileSync(command, words, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 600_000,
    });
  };
  run('debootstrap', '--variant=minbase', release, path, mirror());
  // No package starts a service, and none creates a database cluster.
  writeFileSync(join(path, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  mkdirSync(join(path, 'etc/postgresql-common'), { recursive: true });
  writeFileSync(join(path, 'etc/postgresql-common/createcluster.conf'), 'create_main_cluster = false\n');
  const install = `exec chroot '${path}' apt-get install --yes --no-install-recommends ${packages.join(' ')}`;
  // The mounts end with the command.
  const steps = `mount --bind /proc '${path}/proc'; ${install}`;
  run('unshare', '--mount', '--propagation', 'private', 'sh', '-ec', steps);
  writeFileSync(join(path, mark), '');
}

/** The mirror of Debian that the machine uses. */
function mirror(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    if (!existsSync(file)) continue;
    const [, url] =
      /^(?:URIs:|deb(?: \[.*\])?)\s+(https?:\/\/\S*debian\/?)(?:\s|$)/m.exec(readFileSync(file, 'utf8')) ??
      [];
    if (url !== undefined) return url;
  }
  return 'http://deb.debian.org/debian';
}
