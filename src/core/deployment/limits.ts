/**
 * What the limits count for an account, a network or the whole deployment now. A person who is refused, or waits for a message,
 * asks support; support sees the reason here, and can clear it. The budgets of a day are only shown: a larger one is a setting.
 *
 * Counters are found by keyed digests, so only a caller who knows the account or the address finds them.
 */
import { levelsOf, networkOf, parseAddress } from '../access/network.ts';
import { quotasOfNetwork } from '../access/network-throttle.ts';
import { destinationSubject, emailDestinations, emailSubjects, subjectsOf } from '../access/subject.ts';
import { debtOf, failureDelayMs, guessesLeft, type Hit, type Quota } from '../access/throttle.ts';
import type { Core, NetworkBucket, Policy } from '../core.ts';
import type { Organization } from '../directory/organization.ts';
import type { User } from '../directory/user.ts';
import type { OrgKey } from '../ids.ts';
import { type DayScope, type UsedBudget, untilTomorrowMs } from '../messaging/budget-store.ts';
import type { Channel } from '../messaging/message.ts';
import { addressQuotas } from '../messaging/message-budget.ts';
import { dayOf, findClosing, openRange } from '../messaging/sms-limits.ts';
import { dayMs, notBeyond, skewMs } from '../time.ts';
import { codeSendQuotas } from '../verification/confirmation-code.ts';
import { changeMailQuotas } from '../verification/email-change.ts';
import { invitationBudget } from '../verification/invitation.ts';
import { resetMailQuotas } from '../verification/password-reset.ts';
import { newRequestQuotas } from '../verification/requested-email.ts';

/** The count of one limit. */
export interface LimitUse {
  /** Its name, such as `reset` or `message stranger`. */
  readonly limit: string;
  /** What it counts for: `account`, `email`, `phone`, or the width of a network, such as `/24`. */
  readonly of: string;
  readonly used: number;
  /** How many are allowed in the window; null for a count that only delays, or has no number here. */
  readonly most: number | null;
  /** Milliseconds; null where the count has no window. */
  readonly windowMs: number | null;
  /** Milliseconds until one more is allowed; 0 where it is allowed now. */
  readonly waitMs: number;
}

/** Hits that are no limit: they make every try of a code the same work. */
const noLimit: ReadonlySet<string> = new Set(['code_try']);

/** The quotas of an account and of its email, by the name of the limit. */
function accountQuotas(policy: Policy): Readonly<Record<string, readonly Quota[]>> {
  return {
    code: codeSendQuotas,
    reset: resetMailQuotas,
    email_change: changeMailQuotas,
    email_request: newRequestQuotas,
    message: [policy.messageLimits.account],
    own_change: policy.ownActQuotas,
    'session.started': policy.ownActQuotas,
    'session.ended': policy.ownActQuotas,
  };
}

/** An operation: what counts for an account, for its addresses, and of its wrong passwords. */
export async function listAccountLimits(core: Core, user: User): Promise<readonly LimitUse[]> {
  const { clock, policy, work } = core;
  const now = clock.now();
  const subjects = subjectsOf(core.secrets, user);
  const inviter = invitationBudget.ofUser(core.secrets, user.orgKey, user.id);
  const found = await work.read(user.orgKey, async (tx) => ({
    hits: await tx.throttles.listHits(subjects, now),
    messages: await tx.messageBudgets.listHits(subjects, now),
    failures: await tx.throttles.listFailures(subjects),
    invitations: await tx.messageBudgets.findUsed({ scope: 'organization', budget: inviter }, now),
    closedUntil: user.phoneE164 === null ? null : await findClosing(core, tx, user.phoneE164),
  }));
  const kindOf = kindsOfSubjects(core, user);
  const byAccount = accountQuotas(policy);
  const uses = usesOf(found.hits, now, kindOf, ({ bucket }) => byAccount[bucket] ?? []);
  const messages = usesOf(found.messages, now, kindOf, ({ bucket }) => addressQuotas(policy, bucket));
  const guesses = found.failures.flatMap((failures): LimitUse[] => {
    const { guessQuota } = policy;
    const common = { of: 'email', windowMs: null };
    switch (failures.network) {
      // It has no limit.
      case 'known':
        return [];
      case 'unknown': {
        const left = guessesLeft(failures, guessQuota, now);
        const waitMs = left < 1 ? Math.ceil((1 - left) * debtOf(guessQuota)) : 0;
        const used = Math.ceil(guessQuota.limit - left);
        return [
          { ...common, limit: 'wrong passwords, unknown networks', used, most: guessQuota.limit, waitMs },
        ];
      }
      default: {
        const waitMs = failureDelayMs(failures, now);
        return [
          { ...common, limit: 'wrong passwords, one network', used: failures.count, most: null, waitMs },
        ];
      }
    }
  });
  const { closedUntil } = found;
  if (closedUntil !== null) {
    const waitMs = closedUntil - now;
    guesses.push({ limit: 'texts to the range', of: 'phone', used: 1, most: null, windowMs: null, waitMs });
  }
  const { invitations: used } = found;
  const most = policy.messageLimits.invitationsDay;
  const waitMs = used < most ? 0 : untilTomorrowMs(now);
  guesses.push({ limit: 'invitations', of: 'account', used, most, windowMs: dayMs, waitMs });
  return [...uses, ...messages.map((use) => ({ ...use, limit: `message ${use.limit}` })), ...guesses].filter(
    ({ used }) => used > 0,
  );
}

