/** The shapes of people in the console, for the checks of its answers; `shapes/people.ts` has the types that the pages read. */
import { userRoles, userStatuses } from '../../core/directory/user.ts';
import { channels, messageStates } from '../../core/messaging/message.ts';
import { maskedFields } from '../../core/people/masked-person.ts';
import { allActs, personActs, resendKinds } from '../../core/people/person-act.ts';
import { connectionStates } from '../../core/providers/connection.ts';
import { pageNumberParameter, pageSizeParameter } from '../../http/page-parameters.ts';
import { dictionary, instant, named, nullable, Type } from '../../http/shape.ts';

export const peoplePerPage = 50;

const text = Type.String();
const textOrNull = nullable(Type.String());
const maybe = (description: string) => nullable(instant(description));
const userId = Type.String({ pattern: '^usr_[0-9a-f]{32}$', description: 'The id of the person.' });
const count = Type.Integer({ minimum: 0 });

const row = named(
  'PersonRow',
  Type.Object({
    id: userId,
    number: Type.Integer({ minimum: 1 }),
    appId: text,
    externalId: textOrNull,
    email: textOrNull,
    name: textOrNull,
    phone: textOrNull,
    status: Type.Enum(userStatuses),
    role: Type.Enum(userRoles),
    isClinicalApproved: Type.Boolean(),
    confirmedAt: maybe('When a code came back.'),
    emailProvedAt: maybe('Since when the email is proved.'),
    phoneProvedAt: maybe('Since when the phone is proved.'),
    createdAt: instant('When the person was created.'),
    lastLoginAt: maybe('The last sign-in.'),
  }),
);

/** What each list says of itself. */
const listing = {
  total: count,
  isExact: Type.Boolean({ description: 'False where there are at least `total`.' }),
  page: Type.Integer({ minimum: 1 }),
  pages: count,
  pageSize: Type.Integer({ minimum: 1 }),
};

export const peoplePage = named(
  'PeoplePage',
  Type.Object({
    ...listing,
    offset: Type.Integer({ minimum: 0, description: 'People who match and come before the page.' }),
    next: nullable(
      Type.String({
        description:
          'Gives the people after the page, as `after`. Null at the end, and where pages have numbers alone.',
      }),
    ),
    progress: nullable(
      Type.Object(
        { looked: count, all: count },
        {
          description:
            'Where the work of one call has ended the page: how many of all people it has looked at; `next` goes on.',
        },
      ),
    ),
    isMasked: Type.Boolean(),
    items: Type.Array(row),
  }),
);

const whether = (description: string) => Type.Optional(Type.Enum(['yes', 'no'], { description }));
const time = { type: 'string', description: 'A time of RFC 3339, or a date.' } as const;

/** What people are found by. */
const peopleFilters = {
  q: Type.Optional(Type.String({ description: 'What the reader typed.', maxLength: 320 })),
  status: Type.Optional(Type.Enum(userStatuses, { description: 'In this status.' })),
  role: Type.Optional(Type.Enum(userRoles, { description: 'Of this role.' })),
  appId: Type.Optional(Type.String({ description: 'Of this app.' })),
  confirmed: whether('A code or a link came back.'),
  proved: whether('The email is proved.'),
  clinical: whether('Approved as clinical.'),
  provider: Type.Optional(Type.String({ description: 'Connected to this provider.' })),
  createdFrom: Type.Optional(Type.String(time)),
  createdTo: Type.Optional(Type.String(time)),
  seenFrom: Type.Optional(Type.String(time)),
  seenTo: Type.Optional(Type.String(time)),
};

/** What an export and an act on many select people by. */
export const peopleExportQuery = Type.Object(peopleFilters);

export const peopleOrders = ['newest', 'oldest'] as const;

