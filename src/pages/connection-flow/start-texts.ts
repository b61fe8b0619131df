/** The texts of the page on which a flow to a provider starts, by language. */
import type { Language } from '../../core/messaging/language.ts';
import type { Notice } from '../notice.ts';

export interface ConnectionStartTexts {
  readonly heading: string;
  /** The name of the account stands out. */
  readonly account: string;
  /** Comes after the name of the account. */
  readonly unproved: string;
  readonly warning: string;
  readonly submit: string;
  /** The flow is unknown, has expired, or was used. */
  readonly over: Notice;
}

const english: ConnectionStartTexts = {
  heading: 'Connect {{provider}}',
  account: '{{app}} asks for your data from {{provider}}. From now on it goes to the account {{account}}.',
  unproved: '(an email that is not confirmed)',
  warning:
    'Continue only if this is your account and you have asked for this yourself. Otherwise close this page: nothing is connected.',
  submit: 'Continue to {{provider}}',
  over: {
    heading: 'This link does not work any more',
    body: 'It has been used already, or it is too old: it works for ten minutes. Nothing was changed. Go back to where you came from and start again.',
  },
};

const spanish: ConnectionStartTexts = {
  heading: 'Conectar {{provider}}',
  account: '{{app}} pide sus datos de {{provider}}. Desde ahora van a la cuenta {{account}}.',
  unproved: '(un correo que no está confirmado)',
  warning:
    'Continúe solo si esta es su cuenta y usted mismo lo ha pedido. Si no, cierre esta página: no se conecta nada.',
  submit: 'Continuar a {{provider}}',
  over: {
    heading: 'Este enlace ya no funciona',
    body: 'Ya se ha usado o es demasiado antiguo: vale diez minutos. No se ha cambiado nada. Vuelva al lugar de donde vino y empiece de nuevo.',
  },
};

export const connectionStartTexts: Readonly<Record<Language, ConnectionStartTexts>> = {
  en: english,
  es: spanish,
};
