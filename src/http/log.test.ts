import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { createLogger, createOutageReporter, faultFields, type LogLevel } from './log.ts';

function createLines(level: LogLevel = 'info') {
  const lines: string[] = [];
  const logger = createLogger(level, { stream: { write: (line) => void lines.push(line) } });
  return { logger, parsed: () => lines.map((line) => JSON.parse(line)) };
}

const line = {
  requestId: '3f2a6c1e-8d4b-4f7a-9c05-6b1de2f0a974',
  method: 'GET',
  contract: null,
  route: '/healthz',
  status: 200,
  ms: 0.4,
};

describe('the log', () => {
  test('a request is one line of JSON like every other', () => {
    const { logger, parsed } = createLines();
    logger.request(line);
    logger.request({ ...line, contract: 'sonar', route: null, isAborted: true });
    logger.info({ some: 'thing' }, 'said');
    const [first, second, third] = parsed();
    const { time, ...rest } = first;
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(rest, { level: 30, ...line, msg: 'request' });
    assert.equal(second.isAborted, true);
    assert.equal(second.contract, 'sonar');
    assert.deepEqual(Object.keys(third).slice(0, 2), Object.keys(first).slice(0, 2));
  });

  test('requests are not written above the level info', () => {
    const { logger, parsed } = createLines('warn');
    logger.request(line);
    logger.info({}, 'said');
    logger.warn({}, 'warned');
    assert.deepEqual(
      parsed().map(({ msg }) => msg),
      ['warned'],
    );
  });

  test('fields that may hold a secret or a person are masked', () => {
    const { logger, parsed } = createLines();
    logger.error({ email: 'jane@example.com', token: 'hush', headers: { a: 'hush' }, kept: 1 }, 'oops');
    const [written] = parsed();
    assert.equal(written.kept, 1);
    assert.doesNotMatch(JSON.stringify(written), /jane|hush/);
  });
});

describe('the log for a person', () => {
  const write = (log: (logger: ReturnType<typeof createLogger>) => void): string => {
    const lines: string[] = [];
    log(createLogger('info', { isText: true, stream: { write: (text) => void lines.push(text) } }));
    return lines.join('');
  };

  test('has the time, the level, the event and the fields in one line', () => {
    const text = write((logger) => {
      logger.request(line);
      logger.warn({ names: 'ROSTER_SPARE', count: 2 }, 'unknown settings');
    });
    const [request, warning] = text.split('\n');
    assert.match(
      request ?? '',
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}request requestId=3f2a\S+ method=GET route=\/healthz status=200 ms=0\.4$/,
    );
    assert.match(warning ?? '', /^\S+ WARN {2}unknown settings names=ROSTER_SPARE count=2$/);
  });

  test('has a stack in lines of its own, and masks the same fields', () => {
    const text = write((logger) =>
      logger.error({ ...faultFields(new TypeError('of jane')), email: 'jane' }, 'failed'),
    );
    assert.match(text, /^\S+ ERROR failed kind=TypeError email=\[redacted\]\n {4}at .*log\.test\.ts/);
    assert.doesNotMatch(text, /jane/);
  });

  test('sends no control character to the terminal', () => {
    const text = write((logger) => logger.info({ word: 'a\u001b[31m\u009bb', list: ['x\ny'] }, 'one\rtwo'));
    assert.match(text, /one\\u000dtwo word=a\\u001b\[31m\\u009bb\n {4}x\\u000ay\n$/);
  });
});

test('an outage is logged immediately and then rarely, however many requests meet it; another kind is logged separately', () => {
  const { logger, parsed } = createLines();
  let now = 0;
  const report = createOutageReporter(logger, 'the database is away', () => now);
  const failed = (code: string) => Object.assign(new Error('of jane@example.com'), { code });
  const logged = () => parsed().map(({ msg, code, untold }) => [msg, code, untold]);
  for (now = 0; now < 10_000; now += 10) report(failed('SQLITE_FULL'));
  report(failed('SQLITE_BUSY'));
  report(failed('SQLITE_FULL'));
  assert.deepEqual(logged(), [
    ['the database is away', 'SQLITE_FULL', 0],
    ['the database is away', 'SQLITE_BUSY', 0],
    ['the database is away', 'SQLITE_FULL', 999],
  ]);
  assert.doesNotMatch(JSON.stringify(parsed()), /jane/);
});

describe('the loggable part of a fault', () => {
  class Odd extends TypeError {
    override readonly name = 'Odd';
    readonly code = 'E_ODD';
  }

  test('is kind, code and place of it and its causes, without messages', () => {
    const cause = new Odd('about jane@example.com\n    at /fake/place');
    const text = JSON.stringify(faultFields(new Error('said hush', { cause })));
    assert.match(text, /"kind":"Error".*log\.test\.ts.*"kind":"Odd","code":"E_ODD".*log\.test\.ts/);
    assert.doesNotMatch(text, /jane|hush|fake/);
  });

  test('is the type of what is no error', () => {
    assert.deepEqual(faultFields('hush'), { kind: 'string' });
    assert.deepEqual(faultFields(null), { kind: 'object' });
  });

  test('ends where causes go in circles', () => {
    const error = new Error('round');
    error.cause = error;
    assert.ok(JSON.stringify(faultFields(error)).length < 20_000);
  });
});

describe('standard error', () => {
  const lines = 100;
  const script = `
    const { createLogger } = await import(${JSON.stringify(new URL('./log.ts', import.meta.url).href)});
    const logger = createLogger('info');
    for (let at = 0; at < ${lines}; at++) logger.info({ at }, 'said');
    if (process.argv[1] === 'exit') process.exit(3);
    if (process.argv[1] === 'throw') throw new Error('out');
  `;
  for (const [ending, status] of [
    ['end', 0],
    ['exit', 3],
    ['throw', 1],
  ] as const) {
    test(`gets every line when the process ends by ${ending}`, () => {
      const child = spawnSync(process.execPath, ['--input-type=module', '-e', script, ending]);
      assert.equal(child.status, status);
      assert.equal(child.stderr.toString().match(/"msg":"said"/g)?.length, lines);
    });
  }
});
