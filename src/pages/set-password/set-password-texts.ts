/** The texts of the page that links in emails open, by language. */
import type { Language } from '../../core/messaging/language.ts';
import type { Notice } from '../notice.ts';

/** Why a password was refused. */
export const passwordProblems = [
  'blank',
  'invalid',
  'too_short',
  'too_long',
  'too_common',
  'same_as_email',
  'differs',
] as const;
export type PasswordProblem = (typeof passwordProblems)[number];

export interface SetPasswordTexts {
  readonly heading: string;
  readonly password: string;
  readonly hint: string;
  readonly repeat: string;
  readonly submit: string;
  /** Comes before the title of a page that shows an error. */
  readonly error: string;
  readonly problems: Readonly<Record<PasswordProblem, string>>;
  readonly done: Notice;
  readonly expired: Notice;
}

const english: SetPasswordTexts = {
  heading: 'Set your password',
  password: 'New password',
  hint: 'At least 8 characters. A few words that do not belong together are easy to remember and hard to guess.',
  repeat: 'New password again',
  submit: 'Set password',
  error: 'Error',
  problems: {
    blank: 'Enter a password.',
    invalid: 'This password has characters that cannot be used. Choose another one.',
    too_short: 'This password is too short. Use at least 8 characters.',
    too_long: 'This password is too long. Use at most 256 characters.',
    too_common: 'This password is one of the first that others would guess. Choose another one.',
    same_as_email: 'Your password must not be your email address.',
    differs: 'The two passwords are not the same. Enter them again.',
  },
  done: { heading: 'Your password is set', body: 'You can now sign in with it. This page can be closed.' },
  expired: {
    heading: 'This link does not work any more',
    body: 'It has been used, or it is too old. Ask for a new one where you sign in, or ask whoever invited you.',
  },
};

const spanish: SetPasswordTexts = {
  heading: 'Establezca su contraseña',
  password: 'Contraseña nueva',
  hint: 'Al menos 8 caracteres. Unas cuantas palabras sin relación son fáciles de recordar y difíciles de adivinar.',
  repeat: 'Contraseña nueva otra vez',
  submit: 'Establecer contraseña',
  error: 'Error',
  problems: {
    blank: 'Escriba una contraseña.',
    invalid: 'Esta contraseña tiene caracteres que no se pueden usar. Elija otra.',
    too_short: 'Esta contraseña es demasiado corta. Use al menos 8 caracteres.',
    too_long: 'Esta contraseña es demasiado larga. Use como mucho 256 caracteres.',
    too_common: 'Esta contraseña es de las primeras que otros probarían. Elija otra.',
    same_as_email: 'Su contraseña no puede ser su dirección de correo.',
    differs: 'Las dos contraseñas no coinciden. Escríbalas de nuevo.',
  },
  done: {
    heading: 'Su contraseña está lista',
    body: 'Ya puede iniciar sesión con ella. Puede cerrar esta página.',
  },
  expired: {
    heading: 'Este enlace ya no funciona',
    body: 'Se ha usado ya o es demasiado antiguo. Pida otro donde inicia sesión, o a quien le invitó.',
  },
};

export const setPasswordTexts: Readonly<Record<Language, SetPasswordTexts>> = { en: english, es: spanish };
