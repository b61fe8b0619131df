/** What an act gives to each of many people, where it gives something: a role, or clinical approval. */
import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { BulkAct, BulkPlan, BulkRequest } from '../../../src/contracts/console/shapes/bulk.ts';
import type { PersonRole } from '../../../src/contracts/console/shapes/people.ts';
import { DialogFrame } from '../parts/dialog-frame.tsx';
import { useTexts } from '../texts/texts.tsx';
import { usePeopleTexts } from './people-texts.ts';

export type BulkValue = Pick<BulkRequest, 'role' | 'isApproved'>;

export function needsValue(act: BulkAct): act is 'role' | 'clinical' {
  return act === 'role' || act === 'clinical';
}

const approvals = ['approve', 'withdraw'] as const;

export function BulkValueDialog({
  act,
  onChosen,
  onClose,
}: {
  readonly act: 'role' | 'clinical';
  readonly onChosen: (value: BulkValue) => void;
  readonly onClose: () => void;
}) {
  const texts = usePeopleTexts();
  const { cancel } = useTexts();
  const [role, setRole] = useState<PersonRole>('parent');
  const [approval, setApproval] = useState<(typeof approvals)[number]>('approve');
  return (
    <DialogFrame onClose={onClose} title={texts.act[act]}>
      <form
        className="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          onChosen(act === 'role' ? { role } : { isApproved: approval === 'approve' });
        }}
      >
        <div className="dialog-text">
          <p>{texts.actDoes[act]}</p>
        </div>
        {act === 'role' ? (
          <NativeSelect
            label={texts.value.role}
            value={role}
            data-autofocus
            data={Object.entries(texts.role).map(([value, label]) => ({ value, label }))}
            onChange={(event) => setRole(event.currentTarget.value as PersonRole)}
          />
        ) : (
          <NativeSelect
            label={texts.act.clinical}
            value={approval}
            data-autofocus
            data={approvals.map((value) => ({ value, label: texts.value[value] }))}
            onChange={(event) => setApproval(event.currentTarget.value as typeof approval)}
          />
        )}
        <div className="dialog-buttons">
          <Button variant="default" onClick={onClose}>
            {cancel}
          </Button>
          <Button type="submit">{texts.value.goOn}</Button>
        </div>
      </form>
    </DialogFrame>
  );
}

/** What a plan gives, as a line of its dialog. */
export function ValueLine({ plan: { role, isApproved } }: { readonly plan: BulkPlan }) {
  const texts = usePeopleTexts();
  if (role !== null) {
    return (
      <p>
        {texts.value.role}: <strong>{texts.role[role]}</strong>
      </p>
    );
  }
  if (isApproved === null) return null;
  return (
    <p>
      <strong>{isApproved ? texts.value.approve : texts.value.withdraw}</strong>
    </p>
  );
}
