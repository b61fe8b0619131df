/** The texts of messages in Spanish. */
import type { TemplateSet } from './template.ts';

export const spanish: TemplateSet = {
  confirmation: {
    // The accent is outside the GSM alphabet, so a message holds 70 characters instead of 160.
    sms: ({ code }) => ({ body: `${code} es su código de confirmación. Caduca en 10 minutos.` }),
    email: ({ code }) => ({
      subject: 'Su código de confirmación',
      body: `Hola:

Su código de confirmación es ${code}. Es válido durante 10 minutos y puede usarse una sola vez.

No lo comparta con nadie. Si no lo ha pedido, puede ignorar este mensaje.
`,
    }),
  },
  password_reset: {
    email: ({ link }) => ({
      subject: 'Establezca una contraseña nueva',
      body: `Hola:

Alguien ha pedido una contraseña nueva para su cuenta. Si ha sido usted, abra este enlace:

${link}

Es válido durante 1 hora y puede usarse una sola vez. Si no ha sido usted, ignore este mensaje: su contraseña no cambia.
`,
    }),
  },
  invitation: {
    email: ({ link }) => ({
      subject: 'Tiene una invitación',
      body: `Hola:

Se ha creado una cuenta para usted. Abra este enlace para establecer su contraseña y empezar:

${link}

Es válido durante 7 días y puede usarse una sola vez. Si no espera ninguna invitación, puede ignorar este mensaje.
`,
    }),
  },
  email_changed: {
    email: () => ({
      subject: 'Su dirección de correo ha cambiado',
      body: `Hola:

La dirección de correo de su cuenta ha cambiado. Esta dirección ya no le pertenece.

Si no ha sido usted, póngase en contacto con soporte cuanto antes.
`,
    }),
  },
};
