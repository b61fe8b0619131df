/** The texts of messages in Spanish. */
import type { TemplateSet } from './template.ts';

export const spanish: TemplateSet = {
  confirmation: {
    // Without the o with an accent, which is outside the GSM alphabet: "clave" in place of "código".
    sms: { subject: '', body: '{{app}}: {{code}} es su clave por 10 minutos. No la comparta.' },
    email: {
      subject: '{{app}}: su código de confirmación',
      body: `Hola:

Su código de confirmación de {{app}} es {{code}}. Es válido durante 10 minutos y puede usarse una sola vez.

No lo comparta con nadie. Si no lo ha pedido, puede ignorar este mensaje.
`,
    },
  },
  email_proof: {
    email: {
      subject: '{{app}}: ¿es esta su dirección de correo?',
      body: `Hola:

Se ha creado una cuenta de {{app}} con esta dirección de correo. Si ha sido usted, abra este enlace y pulse el botón:

{{link}}

Es válido durante 7 días y puede usarse una sola vez. Si no ha sido usted, ignore este mensaje y no pulse el botón.
`,
    },
  },
  password_reset: {
    email: {
      subject: '{{app}}: establezca una contraseña nueva',
      body: `Hola:

Se ha pedido una contraseña nueva para su cuenta de {{app}}. Si ha sido usted, abra este enlace:

{{link}}

Es válido durante 1 hora y puede usarse una sola vez. Si no ha sido usted, ignore este mensaje: su contraseña no cambia.
`,
    },
  },
  invitation: {
    email: {
      subject: '{{organization}} le invita',
      body: `Hola:

Le ha invitado {{inviter}}.
{{organization}} ha creado una cuenta de {{app}} para usted. Abra este enlace para establecer su contraseña y empezar:

{{link}}

Es válido durante 7 días y puede usarse una sola vez. Si no espera ninguna invitación, puede ignorar este mensaje.
`,
    },
  },
  sign_up_attempt: {
    email: {
      subject: '{{app}}: un registro con su dirección de correo',
      body: `Hola:

Se ha pedido una cuenta nueva de {{app}} con esta dirección de correo, que ya tiene una cuenta de {{organization}}. No ha cambiado nada.

Si ha sido usted, inicie sesión en su cuenta o cree en ella una contraseña nueva.
Si prefiere que la dirección pase a la cuenta nueva, abra este enlace en un plazo de 7 días y pulse el botón: {{link}}

Si no ha sido usted, ignore este mensaje y no pulse ningún botón.
`,
    },
  },
  email_changed: {
    email: {
      subject: '{{app}}: su dirección de correo ha cambiado',
      body: `Hola:

La dirección de correo de su cuenta de {{app}} ha cambiado. Esta dirección ya no le pertenece.

Si no ha sido usted, póngase en contacto con soporte cuanto antes.
`,
    },
  },
  new_network: {
    sms: {
      subject: '',
      body: '{{app}}: acceso a su cuenta desde una red nueva. Si no ha sido usted, cambie ya su contraseña.',
    },
    email: {
      subject: '{{app}}: inicio de sesión desde una red nueva',
      body: `Hola:

Alguien ha iniciado sesión en su cuenta de {{app}} desde una red que la cuenta no ha usado en los últimos 90 días.

Si ha sido usted, no tiene que hacer nada. También recibe este mensaje cuando viaja o cambia de proveedor de internet.

Si no ha sido usted, cambie ahora su contraseña: abra {{app}} y pida una contraseña nueva. Así se cierran todas las sesiones de la cuenta.
Después, póngase en contacto con soporte.
`,
    },
  },
};
