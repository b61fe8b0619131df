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

Una cuenta de {{app}} tiene esta dirección de correo. Si es su cuenta, abra este enlace y pulse el botón:

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
  email_change: {
    email: {
      subject: '{{app}}: ¿es esta su nueva dirección de correo?',
      body: `Hola:

Una cuenta de {{app}} quiere cambiar a esta dirección de correo. Si es su cuenta, abra este enlace y pulse el botón:

{{link}}

Es válido durante 24 horas y puede usarse una sola vez. Si no ha sido usted, ignore este mensaje y no pulse el botón.
`,
    },
  },
  email_taken: {
    email: {
      subject: '{{app}}: su dirección de correo ya está en uso',
      body: `Hola:

Otra cuenta de {{app}} ha querido cambiar a esta dirección de correo. La dirección pertenece a su cuenta, así que no ha cambiado nada.

Si ha sido usted, inicie sesión con esta dirección. Si no ha sido usted, no tiene que hacer nada.
`,
    },
  },
  email_changed: {
    sms: {
      subject: '',
      body: '{{app}}: el correo de su cuenta ha cambiado. Si no ha sido usted, avise ya a soporte.',
    },
    email: {
      subject: '{{app}}: su dirección de correo ha cambiado',
      body: `Hola:

La dirección de correo de su cuenta de {{app}} ha cambiado. Esta dirección ya no le pertenece.

Si no ha sido usted, póngase en contacto con soporte cuanto antes.
`,
    },
  },
  email_undo: {
    email: {
      subject: '{{app}}: su dirección de correo ha cambiado',
      body: `Hola:

La dirección de correo de su cuenta de {{app}} ha cambiado. Esta dirección ya no le pertenece.

Si ha sido usted, no tiene que hacer nada. Si no ha sido usted, abra este enlace y pulse el botón. Su cuenta vuelve a tener esta
dirección, se cierran todas las sesiones y recibe un mensaje para establecer una contraseña nueva:

{{link}}

Es válido durante 72 horas y puede usarse una sola vez. Después, póngase en contacto con soporte.
`,
    },
  },
  phone_changed: {
    sms: {
      subject: '',
      body: '{{app}}: ha cambiado el móvil de su cuenta. Si no ha sido usted, cambie ya su contraseña.',
    },
    email: {
      subject: '{{app}}: su número de teléfono ha cambiado',
      body: `Hola:

El número de teléfono de su cuenta de {{app}} ha cambiado.

Si ha sido usted, no tiene que hacer nada. Si no ha sido usted, cambie ahora su contraseña: abra {{app}} y pida una contraseña nueva. Así
se cierran todas las sesiones de la cuenta. Después, póngase en contacto con soporte.
`,
    },
  },
  password_changed: {
    sms: {
      subject: '',
      body: '{{app}}: ha cambiado su contraseña. Si no ha sido usted, pida otra ahora mismo.',
    },
    email: {
      subject: '{{app}}: su contraseña ha cambiado',
      body: `Hola:

La contraseña de su cuenta de {{app}} ha cambiado: la ha cambiado usted o un administrador.

Si ya lo sabe, no tiene que hacer nada. Si no, establezca ahora una contraseña nueva: abra {{app}} y pida una contraseña nueva. Así se
cierran todas las sesiones de la cuenta. Después, póngase en contacto con soporte.
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
  staff_email_changed: {
    email: {
      subject: '{{app}}: otra dirección para su cuenta de la consola',
      body: `Hola:

Un propietario ha cambiado la dirección con la que usted entra en la consola de {{app}}. Desde ahora esta dirección ya no sirve allí.

Si lo esperaba, no tiene que hacer nada. Si no, pregunte ya a otro propietario de {{app}}: puede ver quién la cambió.
`,
    },
  },
};