/**
 * An operation: forgets what counts for an account, its addresses and its wrong passwords, so that it can go on at once. Returns how many
 * counts it has forgotten.
 */
export function clearAccountLimits(core: Core, user: User): Promise<number> {
  const subjects = subjectsOf(core.secrets, user);
  return core.work.change(user.orgKey, async (tx) => {
    const hits = await tx.throttles.clear(subjects);
    const messages = await tx.messageBudgets.clear(subjects);
    const isOpened = user.phoneE164 !== null && (await openRange(core, tx, user.phoneE164));
    return hits + messages + (isOpened ? 1 : 0);
  });
}

/** What a subject stands for: `subjectsOf` has them all. */
function kindsOfSubjects({ secrets }: Core, user: User): (subject: string) => string {
  const { orgKey, email, requestedEmail, phoneE164 } = user;
  const kinds = new Map<string, string>();
  for (const address of [email, requestedEmail]) {
    if (address === null) continue;
    for (const subject of emailDestinations(secrets, address)) kinds.set(subject, 'email');
    for (const subject of emailSubjects(secrets, orgKey, address)) kinds.set(subject, 'email');
  }
  if (phoneE164 !== null) kinds.set(destinationSubject(secrets, 'sms', phoneE164), 'phone');
  return (subject) => kinds.get(subject) ?? 'account';
}

/** An operation: what counts for the network of an address, and for the wider networks around it; null where the text is no address. */
export async function listNetworkLimits(core: Core, text: string): Promise<readonly LimitUse[] | null> {
  const levels = subjectsOfNetwork(core, text);
  if (levels === null) return null;
  const { networkQuotas, networkFactors } = core.policy;
  const now = core.clock.now();
  const subjects = [...levels.keys()];
  const hits = await core.work.readSystem('operator', (tx) => tx.throttles.listHits(subjects, now));
  const widthOf = (subject: string): string => levels.get(subject) ?? '';
  return usesOf(hits, now, widthOf, ({ bucket, subject }) => {
    const quota = networkQuotas[bucket as NetworkBucket] as Quota | undefined;
    if (quota === undefined) return [];
    const own = quotasOfNetwork(networkIn(text) ?? '', quota, networkFactors);
    return own.filter(({ width }) => width === levels.get(subject)).map((level) => level.quota);
  });
}

/** An operation: forgets what counts for the network of an address and those around it; null where the text is no address. */
export async function clearNetworkLimits(core: Core, text: string): Promise<number | null> {
  const levels = subjectsOfNetwork(core, text);
  if (levels === null) return null;
  return core.work.changeSystem('operator', (tx) => tx.throttles.clear([...levels.keys()]));
}

function networkIn(text: string): string | null {
  const address = parseAddress(text);
  return address === null ? null : networkOf(address);
}

/** The keyed digests of the network and of those around it, with their widths. */
function subjectsOfNetwork({ secrets }: Core, text: string): ReadonlyMap<string, string> | null {
  const network = networkIn(text);
  if (network === null) return null;
  return new Map(
    levelsOf(network).map((level) => [secrets.keyedDigest('network', level.network), level.width]),
  );
}

