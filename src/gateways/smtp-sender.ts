/**
 * Email through an SMTP server, over a few connections that are kept for a while.
 *
 * Final is only what the server says for good about this recipient or this message (5xx to RCPT TO or DATA, RFC
 * 5321). What concerns us instead (the login, our address as the sender, a policy against us) can be mended, and is
 * tried again like every outage. The `Message-ID` comes from the message's row, so that a second copy after a crash
 * can be recognised.
 */
import { createTransport } from 'nodemailer';
import { type MessageSender, type SendOutcome, sendDeadlineMs } from '../core/messaging/sender.ts';

export interface SmtpOptions {
  /** `smtp://` or `smtps://`, with user and password. */
  readonly url: string;
  readonly from: { readonly name: string; readonly address: string };
  /** How long one message may take from connecting to the server's last word. */
  readonly timeoutMs?: number;
}

const connectionsMax = 4;
const idleMs = 30_000;

export function createSmtpSender({ url, from, timeoutMs = sendDeadlineMs }: SmtpOptions): MessageSender {
  const transport = createTransport({
    pool: true,
    url,
    maxConnections: connectionsMax,
    idleTimeout: idleMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);

  return {
    async send({ id, to, subject, body }) {
      try {
        await transport.sendMail({
          // The library writes into the addresses that it is given, and settings are frozen.
          from: { ...from },
          to: { name: '', address: to },
          subject,
          text: body,
          messageId: `<${id}@${domain}>`,
          // RFC 3834: nobody's out-of-office answers this.
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal: AbortSignal.timeout(timeoutMs),
        });
        return { kind: 'taken' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    async close() {
      transport.close();
    },
  };
}

interface SmtpError {
  readonly code?: unknown;
  readonly command?: unknown;
  readonly response?: unknown;
  readonly responseCode?: unknown;
  readonly permanent?: unknown;
}

function outcomeOf(error: unknown): SendOutcome {
  const details: SmtpError = typeof error === 'object' && error !== null ? error : {};
  const { code, command, response, responseCode, permanent } = details;
  if (typeof responseCode !== 'number') {
    return { kind: 'try_again', reason: typeof code === 'string' ? code.toLowerCase() : 'smtp' };
  }
  const reason = `smtp_${responseCode}`;
  const isAboutMessage = command === 'RCPT TO' || command === 'DATA';
  // 530 asks for a login, and 5.7.x (RFC 3463) is a policy that mostly concerns the sender.
  const isAboutUs = responseCode === 530 || /^5\d\d[ -]5\.7\./.test(String(response));
  return permanent === true && isAboutMessage && !isAboutUs
    ? { kind: 'refused', reason }
    : { kind: 'try_again', reason };
}
