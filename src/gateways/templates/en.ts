/** The texts of messages in English. */
import type { TemplateSet } from './template.ts';

export const english: TemplateSet = {
  confirmation: {
    // Short, so that one segment also has room for a name outside the GSM alphabet.
    sms: { subject: '', body: '{{app}}: {{code}} is your code for 10 minutes. Do not share it.' },
    email: {
      subject: '{{app}}: your confirmation code',
      body: `Hello,

your confirmation code for {{app}} is {{code}}. It is valid for 10 minutes and can be used once.

Do not share it with anyone. If you did not ask for it, you can ignore this message.
`,
    },
  },
  email_proof: {
    email: {
      subject: '{{app}}: is this your email address?',
      body: `Hello,

an account in {{app}} has this email address. If it is your account, open this link and press the button:

{{link}}

It is valid for 7 days and can be used once. If it was not you, ignore this message and do not press the button.
`,
    },
  },
  password_reset: {
    email: {
      subject: '{{app}}: set a new password',
      body: `Hello,

a new password was requested for your account in {{app}}. If it was you, open this link:

{{link}}

It is valid for 1 hour and can be used once. If it was not you, ignore this message: your password stays as it is.
`,
    },
  },
  invitation: {
    email: {
      subject: '{{organization}} invites you',
      body: `Hello,

{{inviter}} has invited you.
{{organization}} has made an account in {{app}} for you. Open this link to set your password and begin:

{{link}}

It is valid for 7 days and can be used once. If you do not expect an invitation, you can ignore this message.
`,
    },
  },
  sign_up_attempt: {
    email: {
      subject: '{{app}}: a sign-up with your email address',
      body: `Hello,

a new account in {{app}} was requested with this email address, which an account in {{organization}} has already. Nothing was changed.

If it was you, sign in to your account, or set a new password there.
To have the address in the new account instead, open this link within 7 days and press the button: {{link}}

If it was not you, ignore this message and do not press any button.
`,
    },
  },
  email_change: {
    email: {
      subject: '{{app}}: is this your new email address?',
      body: `Hello,

an account in {{app}} wants to change to this email address. If it is your account, open this link and press the button:

{{link}}

It is valid for 24 hours and can be used once. If it was not you, ignore this message and do not press the button.
`,
    },
  },
  email_taken: {
    email: {
      subject: '{{app}}: your email address is already in use',
      body: `Hello,

another account in {{app}} wanted to change to this email address. The address belongs to your account, so nothing was changed.

If it was you, sign in with this address. If it was not you, you need to do nothing.
`,
    },
  },
  email_changed: {
    sms: {
      subject: '',
      body: '{{app}}: the email of your account was changed. If it was not you, contact support at once.',
    },
    email: {
      subject: '{{app}}: your email address was changed',
      body: `Hello,

the email address of your account in {{app}} was changed. This address does not belong to it any more.

If it was not you, please contact support at once.
`,
    },
  },
  email_undo: {
    email: {
      subject: '{{app}}: your email address was changed',
      body: `Hello,

the email address of your account in {{app}} was changed. This address does not belong to it any more.

If it was you, you need to do nothing. If it was not you, open this link and press the button. Your account then has this address
again, every session ends, and you get a message to set a new password:

{{link}}

It is valid for 72 hours and can be used once. After that, please contact support.
`,
    },
  },
  phone_changed: {
    sms: {
      subject: '',
      body: '{{app}}: the phone of your account was changed. If it was not you, set a new password now.',
    },
    email: {
      subject: '{{app}}: your phone number was changed',
      body: `Hello,

the phone number of your account in {{app}} was changed.

If it was you, you need to do nothing. If it was not you, set a new password now: open {{app}}, and ask for a new password. This ends
every session of the account. Then please contact support.
`,
    },
  },
  password_changed: {
    sms: {
      subject: '',
      body: '{{app}}: the password of your account was changed. If it was not you, ask for a new one now.',
    },
    email: {
      subject: '{{app}}: your password was changed',
      body: `Hello,

the password of your account in {{app}} was changed, by you or by an administrator.

If you know of it, you need to do nothing. If not, set a new password now: open {{app}}, and ask for a new password. This ends every
session of the account. Then please contact support.
`,
    },
  },
  new_network: {
    sms: {
      subject: '',
      body: '{{app}}: you signed in from a new network. If it was not you, set a new password now.',
    },
    email: {
      subject: '{{app}}: a sign-in from a new network',
      body: `Hello,

a person has signed in to your account in {{app}} from a network that the account has not used in the last 90 days.

If it was you, you need to do nothing. You also get this message when you travel or change your internet provider.

If it was not you, set a new password now: open {{app}}, and ask for a new password. This ends every session of the account. Then please
contact support.
`,
    },
  },
  staff_email_changed: {
    email: {
      subject: '{{app}}: another address for your staff account',
      body: `Hello,

an owner has changed the address with which you sign in to the console of {{app}}. From now on this address no longer works there.

If you expect this, you need to do nothing. If not, ask another owner of {{app}} now: they see who changed it.
`,
    },
  },
};
