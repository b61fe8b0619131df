/** The texts of the page on which people ask for a link to set a new password, by language. */
import type { Language } from '../../core/messaging/language.ts';
import type { Notice } from '../notice.ts';

/** Why a request was not taken. */
export type RequestPasswordProblem = 'invalid' | 'proof';

export interface RequestPasswordTexts {
  readonly heading: string;
  readonly email: string;
  readonly hint: string;
  readonly submit: string;
  /** Comes before the title of a page that shows an error. */
  readonly error: string;
  /** Shown without script, where the page needs it. */
  readonly script: string;
  readonly problems: Readonly<Record<RequestPasswordProblem, string>>;
  /** Shown where no app has the id in the address of the page. */
  readonly unknown: Notice;
  /** It must not say whether the address has an account. */
  readonly done: Notice;
}

const english: RequestPasswordTexts = {
  heading: 'Set a new password',
  email: 'Email address',
  hint: 'We send you a link with which you set a new password.',
  submit: 'Send the link',
  error: 'Error',
  script: 'This page needs JavaScript. Turn it on, then load the page again.',
  problems: {
    invalid: 'Enter an email address, such as name@example.com.',
    proof: 'This took too long. Send it again.',
  },
  unknown: {
    heading: 'This link is wrong',
    body: 'No app has this address. Open the page again from your app.',
  },
  done: {
    heading: 'Look into your mail',
    body: 'If this address has an account, a link is on its way to it. The link works for one hour.',
  },
};

const spanish: RequestPasswordTexts = {
  heading: 'Establezca una contraseña nueva',
  email: 'Dirección de correo',
  hint: 'Le enviamos un enlace con el que puede establecer una contraseña nueva.',
  submit: 'Enviar el enlace',
  error: 'Error',
  script: 'Esta página necesita JavaScript. Actívelo y cargue la página de nuevo.',
  problems: {
    invalid: 'Escriba una dirección de correo, por ejemplo nombre@example.com.',
    proof: 'Ha tardado demasiado. Envíelo otra vez.',
  },
  unknown: {
    heading: 'Este enlace no es correcto',
    body: 'Ninguna aplicación tiene esta dirección. Abra la página otra vez desde su aplicación.',
  },
  done: {
    heading: 'Mire su correo',
    body: 'Si esta dirección tiene una cuenta, va de camino un enlace. El enlace funciona durante una hora.',
  },
};

export const requestPasswordTexts: Readonly<Record<Language, RequestPasswordTexts>> = {
  en: english,
  es: spanish,
};
