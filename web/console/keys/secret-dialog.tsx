/** Shows secrets in plain text, only once: they are copied here, or never. */
import { Button } from '@mantine/core';
import { CopyButton } from '../parts/copy-button.tsx';
import { DialogFrame } from '../parts/dialog-frame.tsx';
import { useKeysTexts } from './keys-texts.ts';

export interface ShownSecret {
  readonly label: string;
  readonly secret: string;
}

export function SecretDialog({
  title,
  secrets,
  onClose,
}: {
  readonly title: string;
  readonly secrets: readonly ShownSecret[];
  readonly onClose: () => void;
}) {
  const texts = useKeysTexts();
  return (
    <DialogFrame title={title} closesOutside={false} onClose={onClose}>
      <div className="dialog-form">
        <p className="dialog-text">{texts.secretDoes}</p>
        {secrets.map(({ label, secret }) => (
          <div key={label}>
            {secrets.length > 1 && <p className="small dim">{label}</p>}
            <div className="code-line">
              <code className="secret-text">{secret}</code>
              <CopyButton text={secret} label={`${texts.copyKey}: ${label}`} />
            </div>
          </div>
        ))}
        <div className="dialog-buttons">
          <Button onClick={onClose}>{texts.done}</Button>
        </div>
      </div>
    </DialogFrame>
  );
}
