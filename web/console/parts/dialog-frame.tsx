/**
 * The frame of every dialog. The head of Mantine's own dialog counts as the head of the whole page for screen readers, so
 * this one draws its own.
 */
import { CloseButton, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTexts } from '../texts/texts.tsx';

export interface DialogFrameProps {
  readonly title: string;
  readonly size?: 'sm' | 'md' | 'lg' | 'xl';
  readonly isOpen?: boolean;
  /** False for a dialog that shows work under way: a press beside it does not close it. */
  readonly closesOutside?: boolean;
  /** Above another dialog. */
  readonly isAbove?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function DialogFrame(props: DialogFrameProps) {
  const {
    title,
    size = 'md',
    isOpen = true,
    closesOutside = true,
    isAbove = false,
    onClose,
    children,
  } = props;
  const { close } = useTexts();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      size={size}
      withCloseButton={false}
      closeOnClickOutside={closesOutside}
      zIndex={isAbove ? 400 : 200}
      attributes={{ content: { 'aria-label': title } }}
    >
      <div className="dialog-head">
        <h2>{title}</h2>
        <CloseButton aria-label={close} onClick={onClose} />
      </div>
      {children}
    </Modal>
  );
}
