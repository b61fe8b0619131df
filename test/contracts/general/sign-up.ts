/** Users of the consumer app, created by sign-up over HTTP. */
import assert from 'node:assert/strict';
import type { Ask, Reply } from '../../support/server/http.ts';
import type { Roster } from '../../support/server/start.ts';

export const goodPassword = 'securepassword123';

export interface SignedUp {
  readonly number: number;
  readonly email: string;
  readonly password: string;
  /** A session token. */
  readonly session: string;
  readonly reply: Reply;
}

/** A body with all required fields, a new email and the given fields. */
export function signUpBody(fields: object = {}, beside: object = {}) {
  const email = `${crypto.randomUUID()}@example.com`;
  const user = { email, password: goodPassword, first_name: 'John', last_name: 'Doe', ...fields };
  return { user, ...beside };
}

/** Signs a user up and expects success. */
export async function signUp(
  roster: Roster,
  fields: object = {},
  { beside = {}, ask = {} }: { readonly beside?: object; readonly ask?: Ask } = {},
): Promise<SignedUp> {
  const json = signUpBody(fields, beside);
  const reply = await roster.call('POST /general/v1/users', { json, ...ask });
  assert.equal(reply.status, 201, reply.text);
  return {
    number: reply.number('id'),
    email: reply.string('email'),
    password: json.user.password,
    session: reply.header('x-user-token'),
    reply,
  };
}

/** The code in the newest message to an address. */
export async function codeOf(roster: Roster, to: string): Promise<string> {
  const { code } = await roster.lastMessage(to);
  assert.ok(code !== undefined, `the newest message to ${to} has no code`);
  return code;
}

/** Sends the code back from the newest message to an address, which proves the address. */
export async function confirm(roster: Roster, number: number, to: string): Promise<void> {
  const json = { user_id: number, confirmation_code: await codeOf(roster, to) };
  const reply = await roster.call('POST /general/v1/users/confirmation', { json });
  assert.equal(reply.status, 200, reply.text);
}

/** The token in the newest message to an address. */
export async function tokenOf(roster: Roster, to: string): Promise<string> {
  const { token } = await roster.lastMessage(to);
  assert.ok(token !== undefined, `the newest message to ${to} has no token`);
  return token;
}

/** A code that differs from that one. */
export function wrongCode(code: string): string {
  return String((Number(code) + 1) % 1_000_000).padStart(6, '0');
}

/** The status of a sign-in. */
export async function signInStatus(roster: Roster, email: string, password: string): Promise<number> {
  const reply = await roster.call('POST /general/v1/sessions', { json: { email, password } });
  return reply.status;
}

export const notAllowed = { errors: 'You are not authorized to perform this action.' };
export const userNotFound = { errors: 'User not found' };
export const appNotFound = { errors: 'App not found' };
