/** The English texts of HTTP's own refusals that are the same in every contract, without a full stop. */
import { isHttpRefusal, type MediaReason, type Refusal } from '../http-refusals.ts';

export const hostText = 'The request must have exactly one Host header, which names a host';

const mediaTexts: Readonly<Record<MediaReason, string | null>> = {
  type: null,
  charset: 'The body must be sent in UTF-8, which is not the charset of its Content-Type',
  coding: 'The body must be sent without a Content-Encoding',
};

/** Why a body is not supported; null where its type is the reason, for which each contract has a text. */
export function mediaText(refusal: Refusal): string | null {
  return isHttpRefusal(refusal, 'unsupported_media_type') ? mediaTexts[refusal.details.reason] : null;
}
