/**
 * The texts of all web pages. A page is here with one line: the name of its file in a folder of texts, and our own texts.
 * Then a deployment can replace them, and add languages.
 */
import type { TextTree } from '../core/messaging/text-tree.ts';
import { changeEmailTexts, undoEmailChangeTexts } from './change-email/change-email-texts.ts';
import { connectTexts } from './connect/connect-texts.ts';
import { connectionCallbackTexts } from './connection-flow/callback-texts.ts';
import { connectionStartTexts } from './connection-flow/start-texts.ts';
import { linkTexts } from './link-texts.ts';
import { PageTexts } from './local-texts.ts';
import { proveEmailTexts } from './prove-email/prove-email-texts.ts';
import { requestPasswordTexts } from './request-password/request-password-texts.ts';
import { setPasswordTexts } from './set-password/set-password-texts.ts';

const ownSiteTexts = {
  set_password: setPasswordTexts,
  request_password: requestPasswordTexts,
  prove_email: proveEmailTexts,
  change_email: changeEmailTexts,
  undo_email_change: undoEmailChangeTexts,
  links: linkTexts,
  connect: connectTexts,
  connection_start: connectionStartTexts,
  connection_callback: connectionCallbackTexts,
};

/** Our English texts, by the name of the page. */
export const englishSiteTexts: Readonly<Record<string, object>> = Object.fromEntries(
  Object.entries(ownSiteTexts).map(([name, { en }]) => [name, en]),
);

type Own = typeof ownSiteTexts;

export type SiteTexts = { readonly [Name in keyof Own]: PageTexts<Own[Name]['en']> };

/** Texts of a deployment: by page, then by the lower-case tag of their language. */
export type ReplacedTexts = ReadonlyMap<string, ReadonlyMap<string, TextTree>>;

/** Our texts, with those of a deployment in their place. */
export function createSiteTexts(replaced: ReplacedTexts = new Map()): SiteTexts {
  const pages = Object.entries(ownSiteTexts).map(([name, own]) => {
    return [name, new PageTexts<object>(own, replaced.get(name) ?? new Map())] as const;
  });
  return Object.fromEntries(pages) as SiteTexts;
}
