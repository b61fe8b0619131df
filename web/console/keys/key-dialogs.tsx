/** The dialogs around one API key: made, edited, rotated, revoked, and shown once. */
import { NativeSelect, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type {
  IssuedKeyAnswer,
  KeyChangesBody,
  KeyItem,
  KeyRoleName,
  NewKeyBody,
  RotationBody,
} from '../../../src/contracts/console/shapes/keys.ts';
import { call } from '../api.ts';
import { ActDialog } from '../parts/dialog.tsx';
import { useFieldProblems } from '../parts/problem.tsx';
import { useToasts } from '../parts/toasts.tsx';
import { useMay } from '../session.tsx';
import { fillText } from '../texts/texts.tsx';
import { keysKey, nameOfKey } from './keys-query.ts';
import { useKeysTexts } from './keys-texts.ts';
import { SecretDialog } from './secret-dialog.tsx';

export type OpenKey =
  | { readonly what: 'create' }
  | { readonly what: 'edit' | 'rotate' | 'revoke' | 'end-former'; readonly item: KeyItem }
  | { readonly what: 'secret'; readonly answer: IssuedKeyAnswer };

interface KeyDialogProps {
  readonly open: OpenKey;
  readonly onOpen: (open: OpenKey) => void;
  readonly onClose: () => void;
}

const roleNames = ['reader', 'member', 'admin'] as const;

export function KeyDialog({ open, onOpen, onClose }: KeyDialogProps) {
  const texts = useKeysTexts();
  const queries = useQueryClient();
  const { tell } = useToasts();
  const readAgain = (): Promise<void> => queries.invalidateQueries({ queryKey: keysKey });
  switch (open.what) {
    case 'create':
      return <CreateDialog onOpen={onOpen} onClose={onClose} />;
    case 'edit':
      return <EditDialog item={open.item} onClose={onClose} />;
    case 'rotate':
      return <RotateDialog item={open.item} onOpen={onOpen} onClose={onClose} />;
    case 'secret': {
      const { key, secret } = open.answer;
      const title = fillText(texts.secret, { name: nameOfKey(key) });
      return <SecretDialog title={title} secrets={[{ label: nameOfKey(key), secret }]} onClose={onClose} />;
    }
    case 'revoke':
    case 'end-former': {
      const { item } = open;
      const name = nameOfKey(item);
      const isRevocation = open.what === 'revoke';
      return (
        <ActDialog
          title={isRevocation ? fillText(texts.revokeOf, { name }) : texts.endFormer}
          text={isRevocation ? texts.revokeDoes : fillText(texts.endFormerDoes, { name })}
          doIt={isRevocation ? texts.revoke : texts.endFormer}
          isDangerous
          onDo={async () => {
            if (isRevocation) await call('DELETE', `/keys/${item.id}`);
            else await call('POST', `/keys/${item.id}/end-former`);
            await readAgain();
            tell(isRevocation ? fillText(texts.revoked, { name }) : texts.ended);
          }}
          onClose={onClose}
        />
      );
    }
  }
}

function CreateDialog({ onOpen, onClose }: Omit<KeyDialogProps, 'open'>) {
  const texts = useKeysTexts();
  const queries = useQueryClient();
  const mayIssueAdmin = useMay()('console.keys.deleting');
  const [name, setName] = useState('');
  const [role, setRole] = useState<KeyRoleName>('reader');
  const [day, setDay] = useState('');
  const [refusal, setRefusal] = useState<unknown>(null);
  const issued = useRef<IssuedKeyAnswer | null>(null);
  const faultOf = useFieldProblems(refusal);
  return (
    <ActDialog
      title={texts.newKey}
      doIt={texts.create}
      isReady={name.trim() !== ''}
      onDo={async () => {
        const body: NewKeyBody = { name, role, expiresAt: endOfDay(day) };
        issued.current = await call<IssuedKeyAnswer>('POST', '/keys', { body });
        await queries.invalidateQueries({ queryKey: keysKey });
      }}
      onRefused={setRefusal}
      onDone={() => {
        if (issued.current !== null) onOpen({ what: 'secret', answer: issued.current });
      }}
      onClose={onClose}
    >
      <TextInput
        label={texts.name}
        description={texts.nameHint}
        value={name}
        error={faultOf('name')}
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NativeSelect
        label={texts.role}
        description={mayIssueAdmin ? undefined : texts.ownersIssue}
        value={role}
        data={roleNames.map((value) => ({
          value,
          label: texts.roles[value],
          disabled: value === 'admin' && !mayIssueAdmin,
        }))}
        onChange={(event) => {
          const chosen = roleNames.find((each) => each === event.currentTarget.value);
          if (chosen !== undefined) setRole(chosen);
        }}
      />
      <ExpiryField value={day} error={faultOf('expiresAt')} onChange={setDay} />
    </ActDialog>
  );
}

function ExpiryField({
  value,
  error,
  onChange,
}: {
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (day: string) => void;
}) {
  const texts = useKeysTexts();
  return (
    <TextInput
      type="date"
      label={texts.expires}
      description={texts.expiresHint}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function EditDialog({ item, onClose }: { readonly item: KeyItem; readonly onClose: () => void }) {
  const texts = useKeysTexts();
  const queries = useQueryClient();
  const { tell } = useToasts();
  const firstDay = dayOf(item.expiresAt);
  const [name, setName] = useState(item.name ?? '');
  const [day, setDay] = useState(firstDay);
  const [refusal, setRefusal] = useState<unknown>(null);
  const faultOf = useFieldProblems(refusal);
  return (
    <ActDialog
      title={fillText(texts.editOf, { name: nameOfKey(item) })}
      doIt={texts.edit}
      isReady={name.trim() !== ''}
      onDo={async () => {
        const body: KeyChangesBody = { name, ...(day === firstDay ? {} : { expiresAt: endOfDay(day) }) };
        await call<KeyItem>('PATCH', `/keys/${item.id}`, { body });
        await queries.invalidateQueries({ queryKey: keysKey });
        tell(texts.saved);
      }}
      onRefused={setRefusal}
      onClose={onClose}
    >
      <TextInput
        label={texts.name}
        description={texts.nameHint}
        value={name}
        error={faultOf('name')}
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <ExpiryField value={day} error={faultOf('expiresAt')} onChange={setDay} />
    </ActDialog>
  );
}

function RotateDialog({ item, onOpen, onClose }: Omit<KeyDialogProps, 'open'> & { readonly item: KeyItem }) {
  const texts = useKeysTexts();
  const queries = useQueryClient();
  const [hours, setHours] = useState('24');
  const issued = useRef<IssuedKeyAnswer | null>(null);
  return (
    <ActDialog
      title={fillText(texts.rotateOf, { name: nameOfKey(item) })}
      text={texts.rotateDoes}
      doIt={texts.rotate}
      onDo={async () => {
        const body: RotationBody = { formerHours: Number(hours) };
        issued.current = await call<IssuedKeyAnswer>('POST', `/keys/${item.id}/rotate`, { body });
        await queries.invalidateQueries({ queryKey: keysKey });
      }}
      onDone={() => {
        if (issued.current !== null) onOpen({ what: 'secret', answer: issued.current });
      }}
      onClose={onClose}
    >
      <NativeSelect
        label={texts.keep}
        value={hours}
        data={Object.entries(texts.keeps).map(([value, label]) => ({ value, label }))}
        onChange={(event) => setHours(event.currentTarget.value)}
      />
    </ActDialog>
  );
}

/** The end of the day in the reader's zone; null for no day. */
function endOfDay(day: string): string | null {
  return day === '' ? null : new Date(`${day}T23:59:59`).toISOString();
}

/** The day of an instant in the reader's zone, as a field for dates has it. */
function dayOf(at: string | null): string {
  if (at === null) return '';
  const date = new Date(at);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
