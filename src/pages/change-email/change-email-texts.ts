/** The texts of the pages that change an email and undo the change, by language. */
import type { Language } from '../../core/messaging/language.ts';
import type { ButtonPageTexts } from '../button-page.ts';

type Texts = Readonly<Record<Language, ButtonPageTexts>>;

export const changeEmailTexts: Texts = {
  en: {
    question: {
      heading: 'Use this email address?',
      body: 'Press the button only if you have asked for this change yourself. Your account then has the address that the message went to.',
    },
    submit: 'Change my email address',
    done: {
      heading: 'Your email address is changed',
      body: 'Sign in with the new address from now on. This page can be closed.',
    },
    expired: {
      heading: 'This link does not work any more',
      body: 'It has been used or replaced, or it is too old. If you have pressed the button before, there is nothing more to do. Otherwise ask for the change again.',
    },
    taken: {
      heading: 'This email address cannot be used',
      body: 'Your account keeps its present address. We have sent a message to the new one that says more.',
    },
  },
  es: {
    question: {
      heading: '¿Usar esta dirección de correo?',
      body: 'Pulse el botón solo si usted mismo ha pedido este cambio. Su cuenta tendrá entonces la dirección que ha recibido el mensaje.',
    },
    submit: 'Cambiar mi dirección de correo',
    done: {
      heading: 'Su dirección de correo ha cambiado',
      body: 'A partir de ahora, inicie sesión con la dirección nueva. Puede cerrar esta página.',
    },
    expired: {
      heading: 'Este enlace ya no funciona',
      body: 'Se ha usado o sustituido ya, o es demasiado antiguo. Si ya pulsó el botón, no tiene que hacer nada más. Si no, pida el cambio otra vez.',
    },
    taken: {
      heading: 'Esta dirección de correo no se puede usar',
      body: 'Su cuenta conserva su dirección actual. Hemos enviado a la nueva un mensaje que explica más.',
    },
  },
};

export const undoEmailChangeTexts: Texts = {
  en: {
    question: {
      heading: 'Undo the change of your email address?',
      body: 'Press the button if you have not changed the address yourself. Your account has this address again, every session ends, and the present password stops working. You then get a message to set a new password.',
    },
    submit: 'Undo the change',
    done: {
      heading: 'Your account has its former email address again',
      body: 'Every session has ended. Now set a new password: we have sent you a message with a link, which is valid for one hour. After that, ask for another one where you sign in.',
    },
    expired: {
      heading: 'This link does not work any more',
      body: 'It has been used, or it is older than 72 hours. If you need help with your account, contact support.',
    },
    taken: {
      heading: 'The change cannot be undone here',
      body: 'Nothing was changed. Please contact support, and say that the email address of your account was changed without you.',
    },
  },
  es: {
    question: {
      heading: '¿Deshacer el cambio de su dirección de correo?',
      body: 'Pulse el botón si no ha cambiado usted mismo la dirección. Su cuenta vuelve a tener esta dirección, se cierran todas las sesiones y la contraseña actual deja de servir. Después recibe un mensaje para establecer una contraseña nueva.',
    },
    submit: 'Deshacer el cambio',
    done: {
      heading: 'Su cuenta vuelve a tener su dirección anterior',
      body: 'Se han cerrado todas las sesiones. Establezca ahora una contraseña nueva: le hemos enviado un mensaje con un enlace, válido durante una hora. Después, pida otro donde inicia sesión.',
    },
    expired: {
      heading: 'Este enlace ya no funciona',
      body: 'Se ha usado ya o tiene más de 72 horas. Si necesita ayuda con su cuenta, póngase en contacto con soporte.',
    },
    taken: {
      heading: 'El cambio no se puede deshacer aquí',
      body: 'No ha cambiado nada. Póngase en contacto con soporte y diga que la dirección de correo de su cuenta ha cambiado sin usted.',
    },
  },
};
