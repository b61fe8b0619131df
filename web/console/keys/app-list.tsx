/** The apps of the organization, each with its id, its settings and its acts. */
import { Button } from '@mantine/core';
import type { AppItem } from '../../../src/contracts/console/shapes/keys.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { useMay } from '../session.tsx';
import { fillText } from '../texts/texts.tsx';
import type { OpenApp } from './app-dialogs.tsx';
import { useKeysTexts } from './keys-texts.ts';

export function AppList({
  apps,
  onOpen,
}: {
  readonly apps: readonly AppItem[];
  readonly onOpen: (open: OpenApp) => void;
}) {
  const texts = useKeysTexts();
  const mayTakeKeys = useMay()('console.keys.deleting');
  return (
    <table className="list-table" aria-label={texts.apps}>
      <thead>
        <tr>
          <th scope="col">{texts.name}</th>
          <th scope="col">{texts.signup}</th>
          <th scope="col">{texts.origins}</th>
          <th scope="col">
            <span className="visually-hidden">{texts.acts}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {apps.map((app) => (
          <tr key={app.id}>
            <td>
              {app.logoPath !== null && <img className="app-logo" src={app.logoPath} alt="" />}{' '}
              <strong>{app.name}</strong>
              {app.colour !== null && <span className="mono dim"> {app.colour}</span>}
              <br />
              <span className="mono dim">{app.id}</span> <CopyButton text={app.id} label={texts.copyId} />
            </td>
            <td data-name={texts.signup}>{app.isSignupOpen ? texts.open : texts.closed}</td>
            <td data-name={texts.origins}>
              {app.origins.length === 0 ? (
                <span className="dim">{texts.noOrigins}</span>
              ) : (
                app.origins.join(', ')
              )}
            </td>
            <td>
              <div className="row-acts">
                <Act app={app} what="edit" label={texts.edit} onOpen={onOpen} />
                <Act app={app} what="try" label={texts.tryConnect} onOpen={onOpen} />
                {mayTakeKeys && <Act app={app} what="app_key" label={texts.newAppKey} onOpen={onOpen} />}
                <Act app={app} what="client_secret" label={texts.newSecret} onOpen={onOpen} />
                {!mayTakeKeys && (
                  <span className="dim small">
                    {texts.newAppKey}: {texts.ownersRotate}
                  </span>
                )}
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Act({
  app,
  what,
  label,
  onOpen,
}: {
  readonly app: AppItem;
  readonly what: 'edit' | 'try' | 'app_key' | 'client_secret';
  readonly label: string;
  readonly onOpen: (open: OpenApp) => void;
}) {
  return (
    <Button
      size="xs"
      variant="default"
      title={fillText('{{label}}: {{name}}', { label, name: app.name })}
      onClick={() => onOpen({ what, app })}
    >
      {label}
    </Button>
  );
}
