/**
 * The one-time link of a new account, or of an account that has lost its factors: a password, a second factor, and the
 * recovery codes. The token is in the fragment of the address, which browsers send to no server; it leaves the address at once.
 */
import { Button, PasswordInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Problem, useFieldProblems } from '../parts/problem.tsx';
import { useTexts } from '../texts/texts.tsx';
import { enrol } from './factors.ts';
import { Outside } from './outside.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';
import { SetUpFactor } from './set-up-factor.tsx';

type Step = 'password' | 'factor' | 'codes';

/** Read once: a reload of the page needs the link again. */
const token = window.location.pathname.endsWith('/enrol') ? window.location.hash.slice(1) : '';

export interface EnrolPageProps {
  /** True for a reader whose password is known, and who has no second factor yet. */
  readonly hasPassword?: boolean;
  readonly onDone: () => void;
}

export function EnrolPage({ hasPassword = false, onDone }: EnrolPageProps) {
  const { enrol: texts } = useTexts();
  const [step, setStep] = useState<Step>(hasPassword ? 'factor' : 'password');
  const [codes, setCodes] = useState<readonly string[]>([]);
  useEffect(() => {
    if (window.location.hash === '') return;
    window.history.replaceState(window.history.state, '', window.location.pathname);
  }, []);
  if (token === '' && !hasPassword) {
    return (
      <Outside title={texts.noToken}>
        <p className="dim">{texts.noTokenHint}</p>
      </Outside>
    );
  }
  const names = { password: texts.stepPassword, factor: texts.stepFactor, codes: texts.stepCodes };
  const order = Object.keys(names);
  return (
    <Outside title={texts.title} isWide {...(step === 'password' ? { intro: texts.intro } : {})}>
      <ol className="enrol-steps">
        {Object.entries(names).map(([name, label], index) => (
          <li
            key={name}
            className={index < order.indexOf(step) ? 'is-done' : ''}
            aria-current={name === step ? 'step' : undefined}
          >
            {label}
          </li>
        ))}
      </ol>
      {step === 'password' && <PasswordStep onDone={() => setStep('factor')} />}
      {step === 'factor' && (
        <SetUpFactor
          onDone={(given) => {
            if (given === null) return onDone();
            setCodes(given);
            setStep('codes');
          }}
        />
      )}
      {step === 'codes' && <RecoveryCodes codes={codes} next={texts.finish} onDone={onDone} />}
    </Outside>
  );
}

function PasswordStep({ onDone }: { readonly onDone: () => void }) {
  const { enrol: texts } = useTexts();
  const [password, setPassword] = useState('');
  const [repeated, setRepeated] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const problemOf = useFieldProblems(error);
  const differs = repeated !== '' && repeated !== password;
  const submit = async (): Promise<void> => {
    setIsBusy(true);
    setError(null);
    try {
      await enrol({ token, password });
      onDone();
    } catch (problem) {
      setError(problem);
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy && password !== '' && password === repeated) void submit();
      }}
    >
      <Problem error={error} />
      <PasswordInput
        label={texts.password}
        description={texts.passwordHint}
        autoComplete="new-password"
        value={password}
        error={problemOf('password')}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <PasswordInput
        label={texts.repeat}
        autoComplete="new-password"
        value={repeated}
        error={differs ? texts.differs : undefined}
        onChange={(event) => setRepeated(event.currentTarget.value)}
      />
      <Button type="submit" fullWidth loading={isBusy} disabled={password === '' || password !== repeated}>
        {texts.save}
      </Button>
    </form>
  );
}
