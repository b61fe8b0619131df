/** Sign-in to the console as a browser does it, for tests of its steps. */
import assert from 'node:assert/strict';
import { Secret, TOTP } from 'otpauth';
import { operatorAt, type StaffRole } from '../../../src/core/access/principal.ts';
import { createStaff } from '../../../src/core/staff/manage-staff.ts';
import type { Reply } from '../../support/server/http.ts';
import { askAfter, type StaffAsk, staffAsk } from '../../support/server/staff.ts';
import { type Roster, type Tenant, testDoor } from '../../support/server/start.ts';

export const password = 'a-quiet-harbour-41';
export const halfMinuteMs = 30_000;
export const minuteMs = 60_000;
export const stranger = staffAsk(null);

export interface Enrolled {
  readonly account: { readonly id: string };
  readonly email: string;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
  readonly ask: StaffAsk;
}

/** The steps at a server. */
export function createCeremony(roster: Roster) {
  let made = 0;

  /** Calls `METHOD /path` below the API of the console. */
  function call(line: string, ask: StaffAsk, json?: unknown): Promise<Reply> {
    const [method, path] = line.split(' ');
    return roster.call(`${method} /console/api/v1${path}`, json === undefined ? ask : { ...ask, json });
  }

  function signIn(email: string, typed = password, more: object = {}): Promise<Reply> {
    return call('POST /sign-in', stranger, { email, password: typed, ...more });
  }

  /** The code that an app shows, some steps ahead. */
  function code(secret: string, steps = 0): string {
    const timestamp = roster.clock.now() + steps * halfMinuteMs;
    return TOTP.generate({ secret: Secret.fromBase32(secret), timestamp });
  }

  /** A new account, and the token of its one-time link. */
  function invite(tenant: Tenant = roster.organization, email?: string, role: StaffRole = 'owner') {
    made += 1;
    const input = { email: email ?? `person-${made}@staff.example.com`, name: 'Jo Smith', role };
    return createStaff(roster.core, operatorAt(testDoor, tenant.key), input);
  }

  /** A new account with a password and an app for codes. */
  async function enrolWithTotp(tenant?: Tenant, email?: string, role?: StaffRole): Promise<Enrolled> {
    const { account, link } = await invite(tenant, email, role);
    const enrolled = await call('POST /enrol', stranger, { token: link, password });
    assert.equal(enrolled.status, 200, enrolled.text);
    const secret = (await call('POST /factors/totp', askAfter(enrolled))).string('secret');
    const confirmed = await call('POST /factors/totp/confirm', askAfter(enrolled), { code: code(secret) });
    assert.equal(confirmed.status, 200, confirmed.text);
    // The next code is one that was not used yet.
    roster.clock.advance(halfMinuteMs);
    const { recoveryCodes } = Object(confirmed.body) as { recoveryCodes: readonly string[] };
    return { account, email: account.email, secret, recoveryCodes, ask: askAfter(confirmed) };
  }

  /** The origin of the pages. */
  const origin = (): string => roster.baseUrl.replace('127.0.0.1', 'localhost');

  return { call, signIn, code, invite, enrolWithTotp, origin };
}
