/** The texts that replace the Connect page where it cannot be shown, by language. */
import type { Language } from '../../core/messaging/language.ts';
import type { Notice } from '../notice.ts';

export interface ConnectNotices {
  readonly title: string;
  /** The token is unknown, or ended a while ago. */
  readonly unknown: Notice;
  readonly needsScript: string;
  readonly close: string;
  /** Stands where the page will be, until its script runs. */
  readonly loading: string;
  /** The notice for a refusal. */
  readonly failed: Notice;
}

const english: ConnectNotices = {
  title: 'Connect your data',
  unknown: {
    heading: 'This window does not work any more',
    body: 'It was opened with something that is too old or not right. Go back to the app that you came from, load it again, and open this window from there.',
  },
  needsScript: 'This page needs JavaScript, which is switched off in your browser.',
  close: 'Close',
  loading: 'Loading. If this text stays, load the page again.',
  failed: {
    heading: 'This did not work',
    body: 'Wait a moment. Then go back to the app that you came from, load it again, and open this window from there.',
  },
};

const spanish: ConnectNotices = {
  title: 'Conecte sus datos',
  unknown: {
    heading: 'Esta ventana ya no funciona',
    body: 'Se abrió con algo demasiado antiguo o incorrecto. Vuelva a la aplicación de la que viene, cárguela de nuevo y abra esta ventana desde allí.',
  },
  needsScript: 'Esta página necesita JavaScript, que está desactivado en su navegador.',
  close: 'Cerrar',
  loading: 'Cargando. Si este texto no desaparece, cargue la página otra vez.',
  failed: {
    heading: 'No ha funcionado',
    body: 'Espere un momento. Después vuelva a la aplicación de la que viene, cárguela de nuevo y abra esta ventana desde allí.',
  },
};

export const connectNotices: Readonly<Record<Language, ConnectNotices>> = { en: english, es: spanish };
