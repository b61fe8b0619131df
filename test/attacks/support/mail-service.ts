/** A mail server on this machine that takes some time for each mail, and counts how many mails each domain gets at the same time. */
import type { Environment } from '../../../src/config/environment.ts';
import { type Mail, startSmtpServer } from '../../support/machine/smtp.ts';
import type { Roster } from '../../support/server/start.ts';

export interface MailService {
  readonly env: Environment;
  /** The mails that it took, in their order. */
  readonly mails: readonly Mail[];
  /** The most mails that a domain got at the same time. */
  mostAtOnce(domain: string): number;
  stop(): Promise<void>;
}

/** Starts the service. It never answers the mails for which `hangs` is true. */
export async function startMailService(
  msPerMail: number,
  hangs: (to: string) => boolean = () => false,
): Promise<MailService> {
  const mails: Mail[] = [];
  const present = new Map<string, number>();
  const most = new Map<string, number>();
  const server = await startSmtpServer({
    // A stop ends the mails that hang.
    closeTimeout: 100,
    onData(stream, session, callback) {
      const to = session.envelope.rcptTo.map(({ address }) => address);
      const domain = to[0]?.split('@')[1] ?? '';
      const count = (present.get(domain) ?? 0) + 1;
      present.set(domain, count);
      most.set(domain, Math.max(count, most.get(domain) ?? 0));
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (hangs(to[0] ?? '')) return;
        setTimeout(() => {
          present.set(domain, (present.get(domain) ?? 1) - 1);
          mails.push({ from: '', to, source: Buffer.concat(chunks).toString() });
          callback();
        }, msPerMail);
      });
    },
  });
  return {
    env: { ROSTER_EMAIL: 'smtp', ROSTER_SMTP_URL: server.url, ROSTER_EMAIL_FROM: 'no-reply@example.com' },
    mails,
    mostAtOnce: (domain) => most.get(domain) ?? 0,
    stop: () => server.stop(),
  };
}

const rowsPerChange = 500;

/** Stores waiting notices by email to one domain, as an organization with many members causes them. */
export async function queueNotices(
  { core, rows }: Roster,
  { orgKey, count, domain = 'example.com' }: { orgKey: number; count: number; domain?: string },
): Promise<void> {
  const owner = (await rows.all('users')).find((row) => Number(row['org_key']) === orgKey);
  const userId = String(owner?.['id']);
  const destination = core.secrets.keyedDigest('destination of email', domain).slice(0, 16);
  for (let from = 0; from < count; from += rowsPerChange) {
    await core.work.change(orgKey, async (tx) => {
      for (let at = from; at < Math.min(count, from + rowsPerChange); at += 1) {
        const id = `msg_${orgKey.toString(16)}${at.toString(16).padStart(24, '0')}`;
        const content = {
          to: `member-${at}@${domain}`,
          subject: 'A notice',
          body: 'Your password was changed.',
        };
        await tx.messages.insert({
          ...{ id, userId, channel: 'email', template: 'password_changed', isOutboxOnly: false, destination },
          sealedContent: core.secrets.seal(JSON.stringify(content), `message ${orgKey} ${id}`),
          createdAt: core.clock.now(),
        });
      }
    });
  }
}
