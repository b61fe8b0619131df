/** The texts of the Connect page, by language. A test compares the list with the languages of the server. */
import type { ProblemCode } from '../../src/pages/connect/connect-shapes.ts';

/** `offline`: the server could not be reached. */
export type Problem = Exclude<ProblemCode, 'expired'> | 'offline';

export interface Texts {
  /** The language's own name. */
  readonly languageName: string;
  readonly title: string;
  intro(app: string): string;
  readonly close: string;
  readonly done: string;
  readonly loading: string;
  readonly search: string;
  readonly searchHint: string;
  readonly sources: string;
  found(count: number): string;
  connectedCount(count: number): string;
  readonly none: string;
  nothingFound(wanted: string): string;
  readonly connect: string;
  readonly connectAgain: string;
  readonly disconnect: string;
  readonly demo: string;
  readonly demoHint: string;
  since(date: string): string;
  ended(source: string): string;
  needsUser(source: string): string;
  ending(source: string): string;
  readonly opening: string;
  waiting(source: string): string;
  readonly openAgain: string;
  readonly notFinished: string;
  readonly denied: string;
  failed(source: string): string;
  accountTaken(source: string): string;
  readonly blocked: string;
  goTo(source: string): string;
  nowConnected(source: string): string;
  nowDisconnected(source: string): string;
  askDisconnect(source: string): string;
  disconnectHint(source: string, app: string): string;
  readonly keep: string;
  readonly tryAgain: string;
  readonly problems: Readonly<Record<Problem, string>>;
  readonly expired: { readonly heading: string; readonly body: string };
  readonly closed: { readonly heading: string; readonly body: string };
}

const english: Texts = {
  languageName: 'English',
  title: 'Connect your data',
  intro: (app) =>
    `${app} asks for data from your devices and services. You sign in where the data is, and you can disconnect it here at any time.`,
  close: 'Close',
  done: 'Done',
  loading: 'Loading',
  search: 'Search sources',
  searchHint: 'Name of a device or service',
  sources: 'Sources',
  found: (count) => (count === 1 ? '1 source' : `${count} sources`),
  connectedCount: (count) => (count === 0 ? 'Nothing connected yet' : `${count} connected`),
  none: 'There is nothing to connect yet. Ask the people who run the app.',
  nothingFound: (wanted) => `No source is called “${wanted}”.`,
  connect: 'Connect',
  connectAgain: 'Connect again',
  disconnect: 'Disconnect',
  demo: 'Demo',
  demoHint: 'Not a real service: it is here to try this out.',
  since: (date) => `Connected since ${date}`,
  ended: (source) => `${source} has ended the access.`,
  needsUser: (source) => `${source} has ended the access. Connect again to continue.`,
  ending: (source) => `Disconnected. ${source} is being notified.`,
  opening: 'One moment…',
  waiting: (source) => `Sign in to ${source} in the window that has opened.`,
  openAgain: 'Open again',
  notFinished: 'The window was closed before it was done. You can try again.',
  denied: 'Access was not allowed, and nothing is shared. You can try again.',
  failed: (source) => `${source} could not be connected. Try again in a while.`,
  accountTaken: (source) => `This account of ${source} is connected to another user. Nothing was connected.`,
  blocked: 'Your browser has blocked the window.',
  goTo: (source) => `Go to ${source}`,
  nowConnected: (source) => `${source} is connected.`,
  nowDisconnected: (source) => `${source} is disconnected.`,
  askDisconnect: (source) => `Disconnect ${source}?`,
  disconnectHint: (source, app) =>
    `${app} gets no more data from ${source}, and ${source} is notified to end the access.`,
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

const spanish: Texts = {
  languageName: 'Español',
  title: 'Conecte sus datos',
  intro: (app) =>
    `${app} pide datos de sus dispositivos y servicios. Usted inicia sesión donde están los datos y puede desconectarlos aquí cuando quiera.`,
  close: 'Cerrar',
  done: 'Listo',
  loading: 'Cargando',
  search: 'Buscar fuentes',
  searchHint: 'Nombre de un dispositivo o servicio',
  sources: 'Fuentes',
  found: (count) => (count === 1 ? '1 fuente' : `${count} fuentes`),
  connectedCount: (count) =>
    count === 0 ? 'Aún no hay nada conectado' : count === 1 ? '1 conectada' : `${count} conectadas`,
  none: 'Todavía no hay nada que conectar. Pregunte a quien gestiona la aplicación.',
  nothingFound: (wanted) => `Ninguna fuente se llama «${wanted}».`,
  connect: 'Conectar',
  connectAgain: 'Conectar de nuevo',
  disconnect: 'Desconectar',
  demo: 'Prueba',
  demoHint: 'No es un servicio real: está aquí para probar.',
  since: (date) => `Conectada desde el ${date}`,
  ended: (source) => `${source} ha terminado el acceso.`,
  needsUser: (source) => `${source} ha terminado el acceso. Conecte de nuevo para seguir.`,
  ending: (source) => `Desconectada. Se está avisando a ${source}.`,
  opening: 'Un momento…',
  waiting: (source) => `Inicie sesión en ${source} en la ventana que se ha abierto.`,
  openAgain: 'Abrir de nuevo',
  notFinished: 'La ventana se cerró antes de terminar. Puede intentarlo de nuevo.',
  denied: 'No se permitió el acceso y no se comparte nada. Puede intentarlo de nuevo.',
  failed: (source) => `No se pudo conectar ${source}. Inténtelo de nuevo dentro de un rato.`,
  accountTaken: (source) =>
    `Esta cuenta de ${source} está conectada a otro usuario. No se ha conectado nada.`,
  blocked: 'Su navegador no ha dejado abrir la ventana.',
  goTo: (source) => `Ir a ${source}`,
  nowConnected: (source) => `${source} está conectada.`,
  nowDisconnected: (source) => `${source} está desconectada.`,
  askDisconnect: (source) => `¿Desconectar ${source}?`,
  disconnectHint: (source, app) =>
    `${app} no recibirá nada más de ${source}, y se avisará a ${source} de que termine el acceso.`,
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

export const languages = ['en', 'es'] as const;
export type Language = (typeof languages)[number];

export const texts: Readonly<Record<Language, Texts>> = { en: english, es: spanish };

export function isLanguage(text: string): text is Language {
  return text in texts;
}
