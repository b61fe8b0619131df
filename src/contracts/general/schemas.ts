/** The shapes of `general`, for the reference and for the types of what is presented. */
import { passwordCharactersMax, passwordCharactersMin } from '../../core/access/password.ts';
import { pageSizeMax } from '../../core/directory/paging.ts';
import { userRoles } from '../../core/directory/user.ts';
import { emailCharactersMax, textCharactersMax } from '../../core/directory/user-fields.ts';
import { pageNumberParameter, pageSizeParameter } from '../../http/page-parameters.ts';
import {
  dictionary,
  instant,
  named,
  nullable,
  type Static,
  type TProperties,
  type TSchema,
  Type,
} from '../../http/shape.ts';

export const pageSizeDefault = 50;

const text = (description: string) =>
  Type.String({ minLength: 1, maxLength: textCharactersMax, description });

const id = Type.Integer({
  format: 'int64',
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'User ID.',
  examples: [123],
});
const email = Type.String({
  format: 'email',
  maxLength: emailCharactersMax,
  description: 'Email address, unique in the organization.',
});
const shownEmail = Type.Union([Type.String(), Type.Null()], {
  description: 'Email address; null where nobody said.',
});
const password = Type.String({
  minLength: passwordCharactersMin,
  maxLength: passwordCharactersMax,
  description:
    'Neither common, nor a simple change of a common one, nor known from a breach, and not the email.',
});
const shownText = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { description: `${description}; null where nobody said.` });

/** A user in this document. */
export const userSchema = named(
  'User',
  Type.Object({
    id,
    email: shownEmail,
    first_name: shownText('First name'),
    last_name: shownText('Last name'),
    phone: shownText('Phone number as it was given'),
    date_of_birth: Type.Union([Type.String({ format: 'date' }), Type.Null()], {
      description: 'Date of birth (YYYY-MM-DD); null where nobody said.',
    }),
    language: Type.String({ description: 'Preferred language, a BCP 47 tag.' }),
    role: Type.Enum(userRoles, { description: '`parent` for everybody who registers.' }),
    active: Type.Boolean({ description: 'False once the account was cancelled.' }),
    clinical: Type.Boolean({
      description:
        'Whether this is a clinical user. A wish until an admin approves it: it gives no permission.',
    }),
    confirmed: Type.Boolean({ description: 'Whether a verification code was given back.' }),
    created_at: instant('UTC, in milliseconds.'),
    updated_at: instant('UTC, in milliseconds. Does not move at login.'),
  }),
);

export type GeneralUser = Static<typeof userSchema>;

export const userListSchema = named(
  'UserList',
  Type.Object({
    users: Type.Array(userSchema),
    meta: Type.Object({
      page: Type.Integer({ minimum: 1 }),
      page_size: Type.Integer({ minimum: 1, maximum: pageSizeMax }),
      total: Type.Integer({ minimum: 0, description: 'How many users there are, exactly.' }),
      total_pages: Type.Integer({ minimum: 0 }),
    }),
  }),
);

export type UserList = Static<typeof userListSchema>;

const confirmedUserSchema = named(
  'ConfirmedUser',
  Type.Object({ id, email: shownEmail, confirmed: Type.Boolean() }),
);

export type ConfirmedUser = Static<typeof confirmedUserSchema>;

export const confirmationSchema = named(
  'Confirmation',
  Type.Object({ verified: Type.Literal(true), user: confirmedUserSchema }),
);

export const sessionSchema = named(
  'Session',
  Type.Object({
    token: Type.String({ description: 'Goes into `X-User-Token`. Shown now and never again.' }),
    user: userSchema,
  }),
);

export const ownSessionSchema = named(
  'OwnSession',
  Type.Object({
    id: Type.String({ description: '`ses_` and 32 hex digits. It is no credential.' }),
    created_at: instant('When it began: UTC, in milliseconds.'),
    last_used_at: instant('UTC, in milliseconds; noted once a minute at most.'),
    current: Type.Boolean({ description: 'Whether it is the session of this call.' }),
  }),
);
export type PresentedSession = Static<typeof ownSessionSchema>;

export const ownSessionsSchema = Type.Array(ownSessionSchema);

export const sessionParams = Type.Object({
  id: Type.String({
    description: 'The id of a session.',
    examples: ['ses_7c1f0b7e92d44a6d8c1f0b7e92d44a6d'],
  }),
});

export const sentSchema = named('Sent', Type.Object({ sent: Type.Literal(true) }));
export const validSchema = named('ValidToken', Type.Object({ valid: Type.Literal(true) }));
export const hasAccountSchema = named('AccountCheck', Type.Object({ has_account: Type.Boolean() }));

export const idParams = Type.Object({ id });

export const listQuery = Type.Object({
  page: pageNumberParameter('Page number for pagination. A page past the end is empty.'),
  page_size: pageSizeParameter(pageSizeDefault, 'Number of items per page.'),
});

