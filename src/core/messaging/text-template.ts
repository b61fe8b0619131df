/**
 * The texts of messages, as text with placeholders such as `{{code}}`. A placeholder stands for a value and for nothing
 * else: there are no conditions, no loops and no code. A line with a value that this message lacks is left out:
 * `{{inviter}}` in an invitation without a name, and `{{link}}` in a notice of a sign-up. Values become one line of plain text.
 */
import type { Channel, MessageTemplate } from './message.ts';

export const placeholders = ['code', 'link', 'app', 'organization', 'inviter'] as const;
export type Placeholder = (typeof placeholders)[number];

export interface TextTemplate {
  /** Empty for text messages. */
  readonly subject: string;
  readonly body: string;
}

/** The text of each message and channel in one language; a deployment may leave some out. */
export type TemplateTexts = Readonly<
  Partial<Record<MessageTemplate, Readonly<Partial<Record<Channel, TextTemplate>>>>>
>;

/** Texts by the lower-case tag of their language. */
export type TextsByLanguage = ReadonlyMap<string, TemplateTexts>;

interface TemplateRule {
  readonly channels: readonly Channel[];
  /** The placeholder without which the message has no use; null for none. */
  readonly needed: Placeholder | null;
  readonly body: readonly Placeholder[];
  readonly subject: readonly Placeholder[];
}

/** Which channels carry a message, and which values it has. */
export const templateRules: Readonly<Record<MessageTemplate, TemplateRule>> = {
  confirmation: {
    channels: ['sms', 'email'],
    needed: 'code',
    body: ['code', 'app', 'organization'],
    subject: ['code', 'app', 'organization'],
  },
  email_proof: {
    channels: ['email'],
    needed: 'link',
    body: ['link', 'app', 'organization'],
    subject: ['app', 'organization'],
  },
  password_reset: {
    channels: ['email'],
    needed: 'link',
    body: ['link', 'app', 'organization'],
    subject: ['app', 'organization'],
  },
  invitation: {
    channels: ['email'],
    needed: 'link',
    body: ['link', 'app', 'organization', 'inviter'],
    subject: ['app', 'organization'],
  },
  email_change: {
    channels: ['email'],
    needed: 'link',
    body: ['link', 'app', 'organization'],
    subject: ['app', 'organization'],
  },
  email_taken: {
    channels: ['email'],
    needed: null,
    body: ['app', 'organization'],
    subject: ['app', 'organization'],
  },
  email_changed: {
    channels: ['sms', 'email'],
    needed: null,
    body: ['app', 'organization'],
    subject: ['app', 'organization'],
  },
  email_undo: {
    channels: ['email'],
    needed: 'link',
    body: ['link', 'app', 'organization'],
    subject: ['app', 'organization'],
  },
  phone_changed: {
    channels: ['sms', 'email'],
    needed: null,
    body: ['app', 'organization'],
    subject: ['app', 'organization'],
  },
  password_changed: {
    channels: ['sms', 'email'],
    needed: null,
    body: ['app', 'organization'],
    subject: ['app', 'organization'],
  },
  /** The link is there only for a holder who has never proved the address. */
  sign_up_attempt: {
    channels: ['email'],
    needed: null,
    body: ['link', 'app', 'organization'],
    subject: ['app', 'organization'],
  },
  new_network: {
    channels: ['sms', 'email'],
    needed: null,
    body: ['app', 'organization'],
    subject: ['app', 'organization'],
  },
  staff_email_changed: {
    channels: ['email'],
    needed: null,
    body: ['app', 'organization'],
    subject: ['app', 'organization'],
  },
};

const placeholderText = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** What is wrong with a template, each as the end of a sentence; empty for a good one. */
export function templateProblems(template: MessageTemplate, { subject, body }: TextTemplate): string[] {
  const { needed, ...allowed } = templateRules[template];
  const problems = [
    ...partProblems(subject, allowed.subject, 'in the subject'),
    ...partProblems(body, allowed.body, 'in the text'),
  ];
  if (needed !== null && !placeholdersIn(body).includes(needed))
    problems.push(`needs {{${needed}}} in the text`);
  if (body.trim() === '') problems.push('has no text');
  return problems;
}

function partProblems(text: string, allowed: readonly Placeholder[], where: string): string[] {
  const isAllowed = (name: string): boolean => allowed.some((each) => each === name);
  const unknown = [...new Set(placeholdersIn(text))].filter((name) => !isAllowed(name));
  const problems = unknown.map((name) => `must not have {{${name}}} ${where}`);
  if (hasStrayBraces(text)) {
    problems.push(`has {{ or }} without its other half ${where}`);
  }
  return problems;
}

/** Whether the text has `{{` or `}}` without its other half. */
export function hasStrayBraces(text: string): boolean {
  return /\{\{|\}\}/.test(text.replace(placeholderText, ''));
}

/** The names of the placeholders, in their order. */
export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(placeholderText)].map(([, name = '']) => name);
}

/** A line of a template: texts and placeholders in turn, the first a text. */
interface TemplateLine {
  readonly texts: readonly string[];
  readonly names: readonly Placeholder[];
}

/** The templates of a deployment are few, and each is read once. */
const readTemplates = new Map<string, readonly TemplateLine[]>();
const readTemplatesMax = 1_000;

function linesOf(text: string): readonly TemplateLine[] {
  const known = readTemplates.get(text);
  if (known !== undefined) return known;
  const lines = text.split('\n').map((line) => {
    // With a group in it, the pattern leaves the names between the texts.
    const parts = line.split(placeholderText);
    return {
      texts: parts.filter((_, at) => at % 2 === 0),
      names: parts.filter((_, at) => at % 2 === 1).map(placeholderOf),
    };
  });
  if (readTemplates.size < readTemplatesMax) readTemplates.set(text, lines);
  return lines;
}

/**
 * The text with its values. `valueFor` returns null for a value whose line is left out, and throws for another value that
 * the message does not have.
 */
export function renderText(text: string, valueFor: (name: Placeholder) => string | null): string {
  const rendered: string[] = [];
  for (const { texts, names } of linesOf(text)) {
    const values = names.map(valueFor);
    if (values.includes(null)) continue;
    let line = texts[0] ?? '';
    for (const [at, value] of values.entries()) line += oneLine(value ?? '') + (texts[at + 1] ?? '');
    rendered.push(line);
  }
  return rendered.join('\n');
}

/**
 * Without controls and line breaks, which could begin another header or another line, and without the characters that
 * turn the direction of the text after them: a code after a name would be read backwards.
 */
export function oneLine(text: string): string {
  return text
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}

function placeholderOf(name: string): Placeholder {
  const known = placeholders.find((each) => each === name);
  if (known === undefined) throw new Error(`a template has the unknown placeholder ${name}`);
  return known;
}
