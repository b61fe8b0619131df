/** The list of all pages. A new page is a folder, and a line here. */
import type { Core } from '../core/core.ts';
import type { PageRoute } from '../http/page.ts';
import { changeEmailPages } from './change-email/change-email-page.ts';
import { connectPages } from './connect/connect-page.ts';
import { connectionCallbackPages } from './connection-flow/callback-page.ts';
import { connectionStartPages } from './connection-flow/start-page.ts';
import { consolePages } from './console/console-page.ts';
import { jwksPages } from './jwks/jwks-page.ts';
import { proveEmailPages } from './prove-email/prove-email-page.ts';
import { requestPasswordPages } from './request-password/request-password-page.ts';
import { setPasswordPages } from './set-password/set-password-page.ts';
import type { createSiteTexts } from './site-texts.ts';

/** `hasConsole`: whether the console has its pages; true unless given. */
export function createPages(
  core: Core,
  texts: ReturnType<typeof createSiteTexts>,
  { hasConsole = true }: { readonly hasConsole?: boolean } = {},
): readonly PageRoute[] {
  return [
    ...setPasswordPages(core, texts),
    ...requestPasswordPages(core, texts),
    ...proveEmailPages(core, texts),
    ...changeEmailPages(core, texts),
    ...connectionCallbackPages(core, texts),
    ...connectionStartPages(core, texts),
    ...connectPages(core, texts),
    ...jwksPages(core),
    ...(hasConsole ? consolePages() : []),
  ];
}
