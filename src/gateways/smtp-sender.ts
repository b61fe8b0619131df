/**
 * Sends email through an SMTP server, over a pool of a few connections.
 *
 * Only a permanent error about this recipient or this message is final (5xx to RCPT TO or DATA, RFC 5321). An operator
 * can repair an error about this deployment (the login, our sender address, a policy against us), so it is retried like
 * an outage. The `Message-ID` comes from the message's row, so that mail programs recognise a second copy after a crash.
 */
import { createTransport } from 'nodemailer';
import { parseConnectionUrl } from 'nodemailer/lib/shared';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { toMailAddress } from '../core/directory/email-address.ts';
import { type MessageSender, type SendOutcome, sendDeadlineMs } from '../core/messaging/sender.ts';

export interface SmtpOptions {
  /** `smtp://` or `smtps://`, with user and password. */
  readonly url: string;
  /** The name is for messages that do not say the name of their app. */
  readonly from: { readonly name: string; readonly address: string };
  /** The longest time of one message, from connecting to the server's last reply. */
  readonly timeoutMs?: number;
  /**
   * Gets whether the server takes local parts outside ASCII (SMTPUTF8, RFC 6531), each time the server has said so. It is
   * asked once at the start, without a login.
   */
  readonly onAnnounced?: (takesUnicode: boolean) => void;
}

const connectionsMax = 4;
const idleMs = 30_000;

export function createSmtpSender({
  url,
  from,
  timeoutMs = sendDeadlineMs,
  onAnnounced,
}: SmtpOptions): MessageSender {
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
  const greeting = onAnnounced === undefined ? null : greet(url, timeoutMs, onAnnounced);

  return {
    async send({ id, to, subject, body, senderName = from.name }) {
      try {
        const info = await transport.sendMail({
          // The library changes the object of an address, so it gets one of its own.
          from: { name: senderName, address: from.address },
          to: { name: '', address: toMailAddress(to) },
          subject,
          text: body,
          messageId: `<${id}@${domain}>`,
          // RFC 3834: automatic replies, such as out-of-office messages, are not sent to this message.
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal: AbortSignal.timeout(timeoutMs),
        });
        onAnnounced?.(announcesUnicode(info));
        return { kind: 'taken' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    async close() {
      greeting?.close();
      transport.close();
    },
  };
}

/** Asks the server once what it takes. If it does not answer, the first message that it accepts tells. */
function greet(url: string, timeoutMs: number, onAnnounced: (takesUnicode: boolean) => void): SMTPConnection {
  const connection = new SMTPConnection({
    ...parseConnectionUrl(url),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  connection.on('error', () => {});
  connection.connect(() => {
    onAnnounced(announcesUnicode({ ehlo: Reflect.get(connection, '_ehloLines') }));
    connection.quit();
  });
  return connection;
}

/** The library has the lines of the server's answer to `EHLO` in the information about a sent message. */
function announcesUnicode(info: object): boolean {
  const lines = 'ehlo' in info && Array.isArray(info.ehlo) ? info.ehlo : [];
  return lines.some((line) => /^SMTPUTF8\b/i.test(String(line)));
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
  // 530 requires a login, and 5.7.x (RFC 3463) is a policy that mostly concerns the sender.
  const isAboutUs = responseCode === 530 || /^5\d\d[ -]5\.7\./.test(String(response));
  return permanent === true && isAboutMessage && !isAboutUs
    ? { kind: 'refused', reason }
    : { kind: 'try_again', reason };
}
