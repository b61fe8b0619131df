/**
 * Hosts on one machine: each has a network namespace with an address of its own, a process namespace, and a small disk in memory,
 * over the tree of programs. They see each other through a bridge in one more namespace, and nothing else. The first process of a
 * host ends with the process that made it, and all its processes with it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The network of the hosts. No address of it exists outside their namespaces. */
const network = '10.123.45';

export interface HostPlace {
  readonly name: string;
  readonly address: string;
  /** The process that holds the host; when it ends, all processes of the host end. */
  readonly holder: number;
  /** The first process of the host, as this machine numbers it. */
  readonly first: number;
}

/** All hosts, for a process that did not make them. */
export interface Network {
  readonly label: string;
  readonly tree: string;
  /** Outputs of programs. */
  readonly folder: string;
  readonly hosts: readonly HostPlace[];
}

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}

const bridgeOf = (label: string): string => `${label}-net`;

/** Makes a network with hosts of these names, each with its last number. */
export async function makeNetwork(
  options: { readonly label: string; readonly tree: string; readonly folder: string },
  names: Readonly<Record<string, number>>,
): Promise<Network> {
  const hosts: HostPlace[] = [];
  try {
    await addHosts(options, names, hosts);
    return { ...options, hosts };
  } catch (error) {
    await removeNetwork({ label: options.label, hosts });
    throw error;
  }
}

async function addHosts(
  { label, tree }: Pick<Network, 'label' | 'tree'>,
  names: Readonly<Record<string, number>>,
  hosts: HostPlace[],
): Promise<void> {
  const bridge = bridgeOf(label);
  ip('netns', 'add', bridge);
  ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge');
  ip('-n', bridge, 'link', 'set', 'br0', 'up');
  for (const [name, number] of Object.entries(names)) {
    const space = `${label}-${name}`;
    const address = `${network}.${number}`;
    ip('netns', 'add', space);
    ip('-n', bridge, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
    ip('-n', bridge, 'link', 'set', name, 'master', 'br0', 'up');
    ip('-n', space, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', space, 'link', 'set', 'eth0', 'up');
    ip('-n', space, 'link', 'set', 'lo', 'up');
    hosts.push({ name, address, ...(await hold(space, tree)) });
  }
}

/** Waits for its children, as the first process of a host must. */
const reaper = `
import os, time
while True:
    try: os.wait()
    except ChildProcessError: time.sleep(0.2)
`;

async function hold(space: string, tree: string): Promise<Pick<HostPlace, 'holder' | 'first'>> {
  const steps = [
    `mount -t proc proc '${tree}/proc'`,
    `mount -t tmpfs -o size=700m,mode=777 tmpfs '${tree}/srv'`,
    `mount -t tmpfs -o mode=1777 tmpfs '${tree}/tmp'`,
    `mount -t tmpfs -o mode=755 tmpfs '${tree}/dev'`,
    `mkdir '${tree}/dev/shm' && chmod 1777 '${tree}/dev/shm'`,
    ...['null:3', 'zero:5', 'random:8', 'urandom:9'].map((each) => {
      const [name, number] = each.split(':');
      return `mknod -m 666 '${tree}/dev/${name}' c 1 ${number}`;
    }),
    `exec chroot '${tree}' python3 -c "$0"`,
  ];
  const words = [
    'netns',
    'exec',
    space,
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
  ];
  const holder = spawn('ip', [...words, 'sh', '-ec', steps.join('\n'), reaper], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const pid = holder.pid ?? 0;
  for (let tries = 0; tries < 500; tries += 1) {
    if (holder.exitCode !== null) break;
    const [first] = read(`/proc/${pid}/task/${pid}/children`).split(' ');
    // Its command line is the reaper's once the mounts are done.
    if (first && read(`/proc/${first}/cmdline`).startsWith('python3'))
      return { holder: pid, first: Number(first) };
    await sleep(20);
  }
  throw new Error(`the host ${space} did not start`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Ends all processes of the hosts, and removes the network. */
export async function removeNetwork({ label, hosts }: Pick<Network, 'label' | 'hosts'>): Promise<void> {
  for (const { holder } of hosts) {
    try {
      process.kill(holder, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  await sleep(500);
  for (const name of [...hosts.map((host) => `${label}-${host.name}`), bridgeOf(label)]) {
    try {
      ip('netns', 'delete', name);
    } catch {
      // It was not made.
    }
  }
}

export class Host {
  readonly name: string;
  readonly address: string;
  readonly #network: Network;
  readonly #place: HostPlace;
  #programs = 0;

  constructor(network: Network, name: string) {
    const place = network.hosts.find((host) => host.name === name);
    if (place === undefined) throw new Error(`there is no host ${name}`);
    this.name = name;
    this.address = place.address;
    this.#network = network;
    this.#place = place;
  }

  /** Writes a file on the host. */
  write(path: string, content: string): void {
    writeFileSync(join(this.#root, path), content, { mode: 0o644 });
  }

  /** Starts a program as the account `postgres`. Its output goes to a file. */
  start(command: string, ...words: string[]): ChildProcess {
    const { folder } = this.#network;
    this.#programs += 1;
    const output = openSync(join(folder, `${this.name}-${this.#programs}-${command}.log`), 'a');
    const account = ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--init-groups', '--'];
    const place = ['--target', String(this.#place.first), '--net', '--mount', '--pid', '--root'];
    const child = spawn(
      'nsenter',
      [...place, '--', 'sh', '-c', 'cd / && exec "$@"', 'sh', ...account, command, ...words],
      {
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/tmp', LC_ALL: 'C.UTF-8' },
        stdio: ['ignore', output, output],
      },
    );
    child.unref();
    return child;
  }

  /** Runs a program to its end. */
  async run(command: string, ...words: string[]): Promise<number | null> {
    const child = this.start(command, ...words);
    child.ref();
    const [code] = await once(child, 'exit');
    return code;
  }

  /** Ends all its programs at once, as the loss of the power does; its disk stays. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  cutOff(): void {
    ip('-n', bridgeOf(this.#network.label), 'link', 'set', this.name, 'down');
  }

  join(): void {
    ip('-n', bridgeOf(this.#network.label), 'link', 'set', this.name, 'up');
  }

  /** Fills its disk to the last block. */
  fillDisk(): void {
    try {
      execFileSync('dd', ['if=/dev/zero', `of=${join(this.#root, 'srv/filler')}`, 'bs=64k'], {
        stdio: 'ignore',
      });
    } catch {
      // It ends with an error because the disk is full.
    }
  }

  freeDisk(): void {
    rmSync(join(this.#root, 'srv/filler'), { force: true });
  }

  get #root(): string {
    return `/proc/${this.#place.first}/root`;
  }

  /** The processes of the host except the first one. */
  #signal(signal: NodeJS.Signals): void {
    const { first } = this.#place;
    const own = readlinkSync(`/proc/${first}/ns/pid`);
    for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
      if (Number(name) === first) continue;
      try {
        if (readlinkSync(`/proc/${name}/ns/pid`) === own) process.kill(Number(name), signal);
      } catch {
        // It has ended.
      }
    }
  }
}
