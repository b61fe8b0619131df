/** Erasures as the operator sees them: their states and receipts, the check of a receipt, and waiting that is given up. */
import { abandonErasure } from '../../core/erasure/abandon-erasure.ts';
import { type Erasure, erasureStates } from '../../core/erasure/erasure.ts';
import { type ErasureDossier, getErasureDossier, listErasures } from '../../core/erasure/list-erasures.ts';
import { type ReceiptFault, verifyReceipt } from '../../core/erasure/receipt.ts';
import { rotateReceiptKey } from '../../core/erasure/receipt-key.ts';
import { isRefusal } from '../../core/errors.ts';
import { isOpen } from '../../core/providers/revocation.ts';
import { toMillisecondText } from '../../core/time.ts';
import { CommandError, type Handler } from '../command.ts';
import { pairs, table, timeOrNull } from '../layout.ts';
import {
  choiceOf,
  door,
  onDirectory,
  onOrganizations,
  readOrganizationLabels,
  recordInItsOrganization,
} from '../operator.ts';
import { readKeys } from '../public-keys.ts';
import { readTextFile } from '../text-file.ts';

const listMax = 100;

export const list = onOrganizations(async (directory, invocation) => {
  const state = choiceOf(invocation, 'state', erasureStates) ?? null;
  const limit = Number(invocation.find('limit') ?? listMax);
  const reference = invocation.find('user') ?? null;
  const erasures = await listErasures(directory.core, { state, reference, limit });
  const labelOf = await readOrganizationLabels(directory, erasures);
  return {
    json: erasures.map((erasure) => {
      return { id: erasure.id, organization: labelOf(erasure.orgKey), ...summaryOf(erasure) };
    }),
    text: table(
      ['id', 'organization', 'state', 'requested', 'by', 'through', 'completed'],
      erasures.map((erasure) => {
        const { state: now, requestedAt, requestedBy, door: through, completedAt } = summaryOf(erasure);
        const name = labelOf(erasure.orgKey).name ?? '-';
        return [erasure.id, name, now, requestedAt, requestedBy, through, completedAt ?? '-'];
      }),
      state === null && reference === null ? 'There are no erasures.' : 'There are no such erasures.',
    ),
  };
});

export const show = onOrganizations(async (directory, { argument }) => {
  const dossier = await getErasureDossier(directory.core, argument);
  const { erasure } = dossier;
  const organization = (await readOrganizationLabels(directory, [erasure]))(erasure.orgKey);
  const json = {
    id: erasure.id,
    organization,
    ...summaryOf(erasure),
    userIdSha256: erasure.userDigest,
    removed: erasure.removed,
    providers: providersOf(dossier),
    abandonedBecause: erasure.abandonReason,
    replayedAt: timeOrNull(erasure.replayedAt),
    receipt: erasure.receipt,
  };
  const rows = Object.entries(erasure.removed).map(([of, count]) => `${of} ${count}`);
  return {
    json,
    text: pairs([
      ['Id', erasure.id],
      ['Organization', organization.name ?? '-'],
      ['State', erasure.state],
      ['Requested', `${json.requestedAt} by ${json.requestedBy} through ${json.door}`],
      ['User id, SHA-256', erasure.userDigest],
      ['Rows removed', rows.join(', ') || 'none'],
      ...json.providers.map((of): [string, string] => [
        `Provider ${of.provider}`,
        `${of.state}${whenOf(of)}, attempts ${of.attempts}, last: ${of.outcome ?? 'none'}`,
      ]),
      ...(json.abandonedBecause === null ? [] : [['Abandoned', json.abandonedBecause] as const]),
      ...(json.replayedAt === null ? [] : [['Replayed', json.replayedAt] as const]),
      ['Completed', json.completedAt ?? '-'],
      ['Receipt', erasure.receipt ?? '-'],
    ]),
  };
});

export const verify: Handler = async (invocation) => {
  const text = await readTextFile(invocation.argument);
  const result = verifyReceipt(text, await readKeys(invocation));
  if ('fault' in result) {
    return {
      json: { valid: false, reason: result.fault },
      text: `Not valid: ${faultTexts[result.fault]}.`,
      isFailure: true,
    };
  }
  const { claims, kid } = result;
  return {
    json: { valid: true, kid, claims },
    text: [`Valid, signed with ${kid}:`, JSON.stringify(claims, null, 2)].join('\n'),
  };
};

const faultTexts: Readonly<Record<ReceiptFault, string>> = {
  malformed: 'this is not the receipt of an erasure',
  unknown_key: 'it is signed with none of these keys',
  bad_signature: 'it was changed after it was signed',
};

export const abandon = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const input = { id: invocation.argument, reason: invocation.get('reason') };
  await recordInItsOrganization(directory, (system) => system.erasures.find(input.id));
  try {
    const { erasure, providers } = await abandonErasure(core, door, input);
    return {
      json: { id: erasure.id, abandoned: providers, reason: erasure.abandonReason },
      text: `${erasure.id} no longer waits for ${providers.join(', ')}; its receipt will say unconfirmed.`,
    };
  } catch (error) {
    if (!isRefusal(error, 'wrong_state')) throw error;
    throw new CommandError('the erasure waits for no provider');
  }
});

export const rotateKey = onDirectory(async ({ core }) => {
  const { kid } = await rotateReceiptKey(core);
  return { json: { kid }, text: `New receipts are signed with ${kid}; earlier receipts stay valid.` };
});

function summaryOf({ state, requestedAt, requestedBy, door: through, completedAt }: Erasure) {
  return {
    state,
    requestedAt: toMillisecondText(requestedAt),
    requestedBy,
    door: through,
    completedAt: timeOrNull(completedAt),
  };
}

function providersOf({ revocations }: ErasureDossier) {
  return revocations.map(({ provider, state, outcome, attempts, createdAt, endedAt }) => ({
    ...{ provider, state, outcome, attempts },
    since: toMillisecondText(createdAt),
    endedAt: timeOrNull(endedAt),
  }));
}

/** An open revocation waits since its creation; one that has ended shows the time of its end, if it is known. */
function whenOf({ state, since, endedAt }: ReturnType<typeof providersOf>[number]): string {
  if (isOpen({ state })) return ` since ${since}`;
  return endedAt === null ? '' : ` at ${endedAt}`;
}
