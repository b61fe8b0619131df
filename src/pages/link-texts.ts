/** The answers of the pages of links to a request that was not processed, by language. */
import type { Language } from '../core/messaging/language.ts';
import type { Notice } from './notice.ts';

/** Why a request was not processed. */
export type RequestProblem = 'too_many' | 'busy' | 'not_understood' | 'fault';

export type LinkTexts = Readonly<Record<RequestProblem, Notice>>;

export const linkTexts: Readonly<Record<Language, LinkTexts>> = {
  en: {
    too_many: { heading: 'Too many tries', body: 'Wait a minute, then go back and try again.' },
    busy: { heading: 'Very busy at the moment', body: 'Wait a moment, then go back and try again.' },
    not_understood: { heading: 'This did not work', body: 'Open the link from your email again.' },
    fault: {
      heading: 'Something went wrong',
      body: 'The fault is ours. Open the link from your email again in a while.',
    },
  },
  es: {
    too_many: {
      heading: 'Demasiados intentos',
      body: 'Espere un minuto, vuelva atrás e inténtelo de nuevo.',
    },
    busy: { heading: 'Hay mucha actividad', body: 'Espere un momento, vuelva atrás e inténtelo de nuevo.' },
    not_understood: { heading: 'No ha funcionado', body: 'Abra otra vez el enlace de su correo.' },
    fault: {
      heading: 'Algo ha ido mal',
      body: 'El fallo es nuestro. Abra otra vez el enlace de su correo dentro de un rato.',
    },
  },
};
