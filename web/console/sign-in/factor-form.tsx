/** Asks for the second factor: the code of the app, a passkey, or a recovery code. For sign-in, and for a fresh factor. */
import { Button, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { FactorKind } from '../../../src/contracts/console/shapes/sign-in.ts';
import { Icon } from '../parts/icon.tsx';
import { Problem } from '../parts/problem.tsx';
import { useTexts } from '../texts/texts.tsx';
import { giveCode, givePasskey, hasPasskeys, isTotpCode, PasskeyRefused } from './factors.ts';

export interface FactorFormProps {
  /** The factors that can be used; the first is asked for. */
  readonly factors: readonly FactorKind[];
  /** For an act within a session, in place of a sign-in. */
  readonly isFresh: boolean;
  readonly onDone: () => void;
}

const icons = { totp: 'device', passkey: 'key', recovery: 'copy' } as const;

export function FactorForm({ factors, isFresh, onDone }: FactorFormProps) {
  const { signIn } = useTexts();
  const [factor, setFactor] = useState<FactorKind>(factors[0] ?? 'totp');
  const [code, setCode] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setIsBusy(true);
    setError(null);
    try {
      await work();
      onDone();
    } catch (problem) {
      setError(problem);
      setCode('');
      setIsBusy(false);
      field.current?.focus();
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: another factor begins with its own field
  useEffect(() => {
    field.current?.focus();
  }, [factor]);

  const labels = { totp: signIn.useTotp, passkey: signIn.usePasskey, recovery: signIn.useRecovery } as const;
  const others = factors.filter((each) => each !== factor);
  const isCodeWhole = factor === 'totp' ? isTotpCode(code) : code.trim() !== '';

  return (
    <div className="factor-form">
      {error instanceof PasskeyRefused ? (
        <p className="field-problem" role="alert">
          {signIn.passkeyDenied}
        </p>
      ) : (
        <Problem error={error} />
      )}
      {factor === 'passkey' ? (
        <>
          <p>{hasPasskeys() ? signIn.askPasskey : signIn.passkeyMissing}</p>
          <Button
            fullWidth
            data-autofocus
            leftSection={<Icon name="key" />}
            loading={isBusy}
            disabled={!hasPasskeys()}
            onClick={() => void attempt(() => givePasskey(isFresh))}
          >
            {signIn.usePasskey}
          </Button>
        </>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (isCodeWhole && !isBusy) {
              void attempt(() => giveCode(factor, code.replaceAll(' ', '').trim(), isFresh));
            }
          }}
        >
          <p>{factor === 'totp' ? signIn.askTotp : signIn.askRecovery}</p>
          <TextInput
            ref={field}
            data-autofocus
            label={factor === 'totp' ? signIn.totp : signIn.recovery}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            autoComplete={factor === 'totp' ? 'one-time-code' : 'off'}
            inputMode={factor === 'totp' ? 'numeric' : 'text'}
            spellCheck={false}
            maxLength={40}
            classNames={{ input: 'code-field' }}
            disabled={isBusy}
          />
          <Button type="submit" fullWidth loading={isBusy} disabled={!isCodeWhole}>
            {signIn.submit}
          </Button>
        </form>
      )}
      {others.map((other) => (
        <Button
          key={other}
          variant="subtle"
          color="gray"
          fullWidth
          leftSection={<Icon name={icons[other]} />}
          onClick={() => {
            setError(null);
            setCode('');
            setFactor(other);
          }}
        >
          {labels[other]}
        </Button>
      ))}
    </div>
  );
}