export const peopleQuery = Type.Object({
  ...peopleFilters,
  sort: Type.Optional(
    Type.Enum(peopleOrders, {
      default: peopleOrders[0],
      description: 'By the time of creation; `oldest` only without a text and with no filter but `status`.',
    }),
  ),
  after: Type.Optional(
    Type.String({
      description: 'The `next` of a page of the same filters, in place of `page`.',
      maxLength: 400,
    }),
  ),
  page: pageNumberParameter('The page, from 1.'),
  pageSize: pageSizeParameter(peoplePerPage, 'People per page.'),
});

const proof = Type.Object({ address: textOrNull, provedAt: maybe('Since when it is proved.') });

const fields = Type.Object({
  externalId: textOrNull,
  email: textOrNull,
  requestedEmail: textOrNull,
  firstName: textOrNull,
  lastName: textOrNull,
  name: textOrNull,
  phone: textOrNull,
  dateOfBirth: textOrNull,
  language: text,
  timezone: text,
  role: Type.Enum(userRoles),
  status: Type.Enum(userStatuses),
  isClinical: Type.Boolean(),
  isClinicalApproved: Type.Boolean(),
  isTemplate: Type.Boolean(),
  isNativeSignup: Type.Boolean(),
  isSelfRegistered: Type.Boolean(),
  hasPassword: Type.Boolean(),
  scoreStatus: Type.Enum(['calibrating', 'ready', 'stale']),
  createdAt: instant('When the person was created.'),
  updatedAt: instant('The last change.'),
  confirmedAt: maybe('When a code came back.'),
  lastLoginAt: maybe('The last sign-in.'),
  lastSyncAt: maybe('The last sync of data.'),
  lastScoreAt: maybe('The last score.'),
});

const signIn = Type.Object({
  can: Type.Boolean({ description: 'Whether the right password starts a session now, from everywhere.' }),
  reasons: Type.Array(
    Type.Object({
      code: text,
      scope: Type.Enum(['everywhere', 'one_network', 'unknown_networks', 'nowhere']),
      until: maybe('When it ends by itself.'),
      act: nullable(Type.Enum(allActs)),
    }),
  ),
});

const connection = Type.Object({
  id: text,
  provider: text,
  title: text,
  status: Type.Enum(connectionStates),
  connectedAt: maybe('When the provider last gave access.'),
  lastSyncAt: maybe('The last sync.'),
  refreshFailures: count,
  refreshOutcome: textOrNull,
  createdAt: instant('When it was started.'),
  updatedAt: instant('The last change.'),
});

const message = Type.Object({
  id: text,
  channel: Type.Enum(channels),
  template: text,
  state: Type.Enum(messageStates),
  attempts: count,
  createdAt: instant('When it was written.'),
  endedAt: maybe('When it was sent, kept or given up.'),
  nextAttemptAt: maybe('When the next attempt is due.'),
  content: nullable(Type.Object({ to: text, subject: text, body: text, code: textOrNull })),
});

const failures = Type.Object({
  passwords: Type.Array(
    Type.Object({
      from: Type.Enum(['network', 'known', 'unknown']),
      count: nullable(count),
      lastAt: instant('The last wrong password.'),
      lockedUntil: maybe('Until when no try is checked.'),
    }),
  ),
  code: nullable(Type.Object({ expiresAt: instant('When the code ends.'), triesLeft: count })),
  links: Type.Array(
    Type.Object({
      purpose: Type.Enum(['reset', 'invitation', 'proof', 'change', 'undo']),
      expiresAt: instant('When the link ends.'),
    }),
  ),
  limits: Type.Array(
    Type.Object({
      limit: text,
      of: text,
      used: count,
      most: nullable(count),
      windowSeconds: nullable(count),
      until: maybe('Until when the next one is refused.'),
    }),
  ),
});

const actState = Type.Object({
  isAllowed: Type.Boolean(),
  why: textOrNull,
  until: maybe('When the refusal ends by itself.'),
  needsFreshFactor: Type.Boolean(),
  sends: nullable(Type.Enum(resendKinds)),
});

