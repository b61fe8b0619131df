/** Erasures as the operator sees them: what became of each, receipts held against the keys, and many at once. */
import { readFile } from 'node:fs/promises';
import { readPublicKeys } from '../../app/backup.ts';
import { readConfig } from '../../config/config.ts';
import { abandonErasure } from '../../core/erasure/abandon-erasure.ts';
import { type Erasure, erasureStates } from '../../core/erasure/erasure.ts';
import { type ErasureDossier, getErasureDossier, listErasures } from '../../core/erasure/list-erasures.ts';
import { type Jwks, parseJwks, type ReceiptFault, verifyReceipt } from '../../core/erasure/receipt.ts';
import { rotateReceiptKey } from '../../core/erasure/receipt-key.ts';
import { isRefusal } from '../../core/errors.ts';
import { toMillisecondText } from '../../core/time.ts';
import { CommandError, type Handler } from '../command.ts';
import { pairs, table } from '../layout.ts';
import { door, onDirectory, organizationsByKey } from '../operator.ts';
import { reasonOf } from '../transfer/private-file.ts';

const listMax = 100;

export const list = onDirectory(async (directory, invocation) => {
  const state = erasureStates.find((each) => each === invocation.find('state')) ?? null;
  const limit = Number(invocation.find('limit') ?? listMax);
  const erasures = await listErasures(directory.core, { state, limit });
  const organizations = await organizationsByKey(directory);
  return {
    json: erasures.map((erasure) => {
      const { id, name } = organizations.get(erasure.orgKey) ?? { id: null, name: null };
      return { id: erasure.id, organization: { id, name }, ...summaryOf(erasure) };
    }),
    text: table(
      ['id', 'organization', 'state', 'requested', 'by', 'through', 'completed'],
      erasures.map((erasure) => {
        const { state: now, requestedAt, requestedBy, door: through, completedAt } = summaryOf(erasure);
        const name = organizations.get(erasure.orgKey)?.name ?? '-';
        return [erasure.id, name, now, requestedAt, requestedBy, through, completedAt ?? '-'];
      }),
      'There are no erasures.',
    ),
  };
});

export const show = onDirectory(async (directory, { argument }) => {
  const dossier = await getErasureDossier(directory.core, argument);
  const organization = (await organizationsByKey(directory)).get(dossier.erasure.orgKey);
  const { id = null, name = null } = organization ?? {};
  const { erasure } = dossier;
  const json = {
    id: erasure.id,
    organization: { id, name },
    ...summaryOf(erasure),
    userIdSha256: erasure.userDigest,
    removed: erasure.removed,
    providers: providersOf(dossier),
    abandonedBecause: erasure.abandonReason,
    replayedAt: textOf(erasure.replayedAt),
    receipt: erasure.receipt,
  };
  const rows = Object.entries(erasure.removed).map(([of, count]) => `${of} ${count}`);
  return {
    json,
    text: pairs([
      ['Id', erasure.id],
      ['Organization', name ?? '-'],
      ['State', erasure.state],
      ['Requested', `${json.requestedAt} by ${json.requestedBy} through ${json.door}`],
      ['User id, SHA-256', erasure.userDigest],
      ['Rows removed', rows.join(', ') || 'none'],
      ...json.providers.map(({ provider, state, outcome, attempts, since }): [string, string] => [
        `Provider ${provider}`,
        `${state} since ${since}, attempts ${attempts}, last: ${outcome ?? 'none'}`,
      ]),
      ...(json.abandonedBecause === null ? [] : [['Abandoned', json.abandonedBecause] as const]),
      ...(json.replayedAt === null ? [] : [['Done again', json.replayedAt] as const]),
      ['Completed', json.completedAt ?? '-'],
      ['Receipt', erasure.receipt ?? '-'],
    ]),
  };
});

export const verify: Handler = async (invocation) => {
  const text = await readText(invocation.argument);
  const path = invocation.find('jwks');
  const { config } = readConfig(invocation.env);
  const jwks = path === undefined ? await readPublicKeys(config) : readJwks(await readText(path), path);
  const result = verifyReceipt(text, jwks);
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
  malformed: 'this is no receipt of an erasure',
  unknown_key: 'it was signed with none of these keys',
  bad_signature: 'it is not as it was signed',
};

export const abandon = onDirectory(async ({ core }, invocation) => {
  try {
    const input = { id: invocation.argument, reason: invocation.get('reason') };
    const { erasure, providers } = await abandonErasure(core, door, input);
    return {
      json: { id: erasure.id, abandoned: providers, reason: erasure.abandonReason },
      text: `${erasure.id} waits for ${providers.join(', ')} no longer; its receipt will say unconfirmed.`,
    };
  } catch (error) {
    if (!isRefusal(error, 'wrong_state')) throw error;
    throw new CommandError('the erasure waits for no provider');
  }
});

export const rotateKey = onDirectory(async ({ core }) => {
  const { kid } = await rotateReceiptKey(core);
  return { json: { kid }, text: `Receipts are signed with ${kid} from now on; former ones stay valid.` };
});

function summaryOf({ state, requestedAt, requestedBy, door: through, completedAt }: Erasure) {
  return {
    state,
    requestedAt: toMillisecondText(requestedAt),
    requestedBy,
    door: through,
    completedAt: textOf(completedAt),
  };
}

function providersOf({ revocations }: ErasureDossier) {
  return revocations.map(({ provider, state, outcome, attempts, createdAt, endedAt }) => ({
    ...{ provider, state, outcome, attempts },
    since: toMillisecondText(createdAt),
    endedAt: textOf(endedAt),
  }));
}

function textOf(instant: number | null): string | null {
  return instant === null ? null : toMillisecondText(instant);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${reasonOf(error)}`);
  }
}

function readJwks(text: string, path: string): Jwks {
  const jwks = parseJwks(text);
  if (jwks === null) throw new CommandError(`${path} is no JSON Web Key Set`);
  return jwks;
}
