/**
 * Binds a flow to a browser. The browser keeps one random secret for all its flows, in a cookie that page scripts cannot
 * read. A flow stores a digest of the secret that is different for each flow, so that rows do not tell which flows come
 * from one browser.
 */
import { randomBytes } from 'node:crypto';
import { digestOf, sameDigest } from '../secret.ts';
import { minuteMs } from '../time.ts';

/** How long a browser keeps its secret after it begins a flow: longer than the flow and the time to undo it. */
export const browserSecretLifeMs = 30 * minuteMs;

/** A new secret in plain text: 256 random bits. */
export function issueBrowserSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether the text has the form of a browser's secret. */
export function isBrowserSecret(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

/** The digest of a browser's secret at one flow. */
export function bindingDigest(flowDigest: string, secret: string): string {
  return digestOf(`${flowDigest} ${secret}`);
}

/** Whether that browser has begun the flow; `secret` is null for a browser without one. */
export function isBoundTo(
  attempt: { readonly flowDigest: string; readonly browserDigest: string | null },
  secret: string | null,
): boolean {
  const { flowDigest, browserDigest } = attempt;
  if (secret === null || browserDigest === null) return false;
  return sameDigest(bindingDigest(flowDigest, secret), browserDigest);
}
