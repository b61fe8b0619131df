/** The dialogs around one app: made, edited, its secrets replaced, and the Connect page tried. */
import { Button, Checkbox, FileInput, Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type {
  AppChangesBody,
  AppItem,
  AppSecretAnswer,
  IssuedAppAnswer,
  TryConnectAnswer,
} from '../../../src/contracts/console/shapes/keys.ts';
import { call } from '../api.ts';
import { ActDialog } from '../parts/dialog.tsx';
import { useFieldProblems } from '../parts/problem.tsx';
import { useToasts } from '../parts/toasts.tsx';
import { fillText } from '../texts/texts.tsx';
import { appsKey } from './keys-query.ts';
import { useKeysTexts } from './keys-texts.ts';
import { SecretDialog, type ShownSecret } from './secret-dialog.tsx';

export type OpenApp =
  | { readonly what: 'create' }
  | { readonly what: 'edit' | 'try' | 'app_key' | 'client_secret'; readonly app: AppItem }
  | { readonly what: 'secrets'; readonly title: string; readonly secrets: readonly ShownSecret[] };

interface AppDialogProps {
  readonly open: OpenApp;
  readonly onOpen: (open: OpenApp) => void;
  readonly onClose: () => void;
}

export function AppDialog({ open, onOpen, onClose }: AppDialogProps) {
  switch (open.what) {
    case 'create':
      return <CreateDialog onOpen={onOpen} onClose={onClose} />;
    case 'edit':
      return <EditDialog app={open.app} onClose={onClose} />;
    case 'try':
      return <TryDialog app={open.app} onClose={onClose} />;
    case 'secrets':
      return <SecretDialog title={open.title} secrets={open.secrets} onClose={onClose} />;
    case 'app_key':
    case 'client_secret':
      return <RotateDialog app={open.app} secret={open.what} onOpen={onOpen} onClose={onClose} />;
  }
}

function CreateDialog({ onOpen, onClose }: Omit<AppDialogProps, 'open'>) {
  const texts = useKeysTexts();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [refusal, setRefusal] = useState<unknown>(null);
  const faultOf = useFieldProblems(refusal);
  const made = useRef<IssuedAppAnswer | null>(null);
  return (
    <ActDialog
      title={texts.newApp}
      doIt={texts.createApp}
      isReady={name.trim() !== ''}
      onDo={async () => {
        made.current = await call<IssuedAppAnswer>('POST', '/apps', { body: { name } });
        await queries.invalidateQueries({ queryKey: appsKey });
      }}
      onRefused={setRefusal}
      onDone={() => {
        if (made.current === null) return;
        const { app, appKey, clientSecret } = made.current;
        const secrets = [
          { label: texts.appKey, secret: appKey },
          { label: texts.clientSecret, secret: clientSecret },
        ];
        onOpen({ what: 'secrets', title: app.name, secrets });
      }}
      onClose={onClose}
    >
      <TextInput
        label={texts.appName}
        value={name}
        error={faultOf('name')}
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </ActDialog>
  );
}

function RotateDialog({
  app,
  secret,
  onOpen,
  onClose,
}: Omit<AppDialogProps, 'open'> & { readonly app: AppItem; readonly secret: 'app_key' | 'client_secret' }) {
  const texts = useKeysTexts();
  const { name } = app;
  const isKey = secret === 'app_key';
  const answer = useRef<AppSecretAnswer | null>(null);
  return (
    <ActDialog
      title={isKey ? texts.newAppKey : texts.newSecret}
      text={fillText(isKey ? texts.newAppKeyDoes : texts.newSecretDoes, { name })}
      doIt={isKey ? texts.newAppKey : texts.newSecret}
      isDangerous
      onDo={async () => {
        answer.current = await call<AppSecretAnswer>('POST', `/apps/${app.id}/rotate`, { body: { secret } });
      }}
      onDone={() => {
        if (answer.current === null) return;
        const label = isKey ? texts.appKey : texts.clientSecret;
        onOpen({
          what: 'secrets',
          title: `${label}: ${name}`,
          secrets: [{ label, secret: answer.current.secret }],
        });
      }}
      onClose={onClose}
    />
  );
}

/** The window is opened by a link that the reader presses, so that no browser keeps it closed. */
function TryDialog({ app, onClose }: { readonly app: AppItem; readonly onClose: () => void }) {
  const texts = useKeysTexts();
  const [trial, setTrial] = useState<TryConnectAnswer | null>(null);
  return (
    <ActDialog
      title={texts.tryConnect}
      text={fillText(texts.tryDoes, { name: app.name })}
      doIt={texts.tryConnect}
      isReady={trial === null}
      onDo={async () => setTrial(await call<TryConnectAnswer>('POST', `/apps/${app.id}/try-connect`))}
      onDone={() => {}}
      onClose={onClose}
    >
      {trial !== null && (
        <Button component="a" href={trial.path} target="_blank" rel="noreferrer" variant="light">
          {texts.tryOpen}
        </Button>
      )}
    </ActDialog>
  );
}

function EditDialog({ app, onClose }: { readonly app: AppItem; readonly onClose: () => void }) {
  const texts = useKeysTexts();
  const queries = useQueryClient();
  const { tell } = useToasts();
  const [name, setName] = useState(app.name);
  const [isSignupOpen, setIsSignupOpen] = useState(app.isSignupOpen);
  const [isOneAccount, setIsOneAccount] = useState(app.isOneAccount);
  const [origins, setOrigins] = useState(app.origins.join('\n'));
  const [colour, setColour] = useState(app.colour ?? '');
  const [logo, setLogo] = useState<File | null>(null);
  const [isLogoRemoved, setIsLogoRemoved] = useState(false);
  const [refusal, setRefusal] = useState<unknown>(null);
  const faultOf = useFieldProblems(refusal);
  return (
    <ActDialog
      title={fillText(texts.editOf, { name: app.name })}
      doIt={texts.edit}
      isReady={name.trim() !== ''}
      onDo={async () => {
        const lines = origins.split(/\s+/).filter((line) => line !== '');
        const body: AppChangesBody = {
          ...(name === app.name ? {} : { name }),
          ...(isSignupOpen === app.isSignupOpen ? {} : { isSignupOpen }),
          ...(isOneAccount === app.isOneAccount ? {} : { isOneAccount }),
          ...(lines.join() === app.origins.join() ? {} : { origins: lines }),
          ...(colour.trim() === (app.colour ?? '') ? {} : { colour: colour.trim() || null }),
          ...(logo === null ? {} : { logo: await toBase64(logo) }),
          ...(isLogoRemoved && logo === null ? { logo: null } : {}),
        };
        if (Object.keys(body).length > 0) await call<AppItem>('PATCH', `/apps/${app.id}`, { body });
        await queries.invalidateQueries({ queryKey: appsKey });
        tell(texts.saved);
      }}
      onRefused={setRefusal}
      onClose={onClose}
    >
      <TextInput
        label={texts.appName}
        value={name}
        error={faultOf('name')}
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Checkbox
        label={texts.signupOpen}
        checked={isSignupOpen}
        onChange={(event) => setIsSignupOpen(event.currentTarget.checked)}
      />
      <Checkbox
        label={texts.oneAccount}
        checked={isOneAccount}
        onChange={(event) => setIsOneAccount(event.currentTarget.checked)}
      />
      <Textarea
        label={texts.origins}
        description={texts.originsHint}
        value={origins}
        rows={3}
        error={faultOf('origins')}
        spellCheck={false}
        onChange={(event) => setOrigins(event.currentTarget.value)}
      />
      <TextInput
        label={texts.colour}
        description={texts.colourHint}
        value={colour}
        error={faultOf('colour')}
        onChange={(event) => setColour(event.currentTarget.value)}
      />
      <FileInput
        label={texts.logo}
        description={texts.logoHint}
        accept="image/png,image/jpeg,image/webp"
        value={logo}
        error={faultOf('logo')}
        clearable
        onChange={setLogo}
      />
      {app.logoPath !== null && (
        <Checkbox
          label={texts.removeLogo}
          checked={isLogoRemoved}
          onChange={(event) => setIsLogoRemoved(event.currentTarget.checked)}
        />
      )}
    </ActDialog>
  );
}

async function toBase64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
