/**
 * The texts of the console in the reader's language, and numbers and times as that language writes them. A text that is
 * missing in one language does not compile: every language has the type of the English texts.
 */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { fillText } from '../../../src/pages/fill-text.ts';
import { en, type Texts } from './en.ts';
import { es } from './es.ts';

export const languages = { en: 'English', es: 'Español' } as const;
export type Language = keyof typeof languages;

const all: Readonly<Record<Language, Texts>> = { en, es };
const storageName = 'roster-console-language';

interface Speech {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
}

const SpeechContext = createContext<Speech>({ language: 'en', setLanguage: () => {} });

export function SpeechProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speech = useMemo(
    () => ({
      language,
      setLanguage(chosen: Language) {
        remember(storageName, chosen);
        setLanguage(chosen);
      },
    }),
    [language],
  );
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}

export function useSpeech(): Speech {
  return useContext(SpeechContext);
}

export function useTexts(): Texts {
  return all[useSpeech().language];
}

/** The texts of one page, in a file beside it: `const usePeopleTexts = pageTexts(english, spanish)`. */
export function pageTexts<T>(english: T, spanish: NoInfer<T>): () => T {
  return function usePageTexts() {
    return useSpeech().language === 'es' ? spanish : english;
  };
}

/** A text for each number; both languages have these two forms (CLDR). */
export interface CountForms {
  readonly one: string;
  readonly other: string;
}

export interface Formats {
  number(value: number): string;
  /** The form for the number, with the number in place of `{{count}}`. */
  count(forms: CountForms, value: number, values?: Readonly<Record<string, string>>): string;
  /** A day of the reader's zone: `3 Mar 2026`. */
  date(instant: string | Date): string;
  /** A moment in the reader's zone, to the second, with the name of the zone. */
  moment(instant: string | Date): string;
  /** A day that has no zone, such as a date of birth (`YYYY-MM-DD`). */
  day(text: string): string;
  /** How far from now: `3 hours ago`, `in 2 days`. */
  distance(instant: string | Date, now?: number): string;
  /** `12 minutes`. */
  duration(ms: number): string;
}

export function useFormats(): Formats {
  const { language } = useSpeech();
  return useMemo(() => formatsOf(language), [language]);
}

const steps = [
  { unit: 'year', ms: 31_557_600_000 },
  { unit: 'month', ms: 2_629_800_000 },
  { unit: 'day', ms: 86_400_000 },
  { unit: 'hour', ms: 3_600_000 },
  { unit: 'minute', ms: 60_000 },
  { unit: 'second', ms: 1000 },
] as const;

/** The greatest unit of which there is at least one; seconds for less. */
function stepOf(ms: number): (typeof steps)[number] {
  return steps.find((step) => Math.abs(ms) >= step.ms) ?? steps[5];
}

export function formatsOf(language: Language): Formats {
  // The reader's own region of the language decides how a date is written.
  const region =
    navigator.languages.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;
  const numbers = new Intl.NumberFormat(region);
  const plurals = new Intl.PluralRules(language);
  const dates = new Intl.DateTimeFormat(region, { dateStyle: 'medium' });
  const days = new Intl.DateTimeFormat(region, { dateStyle: 'medium', timeZone: 'UTC' });
  const moments = new Intl.DateTimeFormat(region, {
    ...{ year: 'numeric', month: 'short', day: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' },
  });
  const distances = new Intl.RelativeTimeFormat(region, { numeric: 'auto', style: 'short' });
  return {
    number: (value) => numbers.format(value),
    count(forms, value, values = {}) {
      const form = plurals.select(value) === 'one' ? forms.one : forms.other;
      return fillText(form, { count: numbers.format(value), ...values });
    },
    date: (instant) => dates.format(new Date(instant)),
    moment: (instant) => moments.format(new Date(instant)),
    day: (text) => days.format(new Date(`${text}T00:00:00Z`)),
    distance(instant, now = Date.now()) {
      const ms = new Date(instant).getTime() - now;
      const { unit, ms: size } = stepOf(ms);
      return distances.format(Math.trunc(ms / size), unit);
    },
    duration(ms) {
      const { unit, ms: size } = stepOf(ms);
      return new Intl.NumberFormat(region, { style: 'unit', unit, unitDisplay: 'long' }).format(
        Math.ceil(ms / size),
      );
    },
  };
}

function firstLanguage(): Language {
  const wanted = [recall(storageName) ?? '', ...navigator.languages];
  const known = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage);
  return known ?? 'en';
}

function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(languages, tag);
}

/** Null where the browser stores nothing for this page. */
export function recall(name: string): string | null {
  try {
    return window.localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    window.localStorage.setItem(name, value);
  } catch {
    // A browser that stores nothing keeps the choice until the page is closed.
  }
}

export { fillText };
