/** Copies a text, and says so. */
import { ActionIcon, Button } from '@mantine/core';
import { useState } from 'react';
import { useTexts } from '../texts/texts.tsx';
import { Icon } from './icon.tsx';
import { useToasts } from './toasts.tsx';

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for its name: `Copy the id`. Without `isWide` only a picture is shown. */
  readonly label: string;
  readonly isWide?: boolean;
}

export function CopyButton({ text, label, isWide = false }: CopyButtonProps) {
  const texts = useTexts();
  const { tell } = useToasts();
  const [isCopied, setIsCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setIsCopied(true);
      window.setTimeout(() => setIsCopied(false), 1500);
    } catch {
      tell(texts.copyFailed);
    }
  };
  const icon = <Icon name={isCopied ? 'check' : 'copy'} size={isWide ? 16 : 14} />;
  return isWide ? (
    <Button variant="default" leftSection={icon} onClick={() => void copy()}>
      {isCopied ? texts.copied : label}
    </Button>
  ) : (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="sm"
      aria-label={label}
      title={label}
      onClick={() => void copy()}
    >
      {icon}
    </ActionIcon>
  );
}
