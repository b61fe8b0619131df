/** Begins a new ledger of erasures where the present one is lost or was changed. */
import { type AcceptPlan, acceptLedger } from '../../app/accept-ledger.ts';
import { hasDirectory } from '../../app/lost-directory.ts';
import { readConfig } from '../../config/config.ts';
import { settings } from '../../config/settings.ts';
import { toMillisecondText } from '../../core/time.ts';
import { CommandError, type Handler } from '../command.ts';
import { confirm } from '../confirm.ts';
import { counted } from '../layout.ts';

export const accept: Handler = async (invocation) => {
  const { config, secrets } = readConfig(invocation.env);
  if (!hasDirectory(config, secrets)) throw new CommandError(`there is no directory in ${config.dataDir}`);
  const accepted = await acceptLedger({ config, secrets }, (plan) => confirm(invocation, questionOf(plan)));
  if (accepted === 'sound') throw new CommandError('the ledger of erasures is sound: nothing was changed');
  if (accepted === 'cancelled') throw new CommandError('cancelled: nothing was changed');
  const { lines, dropped, erasures, lost, lostUntil, former, unknownKeys } = accepted;
  const until = lostUntil === null ? null : toMillisecondText(lostUntil);
  return {
    json: { lines: lines.length, dropped, erasures, lost, lostUntil: until, former },
    text: [
      `${config.dataDir} has a new ledger of erasures with ${counted(lines.length, 'line')}.`,
      lossOf(accepted),
    ].join('\n'),
    notes: [
      ...(former === null ? [] : [`the former ledger is ${former} in the same folder`]),
      ...hintsOf({ lost, unknownKeys }),
      'restart every process that works on this folder',
    ],
  };
};

function questionOf(plan: AcceptPlan): string {
  const { fault, lines, dropped } = plan;
  const kept = `A new ledger will have ${counted(lines.length, 'line')}; ${counted(dropped, 'line')} of the present one will be dropped.`;
  return [`The ledger of erasures cannot be used: ${fault}.`, kept, lossOf(plan), ...hintsOf(plan)].join(' ');
}

function lossOf({ erasures, lost, lostUntil }: Pick<AcceptPlan, 'erasures' | 'lost' | 'lostUntil'>): string {
  if (lostUntil === null) return `All ${counted(erasures, 'erasure')} of the database are in it.`;
  return [
    `${lost} of ${counted(erasures, 'erasure')} of the database are in no ledger any more:`,
    `a backup from before ${toMillisecondText(lostUntil)} brings these people back when it is restored, so delete such backups.`,
  ].join(' ');
}

function hintsOf({ unknownKeys }: Pick<AcceptPlan, 'unknownKeys'> & { readonly lost: number }): string[] {
  if (unknownKeys.length === 0) return [];
  return [
    `lines are under a secret that is not in the settings (key ${unknownKeys.join(', ')}): if you have it, add it to ${settings.oldSecrets.name} instead`,
  ];
}
