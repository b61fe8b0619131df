/** The pages behind the links of a change of an email: the one to the new address, and the one that undoes it. */
import type { Core } from '../../core/core.ts';
import {
  changeEmail,
  findEmailChangeApp,
  findEmailUndoApp,
  undoEmailChange,
} from '../../core/verification/email-change.ts';
import type { PageRoute } from '../../http/page.ts';
import { buttonPages } from '../button-page.ts';
import { createSiteTexts } from '../site-texts.ts';

export function changeEmailPages(core: Core, texts = createSiteTexts()): readonly PageRoute[] {
  return [
    ...buttonPages({
      path: '/change-email',
      operationId: 'changeEmail',
      texts: texts.change_email,
      linkTexts: texts.links,
      find: (link) => findEmailChangeApp(core, link),
      press: (link) => changeEmail(core, link),
    }),
    ...buttonPages({
      path: '/undo-email-change',
      operationId: 'undoEmailChange',
      texts: texts.undo_email_change,
      linkTexts: texts.links,
      find: (link) => findEmailUndoApp(core, link),
      press: (link) => undoEmailChange(core, link),
    }),
  ];
}
