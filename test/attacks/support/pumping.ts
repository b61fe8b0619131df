/**
 * A replay of how texts are pumped: rotating numbers of one range from rotating networks, many ranges from one network,
 * resend loops, phone changes, and codes that the attacker returns to look honest. Honest people sign up at the same time, on
 * the attacker's network and on their own.
 */
import assert from 'node:assert/strict';
import { dayMs, minuteMs } from '../../../src/core/time.ts';
import { signUp } from '../../contracts/general/sign-up.ts';
import type { Ask } from '../../support/server/http.ts';
import type { Roster } from '../../support/server/start.ts';
import { path, proofsOf } from './accounts.ts';
import type { TextService } from './text-service.ts';

export interface Pumped {
  /** The texts of each day (UTC), in the order of the days. */
  readonly textsByDay: readonly number[];
  /** The honest people, by how their code came. All have confirmed. */
  readonly honest: { readonly byText: number; readonly byMail: number };
}

const stepMs = 10 * minuteMs;
const attackerNetwork = '203.0.113.9';

/** Replays `steps` of ten minutes. The server trusts 127.0.0.1 as a proxy, and its clock is advanced. */
export async function replayPumping(
  { roster, service }: { readonly roster: Roster; readonly service: TextService },
  steps: number,
): Promise<Pumped> {
  let made = 0;
  const honest = { byText: 0, byMail: 0 };
  const textsByDay = new Map<number, number>();
  let counted = service.texts.length;

  const from = (network: string): Ask => ({ headers: { 'X-Forwarded-For': network } });
  const newNetwork = (): string => `2001:db8:${(++made).toString(16)}::1`;
  const register = (phone: string, network: string) => signUp(roster, { phone }, { ask: from(network) });
  /** A number in a range that no other step uses. */
  const newRange = (area: string): string => {
    made += 1;
    return `+1${area}${String(200 + (made % 800))}${String(Math.floor(made / 800)).padStart(4, '0')}`;
  };
  const inRange = (range: string): string => `${range}${String(++made % 10_000).padStart(4, '0')}`;

  /** Returns the code of an account, by text or by mail; whether it was a text. */
  async function returnCode(account: { number: number; email: string }, phone: string): Promise<boolean> {
    const text = service.textsTo(phone).at(-1);
    const code =
      text === undefined ? (await roster.lastMessage(account.email)).code : /\d{6}/.exec(text.body)?.[0];
    const json = { user_id: account.number, confirmation_code: code };
    assert.equal((await roster.call(`POST ${path}/confirmation`, { json })).status, 200);
    return text !== undefined;
  }

  async function signUpHonestly(network: string): Promise<void> {
    const phone = newRange('646');
    const account = await register(phone, network);
    await roster.settle();
    const isText = await returnCode(account, phone);
    assert.deepEqual(await proofsOf(roster, account), { email: !isText, phone: isText });
    honest[isText ? 'byText' : 'byMail'] += 1;
  }

  const looping = await register(newRange('202'), attackerNetwork);
  const changing = await register(newRange('202'), attackerNetwork);
  for (let step = 0; step < steps; step++) {
    roster.clock.advance(stepMs);
    for (let turn = 0; turn < 6; turn++) await register(inRange('+1202301'), newNetwork());
    for (let turn = 0; turn < 2; turn++) await register(newRange('212'), attackerNetwork);
    await roster.call(`POST ${path}/resend_confirmation`, { session: looping.session });
    const json = { user: { phone: newRange('213') } };
    await roster.call(`PUT ${path}/${changing.number}`, { session: changing.session, json });
    const own = inRange('+1202302');
    const account = await register(own, newNetwork());
    await roster.settle();
    await returnCode(account, own);
    await signUpHonestly(attackerNetwork);
    await signUpHonestly(newNetwork());
    await roster.settle();
    const day = Math.floor(roster.clock.now() / dayMs);
    textsByDay.set(day, (textsByDay.get(day) ?? 0) + service.texts.length - counted);
    counted = service.texts.length;
  }
  return { textsByDay: [...textsByDay.values()], honest };
}
