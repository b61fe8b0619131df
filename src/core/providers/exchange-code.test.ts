import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeCode } from './exchange-code.ts';
import type { CodeGrant, TokenGrant } from './grant.ts';
import type { Provider, TokenAnswer } from './provider.ts';

const code: CodeGrant = { kind: 'code', clientId: 'c', code: 'x', verifier: null, redirectUri: 'http://r' };
const grant: TokenGrant = {
  ...{ kind: 'tokens', clientId: 'c', accessToken: 'a', refreshToken: null },
  ...{ expiresAt: null, account: null },
};
const tokens: TokenAnswer = { kind: 'tokens', grant };
const lost: TokenAnswer = { kind: 'unknown', reason: 'timeout' };
const busy: TokenAnswer = { kind: 'not_given', reason: 'http_429', isBusy: true, retryAfterMs: 0 };
const refused: TokenAnswer = { kind: 'refused', reason: 'http_400' };
const gone: TokenAnswer = { kind: 'gone' };

/** The result of a provider that gives these answers in turn, and how many it was asked for. */
async function resultOf(...answers: readonly TokenAnswer[]) {
  let asked = 0;
  const provider = {
    async exchange() {
      const answer = answers[asked];
      assert.ok(answer !== undefined, 'asked once more than expected');
      asked += 1;
      return answer;
    },
  } as Partial<Provider> as Provider;
  const { answer, isCertain } = await exchangeCode(provider, code);
  return { answer, isCertain, asked };
}

test('the first answer that says something is the result', async () => {
  for (const answer of [tokens, refused, gone, { kind: 'not_given', reason: 'http_500' }] as const) {
    assert.deepEqual(await resultOf(answer), { answer, isCertain: true, asked: 1 });
  }
});

test('a lost answer is asked for once more, and nothing is certain then', async () => {
  for (const answer of [tokens, refused, gone]) {
    assert.deepEqual(await resultOf(lost, answer), { answer, isCertain: false, asked: 2 });
  }
});

test('a second lost answer is the result', async () => {
  assert.deepEqual(await resultOf(lost, lost), { answer: lost, isCertain: false, asked: 2 });
  assert.deepEqual(await resultOf(busy, lost, lost), { answer: lost, isCertain: false, asked: 3 });
});

test('a provider that is busy is asked three times in all', async () => {
  assert.deepEqual(await resultOf(busy, tokens), { answer: tokens, isCertain: true, asked: 2 });
  assert.deepEqual(await resultOf(busy, busy, tokens), { answer: tokens, isCertain: true, asked: 3 });
  assert.deepEqual(await resultOf(busy, busy, busy), { answer: busy, isCertain: true, asked: 3 });
});

test('a provider that wants more than two seconds is not asked again', async () => {
  const later = { ...busy, retryAfterMs: 2_001 };
  assert.deepEqual(await resultOf(later), { answer: later, isCertain: true, asked: 1 });
});