export const person = named(
  'Person',
  Type.Object({
    id: userId,
    number: Type.Integer({ minimum: 1 }),
    isMasked: Type.Boolean(),
    isDemo: Type.Boolean({ description: 'Whether `roster demo` has made the person.' }),
    app: Type.Object({ id: text, name: text }),
    fields,
    proofs: Type.Object({ email: proof, phone: proof }),
    signIn,
    connections: Type.Array(connection),
    sessions: Type.Array(
      Type.Object({
        id: text,
        startedAt: instant('The sign-in.'),
        lastUsedAt: instant('The last use.'),
        expiresAt: instant('When it ends without another use.'),
      }),
    ),
    networks: Type.Array(Type.Object({ lastSeenAt: instant('The last sign-in from there.') })),
    messages: Type.Array(message),
    failures,
    acts: Type.Object(Object.fromEntries(allActs.map((act) => [act, actState]))),
    deletion: Type.Object({
      confirmation: textOrNull,
      providers: Type.Array(
        Type.Object({
          provider: text,
          title: text,
          what: Type.Enum(['revoke', 'already_ended', 'never_granted']),
        }),
      ),
    }),
  }),
);

export const personContracts = named(
  'PersonContracts',
  dictionary({}, { description: 'By the name of the contract: the person exactly as it shows one.' }),
);

export const personParams = Type.Object({
  id: userId,
});

export const actParams = Type.Object({
  id: personParams.properties.id,
  act: Type.Enum(personActs, { description: 'What to do.' }),
});

export const actBody = Type.Object({
  what: Type.Optional(Type.Enum(resendKinds, { description: 'Of `resend`: what to send.' })),
  role: Type.Optional(Type.Enum(userRoles, { description: 'Of `role`: the new one.' })),
  isApproved: Type.Optional(Type.Boolean({ description: 'Of `clinical`: whether it is approved.' })),
  externalId: Type.Optional(
    nullable(Type.String({ description: 'Of `rename`: the new one; null removes it.' })),
  ),
});

export const actAnswer = named(
  'ActAnswer',
  Type.Object({
    act: Type.Enum(personActs),
    isChanged: Type.Boolean(),
    sent: nullable(Type.Object({ what: Type.Enum([...resendKinds, 'reset']), channel: Type.Enum(channels) })),
    sessionsEnded: nullable(count),
    locksEnded: nullable(count),
  }),
);

export const patchBody = Type.Object({
  email: Type.Optional(text),
  firstName: Type.Optional(text),
  lastName: Type.Optional(text),
  phone: Type.Optional(textOrNull),
  dateOfBirth: Type.Optional(textOrNull),
  language: Type.Optional(text),
  timezone: Type.Optional(text),
  isTemplate: Type.Optional(Type.Boolean()),
});

export const deleteBody = Type.Object({
  confirmation: Type.String({
    description: 'The `deletion.confirmation` of the person, as the reader typed it.',
  }),
});
export const deleteAnswer = named('DeleteAnswer', Type.Object({ erasureId: text }));

export const revealBody = Type.Object({
  field: Type.Enum([...maskedFields, 'all'], { description: 'The field; all need a fresh second factor.' }),
  reason: Type.String({ minLength: 3, maxLength: 200, description: 'Why; it stands in the timeline.' }),
});
export const revealAnswer = named(
  'RevealAnswer',
  Type.Object({
    values: Type.Object(Object.fromEntries(maskedFields.map((field) => [field, Type.Optional(textOrNull)]))),
  }),
);

const timelineEvent = Type.Object({
  id: text,
  at: instant('When it happened; of a count, when its hour began.'),
  action: text,
  actor: Type.Object({ kind: text, id: textOrNull, name: textOrNull }),
  reason: textOrNull,
  door: text,
  subject: Type.Object({ kind: text, id: text }),
  fields: Type.Array(text),
  users: nullable(count),
  times: nullable(count),
});

export const timeline = named('Timeline', Type.Object({ ...listing, items: Type.Array(timelineEvent) }));
export const timelineQuery = Type.Object({
  page: pageNumberParameter('The page, from 1.'),
  pageSize: pageSizeParameter(peoplePerPage, 'Events per page.'),
});
