/** The staff accounts of the organization: who works in the console, and with which role. For owners. */
import '../styles/staff.css';
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { StaffRoleName } from '../../../src/contracts/console/shapes/session.ts';
import type {
  NewStaffRequest,
  StaffAnswer,
  StaffEmailRequest,
  StaffItem,
  StaffLinkAnswer,
  StaffRoleRequest,
} from '../../../src/contracts/console/shapes/staff.ts';
import { call } from '../api.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { ActDialog } from '../parts/dialog.tsx';
import { DialogFrame } from '../parts/dialog-frame.tsx';
import { Icon } from '../parts/icon.tsx';
import { Loading } from '../parts/loading.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { State } from '../parts/panel.tsx';
import { Problem, useFieldProblems } from '../parts/problem.tsx';
import { useToasts } from '../parts/toasts.tsx';
import { useSession } from '../session.tsx';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { useStaffTexts } from './staff-texts.ts';

const staffKey = ['staff'] as const;

type Open =
  | { readonly what: 'add' }
  | { readonly what: 'role' | 'email' | 'link' | 'remove'; readonly item: StaffItem }
  | { readonly what: 'show'; readonly answer: StaffLinkAnswer };

export function Page() {
  const texts = useStaffTexts();
  const { pages, roles } = useTexts();
  const { staff: own } = useSession();
  const [open, setOpen] = useState<Open | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: staffKey,
    queryFn: ({ signal }) => call<StaffAnswer>('GET', '/staff', { signal }),
  });
  return (
    <>
      <PageHead title={pages.staff}>
        <Button leftSection={<Icon name="plus" />} onClick={() => setOpen({ what: 'add' })}>
          {texts.add}
        </Button>
      </PageHead>
      <p className="dim staff-intro">{texts.intro}</p>
      <Problem error={error} onRetry={() => void refetch()} />
      {data === undefined && error === null && <Loading />}
      {data !== undefined && (
        <ul className="staff-list" aria-label={texts.list}>
          {data.items.map((item) => (
            <li key={item.id} className="staff-item">
              <span className="avatar" aria-hidden="true">
                {item.name.slice(0, 1).toUpperCase()}
              </span>
              <div className="staff-names">
                <strong>
                  {item.name} {item.id === own.id && <span className="dim">({texts.you})</span>}
                </strong>
                <span className="dim small">
                  {item.email} · {texts.since} <Moment at={item.createdAt} as="date" />
                </span>
              </div>
              <State tone="calm">{roles[item.role]}</State>
              {item.enrolledAt === null && <State tone="warn">{texts.waiting}</State>}
              <div className="staff-acts">
                <Button
                  size="xs"
                  variant="default"
                  title={fillText(texts.changeRoleOf, { name: item.name })}
                  onClick={() => setOpen({ what: 'role', item })}
                >
                  {texts.changeRole}
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  title={fillText(texts.changeEmailOf, { name: item.name })}
                  onClick={() => setOpen({ what: 'email', item })}
                >
                  {texts.changeEmail}
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  title={fillText(texts.newLinkOf, { name: item.name })}
                  onClick={() => setOpen({ what: 'link', item })}
                >
                  {texts.newLink}
                </Button>
                <Button
                  size="xs"
                  variant="subtle"
                  color="red"
                  title={fillText(texts.removeOf, { name: item.name })}
                  onClick={() => setOpen({ what: 'remove', item })}
                >
                  {texts.remove}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      )}
      {open !== null && <StaffDialog open={open} onOpen={setOpen} onClose={() => setOpen(null)} />}
    </>
  );
}

interface StaffDialogProps {
  readonly open: Open;
  readonly onOpen: (open: Open) => void;
  readonly onClose: () => void;
}

function StaffDialog({ open, onOpen, onClose }: StaffDialogProps) {
  const texts = useStaffTexts();
  const formats = useFormats();
  const queries = useQueryClient();
  const { tell } = useToasts();
  const readAgain = (): Promise<void> => queries.invalidateQueries({ queryKey: staffKey });
  if (open.what === 'add') return <AddDialog onOpen={onOpen} onClose={onClose} />;
  if (open.what === 'role') return <RoleDialog item={open.item} onClose={onClose} />;
  if (open.what === 'email') return <EmailDialog item={open.item} onClose={onClose} />;
  if (open.what === 'show') {
    const { staff, link, expiresAt } = open.answer;
    return (
      <DialogFrame title={texts.link} closesOutside={false} onClose={onClose}>
        <div className="dialog-form">
          <p className="dialog-text">
            {fillText(texts.linkDoes, { name: staff.name, time: formats.moment(expiresAt) })}
          </p>
          <code className="staff-link">{link}</code>
          <div className="dialog-buttons">
            <CopyButton text={link} label={texts.copyLink} isWide />
            <Button onClick={onClose}>{texts.done}</Button>
          </div>
        </div>
      </DialogFrame>
    );
  }
  const { item } = open;
  const name = item.name;
  if (open.what === 'link') {
    return (
      <ActDialog
        title={fillText(texts.newLinkOf, { name })}
        text={fillText(texts.newLinkDoes, { name })}
        doIt={texts.newLink}
        onDo={async () => {
          const answer = await call<StaffLinkAnswer>('POST', `/staff/${item.id}/link`, { body: {} });
          onOpen({ what: 'show', answer });
        }}
        onDone={() => {}}
        onClose={onClose}
      />
    );
  }
  return (
    <ActDialog
      title={fillText(texts.removeOf, { name })}
      text={fillText(texts.removeDoes, { name })}
      doIt={texts.remove}
      isDangerous
      confirmation={item.email}
      onDo={async () => {
        await call('DELETE', `/staff/${item.id}`);
        tell(texts.removed);
        await readAgain();
      }}
      onClose={onClose}
    />
  );
}

function RoleChoice({
  value,
  onChange,
}: {
  readonly value: StaffRoleName;
  readonly onChange: (role: StaffRoleName) => void;
}) {
  const texts = useStaffTexts();
  const { roles } = useTexts();
  return (
    <NativeSelect
      label={texts.role}
      description={texts.roleDoes[value]}
      value={value}
      data={Object.entries(roles).map(([role, label]) => ({ value: role, label }))}
      onChange={(event) => onChange(event.currentTarget.value as StaffRoleName)}
    />
  );
}

function AddDialog({ onOpen, onClose }: Omit<StaffDialogProps, 'open'>) {
  const texts = useStaffTexts();
  const queries = useQueryClient();
  const [values, setValues] = useState<NewStaffRequest>({ email: '', name: '', role: 'support' });
  const [error, setError] = useState<unknown>(null);
  const problemOf = useFieldProblems(error);
  return (
    <ActDialog
      title={texts.add}
      doIt={texts.add}
      isReady={values.email.trim() !== '' && values.name.trim() !== ''}
      onDo={async () => {
        const body: NewStaffRequest = { ...values, email: values.email.trim(), name: values.name.trim() };
        const answer = await call<StaffLinkAnswer>('POST', '/staff', { body });
        void queries.invalidateQueries({ queryKey: staffKey });
        onOpen({ what: 'show', answer });
      }}
      onRefused={setError}
      onDone={() => {}}
      onClose={onClose}
    >
      {(['name', 'email'] as const).map((field) => (
        <TextInput
          key={field}
          label={texts[field]}
          type={field === 'email' ? 'email' : 'text'}
          value={values[field]}
          autoComplete="off"
          error={problemOf(field)}
          {...(field === 'name' ? { 'data-autofocus': true } : {})}
          onChange={(event) => {
            const text = event.currentTarget.value;
            setValues((before) => ({ ...before, [field]: text }));
          }}
        />
      ))}
      <RoleChoice value={values.role} onChange={(role) => setValues((before) => ({ ...before, role }))} />
    </ActDialog>
  );
}

function EmailDialog({ item, onClose }: { readonly item: StaffItem; readonly onClose: () => void }) {
  const texts = useStaffTexts();
  const { save } = useTexts();
  const queries = useQueryClient();
  const { tell } = useToasts();
  const [email, setEmail] = useState(item.email);
  const [error, setError] = useState<unknown>(null);
  const problemOf = useFieldProblems(error);
  return (
    <ActDialog
      title={fillText(texts.changeEmailOf, { name: item.name })}
      text={texts.changeEmailDoes}
      doIt={save}
      isReady={email.trim() !== '' && email.trim() !== item.email}
      onDo={async () => {
        const body: StaffEmailRequest = { email: email.trim() };
        await call('POST', `/staff/${item.id}/email`, { body });
        tell(texts.saved);
        await queries.invalidateQueries({ queryKey: staffKey });
      }}
      onRefused={setError}
      onClose={onClose}
    >
      <TextInput
        label={texts.email}
        type="email"
        value={email}
        autoComplete="off"
        error={problemOf('email')}
        data-autofocus
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
    </ActDialog>
  );
}

function RoleDialog({ item, onClose }: { readonly item: StaffItem; readonly onClose: () => void }) {
  const texts = useStaffTexts();
  const { save } = useTexts();
  const queries = useQueryClient();
  const { tell } = useToasts();
  const [role, setRole] = useState(item.role);
  return (
    <ActDialog
      title={fillText(texts.changeRoleOf, { name: item.name })}
      doIt={save}
      isReady={role !== item.role}
      onDo={async () => {
        const body: StaffRoleRequest = { role };
        await call('PATCH', `/staff/${item.id}`, { body });
        tell(texts.saved);
        await queries.invalidateQueries({ queryKey: staffKey });
      }}
      onClose={onClose}
    >
      <RoleChoice value={role} onChange={setRole} />
    </ActDialog>
  );
}
