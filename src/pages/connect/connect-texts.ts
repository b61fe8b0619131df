/** The texts of the Connect page, and those that replace it where it cannot be shown, by language. */
import type { Language } from '../../core/messaging/language.ts';
import type { Notice } from '../notice.ts';
import type { ConnectPageTexts } from './connect-shapes.ts';

export interface ConnectTexts {
  readonly page: ConnectPageTexts;
  readonly notices: ConnectNotices;
}

export interface ConnectNotices {
  /** The token is unknown, or ended a while ago. */
  readonly unknown: Notice;
  readonly needsScript: string;
  /** Stands where the page will be, until its script runs. */
  readonly loading: string;
  /** The notice for a refusal. */
  readonly failed: Notice;
}

const englishPage: ConnectPageTexts = {
  title: 'Connect your data',
  intro:
    '{{app}} asks for data from your devices and services. You sign in where the data is, and you can disconnect it here at any time.',
  close: 'Close',
  done: 'Done',
  loading: 'Loading',
  search: 'Search sources',
  searchHint: 'Name of a device or service',
  sources: 'Sources',
  found: { one: '{{count}} source', other: '{{count}} sources' },
  noneConnected: 'Nothing connected yet',
  connectedCount: { other: '{{count}} connected' },
  none: 'There is nothing to connect yet. Ask the people who run the app.',
  nothingFound: 'No source is called “{{wanted}}”.',
  connect: 'Connect',
  connectAgain: 'Connect again',
  disconnect: 'Disconnect',
  demo: 'Demo',
  demoHint: 'Not a real service: it is here to try this out.',
  since: 'Connected since {{date}}',
  ended: '{{provider}} has ended the access.',
  needsUser: '{{provider}} has ended the access. Connect again to continue.',
  ending: 'Disconnected. {{provider}} is being notified.',
  opening: 'One moment…',
  waiting: 'Sign in to {{provider}} in the window that has opened.',
  openAgain: 'Open again',
  notFinished: 'The window was closed before it was done. You can try again.',
  denied: 'Access was not allowed, and nothing is shared. You can try again.',
  failed: '{{provider}} could not be connected. Try again in a while.',
  accountTaken: 'This account of {{provider}} is connected to another user. Nothing was connected.',
  blocked: 'Your browser has blocked the window.',
  goTo: 'Go to {{provider}}',
  nowConnected: '{{provider}} is connected.',
  nowDisconnected: '{{provider}} is disconnected.',
  askDisconnect: 'Disconnect {{provider}}?',
  disconnectHint:
    '{{app}} gets no more data from {{provider}}, and {{provider}} is notified to end the access.',
  keep: 'Keep',
  tryAgain: 'Try again',
  problems: {
    gone: 'This has changed in the meantime. The page now shows the present state.',
    not_understood: 'This did not work. Close the window and open it again.',
    too_many: 'Too many tries. Wait a minute and try again.',
    busy: 'The service is busy. Try again in a moment.',
    fault: 'Something went wrong, and the fault is ours. Try again in a while.',
    offline: 'No connection. Check that you are online, and try again.',
  },
  expired: {
    heading: 'This window has been open for too long',
    body: 'Your connections stay. To continue, close this window and open it again from the app.',
  },
  closed: { heading: 'You are done', body: 'This window can be closed.' },
};

