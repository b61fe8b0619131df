/** The files in `deploy/`, each checked by the program that reads it, and compared with the settings and the metrics. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { settings } from '../src/config/settings.ts';
import { ensureProgram, reasonToSkip, type WantedProgram } from './support/machine/program.ts';

const root = join(import.meta.dirname, '..');
const pathOf = (name: string): string => join(root, 'deploy', name);
const read = (name: string): string => readFileSync(pathOf(name), 'utf8');

const systemd: WantedProgram = { name: 'systemd', places: ['/usr/bin/systemd-analyze'] };
const nginx: WantedProgram = { name: 'nginx', places: ['/usr/sbin/nginx'] };
const caddy: WantedProgram = { name: 'caddy', places: ['/usr/bin/caddy'] };
const prometheus: WantedProgram = { name: 'prometheus', places: ['/usr/bin/promtool'] };

/** Runs the program to its end; fails the test with what it printed if it ends with a fault. */
function run(program: WantedProgram, words: readonly string[]): string {
  const env = { PATH: process.env['PATH'], HOME: folder };
  return execFileSync(ensureProgram(program), words, {
    encoding: 'utf8',
    env,
    stdio: 'pipe',
    timeout: 60_000,
  });
}

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roster-deploy-'));
});
after(() => rm(folder, { recursive: true }));

test('systemd accepts the unit, which starts the program as npm start does', {
  skip: reasonToSkip(systemd),
}, () => {
  const unit = read('roster.service');
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [, start = ''] = /^ExecStart=\/srv\/roster\/node_modules\/\.bin\/(.*)$/m.exec(unit) ?? [];
  assert.equal(`exec ${start}`, scripts.start);
  const names = new Set<string>(Object.values(settings).map(({ name }) => name));
  const [, variables = ''] = /^Environment=(.*)$/m.exec(unit) ?? [];
  for (const [name = ''] of variables.split(' ').map((each) => each.split('=')))
    assert.ok(names.has(name), name);
  // The verification looks for the program of the unit.
  const copy = join(folder, 'roster.service');
  writeFileSync(copy, unit.replace('/srv/roster/node_modules/.bin/node', process.execPath));
  run(systemd, ['verify', '--man=no', copy]);
});

test('systemd accepts the check that a timer starts', { skip: reasonToSkip(systemd) }, () => {
  const copies = ['roster-check.service', 'roster-check.timer'].map((name) => {
    const copy = join(folder, name);
    writeFileSync(copy, read(name).replace('/srv/roster/node_modules/.bin/node', process.execPath));
    return copy;
  });
  run(systemd, ['verify', '--man=no', ...copies]);
});

test('nginx accepts its server block', { skip: reasonToSkip(nginx) }, () => {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=roster.example.com'];
  execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  const block = read('nginx.conf')
    .replace(/ssl_certificate [^;]+/, `ssl_certificate ${certificate}`)
    .replace(/ssl_certificate_key [^;]+/, `ssl_certificate_key ${key}`);
  const main = join(folder, 'nginx.conf');
  const log = join(folder, 'error.log');
  writeFileSync(
    main,
    `pid ${join(folder, 'pid')};\nerror_log ${log};\nevents {}\nhttp {\naccess_log off;\n${block}\n}\n`,
  );
  run(nginx, ['-t', '-q', '-e', log, '-c', main]);
});

test('Caddy accepts its file', { skip: reasonToSkip(caddy) }, () => {
  run(caddy, ['validate', '--adapter', 'caddyfile', '--config', pathOf('Caddyfile')]);
});

test('Prometheus accepts the alert rules', { skip: reasonToSkip(prometheus) }, () => {
  assert.match(run(prometheus, ['check', 'rules', pathOf('alerts.yml')]), /SUCCESS: \d+ rules found/);
});

