/** The page that proves an email: the link in the email of a sign-up opens it. */
import type { Core } from '../../core/core.ts';
import { findEmailProofApp, proveEmail } from '../../core/verification/email-proof.ts';
import type { PageRoute } from '../../http/page.ts';
import { buttonPages } from '../button-page.ts';
import { createSiteTexts } from '../site-texts.ts';

export function proveEmailPages(core: Core, texts = createSiteTexts()): readonly PageRoute[] {
  return buttonPages({
    path: '/prove-email',
    operationId: 'proveEmail',
    texts: texts.prove_email,
    linkTexts: texts.links,
    find: (link) => findEmailProofApp(core, link),
    press: (link) => proveEmail(core, link),
  });
}
