/** The shapes of `humanapi`, for the reference and for the types of what is presented. */
import { textCharactersMax } from '../../core/directory/user-fields.ts';
import { named, type Static, Type } from '../../http/shape.ts';

export const appId = Type.String({
  pattern: '^[0-9a-f]{40}$',
  description: 'Unique app identifier found in the Developer Portal.',
  examples: ['1d129c20acf6fcef9be0b067cc7859d872ed5ade'],
});
export const humanId = Type.String({
  pattern: '^[0-9a-f]{32}$',
  description: 'The id of the user in Human API',
  examples: ['0a34dca6b9fe0b2361038bd371d96539'],
});
export const externalId = Type.String({
  minLength: 1,
  maxLength: textCharactersMax,
  description: 'The id of the user provided from your application',
});

/** A user in this document. */
export const userSchema = named(
  'User',
  Type.Object({
    humanId,
    externalId: Type.Union([externalId, Type.Null()]),
    appId,
    createdAt: Type.String({ format: 'date-time', description: 'When the user was made' }),
    updatedAt: Type.String({ format: 'date-time', description: 'When the user last changed' }),
  }),
);

export type HumanUser = Static<typeof userSchema>;

export const userListSchema = Type.Array(userSchema);

export const appParams = Type.Object({ appId });

export const userParams = Type.Object({ appId, humanId });

export const createBody = named('NewUser', Type.Object({ externalId }));

const exampleAppId = '1d129c20acf6fcef9be0b067cc7859d872ed5ade';

/** The examples of the document. */
export const userExamples: readonly [HumanUser, HumanUser, HumanUser] = [
  {
    humanId: '0a34dca6b9fe0b2361038bd371d96539',
    externalId: 'john@example.com',
    appId: exampleAppId,
    createdAt: '2013-12-28T18:46:10.436Z',
    updatedAt: '2013-12-29T05:05:50.601Z',
  },
  {
    humanId: '8bd9999a4f902e609343dcb850361f23',
    externalId: 'jane@example.com',
    appId: exampleAppId,
    createdAt: '2013-12-28T23:46:37.701Z',
    updatedAt: '2013-12-28T23:46:37.701Z',
  },
  {
    humanId: 'f29b82027297553353acbf4901683830',
    externalId: 'joan@example.com',
    appId: exampleAppId,
    createdAt: '2013-12-29T05:08:11.610Z',
    updatedAt: '2013-12-29T05:08:11.610Z',
  },
];
