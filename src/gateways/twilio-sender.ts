/**
 * Sends text messages through Twilio's REST API (`POST /2010-04-01/Accounts/{sid}/Messages.json`).
 *
 * Only a 400 in Twilio's own form is final: this message cannot be sent to this number. Every other error is retried: a
 * wrong token (an operator can repair it), a rate limit, an outage, an error of a proxy, no answer. Twilio's error code
 * goes to the log and decides nothing, because Twilio asks clients not to depend on its codes; its texts repeat the
 * number and are never logged.
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
      body: new URLSearchParams({ To: message.to, Body: message.body, ...sender }),
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
    if (response.status === 400 && code !== null) return { kind: 'refused', reason };
    const retryAfterMs = readRetryAfter(response.headers.get('retry-after'));
    return { kind: 'try_again', reason, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
  }

  return {
    send: (message) =>
      send(message).catch((error: unknown) => ({ kind: 'try_again', reason: networkReason(error) })),
    close: async () => {},
  };
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
