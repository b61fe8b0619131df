/** The recovery codes: shown once, to copy or to save. */
import { Button, Checkbox } from '@mantine/core';
import { useState } from 'react';
import { CopyButton } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { saveFile } from '../parts/save-file.ts';
import { useTexts } from '../texts/texts.tsx';

export interface RecoveryCodesProps {
  readonly codes: readonly string[];
  /** The name of the button that goes on. */
  readonly next: string;
  readonly onDone: () => void;
}

export function RecoveryCodes({ codes, next, onDone }: RecoveryCodesProps) {
  const { enrol: texts } = useTexts();
  const [isStored, setIsStored] = useState(false);
  const text = `${codes.join('\n')}\n`;
  const save = (): void =>
    saveFile({ blob: new Blob([text], { type: 'text/plain' }), name: 'roster-recovery-codes.txt' });
  return (
    <div className="factor-choices">
      <p>{texts.codes}</p>
      <ul className="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="page-buttons">
        <CopyButton text={text} label={texts.copyCodes} isWide />
        <Button variant="default" leftSection={<Icon name="download" />} onClick={save}>
          {texts.saveCodes}
        </Button>
      </div>
      <Checkbox
        label={texts.codesStored}
        checked={isStored}
        onChange={(event) => setIsStored(event.currentTarget.checked)}
      />
      <Button fullWidth disabled={!isStored} onClick={onDone}>
        {next}
      </Button>
    </div>
  );
}
