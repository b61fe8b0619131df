/** The texts of messages in English. */
import type { TemplateSet } from './template.ts';

export const english: TemplateSet = {
  confirmation: {
    sms: ({ code }) => ({
      body: `${code} is your confirmation code. It is valid for 10 minutes. Do not share it with anyone.`,
    }),
    email: ({ code }) => ({
      subject: 'Your confirmation code',
      body: `Hello,

your confirmation code is ${code}. It is valid for 10 minutes and can be used once.

Do not share it with anyone. If you did not ask for it, you can ignore this message.
`,
    }),
  },
  password_reset: {
    email: ({ link }) => ({
      subject: 'Set a new password',
      body: `Hello,

somebody asked to set a new password for your account. If it was you, open this link:

${link}

It is valid for 1 hour and can be used once. If it was not you, ignore this message: your password stays as it is.
`,
    }),
  },
  invitation: {
    email: ({ link }) => ({
      subject: 'You are invited',
      body: `Hello,

an account was made for you. Open this link to set your password and begin:

${link}

It is valid for 7 days and can be used once. If you do not expect an invitation, you can ignore this message.
`,
    }),
  },
  email_changed: {
    email: () => ({
      subject: 'Your email address was changed',
      body: `Hello,

the email address of your account was changed. This address does not belong to it any more.

If it was not you, please contact support at once.
`,
    }),
  },
};
