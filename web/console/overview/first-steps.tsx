/** What to do with an empty directory: lines to copy, with the addresses of this deployment. */
import { CopyButton } from '../parts/copy-button.tsx';
import { Panel } from '../parts/panel.tsx';
import { useSession } from '../session.tsx';
import { useOverviewTexts } from './overview-texts.ts';

export function FirstSteps() {
  const texts = useOverviewTexts();
  const { organization, isDevelopment } = useSession();
  const { origin } = window.location;
  const steps = [
    ...(isDevelopment ? [{ text: texts.demo, line: 'npx roster demo --users 500' }] : []),
    {
      text: texts.api,
      line: `curl -X POST ${origin}/sonar/v1/users \\\n  -H 'Authorization: Bearer YOUR_API_KEY' \\\n  -H 'Content-Type: application/json' \\\n  -d '{"reference_id": "your-internal-id", "timezone": "Europe/Paris"}'`,
    },
    {
      text: texts.signup,
      line: `curl -X POST ${origin}/general/v1/users \\\n  -H 'Content-Type: application/json' \\\n  -d '{"user": {"email": "cy@example.com", "password": "a-quiet-harbour-41", "first_name": "Cy", "last_name": "Roe"}}'`,
    },
    { text: texts.importing, line: `npx roster import people.csv --org ${organization.id}` },
  ];
  return (
    <Panel title={texts.firstTitle}>
      <p className="dim">{texts.firstIntro}</p>
      <ol className="first-steps">
        {steps.map(({ text, line }) => (
          <li key={text}>
            <p>{text}</p>
            <div className="code-line">
              <code>{line}</code>
              <CopyButton text={line} label={texts.copyLine} />
            </div>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
