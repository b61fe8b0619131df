/** Parses raw HTTP answers from the bytes of a connection. */
import assert from 'node:assert/strict';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Every answer in the bytes of a connection, in order; each must have its length and a request id. */
export function readAnswers(bytes: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    assert.ok(end > 0, `no answer in ${JSON.stringify(rest.slice(0, 200))}`);
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = new Map(
      lines.map((line): [string, string] => {
        const cut = line.indexOf(':');
        return [line.slice(0, cut).toLowerCase(), line.slice(cut + 1).trim()];
      }),
    );
    const status = Number(statusLine.split(' ')[1]);
    rest = rest.slice(end + 4);
    if (status === 100) continue;
    assert.match(headers.get('x-request-id') ?? '', uuid, `no request id beside ${statusLine}`);
    const length = Number(headers.get('content-length') ?? 0);
    answers.push({ status, headers, text: rest.slice(0, length) });
    rest = rest.slice(length);
  }
  return answers;
}

/** The only answer in the bytes of a connection. */
export function readAnswer(bytes: string): RawAnswer {
  const [answer, ...more] = readAnswers(bytes);
  assert.ok(answer !== undefined, 'the connection was closed without an answer');
  assert.deepEqual(more, []);
  return answer;
}

/** The presenting contract (lighthouse or harbor) and the code of an envelope: `harbor not_found`. */
export function codeOf(text: string): string {
  const body: { problem?: { code: string }; harbor?: string } = JSON.parse(text);
  return body.problem === undefined ? `harbor ${body.harbor}` : `lighthouse ${body.problem.code}`;
}
