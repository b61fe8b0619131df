/** Accounts of the consumer app, as the attacks on addresses make and look at them. */
import assert from 'node:assert/strict';
import type { User } from '../../../src/core/directory/user.ts';
import { confirm, goodPassword, signUp as register } from '../../contracts/general/sign-up.ts';
import type { Reply } from '../../support/server/http.ts';
import type { Delivered, Roster } from '../../support/server/start.ts';

export const path = '/general/v1/users';

let emails = 0;
let phones = 0;

export const newEmail = (): string => `person-${++emails}@example.com`;
/** A possible number that no other account has. */
export const newPhone = (): string => `+1555200${String(++phones).padStart(4, '0')}`;

export interface Account {
  readonly number: number;
  readonly email: string;
  readonly phone: string | undefined;
  /** A session token. */
  readonly session: string;
}

/** Signs a person up over HTTP. */
export async function signUp(
  roster: Roster,
  fields: { readonly email?: string; readonly phone?: string } = {},
): Promise<Account> {
  const { number, email, session } = await register(roster, fields);
  return { number, email, phone: fields.phone, session };
}

/** Signs a person up whose email is proved. */
export async function signUpProved(
  roster: Roster,
  fields: { readonly email?: string } = {},
): Promise<Account> {
  const account = await signUp(roster, fields);
  await confirm(roster, account.number, account.email);
  return account;
}

/** The owner asks for another email. */
export function changeEmail(roster: Roster, account: Account, email: string): Promise<Reply> {
  return put(roster, account, account.session, { user: { email, current_password: goodPassword } });
}

/** Signs in by password. */
export function signIn(roster: Roster, email: string, password: string): Promise<Reply> {
  return roster.call('POST /general/v1/sessions', { json: { email, password } });
}

/** The templates of the messages to an address, the oldest first. */
export async function templatesTo(roster: Roster, to: string): Promise<string[]> {
  return (await roster.outbox(to)).map(({ template }) => template).reverse();
}

/** Sends a code back, without any credential. */
export function sendCode(roster: Roster, number: number, code: string | undefined): Promise<Reply> {
  return roster.call(`POST ${path}/confirmation`, { json: { user_id: number, confirmation_code: code } });
}

export function put(roster: Roster, { number }: Account, session: string, json: unknown): Promise<Reply> {
  return roster.call(`PUT ${path}/${number}`, { session, json });
}

export function approve(roster: Roster, { number }: Account, session: string): Promise<Reply> {
  return roster.call(`POST ${path}/${number}/approve_clinical`, { session });
}

/** Invites an address with an API key of the organization. */
export function invite(roster: Roster, email: string): Promise<Reply> {
  const json = { email, name: 'Ann Lee', role: 'member' };
  return roster.call('POST /organization/api/v1/users', { bearer: roster.organization.apiKeys.admin, json });
}

/** Asks for a reset link; the token that went to the address. */
export async function askForReset(roster: Roster, email: string): Promise<string> {
  await roster.call(`POST ${path}/passwords`, { json: { email } });
  return tokenOf(await roster.lastMessage(email));
}

export function reset(roster: Roster, token: string, password = 'three wild horses'): Promise<Reply> {
  return roster.call(`POST ${path}/passwords/reset`, { json: { token, password } });
}

/** The newest message to an address of one template. */
export async function messageOf(roster: Roster, to: string, template: string): Promise<Delivered> {
  const found = (await roster.outbox(to)).find((each) => each.template === template);
  assert.ok(found !== undefined, `no ${template} to ${to}`);
  return found;
}

/** The token in a message. */
export function tokenOf({ token }: Pick<Delivered, 'token'>): string {
  assert.ok(token !== undefined);
  return token;
}

/** The link in a message. */
export function linkIn({ body }: Pick<Delivered, 'body'>): string {
  const [link] = /https?:\S+/.exec(body) ?? [];
  assert.ok(link !== undefined, body);
  return link;
}

/** The link in the newest message to an address of one template. */
export async function linkOf(roster: Roster, to: string, template: string): Promise<string> {
  return linkIn(await messageOf(roster, to, template));
}

/** Opens a link of a message, as a mail scanner does. */
export function openLink(link: string, method = 'GET'): Promise<Response> {
  return fetch(link, { method });
}

/** Presses the button of the page behind a link. */
export function pressButton(link: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const { origin, pathname, searchParams } = new URL(link);
  return fetch(`${origin}${pathname}`, { method: 'POST', body: searchParams, headers });
}

/** The row of a user. */
export async function userOf(roster: Roster, { number }: Pick<Account, 'number'>): Promise<User> {
  const user = await roster.core.work.read(roster.organization.key, (tx) => tx.users.find({ number }));
  assert.ok(user !== null);
  return user;
}

/** Which addresses of an account are proved. */
export async function proofsOf(roster: Roster, account: Pick<Account, 'number'>) {
  const { emailProvedAt, phoneProvedAt } = await userOf(roster, account);
  return { email: typeof emailProvedAt === 'number', phone: typeof phoneProvedAt === 'number' };
}
