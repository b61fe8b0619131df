/** The reader's own account: second factors, recovery codes, sessions. */
import '../styles/staff.css';
import '../styles/outside.css';
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { FactorsAnswer, RecoveryCodesAnswer } from '../../../src/contracts/console/shapes/sign-in.ts';
import type { SessionsAnswer } from '../../../src/contracts/console/shapes/staff.ts';
import { call } from '../api.ts';
import { ActDialog } from '../parts/dialog.tsx';
import { DialogFrame } from '../parts/dialog-frame.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Panel, State } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { useToasts } from '../parts/toasts.tsx';
import { useSession } from '../session.tsx';
import { readFactors } from '../sign-in/factors.ts';
import { RecoveryCodes } from '../sign-in/recovery-codes.tsx';
import { SetUpFactor } from '../sign-in/set-up-factor.tsx';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { useStaffTexts } from './staff-texts.ts';

const factorsKey = ['factors', 'own'] as const;
const sessionsKey = ['sessions', 'own'] as const;

export function Page() {
  const { pages, roles } = useTexts();
  const { staff } = useSession();
  return (
    <>
      <PageHead title={pages.account} note={`${staff.email} · ${roles[staff.role]}`} />
      <div className="account-grid">
        <Factors />
        <Sessions />
      </div>
    </>
  );
}

type Open =
  | { readonly what: 'add' }
  | { readonly what: 'codes' }
  | { readonly what: 'shown'; readonly codes: readonly string[] }
  | { readonly what: 'remove'; readonly path: string; readonly name: string };

function Factors() {
  const texts = useStaffTexts();
  const { done, newCodes } = texts;
  const formats = useFormats();
  const queries = useQueryClient();
  const { tell } = useToasts();
  const [open, setOpen] = useState<Open | null>(null);
  const close = (): void => setOpen(null);
  const { data, error, refetch } = useQuery({ queryKey: factorsKey, queryFn: readFactors });
  const readAgain = (): Promise<void> => queries.invalidateQueries({ queryKey: ['factors'] });
  return (
    <Panel
      title={texts.factors}
      actions={
        <Button size="xs" onClick={() => setOpen({ what: 'add' })}>
          {texts.addFactor}
        </Button>
      }
    >
      <Problem error={error} onRetry={() => void refetch()} />
      {data !== undefined && (
        <FactorLines factors={data} onRemove={(path, name) => setOpen({ what: 'remove', path, name })} />
      )}
      {data !== undefined && (
        <p className="factor-codes">
          <span className={data.recoveryCodesLeft < 3 ? '' : 'dim'}>
            {formats.count(texts.codesLeft, data.recoveryCodesLeft)}
          </span>
          <Button size="xs" variant="default" onClick={() => setOpen({ what: 'codes' })}>
            {newCodes}
          </Button>
        </p>
      )}
      {open?.what === 'add' && (
        <DialogFrame title={texts.addFactor} onClose={close}>
          <SetUpFactor
            canAddTotp={data?.hasTotp !== true}
            onDone={(codes) => {
              void readAgain();
              tell(texts.saved);
              setOpen(codes === null ? null : { what: 'shown', codes });
            }}
          />
        </DialogFrame>
      )}
      {open?.what === 'codes' && (
        <ActDialog
          title={newCodes}
          text={texts.newCodesDo}
          doIt={newCodes}
          onDo={async () => {
            const answer = await call<RecoveryCodesAnswer>('POST', '/factors/recovery-codes', { body: {} });
            void readAgain();
            setOpen({ what: 'shown', codes: answer.recoveryCodes });
          }}
          onDone={() => {}}
          onClose={close}
        />
      )}
      {open?.what === 'shown' && (
        <DialogFrame title={newCodes} closesOutside={false} onClose={close}>
          <RecoveryCodes codes={open.codes} next={done} onDone={close} />
        </DialogFrame>
      )}
      {open?.what === 'remove' && (
        <ActDialog
          title={fillText(texts.removeFactor, { name: open.name })}
          text={texts.removeFactorDoes}
          doIt={texts.remove}
          isDangerous
          onDo={async () => {
            await call('DELETE', open.path);
            tell(texts.removed);
            await readAgain();
          }}
          onClose={close}
        />
      )}
    </Panel>
  );
}

function FactorLines({
  factors,
  onRemove,
}: {
  readonly factors: FactorsAnswer;
  readonly onRemove: (path: string, name: string) => void;
}) {
  const texts = useStaffTexts();
  const formats = useFormats();
  const line = (key: string, name: string, details: string, path: string) => (
    <li key={key} className="own-line">
      <div>
        <strong>{name}</strong>
        <div className="dim small">{details}</div>
      </div>
      <Button
        size="xs"
        variant="subtle"
        color="gray"
        title={fillText(texts.removeFactor, { name })}
        onClick={() => onRemove(path, name)}
      >
        {texts.remove}
      </Button>
    </li>
  );
  return (
    <ul>
      {factors.passkeys.map(({ id, name, isSynced, usedAt }) =>
        line(
          id,
          name === '' ? texts.passkey : `${texts.passkey} · ${name}`,
          [
            usedAt === null ? texts.never : fillText(texts.used, { time: formats.distance(usedAt) }),
            ...(isSynced ? [texts.synced] : []),
          ].join(' · '),
          `/factors/passkey/${id}`,
        ),
      )}
      {factors.hasTotp && line('totp', texts.totp, '', '/factors/totp')}
    </ul>
  );
}

function Sessions() {
  const texts = useStaffTexts();
  const formats = useFormats();
  const queries = useQueryClient();
  const { tell, tellProblem } = useToasts();
  const { data, error, refetch } = useQuery({
    queryKey: sessionsKey,
    queryFn: ({ signal }) => call<SessionsAnswer>('GET', '/sessions', { signal }),
  });
  const end = async (id: string): Promise<void> => {
    try {
      await call('DELETE', `/sessions/${id}`);
      tell(texts.ended);
    } catch (problem) {
      tellProblem(problem);
    }
    await queries.invalidateQueries({ queryKey: sessionsKey });
  };
  return (
    <Panel title={texts.sessions}>
      <Problem error={error} onRetry={() => void refetch()} />
      <ul>
        {(data?.items ?? []).map(({ id, startedAt, lastUsedAt, network, isCurrent }) => (
          <li key={id} className="own-line">
            <div>
              <strong>{fillText(texts.from, { network })}</strong>
              <div className="dim small">
                {fillText(texts.started, { time: formats.distance(startedAt) })} ·{' '}
                {fillText(texts.used, { time: formats.distance(lastUsedAt) })}
              </div>
            </div>
            {isCurrent ? (
              <State tone="good">{texts.here}</State>
            ) : (
              <Button
                size="xs"
                variant="default"
                title={fillText(texts.endOf, { network })}
                onClick={() => void end(id)}
              >
                {texts.end}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
