/**
 * Sends email through an SMTP server, over a pool of a few connections.
 *
 * Only a permanent error about this recipient or this message is final (5xx to RCPT TO or DATA, RFC 5321). A server that refuses this
 * deployment is told to the operator, and the message is retried: at the connection, the login or our sender address it is always
 * about us; after them the code says so, or the text, because some servers refuse a sender only at the recipient. A
 * temporary error of the server, or about the recipient, such as greylisting, is retried too. The `Message-ID` comes from the
 * message's row, so that mail programs recognise a second copy after a crash.
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
  /** The connections that may be open at the same time; a message waits where all of them are busy. */
  readonly connectionsMax?: number;
  /**
   * Gets whether the server takes local parts outside ASCII (SMTPUTF8, RFC 6531), each time the server has said so. It is
   * asked once at the start, without a login.
   */
  readonly onAnnounced?: (takesUnicode: boolean) => void;
}

const defaultConnectionsMax = 4;
const idleMs = 30_000;

export function createSmtpSender({
  url,
  from,
  timeoutMs = sendDeadlineMs,
  connectionsMax = defaultConnectionsMax,
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

/** Errors of the library without a reply of the server: no login, no TLS, no such host. */
const ownFaults = new Set(['EAUTH', 'ETLS', 'EDNS', 'EPROXY', 'ECONFIG', 'EOAUTH2']);
/** A login or TLS is missing or wrong (RFC 4954), or the server does not take our commands (RFC 5321, 4.2.3). */
const ownCodes = new Set([500, 502, 503, 504, 530, 534, 535, 538, 555]);
/**
 * Enhanced codes (RFC 3463) about the sender: its address (x.1.7, x.1.8), its quota (x.4.5, as Gmail uses it), and a policy or
 * security (x.7.x), which mostly concerns the sender.
 */
const ownStatus = /^[45]\d\d[ -][45]\.(?:1\.[78]|4\.5|7\.\d+)\b/;
/** Texts of common servers and services, where the code does not tell. No address of a user has these words. */
const ownTexts =
  /\b(?:sender address rejected|client host rejected|helo command rejected|relay(?:ing)? (?:access )?(?:denied|not permitted)|authentication required|unauthenticated senders?|sender identity|(?:email address|domain) is not verified|sending (?:limit|quota)|messaging limits)\b/i;

function outcomeOf(error: unknown): SendOutcome {
  const details: SmtpError = typeof error === 'object' && error !== null ? error : {};
  const { code, command, response, responseCode, permanent } = details;
  if (typeof responseCode !== 'number') {
    const reason = typeof code === 'string' ? code.toLowerCase() : 'smtp';
    return tryAgain(reason, typeof code === 'string' && ownFaults.has(code));
  }
  const reason = `smtp_${responseCode}`;
  const isPermanent = permanent === true || responseCode >= 500;
  const isAtMessage = command === 'RCPT TO' || command === 'DATA';
  if (!isAtMessage) return tryAgain(reason, isPermanent || code === 'EAUTH' || responseCode === 454);
  const text = String(response);
  const isOurs = ownCodes.has(responseCode) || ownStatus.test(text) || ownTexts.test(text);
  if (isPermanent) return isOurs ? tryAgain(reason, true) : { kind: 'refused', reason };
  // Greylisting has the status of a policy, and ends by itself.
  return tryAgain(reason, ownTexts.test(text));
}

function tryAgain(reason: string, isOurs: boolean): SendOutcome {
  return isOurs ? { kind: 'try_again', reason, isOurs } : { kind: 'try_again', reason };
}
