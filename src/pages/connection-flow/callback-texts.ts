/** The texts of the web page to which providers send people back, by language. */
import type { Language } from '../../core/messaging/language.ts';
import type { Notice } from '../notice.ts';

/** How a callback ended, as a person needs to know it. */
export type CallbackNotice =
  | 'connected'
  | 'denied'
  | 'failed'
  | 'account_taken'
  | 'refused'
  | 'elsewhere'
  | 'withdrawn'
  | 'disconnected'
  | 'exchanging'
  | 'busy';

export interface ConnectionCallbackTexts {
  readonly notices: Readonly<Record<CallbackNotice, Notice>>;
  /** Before the name of the account. */
  readonly account: string;
  readonly beginAgain: string;
  readonly undo: { readonly hint: string; readonly submit: string };
  readonly problems: Readonly<Record<'busy' | 'not_understood' | 'fault', Notice>>;
}

const english: ConnectionCallbackTexts = {
  notices: {
    connected: {
      heading: '{{provider}} is connected',
      body: 'You can close this page and go back to where you came from.',
    },
    denied: {
      heading: '{{provider}} is not connected',
      body: 'Access was not allowed. Nothing was shared. You can close this page, or go back and try again.',
    },
    failed: {
      heading: '{{provider}} could not be connected',
      body: 'There was no answer from {{provider}} that could be used. Go back to where you came from and try again in a while.',
    },
    account_taken: {
      heading: 'This {{provider}} account is connected to another user',
      body: 'The app lets one account of {{provider}} be connected to one user only. Nothing was connected. Disconnect it at the other user first, or use another account of {{provider}}.',
    },
    elsewhere: {
      heading: 'This was begun in another browser',
      body: 'Nothing was connected. Go back to the browser in which you began, or begin again in this one. If this page comes each time, your browser refuses cookies. If you did not begin it, close this page.',
    },
    refused: {
      heading: 'This link does not work any more',
      body: 'It has been used already, it is too old, or it is not meant for this page. Nothing was changed. Go back to where you came from and start again.',
    },
    withdrawn: {
      heading: 'This connection is no longer wanted',
      body: 'It was ended, so nothing is connected. You can close this page.',
    },
    disconnected: {
      heading: '{{provider}} is disconnected',
      body: '{{provider}} is notified to end the access. You can close this page.',
    },
    exchanging: {
      heading: '{{provider}} is being connected',
      body: 'This takes a moment. This page then shows the result by itself.',
    },
    busy: {
      heading: '{{provider}} is very busy',
      body: 'This page tries again by itself in a few seconds. Please leave it open.',
    },
  },
  account: 'Account:',
  beginAgain: 'Begin again in this browser',
  undo: {
    hint: 'Is this not your account, or was it a mistake? You can disconnect it here for ten minutes.',
    submit: 'Disconnect',
  },
  problems: {
    busy: { heading: 'Very busy at the moment', body: 'Wait a moment, then load this page again.' },
    not_understood: {
      heading: 'This did not work',
      body: 'Go back to where you came from and start again.',
    },
    fault: {
      heading: 'Something went wrong',
      body: 'The fault is ours. Go back to where you came from and start again in a while.',
    },
  },
};

const spanish: ConnectionCallbackTexts = {
  notices: {
    connected: {
      heading: '{{provider}} está conectado',
      body: 'Puede cerrar esta página y volver al lugar de donde vino.',
    },
    denied: {
      heading: '{{provider}} no está conectado',
      body: 'No se permitió el acceso. No se ha compartido nada. Puede cerrar esta página, o volver atrás e intentarlo de nuevo.',
    },
    failed: {
      heading: 'No se pudo conectar {{provider}}',
      body: '{{provider}} no dio una respuesta que sirviera. Vuelva al lugar de donde vino e inténtelo de nuevo dentro de un rato.',
    },
    account_taken: {
      heading: 'Esta cuenta de {{provider}} está conectada a otro usuario',
      body: 'La aplicación admite cada cuenta de {{provider}} para un solo usuario. No se ha conectado nada. Desconéctela primero del otro usuario, o use otra cuenta de {{provider}}.',
    },
    elsewhere: {
      heading: 'Esto se empezó en otro navegador',
      body: 'No se ha conectado nada. Vuelva al navegador en el que empezó, o empiece de nuevo en este. Si esta página aparece siempre, su navegador rechaza las cookies. Si no lo empezó usted, cierre esta página.',
    },
    refused: {
      heading: 'Este enlace ya no funciona',
      body: 'Ya se ha usado, es demasiado antiguo o no es para esta página. No se ha cambiado nada. Vuelva al lugar de donde vino y empiece de nuevo.',
    },
    withdrawn: {
      heading: 'Esta conexión ya no se quiere',
      body: 'Se terminó, así que no hay nada conectado. Puede cerrar esta página.',
    },
    disconnected: {
      heading: '{{provider}} está desconectado',
      body: 'Se está avisando a {{provider}} de que termine el acceso. Puede cerrar esta página.',
    },
    exchanging: {
      heading: '{{provider}} se está conectando',
      body: 'Tarda un momento. Después, esta página muestra el resultado sin que usted haga nada.',
    },
    busy: {
      heading: 'Hay mucha actividad en {{provider}}',
      body: 'Esta página lo intenta de nuevo en unos segundos. Por favor, déjela abierta.',
    },
  },
  account: 'Cuenta:',
  beginAgain: 'Empezar de nuevo en este navegador',
  undo: {
    hint: '¿No es su cuenta, o ha sido un error? Puede desconectarlo aquí durante diez minutos.',
    submit: 'Desconectar',
  },
  problems: {
    busy: { heading: 'Hay mucha actividad', body: 'Espere un momento y cargue esta página otra vez.' },
    not_understood: {
      heading: 'No ha funcionado',
      body: 'Vuelva al lugar de donde vino y empiece de nuevo.',
    },
    fault: {
      heading: 'Algo ha ido mal',
      body: 'El fallo es nuestro. Vuelva al lugar de donde vino y empiece de nuevo dentro de un rato.',
    },
  },
};

export const connectionCallbackTexts: Readonly<Record<Language, ConnectionCallbackTexts>> = {
  en: english,
  es: spanish,
};
