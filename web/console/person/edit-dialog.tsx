/** Changes the fields of a person. Only what the reader has changed is sent. */
import { Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Person, PersonPatch } from '../../../src/contracts/console/shapes/people.ts';
import { call } from '../api.ts';
import { ActDialog } from '../parts/dialog.tsx';
import { useFieldProblems } from '../parts/problem.tsx';
import { useToasts } from '../parts/toasts.tsx';
import { useTexts } from '../texts/texts.tsx';
import { usePersonTexts } from './person-texts.ts';

const names = ['email', 'firstName', 'lastName', 'phone', 'dateOfBirth', 'language', 'timezone'] as const;
type FieldName = (typeof names)[number];
/** Those that may be removed: an empty text becomes null. */
const removable: ReadonlySet<FieldName> = new Set(['phone', 'dateOfBirth']);
const types: Readonly<Partial<Record<FieldName, string>>> = {
  email: 'email',
  phone: 'tel',
  dateOfBirth: 'date',
};

export interface EditDialogProps {
  readonly person: Person;
  readonly onClose: () => void;
  readonly onDone: () => Promise<void>;
}

export function EditDialog({ person, onClose, onDone }: EditDialogProps) {
  const texts = usePersonTexts();
  const { save } = useTexts();
  const { tell } = useToasts();
  const [error, setError] = useState<unknown>(null);
  const problemOf = useFieldProblems(error);
  const present = Object.fromEntries(names.map((name) => [name, person.fields[name] ?? ''])) as Record<
    FieldName,
    string
  >;
  const [values, setValues] = useState(present);
  const [isTemplate, setIsTemplate] = useState(person.fields.isTemplate);

  const { email, phone } = person.proofs;
  const isTold = !person.fields.isTemplate && (email.provedAt ?? phone.provedAt) !== null;

  const changed = names.filter((name) => values[name].trim() !== present[name]);
  const patch: PersonPatch = {
    ...Object.fromEntries(
      changed.map((name) => {
        const text = values[name].trim();
        return [name, text === '' && removable.has(name) ? null : text];
      }),
    ),
    ...(isTemplate === person.fields.isTemplate ? {} : { isTemplate }),
  };
  const isChanged = Object.keys(patch).length > 0;

  return (
    <ActDialog
      title={texts.act.edit}
      text={isChanged ? texts.does.edit : texts.edit.nothing}
      doIt={save}
      size="lg"
      isReady={isChanged}
      onDo={async () => {
        await call<Person>('PATCH', `/people/${encodeURIComponent(person.id)}`, { body: patch });
        tell(texts.done.saved);
        await onDone();
      }}
      onRefused={setError}
      onClose={onClose}
    >
      <div className="edit-form">
        {names.map((name, index) => (
          <TextInput
            key={name}
            label={texts.field[name]}
            type={types[name] ?? 'text'}
            value={values[name]}
            autoComplete="off"
            spellCheck={false}
            {...(index === 0 ? { 'data-autofocus': true } : {})}
            {...(removable.has(name) && present[name] !== '' ? { description: texts.edit.remove } : {})}
            error={problemOf(name)}
            onChange={(event) => {
              const text = event.currentTarget.value;
              setValues((before) => ({ ...before, [name]: text }));
            }}
          />
        ))}
      </div>
      <Checkbox
        label={texts.edit.template}
        description={isTold ? texts.edit.told : undefined}
        disabled={isTold}
        checked={isTemplate}
        onChange={(event) => setIsTemplate(event.currentTarget.checked)}
      />
    </ActDialog>
  );
}