export const tokenQuery = Type.Object({
  token: Type.String({
    description: 'The token of the link that was mailed.',
    examples: [`pr_zik0zj_${'x'.repeat(43)}`],
  }),
});

/** The optional headers of a public call. */
export const publicHeaders = Type.Object({
  'X-App-Id': Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{40}$',
      description: "The app to work in; the deployment's sign-up app unless given.",
      examples: ['1d129c20acf6fcef9be0b067cc7859d872ed5ade'],
    }),
  ),
  'X-User-Token': Type.Optional(
    Type.String({
      description: 'A session. The call then works in its organization; one that is no good is ignored.',
      examples: [`st_zik0zj_${'x'.repeat(43)}`],
    }),
  ),
});

/** The headers of the calls for which a deployment may ask strangers for a proof of work. */
export const strangerHeaders = Type.Object({
  ...publicHeaders.properties,
  'X-Challenge-Answer': Type.Optional(
    Type.String({
      description:
        'The answer to the challenge in `X-Challenge` of a refusal, where the deployment asks strangers for a proof of work.',
      examples: ['eyJjaGFsbGVuZ2UiOnsuLi59LCJzb2x1dGlvbiI6ey4uLn19'],
    }),
  ),
});

const profile = {
  phone: Type.Optional(
    nullable(
      text('Phone number: `+`, the country code, the rest. Verification codes and messages go there.'),
    ),
  ),
  date_of_birth: Type.Optional(
    nullable(Type.String({ format: 'date', description: 'A past date (YYYY-MM-DD).' })),
  ),
};
/** A refusal that is one text. */
export const refusalSchema = named(
  'Refusal',
  Type.Object({ errors: Type.String({ description: 'What is wrong, for a person.' }) }),
);
/** A refusal of fields: for each faulty one its texts. */
export const fieldRefusalSchema = named(
  'FieldRefusal',
  Type.Object({ errors: dictionary(Type.Array(Type.String()), { description: 'Texts by field.' }) }),
);

const passwordConfirmation = Type.Optional(
  nullable(Type.String({ description: 'The password again; null and absent confirm nothing.' })),
);
/** A member that may be absent; null says nothing. */
const unsaid = <T extends TSchema>(shape: T) => Type.Optional(nullable(shape));
const flags = {
  template: unsaid(
    Type.Boolean({ description: 'Whether this is a template user: no message to it is ever sent for real.' }),
  ),
  clinical: unsaid(Type.Boolean({ description: 'Whether this is a clinical user.' })),
  native_signup: unsaid(Type.Boolean({ description: 'Whether this is a native app signup.' })),
};

export const createBody = named(
  'NewUser',
  Type.Object({
    user: Type.Object({
      email,
      password,
      password_confirmation: passwordConfirmation,
      first_name: text('First name.'),
      last_name: text('Last name.'),
      ...profile,
      language: Type.Optional(
        nullable(Type.String({ default: 'en', description: 'Preferred language, a BCP 47 tag.' })),
      ),
    }),
    ...flags,
  }),
);

export const updateBody = named(
  'UserChange',
  Type.Object({
    user: Type.Optional(
      Type.Object({
        email: Type.Optional(email),
        password: unsaid(password),
        password_confirmation: passwordConfirmation,
        current_password: unsaid(
          Type.String({
            description:
              'Needed to change the own email or password, unless the session is younger than ten minutes.',
          }),
        ),
        first_name: Type.Optional(text('First name.')),
        last_name: Type.Optional(text('Last name.')),
        ...profile,
        language: unsaid(text('Preferred language, a BCP 47 tag.')),
        role: unsaid(Type.Enum(userRoles, { description: 'For admins.' })),
        active: unsaid(
          Type.Boolean({ description: 'For admins: false cancels the account, true brings it back.' }),
        ),
      }),
    ),
    template: flags.template,
    clinical: unsaid(
      Type.Boolean({
        description:
          'For admins: true shows the wish and approves nothing, false takes wish and approval back.',
      }),
    ),
    native_signup: flags.native_signup,
  }),
);

/** The fields directly in the body, or inside `user`. */
const directOrInUser = <P extends TProperties>(properties: P) =>
  Type.Union([Type.Object(properties), Type.Object({ user: Type.Object(properties) })]);

export const sessionBody = directOrInUser({ email, password: Type.String({ description: 'The password.' }) });
export const passwordBody = directOrInUser({ email });

export const emailBody = directOrInUser({ email: Type.String({ description: 'Email address to check.' }) });

export const confirmationBody = directOrInUser({
  user_id: id,
  confirmation_code: Type.String({ description: 'Verification code sent via SMS.' }),
});

export const resetBody = directOrInUser({
  token: Type.String({ description: 'The token of the link that was mailed.' }),
  password,
  password_confirmation: passwordConfirmation,
});
