/**
 * A proof of humanity without a third party: the caller finds a number by trying, in a fraction of a second on a computer and in a second or two on a phone. The format
 * is that of ALTCHA's version 2, so its clients and widget solve it: a challenge and an answer are JSON in base64.
 *
 * A proof of work does not tell people from programs. It makes each call of a script cost.
 */
import { createChallenge, type Payload, randomInt, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { HumanityCheck } from '../core/access/humanity-check.ts';
import type { SecretBox } from '../core/secret.ts';

const algorithm = 'PBKDF2/SHA-256';
/** Iterations of one try; the server pays for one to issue a challenge, and for at most one to judge an answer. */
const iterations = 2_000;
/** The number to find is drawn from here, so that no caller is very unlucky: one to three million iterations in all. */
const leastTries = 500;
const mostTries = 1_500;
/** Longer answers are not parsed. */
const answerCharactersMax = 2_048;

/** The check of a deployment. All its processes have the same secret, so each judges the challenges of the others. */
export function createProofOfWork(secrets: Pick<SecretBox, 'keyedDigest'>): HumanityCheck {
  const keys = {
    hmacSignatureSecret: secrets.keyedDigest('challenge signature', ''),
    hmacKeySignatureSecret: secrets.keyedDigest('challenge key signature', ''),
  };
  return {
    async issue(expiresAt) {
      const challenge = await createChallenge({
        ...keys,
        ...{ algorithm, deriveKey, cost: iterations, counter: randomInt(mostTries, leastTries) },
        // The library would compare its own field with the clock of the machine.
        data: { expires: expiresAt },
      });
      return Buffer.from(JSON.stringify(challenge)).toString('base64');
    },
    async judge(answer, now, latest) {
      const payload = readPayload(answer);
      if (payload === null) return null;
      const { challenge, solution } = payload;
      const { verified } = await verifySolution({ ...keys, deriveKey, challenge, solution });
      // From here on, the challenge is our own: its signature was checked.
      if (!verified) return null;
      const expiresAt = Number(challenge.parameters.data?.['expires']);
      return expiresAt > now && expiresAt <= latest ? challenge.parameters.nonce : null;
    },
  };
}

/** An answer with the outer form that the library takes for granted; null for any other text. */
function readPayload(answer: string): Payload | null {
  if (answer.length > answerCharactersMax) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(answer, 'base64').toString());
    return isPayload(value) ? value : null;
  } catch {
    return null;
  }
}

/** The library itself checks the parts of a solution, and no other parameter than ours passes the check of the signature. */
function isPayload(value: unknown): value is Payload {
  if (!isObject(value) || !isObject(value['challenge']) || !isObject(value['solution'])) return false;
  const { signature, parameters } = value['challenge'];
  return typeof signature === 'string' && isObject(parameters);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