const spanishPage: ConnectPageTexts = {
  title: 'Conecte sus datos',
  intro:
    '{{app}} pide datos de sus dispositivos y servicios. Usted inicia sesión donde están los datos y puede desconectarlos aquí cuando quiera.',
  close: 'Cerrar',
  done: 'Listo',
  loading: 'Cargando',
  search: 'Buscar fuentes',
  searchHint: 'Nombre de un dispositivo o servicio',
  sources: 'Fuentes',
  found: { one: '{{count}} fuente', other: '{{count}} fuentes' },
  noneConnected: 'Aún no hay nada conectado',
  connectedCount: { one: '{{count}} conectada', other: '{{count}} conectadas' },
  none: 'Todavía no hay nada que conectar. Pregunte a quien gestiona la aplicación.',
  nothingFound: 'Ninguna fuente se llama «{{wanted}}».',
  connect: 'Conectar',
  connectAgain: 'Conectar de nuevo',
  disconnect: 'Desconectar',
  demo: 'Prueba',
  demoHint: 'No es un servicio real: está aquí para probar.',
  since: 'Conectada desde el {{date}}',
  ended: '{{provider}} ha terminado el acceso.',
  needsUser: '{{provider}} ha terminado el acceso. Conecte de nuevo para seguir.',
  ending: 'Desconectada. Se está avisando a {{provider}}.',
  opening: 'Un momento…',
  waiting: 'Inicie sesión en {{provider}} en la ventana que se ha abierto.',
  openAgain: 'Abrir de nuevo',
  notFinished: 'La ventana se cerró antes de terminar. Puede intentarlo de nuevo.',
  denied: 'No se permitió el acceso y no se comparte nada. Puede intentarlo de nuevo.',
  failed: 'No se pudo conectar {{provider}}. Inténtelo de nuevo dentro de un rato.',
  accountTaken: 'Esta cuenta de {{provider}} está conectada a otro usuario. No se ha conectado nada.',
  blocked: 'Su navegador no ha dejado abrir la ventana.',
  goTo: 'Ir a {{provider}}',
  nowConnected: '{{provider}} está conectada.',
  nowDisconnected: '{{provider}} está desconectada.',
  askDisconnect: '¿Desconectar {{provider}}?',
  disconnectHint:
    '{{app}} no recibirá nada más de {{provider}}, y se avisará a {{provider}} de que termine el acceso.',
  keep: 'Conservar',
  tryAgain: 'Intentar de nuevo',
  problems: {
    gone: 'Esto ha cambiado mientras tanto. Lo que ve ahora es el estado actual.',
    not_understood: 'No ha funcionado. Cierre la ventana y ábrala de nuevo.',
    too_many: 'Demasiados intentos. Espere un minuto e inténtelo de nuevo.',
    busy: 'Hay mucha actividad. Inténtelo de nuevo en un momento.',
    fault: 'Algo ha ido mal y el fallo es nuestro. Inténtelo de nuevo dentro de un rato.',
    offline: 'Sin conexión. Compruebe si está en línea e inténtelo de nuevo.',
  },
  expired: {
    heading: 'Esta ventana ha estado abierta demasiado tiempo',
    body: 'Lo que ha conectado sigue conectado. Para seguir, cierre esta ventana y ábrala de nuevo desde la aplicación.',
  },
  closed: { heading: 'Ha terminado', body: 'Puede cerrar esta ventana.' },
};

const englishNotices: ConnectNotices = {
  unknown: {
    heading: 'This window does not work any more',
    body: 'It was opened with something that is too old or not right. Go back to the app that you came from, load it again, and open this window from there.',
  },
  needsScript: 'This page needs JavaScript, which is switched off in your browser.',
  loading: 'Loading. If this text stays, load the page again.',
  failed: {
    heading: 'This did not work',
    body: 'Wait a moment. Then go back to the app that you came from, load it again, and open this window from there.',
  },
};

const spanishNotices: ConnectNotices = {
  unknown: {
    heading: 'Esta ventana ya no funciona',
    body: 'Se abrió con algo demasiado antiguo o incorrecto. Vuelva a la aplicación de la que viene, cárguela de nuevo y abra esta ventana desde allí.',
  },
  needsScript: 'Esta página necesita JavaScript, que está desactivado en su navegador.',
  loading: 'Cargando. Si este texto no desaparece, cargue la página otra vez.',
  failed: {
    heading: 'No ha funcionado',
    body: 'Espere un momento. Después vuelva a la aplicación de la que viene, cárguela de nuevo y abra esta ventana desde allí.',
  },
};

export const connectTexts: Readonly<Record<Language, ConnectTexts>> = {
  en: { page: englishPage, notices: englishNotices },
  es: { page: spanishPage, notices: spanishNotices },
};
