/**
 * A dialog around one act: what it does, its fields, and two buttons. It stays open with the reason where the act is refused,
 * and asks for a fresh second factor where the server wants one.
 */
import { Button, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { fillText, useTexts } from '../texts/texts.tsx';
import { DialogFrame } from './dialog-frame.tsx';
import { isFreshFactorRequired, useFreshFactor } from './fresh-factor.tsx';
import { Problem } from './problem.tsx';

export interface ActDialogProps {
  readonly title: string;
  /** What the act does. */
  readonly text?: ReactNode;
  /** The name of the button that does it. */
  readonly doIt: string;
  readonly isDangerous?: boolean;
  /** What the reader types before the act can be done. */
  readonly confirmation?: string;
  /** Whether the fields below are filled in so that the act can be tried. */
  readonly isReady?: boolean;
  readonly size?: 'sm' | 'md' | 'lg';
  /** Rejects with the reason where the act is refused. */
  readonly onDo: () => Promise<void>;
  /** Hears of a refusal, to show it beside a field. */
  readonly onRefused?: (error: unknown) => void;
  readonly onClose: () => void;
  /** After the act; unless given, the dialog closes. */
  readonly onDone?: () => void;
  readonly children?: ReactNode;
}

export function ActDialog(props: ActDialogProps) {
  const { title, text, doIt, isDangerous = false, confirmation, isReady = true, size = 'md' } = props;
  const { onDo, onRefused, onClose, onDone = onClose, children } = props;
  const texts = useTexts();
  const withFreshFactor = useFreshFactor();
  const [typed, setTyped] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isConfirmed = confirmation === undefined || typed.trim() === confirmation;

  const submit = async (): Promise<void> => {
    setIsBusy(true);
    setError(null);
    try {
      await withFreshFactor(onDo);
      onDone();
    } catch (refusal) {
      // The reader has closed the question for the factor: the dialog simply stays.
      if (!isFreshFactorRequired(refusal)) setError(refusal);
      onRefused?.(refusal);
    } finally {
      setIsBusy(false);
    }
  };

  return (
    <DialogFrame onClose={onClose} title={title} size={size}>
      <form
        noValidate
        className="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && isConfirmed && !isBusy) void submit();
        }}
      >
        {text !== undefined && <div className="dialog-text">{text}</div>}
        <Problem error={error} />
        {children}
        {confirmation !== undefined && (
          <TextInput
            label={<ConfirmLabel text={confirmation} />}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        <div className="dialog-buttons">
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
          <Button
            type="submit"
            {...(isDangerous ? { color: 'red' } : {})}
            loading={isBusy}
            disabled={!isReady || !isConfirmed}
          >
            {doIt}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}

function ConfirmLabel({ text }: { readonly text: string }) {
  const { confirm } = useTexts();
  const [before = '', after = ''] = fillText(confirm.type, { text: '\n' }).split('\n');
  return (
    <>
      {before}
      <code className="confirm-text">{text}</code>
      {after}
    </>
  );
}

/** Whether a text is a reason as the server takes it. */
export function isReason(text: string): boolean {
  const { length } = text.trim();
  return length >= 3 && length <= 200;
}

export function ReasonField({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (text: string) => void;
}) {
  const { reason } = useTexts();
  return (
    <TextInput
      label={reason.label}
      description={reason.hint}
      value={value}
      maxLength={200}
      required
      withAsterisk={false}
      data-autofocus
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
