/** The acts of the person page: what each dialog is for, and the calls. */
import type {
  ActAnswer,
  ActState,
  MaskedField,
  Person,
  PersonAct,
} from '../../../src/contracts/console/shapes/people.ts';
import { call } from '../api.ts';
import { type Formats, fillText } from '../texts/texts.tsx';
import type { PersonTexts } from './person-texts.ts';

/** The dialog that is open. */
export type OpenAct =
  | { readonly act: Exclude<PersonAct, 'reveal'> }
  | { readonly act: 'reveal'; readonly field: MaskedField | 'all' };

/** What one press does, after a question; the others have a form. */
export type PlainAct =
  | 'resend'
  | 'send-reset'
  | 'confirm'
  | 'end-sessions'
  | 'unlock'
  | 'cancel'
  | 'reinstate';

export function isPlainAct(act: PersonAct): act is PlainAct {
  return ['resend', 'send-reset', 'confirm', 'end-sessions', 'unlock', 'cancel', 'reinstate'].includes(act);
}

export function doAct(id: string, act: string, body: unknown = {}): Promise<ActAnswer> {
  return call<ActAnswer>('POST', `/people/${encodeURIComponent(id)}/acts/${act}`, { body });
}

/** Why an act is refused, as a sentence; null where it is allowed. */
export function refusalText(
  { isAllowed, why, until }: ActState,
  texts: PersonTexts,
  formats: Formats,
): string | null {
  if (isAllowed) return null;
  const reason = texts.refusal[why ?? 'nothing_to_do'];
  if (until === null) return reason;
  return `${reason} ${fillText(texts.refusal.until, { time: formats.distance(until) })}`;
}

/** What was done, as a sentence. */
export function outcomeText(answer: ActAnswer, texts: PersonTexts, formats: Formats): string {
  const { isChanged, sent, sessionsEnded, locksEnded, act } = answer;
  if (sent !== null) return fillText(texts.done.sent, { channel: texts.messages.channel[sent.channel] });
  if (act === 'unlock' && locksEnded !== null) return formats.count(texts.done.unlocked, locksEnded);
  if (act === 'end-sessions' && sessionsEnded !== null)
    return formats.count(texts.done.sessions, sessionsEnded);
  return isChanged ? texts.done.changed : texts.done.unchanged;
}

/** What the act does, as a sentence for its dialog. */
export function effectText(act: PlainAct, person: Person, texts: PersonTexts): string {
  if (act !== 'resend') return texts.does[act];
  const { sends } = person.acts.resend;
  return sends === null ? '' : texts.does.resend[sends];
}
