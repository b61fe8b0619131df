/**
 * Finds faults of the lock file for which `npm ci` refuses it, or installs less on another platform: a dependency whose
 * version differs from `package.json`, and a binary of a platform that the lock file does not list, because npm wrote
 * the file on another platform.
 */

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The faults, a sentence each. Takes the texts of `package.json` and `package-lock.json`. */
export function lockFileFindings(manifest: string, lockFile: string): string[] {
  const wanted: LockedPackage = JSON.parse(manifest);
  const { packages }: { packages: Record<string, LockedPackage> } = JSON.parse(lockFile);
  const findings: string[] = [];
  for (const kind of ['dependencies', 'devDependencies'] as const) {
    const locked = packages['']?.[kind] ?? {};
    for (const name of new Set([...Object.keys(wanted[kind] ?? {}), ...Object.keys(locked)])) {
      if (wanted[kind]?.[name] !== locked[name])
        findings.push(`${name} is not locked as package.json has it`);
    }
  }
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    const isMissing = (name: string): boolean =>
      !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages);
    const missing = Object.keys(optionalDependencies).filter(isMissing);
    findings.push(...missing.map((name) => `${path} may need ${name}, which is not locked`));
  }
  return findings;
}
