/** Email and password, then the second factor. */
import { Alert, Button, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { FactorKind } from '../../../src/contracts/console/shapes/sign-in.ts';
import { Problem } from '../parts/problem.tsx';
import { useTexts } from '../texts/texts.tsx';
import { EnrolPage } from './enrol-page.tsx';
import { FactorForm } from './factor-form.tsx';
import { signIn } from './factors.ts';
import { Outside } from './outside.tsx';

export interface SignInPageProps {
  /** Whether a session has just ended. */
  readonly hasEnded: boolean;
  readonly onDone: () => void;
}

export function SignInPage({ hasEnded, onDone }: SignInPageProps) {
  const { signIn: texts, frame } = useTexts();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [factors, setFactors] = useState<readonly FactorKind[] | null>(null);
  const [needsEnrol, setNeedsEnrol] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);

  const submit = async (): Promise<void> => {
    setIsBusy(true);
    setError(null);
    try {
      const answer = await signIn({ email: email.trim(), password });
      if (answer.next === 'enrol') setNeedsEnrol(true);
      else setFactors(answer.factors);
    } catch (problem) {
      setError(problem);
    } finally {
      setPassword('');
      setIsBusy(false);
    }
  };

  if (needsEnrol) return <EnrolPage hasPassword onDone={onDone} />;
  if (factors !== null) {
    return (
      <Outside title={texts.secondFactor}>
        <FactorForm factors={factors} isFresh={false} onDone={onDone} />
        <Button variant="subtle" color="gray" fullWidth onClick={() => setFactors(null)}>
          {texts.startOver}
        </Button>
      </Outside>
    );
  }
  return (
    <Outside title={texts.title} intro={texts.intro}>
      {hasEnded && error === null && (
        <Alert color="yellow" variant="light" role="status">
          {frame.ended}
        </Alert>
      )}
      <Problem error={error} />
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy && email.trim() !== '' && password !== '') void submit();
        }}
      >
        <TextInput
          type="email"
          label={texts.email}
          autoComplete="username webauthn"
          autoFocus
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={texts.password}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" fullWidth loading={isBusy} disabled={email.trim() === '' || password === ''}>
          {texts.submit}
        </Button>
      </form>
    </Outside>
  );
}
