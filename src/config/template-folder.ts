/**
 * Reads the folder in which a deployment has its own texts, once at the start: a folder for each language, and in it a
 * file for each message, such as `fr/confirmation.txt`, and for each web page, such as `fr/set_password.json`. It reports
 * all faults together, one line each, and never repeats a text. What a placeholder may be is decided in
 * `core/messaging/text-template.ts` for messages, and in `core/messaging/text-tree.ts` for web pages.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readLanguageTag } from '../core/messaging/language.ts';
import { type Channel, channels, type MessageTemplate, messageTemplates } from '../core/messaging/message.ts';
import {
  type TemplateTexts,
  type TextsByLanguage,
  type TextTemplate,
  templateProblems,
  templateRules,
} from '../core/messaging/text-template.ts';
import { readTextTree, type TextTree } from '../core/messaging/text-tree.ts';
import { ConfigError } from './config.ts';
import type { SettingFault } from './environment.ts';
import { settings } from './settings.ts';

const fileBytesMax = 64 * 1024;
/** Of a message without a subject of its own. */
const plainSubject = '{{app}}';

type Report = (path: string, problem: string) => void;

/** The texts in a folder. */
export interface FolderTexts {
  readonly messages: TextsByLanguage;
  /** Texts of web pages: by page, then by the lower-case tag of their language. */
  readonly pages: ReadonlyMap<string, ReadonlyMap<string, TextTree>>;
}

/**
 * The texts in the folder. `ownPages` are our English texts of each web page, by the name of its file.
 *
 * @throws {ConfigError} with every fault.
 */
export function readTemplateFolder(folder: string, ownPages: Readonly<Record<string, object>>): FolderTexts {
  const { name } = settings.templatesDir;
  const faults: SettingFault[] = [];
  const report: Report = (path, problem) => faults.push({ name, problem: `${path} ${problem}` });
  const messages = new Map<string, TemplateTexts>();
  const pages = new Map(Object.keys(ownPages).map((page) => [page, new Map<string, TextTree>()]));
  for (const entry of namesIn(folder, (problem) => report(folder, problem))) {
    const path = join(folder, entry);
    const tag = readLanguageTag(entry);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      report(entry, 'is not a folder: texts are in a folder for each language, such as fr/confirmation.txt');
    } else if (tag === null) {
      report(entry, 'is not a language tag, such as fr or pt-BR');
    } else if (messages.has(tag)) {
      report(entry, 'is the language of another folder too');
    } else {
      const language = readLanguage(path, { label: entry, ownPages, report });
      messages.set(tag, language.messages);
      for (const [page, texts] of language.pages) pages.get(page)?.set(tag, texts);
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return { messages, pages };
}

/** The names in a folder without those that begin with a dot, in their order. */
function namesIn(folder: string, report: (problem: string) => void): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch {
    report('is not a folder that can be read');
    return [];
  }
}

interface Target {
  readonly template: MessageTemplate;
  /** Null for a file that serves every channel of the message without a file of its own. */
  readonly channel: Channel | null;
}

/** Every file that a language may have. */
const targets: ReadonlyMap<string, Target> = new Map(
  messageTemplates.flatMap((template): [string, Target][] => [
    [`${template}.txt`, { template, channel: null }],
    ...channels
      .filter((channel) => templateRules[template].channels.includes(channel))
      .map((channel): [string, Target] => [`${template}.${channel}.txt`, { template, channel }]),
  ]),
);

interface LanguageTexts {
  readonly messages: TemplateTexts;
  /** By page. */
  readonly pages: ReadonlyMap<string, TextTree>;
}

interface LanguageReader {
  /** The name of the folder in faults. */
  readonly label: string;
  readonly ownPages: Readonly<Record<string, object>>;
  readonly report: Report;
}

function readLanguage(folder: string, { label, ownPages, report }: LanguageReader): LanguageTexts {
  const pages = new Map<string, TextTree>();
  const pageFiles = new Map(Object.entries(ownPages).map(([page, own]) => [`${page}.json`, { page, own }]));
  const files = new Map<string, TextTemplate>();
  for (const entry of namesIn(folder, (problem) => report(label, problem))) {
    const path = `${label}/${entry}`;
    const target = targets.get(entry);
    const pageFile = pageFiles.get(entry);
    if (target === undefined && pageFile === undefined) {
      const known = [...targets.keys(), ...pageFiles.keys()];
      report(path, `is not a known template: it must be one of ${known.join(', ')}`);
      continue;
    }
    const text = readText(join(folder, entry));
    if (text === null) {
      report(path, `is not a file with UTF-8 text of at most ${fileBytesMax} bytes`);
      continue;
    }
    if (pageFile !== undefined) pages.set(pageFile.page, readPage(text, path, pageFile.own, report));
    if (target === undefined) continue;
    const parsed = parse(text, target.channel);
    for (const problem of templateProblems(target.template, parsed)) report(path, problem);
    files.set(entry, parsed);
  }
  const messages: TemplateTexts = Object.fromEntries(
    messageTemplates.map((template) => {
      const texts = templateRules[template].channels.flatMap((channel) => {
        const text = files.get(`${template}.${channel}.txt`) ?? files.get(`${template}.txt`);
        return text === undefined ? [] : [[channel, text] as const];
      });
      return [template, Object.fromEntries(texts)];
    }),
  );
  return { messages, pages };
}

function readPage(text: string, file: string, own: object, report: Report): TextTree {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    report(file, 'is not JSON');
    return {};
  }
  const ofOwn: TextTree = Object.fromEntries(Object.entries(own));
  return readTextTree(given, ofOwn, (key, problem) => report(key === '' ? file : `${file} ${key}`, problem));
}

/** Null for a file that cannot be read, is too large, or is not UTF-8. */
function readText(path: string): string | null {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > fileBytesMax) return null;
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)).replace(/\r\n?/g, '\n');
  } catch {
    return null;
  }
}

/** A first line `Subject: ...` is the subject of the email; the text follows, after empty lines. */
function parse(text: string, channel: Channel | null): TextTemplate {
  const match = channel === 'sms' ? null : /^subject:[^\S\n]*([^\n]*)(?:\n|$)/i.exec(text);
  const subject = match?.[1]?.trim() ?? '';
  const body = text.slice(match?.[0].length ?? 0).trim();
  return { subject: subject === '' ? plainSubject : subject, body: `${body}\n` };
}
