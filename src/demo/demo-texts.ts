/** The texts of the demo provider's page, by language. */
import type { Language } from '../core/messaging/language.ts';

export interface DemoTexts {
  readonly heading: string;
  readonly body: string;
  readonly allow: string;
  readonly deny: string;
  readonly gone: { readonly heading: string; readonly body: string };
}

const english: DemoTexts = {
  heading: 'Connect the demo wearable',
  body: 'This plays the page of a device maker. There is no account and no data behind it: allow access, and the connection is made; cancel, and it is not.',
  allow: 'Allow access',
  deny: 'Cancel',
  gone: {
    heading: 'This page has run out',
    body: 'It was open for too long, or has been used. Go back to where you came from and start again.',
  },
};

const spanish: DemoTexts = {
  heading: 'Conectar el dispositivo de demostración',
  body: 'Esta página hace de fabricante de dispositivos. No hay cuenta ni datos detrás: permita el acceso y la conexión queda hecha; cancele y no se hace.',
  allow: 'Permitir el acceso',
  deny: 'Cancelar',
  gone: {
    heading: 'Esta página ha caducado',
    body: 'Ha estado abierta demasiado tiempo o ya se ha usado. Vuelva al lugar de donde vino y empiece de nuevo.',
  },
};

export const demoTexts: Readonly<Record<Language, DemoTexts>> = { en: english, es: spanish };
