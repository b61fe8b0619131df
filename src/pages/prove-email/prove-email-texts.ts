/** The texts of the page that proves an email, by language. */
import type { Language } from '../../core/messaging/language.ts';
import type { ButtonPageTexts } from '../button-page.ts';

export const proveEmailTexts: Readonly<Record<Language, ButtonPageTexts>> = {
  en: {
    question: {
      heading: 'Is this your email address?',
      body: 'Press the button only if you have made this account yourself. Otherwise close this page.',
    },
    submit: 'Confirm my email address',
    done: { heading: 'Your email address is confirmed', body: 'This page can be closed.' },
    expired: {
      heading: 'This link does not work any more',
      body: 'It has been used, or it is too old. If you have pressed the button before, there is nothing more to do.',
    },
  },
  es: {
    question: {
      heading: '¿Es esta su dirección de correo?',
      body: 'Pulse el botón solo si usted mismo ha creado esta cuenta. Si no, cierre esta página.',
    },
    submit: 'Confirmar mi dirección de correo',
    done: { heading: 'Su dirección de correo está confirmada', body: 'Puede cerrar esta página.' },
    expired: {
      heading: 'Este enlace ya no funciona',
      body: 'Se ha usado ya o es demasiado antiguo. Si ya pulsó el botón, no tiene que hacer nada más.',
    },
  },
};