/** The counts by limit and subject. Of several quotas the one is shown that demands the longest wait, else the one that is used up most. */
function usesOf(
  hits: readonly Hit[],
  now: number,
  kindOf: (subject: string) => string,
  quotasOf: (hit: Hit) => readonly Quota[],
): readonly LimitUse[] {
  const groups = Map.groupBy(
    hits.filter(({ bucket }) => !noLimit.has(bucket)),
    ({ subject, bucket }) => `${subject} ${bucket}`,
  );
  return [...groups.values()].flatMap((group): LimitUse[] => {
    const [first] = group;
    if (first === undefined) return [];
    const said = { limit: first.bucket, of: kindOf(first.subject) };
    const uses = quotasOf(first).map((quota) => ({ ...said, ...useOf(group, quota, now) }));
    const [strictest] = uses.sort(
      (left, right) => right.waitMs - left.waitMs || right.used / right.most - left.used / left.most,
    );
    return [strictest ?? { ...said, used: group.length, most: null, windowMs: null, waitMs: 0 }];
  });
}

function useOf(hits: readonly Hit[], { limit, windowMs }: Quota, now: number) {
  const inWindow = hits
    .filter(({ at }) => at > now - windowMs && at <= now + skewMs)
    .sort((left, right) => right.at - left.at);
  const blocking = inWindow[limit - 1];
  const waitMs = blocking === undefined ? 0 : notBeyond(blocking.at, 0, now) + windowMs - now;
  return { used: inWindow.length, most: limit, windowMs, waitMs };
}

/** What is used of a budget of the present day (UTC). */
export interface DayUse {
  /** Null for the whole deployment. */
  readonly organization: Organization | null;
  /** `sms`, `email`, each also as `… owner`, `sms money` in millionths, or `invitations` with the id of the key that sent them. */
  readonly budget: string;
  readonly used: number;
  /** Null for any number. */
  readonly most: number | null;
}

/** A deployment with more organizations shows only those that have used something today. */
const shownUnusedMax = 100;

/** An operation: the budgets of messages of the present day. Budgets without a limit are in it only where they were counted. */
export async function listDayBudgets(core: Core): Promise<readonly DayUse[]> {
  const now = core.clock.now();
  const found = await core.work.readSystem('operator', async (system) => {
    const counted = await system.messageBudgets.listUsed(now);
    const spent = await system.smsLimits.listSpent(dayOf(now));
    const { items, total } = await system.organizations.page(0, shownUnusedMax);
    const keys = [...counted, ...spent].map(({ orgKey }) => orgKey).filter((key) => key !== deploymentKey);
    const organizations =
      total <= shownUnusedMax ? items : await system.organizations.listByKeys([...new Set(keys)]);
    return { counted, spent, organizations };
  });
  return dayUses(core, found);
}

/** Stands for the whole deployment among the organizations of counts. */
const deploymentKey: OrgKey = 0;

function dayUses(
  { policy, sms }: Core,
  found: {
    readonly counted: readonly UsedBudget[];
    readonly spent: readonly { readonly orgKey: OrgKey; readonly spent: number }[];
    readonly organizations: readonly Organization[];
  },
): readonly DayUse[] {
  const { day, invitationsDay } = policy.messageLimits;
  const counted = new Map(found.counted.map(({ orgKey, budget, used }) => [`${orgKey} ${budget}`, used]));
  const spent = new Map(found.spent.map((each) => [each.orgKey, each.spent]));
  const invited = Map.groupBy(
    found.counted.filter(({ budget }) => invitationBudget.keyOf(budget) !== null),
    ({ orgKey }) => orgKey,
  );
  const countsOf = (organization: Organization | null, scope: DayScope): DayUse[] =>
    (['sms', 'email'] satisfies Channel[]).flatMap((channel) =>
      [channel, `${channel} owner`].map((budget) => {
        const used = counted.get(`${organization?.key ?? deploymentKey} ${budget}`) ?? 0;
        return { organization, budget, used, most: day[channel][scope] };
      }),
    );
  const uses = found.organizations.flatMap((organization): DayUse[] => [
    ...countsOf(organization, 'organization'),
    {
      ...{ organization, budget: 'sms money' },
      ...{ used: spent.get(organization.key) ?? 0, most: sms?.budgetDay ?? null },
    },
    ...(invited.get(organization.key) ?? []).map(({ budget, used }) => {
      const key = invitationBudget.keyOf(budget) ?? '';
      return { organization, budget: `invitations ${key}`, used, most: invitationsDay };
    }),
  ]);
  return [...countsOf(null, 'deployment'), ...uses].filter(({ used, most }) => used > 0 || most !== null);
}
