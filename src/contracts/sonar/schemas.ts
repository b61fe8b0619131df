/** The shapes of `sonar`, for the reference and for the types of what is presented. */
import { pageSizeMax } from '../../core/directory/paging.ts';
import { userStatuses } from '../../core/directory/user.ts';
import { textCharactersMax } from '../../core/directory/user-fields.ts';
import { pageNumberParameter, pageSizeParameter } from '../../http/page-parameters.ts';
import { dictionary, instant, named, nullable, type Static, Type } from '../../http/shape.ts';
import { conflictError, refusalErrors } from './errors.ts';

export const perPageDefault = 20;
/** The greatest length of an `Idempotency-Key`. */
export const keyCharactersMax = 255;

const referenceId = Type.String({
  minLength: 1,
  maxLength: textCharactersMax,
  description: 'Your own id of the user, unique in an app. Surrounding blanks are cut off.',
});
const timezoneWords = 'A name of the IANA time zone database.';
const timezone = Type.String({ description: timezoneWords });

/** A user in this document. */
export const userSchema = named(
  'User',
  Type.Object({
    id: Type.String({ pattern: '^usr_[0-9a-z]+$', description: 'The id of the user.' }),
    reference_id: nullable(referenceId),
    timezone,
    status: Type.Enum([...userStatuses], { description: 'The state of the account.' }),
    score_status: Type.Enum(['calibrating', 'ready', 'stale'], {
      description:
        '`calibrating` until a first score; then `ready` while the last sync is younger than 72 hours; then `stale`.',
    }),
    last_sync_at: nullable(instant('When device data last came in.')),
    last_score_at: nullable(instant('When the user was last scored.')),
    created_at: instant('When the user was made.'),
  }),
);

export type SonarUser = Static<typeof userSchema>;

const errorWords = 'A code, for programs.';

/** A refusal whose details are texts by field, and empty where no field is at fault. */
export const refusalSchema = named(
  'Refusal',
  Type.Object({
    error: Type.Enum(refusalErrors, { description: errorWords }),
    message: Type.String({ description: 'What is wrong, for a person.' }),
    details: dictionary(Type.Array(Type.String()), { description: 'Texts by field.' }),
  }),
);
/** A refusal because of what the directory holds; for a taken `reference_id` it names the holder. */
export const conflictSchema = named(
  'Conflict',
  Type.Object({
    error: Type.Literal(conflictError, { description: errorWords }),
    message: refusalSchema.properties.message,
    details: Type.Object({
      reference_id: Type.Optional(Type.String({ description: 'The one that is taken.' })),
      user_id: Type.Optional(Type.String({ description: 'The user who has it.' })),
    }),
  }),
);

export const userAnswerSchema = named('UserAnswer', Type.Object({ data: userSchema }));

export const userListSchema = named(
  'UserList',
  Type.Object({
    data: Type.Array(userSchema),
    meta: Type.Object({
      page: Type.Integer({ minimum: 1 }),
      per_page: Type.Integer({ minimum: 1, maximum: pageSizeMax }),
      total: Type.Integer({ minimum: 0, description: 'The exact number of all that match.' }),
    }),
  }),
);

export const userIdParams = Type.Object({
  user_id: Type.String({ description: 'Sonar user ID', examples: ['usr_abc123'] }),
});

export const listQuery = Type.Object({
  reference_id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: textCharactersMax,
      description: 'Filter by your internal user ID: an exact match, in every app of the account.',
      examples: ['your-internal-id'],
    }),
  ),
  page: pageNumberParameter('Page number. A page past the end is empty.'),
  per_page: pageSizeParameter(perPageDefault, 'Results per page.'),
});

export const idempotencyHeaders = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: keyCharactersMax,
      examples: ['3f2a6c1e-8d4b-4f7a-9c05-6b1de2f0a974'],
      description:
        'Makes the call safe to repeat: within 24 hours the same key and body give the first answer again, and the same key with another body is refused.',
    }),
  ),
});

export const createBody = named(
  'NewUser',
  Type.Object({
    reference_id: Type.Optional(nullable(referenceId)),
    timezone: Type.Optional(nullable(Type.String({ default: 'UTC', description: timezoneWords }))),
    app_id: Type.Optional(
      nullable(
        Type.String({
          pattern: '^[0-9a-f]{40}$',
          description: "One of the account's apps; its first unless given.",
        }),
      ),
    ),
  }),
);

export const updateBody = named(
  'UserChange',
  Type.Object({
    reference_id: Type.Optional(nullable(referenceId)),
    timezone: Type.Optional(timezone),
  }),
);

export const reportBody = named(
  'Report',
  Type.Object({
    at: Type.Optional(
      nullable(
        instant(
          'When it happened, at most 5 minutes in the future; now unless given. Times only move forward.',
        ),
      ),
    ),
  }),
);

export const syncBody = named(
  'SyncReport',
  Type.Object({
    ...reportBody.properties,
    device_id: Type.Optional(
      nullable(
        Type.String({
          pattern: '^dev_[0-9a-z]+$',
          description: "One of the user's devices, whose `last_sync_at` moves as well.",
        }),
      ),
    ),
  }),
);

/** The example of the document. */
export const userExample: SonarUser = {
  id: 'usr_abc123',
  reference_id: 'your-internal-id',
  timezone: 'America/New_York',
  status: 'active',
  score_status: 'ready',
  last_sync_at: '2025-01-20T08:30:00Z',
  last_score_at: '2025-01-20T08:31:00Z',
  created_at: '2025-01-15T10:00:00Z',
};

/** A user right after its creation. */
export const newUserExample: SonarUser = {
  ...userExample,
  score_status: 'calibrating',
  last_sync_at: null,
  last_score_at: null,
};