test('alerts and dashboard use only metrics that exist', () => {
  const known = metricNames();
  assert.ok(known.size > 20);
  const dashboard: { panels: { title: string; targets: { expr: string }[] }[] } = JSON.parse(
    read('grafana-dashboard.json'),
  );
  assert.ok(dashboard.panels.length > 5);
  const expressions = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...[...read('alerts.yml').matchAll(/^ +expr: (.*)$/gm)].map(([, expr = '']) => expr),
  ];
  for (const expr of expressions) {
    const used = [...expr.matchAll(/\b(?:roster|process|nodejs)_\w+/g)].map(([name]) => name);
    assert.ok(used.length > 0, expr);
    for (const name of used) {
      assert.ok(known.has(name) || known.has(name.replace(/_(bucket|count|sum)$/, '')), `${name} in ${expr}`);
    }
  }
});

test('what a stranger may cost has an alert for each of its metrics', () => {
  const expressions = [...read('alerts.yml').matchAll(/^ +expr: (.*)$/gm)]
    .map(([, expr = '']) => expr)
    .join('\n');
  for (const used of [
    ...[
      'roster_message_attempts_total{result="sent"}',
      'roster_messages_dropped_total',
      'roster_sms_spent_today',
    ],
    ...['roster_sms_budgets', 'roster_sms_ranges_closed', 'roster_requests_shed_total{reason="share"}'],
    ...['roster_requests_shed_total{reason="overload"}', 'roster_shares_exceeded_total'],
    ...[
      'roster_message_lane_oldest_seconds{lane="code"}',
      'roster_message_lane_oldest_seconds{lane!="code"}',
    ],
    ...[
      'roster_password_hashes_refused_total',
      'roster_network_throttled_total',
      'roster_sockets_closed_total',
    ],
  ]) {
    assert.ok(expressions.includes(used), used);
  }
});

test('each alert has its page in the runbook, which names only settings and metrics that exist', () => {
  const alerts = read('alerts.yml');
  const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  const runbooks = [...alerts.matchAll(/runbook: (.*)$/gm)].map(([, path = '']) => path);
  assert.deepEqual(
    runbooks,
    names.map((name) => `docs/runbook/${kebabOf(name)}.md`),
  );
  const folder = join(root, 'docs', 'runbook');
  assert.deepEqual(
    readdirSync(folder).sort(),
    ['README.md', ...names.map((name) => `${kebabOf(name)}.md`)].sort(),
  );
  const known = metricNames();
  const variables = new Set<string>(Object.values(settings).map(({ name }) => name));
  for (const page of ['Runbook', ...names]) {
    const file = page === 'Runbook' ? 'README' : kebabOf(page);
    const text = readFileSync(join(folder, `${file}.md`), 'utf8');
    assert.ok(text.startsWith(`# ${page}\n`), page);
    for (const [name] of text.matchAll(/\broster_[a-z_]+/g)) assert.ok(known.has(name), `${name} in ${page}`);
    for (const [name] of text.matchAll(/\bROSTER_[A-Z_]+[A-Z]\b(?!_)/g)) {
      assert.ok(variables.has(name), `${name} in ${page}`);
    }
  }
});

/** `RosterIsSlow`: `roster-is-slow`. */
function kebabOf(name: string): string {
  return name.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

/** The metrics that the code registers. */
function metricNames(): ReadonlySet<string> {
  const sources = readdirSync(join(root, 'src/gateways/metrics')).filter((name) => !name.includes('.test.'));
  const code = sources.map((name) => readFileSync(join(root, 'src/gateways/metrics', name), 'utf8')).join('');
  return new Set([...code.matchAll(/'((?:roster|process|nodejs)_\w+)'/g)].map(([, name = '']) => name));
}

test('Prometheus reads every expression of the dashboard', { skip: reasonToSkip(prometheus) }, () => {
  const dashboard: { panels: { targets: { expr: string }[] }[] } = JSON.parse(read('grafana-dashboard.json'));
  const rules = dashboard.panels.flatMap(({ targets }, index) =>
    targets.map(({ expr }) => `      - record: panel:${index}\n        expr: ${JSON.stringify(expr)}`),
  );
  const file = join(folder, 'rules.yml');
  writeFileSync(file, `groups:\n  - name: dashboard\n    rules:\n${rules.join('\n')}\n`);
  assert.match(run(prometheus, ['check', 'rules', file]), /SUCCESS/);
});
