/** The shapes of the token calls of Connect. The first generation writes its names in camel case. */
import { connectTokenRules } from '../../core/connect-page/connect-token.ts';
import { tokenRequestTypes } from '../../core/connect-page/token-request.ts';
import { emailCharactersMax } from '../../core/directory/user-fields.ts';
import { secondMs } from '../../core/time.ts';
import { named, type Static, Type } from '../../http/shape.ts';
import { appId, externalId, humanId } from './schemas.ts';

const clientSecret = Type.String({
  description: "The app's client secret. It belongs on a server and nowhere else.",
});
const refreshToken = Type.String({ description: 'Good once, for another pair of tokens' });
const life = (kind: keyof typeof connectTokenRules) =>
  Type.Integer({
    description: 'Seconds until the token ends',
    examples: [connectTokenRules[kind].lifeMs / secondMs],
  });

export const tokenBody = named(
  'TokenRequest',
  Type.Object({
    client_id: Type.String({ ...appId, description: 'The `appId`.' }),
    client_secret: clientSecret,
    type: Type.String({ enum: [...tokenRequestTypes], description: 'What is asked for' }),
    client_user_id: Type.Optional(
      Type.String({
        ...externalId,
        description:
          'The id of the user in your application: `externalId`. Required but with `refresh_token`.',
      }),
    ),
    client_user_email: Type.Optional(
      Type.String({
        maxLength: emailCharactersMax,
        description:
          'With `session`: kept, unconfirmed, where the user has no address and nobody else in the organization has this one.',
      }),
    ),
    refresh_token: Type.Optional(
      Type.String({ ...refreshToken, description: 'With `access`: in the place of `client_user_id`.' }),
    ),
  }),
);

export const tokenAnswer = named(
  'Token',
  Type.Union([
    Type.Object({
      human_id: humanId,
      session_token: Type.String({ description: 'Opens the page of Connect for this user' }),
      expires_in: life('session'),
    }),
    Type.Object({
      id_token: Type.String({ description: 'Opens the page of Connect for this user' }),
      id_token_expires_in: life('id'),
    }),
    Type.Object({
      access_token: Type.String(),
      token_type: Type.Literal('Bearer'),
      expires_in: life('access'),
      refresh_token: refreshToken,
    }),
  ]),
);
export type TokenAnswer = Static<typeof tokenAnswer>;

const humanTokenMembers = {
  humanId,
  clientId: Type.String({ ...appId, description: 'The `appId`.' }),
  clientSecret,
};

export const tokensBody = named(
  'TokensRequest',
  Type.Object({
    ...humanTokenMembers,
    sessionToken: Type.String({ description: 'The session that Connect was opened with' }),
  }),
);

export const tokensAnswer = named(
  'Tokens',
  Type.Object({
    humanId,
    clientId: humanTokenMembers.clientId,
    clientUserId: Type.Union([externalId, Type.Null()]),
    accessToken: Type.String({ description: 'Good for a day' }),
    publicToken: Type.String({ description: 'Opens the page of Connect for this user, for a day' }),
  }),
);
export type TokensAnswer = Static<typeof tokensAnswer>;

export const publicTokensBody = named('PublicTokenRequest', Type.Object(humanTokenMembers));

export const publicTokensAnswer = named(
  'PublicToken',
  Type.Object({ publicToken: tokensAnswer.properties.publicToken }),
);
export type PublicTokensAnswer = Static<typeof publicTokensAnswer>;

const client_id = '1d129c20acf6fcef9be0b067cc7859d872ed5ade';
const secret = 'ee1551fb509598d0b656811633310889dc306aa3';
const token = (prefix: string): string => `${prefix}_2k3n5_9Zb1mGk0QJqXvTtYc7hN4pLsW8eRfUaD2iOxB6gKjMw`;

/** Examples of requests and answers, for the reference. */
export const connectExamples = {
  tokenBody: {
    client_id,
    client_secret: secret,
    client_user_id: 'your-user-1',
    client_user_email: 'john@example.com',
    type: 'session',
  },
  tokenAnswer: {
    human_id: '0a34dca6b9fe0b2361038bd371d96539',
    session_token: token('cs'),
    expires_in: connectTokenRules.session.lifeMs / secondMs,
  },
  tokensBody: {
    humanId: '0a34dca6b9fe0b2361038bd371d96539',
    clientId: client_id,
    sessionToken: token('cs'),
    clientSecret: secret,
  },
  tokensAnswer: {
    humanId: '0a34dca6b9fe0b2361038bd371d96539',
    clientId: client_id,
    clientUserId: 'your-user-1',
    accessToken: token('ca'),
    publicToken: token('cp'),
  },
  publicTokensBody: {
    humanId: '0a34dca6b9fe0b2361038bd371d96539',
    clientId: client_id,
    clientSecret: secret,
  },
  publicTokensAnswer: { publicToken: token('cp') },
} as const;
