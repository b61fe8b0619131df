/**
 * Sends text messages through Twilio's REST API (`POST /2010-04-01/Accounts/{sid}/Messages.json`).
 *
 * Only the errors below are final: they say that this number takes no message from us, or that the text is wrong. Twilio has
 * many errors about the number, sender, service or account of this deployment, and adds new ones; all of them, like a wrong token, are
 * retried and told to the operator, who can mend them. A rate limit, an outage, an error of a proxy and no answer are
 * retried. Twilio's texts repeat the number and are never logged.
 */
import type { MessageSender, OutgoingMessage, SendOutcome } from '../core/messaging/sender.ts';

export interface TwilioOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** A number, a sender name, or the id of a messaging service (`MG...`). */
  readonly from: string;
  readonly baseUrl: string;
  /** The longest time of one call, with the body of the answer. */
  readonly timeoutMs?: number;
}

/**
 * About the recipient: the number is none, or cannot get a text message, or its owner has opted out
 * (https://www.twilio.com/docs/api/errors).
 */
const recipientCodes = [
  21211, 21214, 21217, 21265, 21266, 21267, 21268, 21407, 21604, 21610, 21612, 21614, 21635, 30003, 30004,
  30005, 30006, 63003, 63024,
];
/** About the text: it is missing or too long. */
const textCodes = [21602, 21605, 21617, 21619];
const finalCodes = new Set([...recipientCodes, ...textCodes].map(String));

/** Our number has too many waiting messages, or sends too fast: the next try may succeed without the operator. */
const busyCodes = new Set(['14107', '20429', '21611', '30001', '30022', '63018']);
/** Answers of a service or a proxy that may be different next time. */
const passingStatuses = new Set([408, 409, 425, 429]);

/** Twilio deletes a waiting message after this many seconds, which is between these limits. */
const validitySeconds = { min: 1, max: 36_000 };

export function createTwilioSender(options: TwilioOptions): MessageSender {
  const { accountSid, authToken, from, baseUrl, timeoutMs = 10_000 } = options;
  const url = `${baseUrl}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`;
  const headers = {
    Authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
    Accept: 'application/json',
  };
  const sender = from.startsWith('MG') ? { MessagingServiceSid: from } : { From: from };

  async function send(message: OutgoingMessage): Promise<SendOutcome> {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: new URLSearchParams({ To: message.to, Body: message.body, ...sender, ...validityOf(message) }),
      // The credentials go only to the configured address.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.ok) {
      await response.body?.cancel();
      return { kind: 'taken' };
    }
    const code = await errorCodeOf(response);
    const reason = code === null ? `http_${response.status}` : `http_${response.status}_${code}`;
    if (response.status === 400 && code !== null && finalCodes.has(code)) return { kind: 'refused', reason };
    const retryAfterMs = readRetryAfter(response.headers.get('retry-after'));
    return {
      kind: 'try_again',
      reason,
      ...(retryAfterMs === null ? {} : { retryAfterMs }),
      ...(isAboutUs(response.status, code) ? { isOurs: true } : {}),
    };
  }

  return {
    send: (message) =>
      send(message).catch((error: unknown) => ({ kind: 'try_again', reason: networkReason(error) })),
    close: async () => {},
  };
}

/** Twilio does not deliver a code or a link after its end. */
function validityOf({ validMs }: OutgoingMessage): { ValidityPeriod?: string } {
  if (validMs === undefined) return {};
  const { min, max } = validitySeconds;
  return { ValidityPeriod: String(Math.min(max, Math.max(min, Math.floor(validMs / 1_000)))) };
}

/** A 400 without a code is not in Twilio's form, so it says nothing about our account. */
function isAboutUs(status: number, code: string | null): boolean {
  if (status >= 500 || passingStatuses.has(status)) return false;
  if (status === 400) return code !== null && !busyCodes.has(code);
  return true;
}

/** The error code in Twilio's answer, such as `21211`; null where there is none. */
async function errorCodeOf(response: Response): Promise<string | null> {
  return /"code"\s*:\s*(\d{1,6})\b/.exec(await response.text())?.[1] ?? null;
}

/** `Retry-After`, which Twilio sends in whole seconds, in milliseconds; null where there is none. */
function readRetryAfter(header: string | null): number | null {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : null;
}

/** Why there was no answer: `timeout`, or the system's code in lower case. */
function networkReason(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'timeout';
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code.toLowerCase() : 'network';
}
