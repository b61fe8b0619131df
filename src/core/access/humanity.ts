/**
 * Proofs of humanity. A deployment can ask strangers for one at sign-up and at a request for a new password, so that a
 * script pays for each call. What a proof is belongs to a gateway behind the port `HumanityCheck`.
 *
 * The check comes before anything that depends on an account, so a refusal says nothing of one.
 */
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import { minuteMs, skewMs } from '../time.ts';
import type { HumanityCheck } from './humanity-check.ts';

/** How long a challenge can be answered. */
export const challengeLifeMs = 10 * minuteMs;

/**
 * Refuses with `proof_required`, which carries a new challenge, where the deployment asks for proofs and the caller has
 * sent none, a wrong one, or one that was used before.
 */
export async function requireHumanity(core: Core, answer: string | undefined): Promise<void> {
  const check = core.humanity;
  if (check === null) return;
  const now = core.clock.now();
  // A challenge that was issued while the clock was wrong is not answered for longer than any other.
  const latest = now + challengeLifeMs + skewMs;
  const id = answer === undefined ? null : await check.judge(answer, now, latest);
  if (id !== null && (await isFirstUse(core, id))) return;
  throw refuse('proof_required', { challenge: await issueFrom(core, check) });
}

/** A new challenge for a page; null where the deployment asks for no proof. */
export async function issueChallenge(core: Core): Promise<string | null> {
  return core.humanity === null ? null : issueFrom(core, core.humanity);
}

function issueFrom(core: Core, check: HumanityCheck): Promise<string> {
  return check.issue(core.clock.now() + challengeLifeMs);
}

/** All processes share the count. */
function isFirstUse(core: Core, id: string): Promise<boolean> {
  const subject = core.secrets.keyedDigest('challenge', id);
  return core.work.changeSystem('throttle', async (tx) => {
    const wait = await tx.throttles.hit(
      'challenge',
      subject,
      [{ limit: 1, windowMs: challengeLifeMs }],
      core.clock.now(),
    );
    return wait === null;
  });
}
