/**
 * Measures for `npm run torture` how long codes wait while notices of several organizations wait for a mail server that takes 150 ms
 * a mail, and while a service of texts hangs for fifty numbers, again and again: no code waits for a second. Starts one server
 * and two services on loopback, and stops by itself.
 *
 *     npm run torture -- lanes          10,000 notices, 60 codes by email and 60 by text
 *     npm run torture -- lanes 2000     2,000 notices
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { queueNotices, startMailService } from '../attacks/support/mail-service.ts';
import { startTextService } from '../attacks/support/text-service.ts';
import { signUp } from '../contracts/general/sign-up.ts';
import { startRoster } from '../support/server/start.ts';

const notices = Number(process.argv[2] ?? 10_000);
if (!Number.isSafeInteger(notices) || notices < 100)
  throw new Error('the number of notices must be 100 or more');
const codes = 60;
const waitMaxMs = 1_000;

let phones = 0;
/** A mobile number of a range of its own. */
const newPhone = (): string => `+1202${200 + (phones % 700)}${String(4_000 + phones++).padStart(4, '0')}`;

const hung = new Set<string>();
const mail = await startMailService(150);
const texts = await startTextService(mail.env, (to) => (hung.has(to) ? null : { status: 201, body: '{}' }));
const roster = await startRoster({ env: texts.env });

async function msUntil(isMet: () => boolean): Promise<number> {
  const startedAt = performance.now();
  while (!isMet() && performance.now() - startedAt < 60_000) await sleep(5);
  return performance.now() - startedAt;
}

/** The longest wait of codes that are asked for one after the other. */
async function longestWait(send: () => Promise<() => boolean>): Promise<number> {
  let longest = 0;
  for (let count = 0; count < codes; count += 1) {
    longest = Math.max(longest, await msUntil(await send()));
    await sleep(50);
  }
  return longest;
}

const byMail = async (): Promise<() => boolean> => {
  const { email } = await signUp(roster);
  return () => mail.mails.some(({ to }) => to.includes(email));
};
const byText = async (): Promise<() => boolean> => {
  const phone = newPhone();
  await signUp(roster, { phone });
  return () => texts.textsTo(phone).length > 0;
};

try {
  await signUp(roster);
  const [one, other] = [roster.organization, await roster.addOrganization()];
  await roster.addAdmin(other);
  await queueNotices(roster, { orgKey: one.key, count: Math.ceil(notices * 0.9) });
  await queueNotices(roster, { orgKey: other.key, count: Math.floor(notices * 0.1), domain: 'example.net' });
  const mailMs = await longestWait(byMail);
  const hanging = Array.from({ length: 50 }, newPhone);
  for (const phone of hanging) hung.add(phone);
  await Promise.all(hanging.map((phone) => signUp(roster, { phone })));
  const textMs = await longestWait(byText);
  const counts = ['example.com', 'example.net'].map((domain) => mail.mostAtOnce(domain));
  process.stdout.write(
    `longest wait: ${Math.round(mailMs)} ms by email, ${Math.round(textMs)} ms by text; mails of a domain at the same time: ${counts.join(', ')}\n`,
  );
  assert.ok(mailMs < waitMaxMs && textMs < waitMaxMs);
  assert.ok(counts.every((count) => count <= 4));
} finally {
  texts.close();
  await roster.close();
  await mail.stop();
}
