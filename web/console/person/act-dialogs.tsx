/** The dialog of each act. The dialogs with a form, and the deletion, are in files of their own. */
import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type {
  ActRequests,
  MaskedField,
  Person,
  PersonRole,
  RevealAnswer,
  RevealRequest,
} from '../../../src/contracts/console/shapes/people.ts';
import { call, download } from '../api.ts';
import { ActDialog, isReason, ReasonField } from '../parts/dialog.tsx';
import { saveFile } from '../parts/save-file.ts';
import { useToasts } from '../parts/toasts.tsx';
import { usePeopleTexts } from '../people/people-texts.ts';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { doAct, effectText, isPlainAct, type OpenAct, outcomeText, type PlainAct } from './acts.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { usePersonTexts } from './person-texts.ts';

export interface ActDialogsProps {
  readonly person: Person;
  readonly open: OpenAct | null;
  readonly onClose: () => void;
  /** After a change: reads the person again. */
  readonly onDone: () => Promise<void>;
  readonly onRevealed: (values: RevealAnswer['values']) => void;
}

interface DialogProps extends Omit<ActDialogsProps, 'open'> {
  /** Does one of the plain calls, says what came of it, and reads the person again. */
  readonly run: (act: string, body?: unknown) => Promise<void>;
}

export function ActDialogs({ open, ...props }: ActDialogsProps) {
  const texts = usePersonTexts();
  const formats = useFormats();
  const { tell } = useToasts();
  const { person, onDone, onClose } = props;
  const run = async (act: string, body: unknown = {}): Promise<void> => {
    const answer = await doAct(person.id, act, body);
    tell(outcomeText(answer, texts, formats));
    await onDone();
  };
  if (open === null) return null;
  if (open.act === 'reveal') return <RevealDialog {...props} field={open.field} />;
  if (open.act === 'delete') return <DeleteDialog person={person} onClose={onClose} />;
  if (open.act === 'edit') return <EditDialog person={person} onClose={onClose} onDone={onDone} />;
  const all = { ...props, run };
  if (open.act === 'role') return <RoleDialog {...all} />;
  if (open.act === 'clinical') return <ClinicalDialog {...all} />;
  if (open.act === 'rename') return <RenameDialog {...all} />;
  if (open.act === 'export') return <ExportDialog {...all} />;
  return isPlainAct(open.act) ? <PlainDialog {...all} act={open.act} /> : null;
}

function PlainDialog({ person, act, run, onClose }: DialogProps & { readonly act: PlainAct }) {
  const texts = usePersonTexts();
  return (
    <ActDialog
      title={texts.act[act]}
      text={effectText(act, person, texts)}
      doIt={texts.act[act]}
      isDangerous={act === 'cancel'}
      onDo={() => run(act)}
      onClose={onClose}
    />
  );
}

function RoleDialog({ person, run, onClose }: DialogProps) {
  const texts = usePersonTexts();
  const { role: names } = usePeopleTexts();
  const { save } = useTexts();
  const [role, setRole] = useState(person.fields.role);
  const body: ActRequests['role'] = { role };
  return (
    <ActDialog
      title={texts.act.role}
      text={texts.does.role}
      doIt={save}
      isReady={role !== person.fields.role}
      onDo={() => run('role', body)}
      onClose={onClose}
    >
      <NativeSelect
        label={texts.act.role}
        value={role}
        data-autofocus
        data={Object.entries(names).map(([value, label]) => ({ value, label }))}
        onChange={(event) => setRole(event.currentTarget.value as PersonRole)}
      />
    </ActDialog>
  );
}

function ClinicalDialog({ person, run, onClose }: DialogProps) {
  const texts = usePersonTexts();
  const body: ActRequests['clinical'] = { isApproved: !person.fields.isClinicalApproved };
  return (
    <ActDialog
      title={texts.act.clinical}
      text={texts.does.clinical}
      doIt={body.isApproved ? texts.does.approve : texts.does.withdraw}
      onDo={() => run('clinical', body)}
      onClose={onClose}
    />
  );
}

function RenameDialog({ person, run, onClose }: DialogProps) {
  const texts = usePersonTexts();
  const { save } = useTexts();
  const present = person.isMasked ? '' : (person.fields.externalId ?? '');
  const [externalId, setExternalId] = useState(present);
  const body: ActRequests['rename'] = { externalId: externalId.trim() === '' ? null : externalId.trim() };
  return (
    <ActDialog
      title={texts.act.rename}
      text={texts.does.rename}
      doIt={save}
      isReady={externalId.trim() !== present}
      onDo={() => run('rename', body)}
      onClose={onClose}
    >
      <TextInput
        label={texts.field.externalId}
        value={externalId}
        spellCheck={false}
        autoComplete="off"
        data-autofocus
        onChange={(event) => setExternalId(event.currentTarget.value)}
      />
    </ActDialog>
  );
}

function ExportDialog({ person, onClose }: DialogProps) {
  const texts = usePersonTexts();
  const { tell } = useToasts();
  return (
    <ActDialog
      title={texts.act.export}
      text={texts.does.export}
      doIt={texts.act.export}
      onDo={async () => {
        saveFile(await download(`/people/${encodeURIComponent(person.id)}/export`));
        tell(texts.done.exported);
      }}
      onClose={onClose}
    />
  );
}

function RevealDialog({
  person,
  field,
  onRevealed,
  onClose,
}: Omit<ActDialogsProps, 'open'> & { readonly field: MaskedField | 'all' }) {
  const texts = usePersonTexts();
  const [reason, setReason] = useState('');
  const name =
    field === 'all' ? texts.reveal.all : fillText(texts.reveal.title, { field: texts.field[field] });
  const body: RevealRequest = { field, reason: reason.trim() };
  return (
    <ActDialog
      title={name}
      doIt={texts.reveal.doIt}
      isReady={isReason(reason)}
      size="sm"
      onDo={async () => {
        const answer = await call<RevealAnswer>('POST', `/people/${encodeURIComponent(person.id)}/reveal`, {
          body,
        });
        onRevealed(answer.values);
      }}
      onClose={onClose}
    >
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}
