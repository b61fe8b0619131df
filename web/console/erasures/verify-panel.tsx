/** Verifies a receipt that the reader pastes, or the one that the page shows. */
import { Alert, Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../parts/icon.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { fillText } from '../texts/texts.tsx';
import { useErasureTexts } from './erasures-texts.ts';
import { type CheckedReceipt, verifyReceipt } from './verify-receipt.ts';

export function VerifyPanel() {
  const texts = useErasureTexts();
  const [text, setText] = useState('');
  const { checked, error, check } = useReceiptCheck();
  return (
    <Panel title={texts.verify} className="verify">
      <form
        className="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void check(text);
        }}
      >
        <Textarea
          label={texts.pasted}
          description={texts.verifyHint}
          value={text}
          rows={4}
          spellCheck={false}
          classNames={{ input: 'mono' }}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div className="line-buttons">
          <Button type="submit" variant="default" disabled={text.trim() === ''}>
            {texts.check}
          </Button>
        </div>
        <Problem error={error} />
        <CheckResult checked={checked} />
      </form>
    </Panel>
  );
}

export function useReceiptCheck() {
  const [checked, setChecked] = useState<CheckedReceipt | null>(null);
  const [error, setError] = useState<unknown>(null);
  const check = async (text: string): Promise<void> => {
    setError(null);
    setChecked(null);
    try {
      setChecked(await verifyReceipt(text));
    } catch (problem) {
      setError(problem);
    }
  };
  return { checked, error, check };
}

export function CheckResult({ checked }: { readonly checked: CheckedReceipt | null }) {
  const texts = useErasureTexts();
  return (
    <div aria-live="polite" className="check-result">
      {checked?.isValid === true && (
        <Alert color="green" variant="light" title={texts.valid} icon={<Icon name="check" />}>
          <p>{texts.validText}</p>
          <p className="dim small">
            {fillText(checked.isByBrowser ? texts.inBrowser : texts.onServer, { kid: checked.kid ?? '' })}
          </p>
          <details>
            <summary>{texts.claims}</summary>
            <pre className="claims">{JSON.stringify(checked.claims, null, 2)}</pre>
          </details>
        </Alert>
      )}
      {checked?.isValid === false && (
        <Alert color="red" variant="light" title={texts.notValid} icon={<Icon name="warning" />}>
          {checked.reason !== null && <p>{texts.reasons[checked.reason]}</p>}
        </Alert>
      )}
    </div>
  );
}
