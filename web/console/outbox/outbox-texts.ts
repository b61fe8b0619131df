/** The texts of the page of the development outbox. */
import { pageTexts } from '../texts/texts.tsx';

const english = {
  intro:
    'What would have been sent. Nothing leaves this machine in development. New messages appear by themselves.',
  masked: 'Your role sees addresses masked, and no texts, codes or links.',
  list: 'Messages, newest first',
  empty: 'The outbox is empty. Sign somebody up, or ask for a new password, and look here.',
  filter: 'Address or number',
  to: 'to {{to}}',
  sms: 'Text message',
  email: 'Email',
  code: 'Code',
  copyCode: 'Copy the code',
  links: 'Links',
  noMatch: 'No message to this address.',
};

const spanish: typeof english = {
  intro:
    'Lo que se habría enviado. En desarrollo nada sale de esta máquina. Los mensajes nuevos aparecen por sí mismos.',
  masked: 'Su rol ve las direcciones enmascaradas, y no ve textos, códigos ni enlaces.',
  list: 'Mensajes, primero los más nuevos',
  empty: 'La bandeja está vacía. Registre a alguien, o pida una contraseña nueva, y mire aquí.',
  filter: 'Dirección o número',
  to: 'para {{to}}',
  sms: 'Mensaje de texto',
  email: 'Correo',
  code: 'Código',
  copyCode: 'Copiar el código',
  links: 'Enlaces',
  noMatch: 'Ningún mensaje para esta dirección.',
};

export const useOutboxTexts = pageTexts(english, spanish);
