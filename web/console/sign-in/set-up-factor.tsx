/** Adds a second factor: a passkey, or an authenticator app. The first one of an account brings the recovery codes. */
import { Alert, Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { FactorAddedAnswer, NewTotpAnswer } from '../../../src/contracts/console/shapes/sign-in.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { useFreshFactor } from '../parts/fresh-factor.tsx';
import { Icon } from '../parts/icon.tsx';
import { Problem } from '../parts/problem.tsx';
import { useTexts } from '../texts/texts.tsx';
import { addPasskey, beginTotp, confirmTotp, hasPasskeys, isTotpCode, PasskeyRefused } from './factors.ts';
import { QrPicture } from './qr-picture.tsx';

export interface SetUpFactorProps {
  /** False for an account that has the app already. */
  readonly canAddTotp?: boolean;
  readonly onDone: (codes: FactorAddedAnswer['recoveryCodes']) => void;
}

export function SetUpFactor({ canAddTotp = true, onDone }: SetUpFactorProps) {
  const { enrol: texts, signIn } = useTexts();
  const withFreshFactor = useFreshFactor();
  const [key, setKey] = useState<NewTotpAnswer | null>(null);
  const [code, setCode] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setIsBusy(true);
    setError(null);
    try {
      await withFreshFactor(work);
    } catch (problem) {
      setError(problem);
      setCode('');
    } finally {
      setIsBusy(false);
    }
  };
  const problem =
    error instanceof PasskeyRefused ? (
      <Alert color="red" variant="light" role="alert">
        {signIn.passkeyDenied}
      </Alert>
    ) : (
      <Problem error={error} />
    );
  if (key !== null) {
    const spaced = key.secret.replaceAll(/(.{4})(?=.)/g, '$1 ');
    return (
      <form
        className="factor-choices"
        onSubmit={(event) => {
          event.preventDefault();
          if (isBusy || !isTotpCode(code)) return;
          void attempt(async () => onDone((await confirmTotp(code.replaceAll(' ', ''))).recoveryCodes));
        }}
      >
        {problem}
        <p>{texts.scan}</p>
        <QrPicture text={key.address} label={texts.qr} />
        <p className="dim small">{texts.orType}</p>
        <p className="secret">
          <code>{spaced}</code>
          <CopyButton text={key.secret} label={texts.orType} />
        </p>
        <a className="small" href={key.address}>
          {texts.openApp}
        </a>
        <TextInput
          label={signIn.totp}
          description={texts.confirmCode}
          value={code}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={10}
          classNames={{ input: 'code-field' }}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" fullWidth loading={isBusy} disabled={!isTotpCode(code)}>
          {texts.confirm}
        </Button>
        <Button variant="subtle" color="gray" fullWidth onClick={() => setKey(null)}>
          {signIn.startOver}
        </Button>
      </form>
    );
  }
  return (
    <div className="factor-choices">
      {problem}
      <p>{texts.chooseFactor}</p>
      <section className="factor-choice">
        <Icon name="key" size={20} />
        <div>
          <h2>{texts.passkey}</h2>
          <p className="dim small">{hasPasskeys() ? texts.passkeyHint : signIn.passkeyMissing}</p>
        </div>
        <Button
          disabled={!hasPasskeys()}
          loading={isBusy}
          onClick={() => void attempt(async () => onDone((await addPasskey()).recoveryCodes))}
        >
          {texts.addPasskey}
        </Button>
      </section>
      {canAddTotp && (
        <section className="factor-choice">
          <Icon name="device" size={20} />
          <div>
            <h2>{texts.totp}</h2>
            <p className="dim small">{texts.totpHint}</p>
          </div>
          <Button
            variant="default"
            loading={isBusy}
            onClick={() => void attempt(async () => setKey(await beginTotp()))}
          >
            {texts.addTotp}
          </Button>
        </section>
      )}
    </div>
  );
}
