import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createMessageComposer } from '../gateways/message-composer.ts';
import { englishSiteTexts } from '../pages/site-texts.ts';
import { ConfigError } from './config.ts';
import { readTemplateFolder } from './template-folder.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'roster-templates-'));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

function faultsOf(files: Readonly<Record<string, string | Uint8Array>>): readonly string[] {
  try {
    readTemplateFolder(folderWith(files), englishSiteTexts);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.ok(error.faults.every(({ name }) => name === 'ROSTER_TEMPLATES_DIR'));
    return error.faults.map(({ problem }) => problem);
  }
  return [];
}

const facts = {
  ...{ to: 'jane@example.com', app: 'Walks', organization: 'Meadow', code: '012345', token: 'pr_1_x' },
};

function composerOf(files: Readonly<Record<string, string>>) {
  return createMessageComposer(
    {
      linkUrl: 'https://id.example.com/set-password',
      proofUrl: 'https://id.example.com/prove-email',
      changeUrl: 'https://id.example.com/change-email',
      undoUrl: 'https://id.example.com/undo-email-change',
    },
    readTemplateFolder(folderWith(files), englishSiteTexts).messages,
  );
}

describe('a folder of templates', () => {
  test('adds a language, and a message without a text in it comes in English', () => {
    const composer = composerOf({
      'fr/confirmation.txt': '\uFEFFSubject: {{ app }} : votre code\r\n\r\nVotre code : {{code}}\r\n',
      'fr/confirmation.sms.txt': '{{app}} : {{code}} est votre code.\n',
      '.git/config': 'ignored',
    });
    const mail = composer.compose('confirmation', 'email', { ...facts, language: 'fr-CA' });
    assert.deepEqual([mail.subject, mail.body], ['Walks : votre code', 'Votre code : 012345\n']);
    const sms = composer.compose('confirmation', 'sms', { ...facts, language: 'FR' });
    assert.deepEqual([sms.subject, sms.body], ['', 'Walks : 012345 est votre code.']);
    const reset = composer.compose('password_reset', 'email', { ...facts, language: 'fr' });
    assert.match(reset.subject, /set a new password/);
  });

  test('replaces our texts of a language, and leaves the others', () => {
    const composer = composerOf({ 'es/invitation.txt': 'Entre por {{link}}\n{{inviter}} le espera.\n' });
    const mail = composer.compose('invitation', 'email', { ...facts, language: 'es-MX' });
    assert.equal(mail.subject, 'Walks');
    assert.equal(mail.body, 'Entre por https://id.example.com/set-password?token=pr_1_x\n');
    assert.match(
      composer.compose('invitation', 'email', { ...facts, language: 'en' }).body,
      /Meadow has made/,
    );
    assert.match(composer.compose('confirmation', 'sms', { ...facts, language: 'es' }).body, /clave/);
  });

  test('one file serves both channels unless a channel has its own', () => {
    const composer = composerOf({ 'fr/confirmation.txt': 'Subject: Code\n\n{{code}} est votre code.' });
    const sms = composer.compose('confirmation', 'sms', { ...facts, language: 'fr' });
    assert.equal(sms.body, '012345 est votre code.');
  });

  test('is closest to the language that the person wants', () => {
    const composer = composerOf({ 'pt-BR/email_changed.txt': 'Brasil', 'pt/email_changed.txt': 'Portugal' });
    const bodyIn = (language: string): string =>
      composer.compose('email_changed', 'email', { ...facts, language }).body.trim();
    assert.deepEqual([bodyIn('pt-BR'), bodyIn('pt-PT'), bodyIn('pt')], ['Brasil', 'Portugal', 'Portugal']);
    assert.match(bodyIn('de'), /your account in Walks/);
  });

  test('with faults is refused with one line for each', () => {
    const problems = faultsOf({
      'fr/confirmation.txt': 'Subject: {{link}}\n\nVotre code {{cod}} {{constructor}}',
      'fr/invitation.txt': 'Bonjour {{link} {{code}}',
      'fr/password_reset.sms.txt': '{{link}}',
      'fr/welcome.txt': 'x',
      'fr/email_changed.txt': new Uint8Array([0xff, 0xfe, 0x41]),
      'french language/confirmation.txt': '{{code}}',
      'de/confirmation.txt': ' \n',
      'de/email_changed.txt': 'x'.repeat(70_000),
      'readme.txt': 'x',
    });
    const expected = [
      /^de\/confirmation\.txt needs \{\{code\}\}/,
      /^de\/confirmation\.txt has no text$/,
      /^de\/email_changed\.txt is not a file with UTF-8 text/,
      /^fr\/confirmation\.txt must not have \{\{link\}\} in the subject$/,
      /^fr\/confirmation\.txt must not have \{\{cod\}\} in the text$/,
      /^fr\/confirmation\.txt must not have \{\{constructor\}\} in the text$/,
      /^fr\/confirmation\.txt needs \{\{code\}\} in the text$/,
      /^fr\/email_changed\.txt is not a file with UTF-8 text/,
      /^fr\/invitation\.txt must not have \{\{code\}\} in the text$/,
      /^fr\/invitation\.txt has \{\{ or \}\} without its other half in the text$/,
      /^fr\/invitation\.txt needs \{\{link\}\} in the text$/,
      /^fr\/password_reset\.sms\.txt is not a known template/,
      /^fr\/welcome\.txt is not a known template: it must be one of confirmation\.txt/,
      /^french language is not a language tag/,
      /^readme\.txt is not a folder/,
    ];
    assert.equal(problems.length, expected.length, problems.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(problems[index] ?? '', pattern);
    assert.ok(problems.every((problem) => !problem.includes('\n') && !problem.includes('Bonjour')));
  });

  test('has texts of web pages by the name of the page, and faults name the file and the key', () => {
    const { pages } = readTemplateFolder(
      folderWith({
        'fr/set_password.json': '\uFEFF{ "heading": "Un mot", "problems": { "too_short": "Court" } }',
        'pt-BR/connect.json': JSON.stringify({
          page: { intro: '{{ app }}', found: { other: 'x' }, nothing_found: 'y' },
        }),
      }),
      englishSiteTexts,
    );
    assert.deepEqual(pages.get('set_password')?.get('fr'), {
      ...{ heading: 'Un mot', problems: { too_short: 'Court' } },
    });
    assert.deepEqual(pages.get('connect')?.get('pt-br'), {
      page: { intro: '{{ app }}', found: { other: 'x' }, nothingFound: 'y' },
    });

    const problems = faultsOf({
      'de/connect.json': JSON.stringify({
        page: {
          ...{ intro: '{{app}} {{provider}} {{app', nothingFound: 'x', toString: 'x' },
          ...{ found: { one: '{{count}}', several: 'x' }, connected_count: '{{count}}', problems: ['x'] },
        },
      }),
      'de/connection_start.json':
        '{"account": "{{app}}", "submit": 7, "__proto__": "x", "over": {"heading": " "}}',
      'de/links.json': '[]',
      'de/prove_email.json': '{"submit": null, "submit ": "x",',
      'de/welcome.json': '{}',
    });
    const expected = [
      /^de\/connect\.json page\.intro must not have \{\{provider\}\}$/,
      /^de\/connect\.json page\.intro has \{\{ or \}\} without its other half$/,
      /^de\/connect\.json page\.nothingFound is not a known key$/,
      /^de\/connect\.json page\.toString is not a known key$/,
      /^de\/connect\.json page\.found needs the plural category other$/,
      /^de\/connect\.json page\.found\.several is not a plural category: it must be one of zero, one/,
      /^de\/connect\.json page\.connected_count must be an object of texts by plural category$/,
      /^de\/connect\.json page\.problems must be an object of texts$/,
      /^de\/connection_start\.json account needs \{\{account\}\}$/,
      /^de\/connection_start\.json submit must be a text that is not empty$/,
      /^de\/connection_start\.json __proto__ is not a known key$/,
      /^de\/connection_start\.json over\.heading must be a text that is not empty$/,
      /^de\/links\.json must be an object of texts$/,
      /^de\/prove_email\.json is not JSON$/,
      /^de\/welcome\.json is not a known template: it must be one of .*, set_password\.json/,
    ];
    assert.equal(problems.length, expected.length, problems.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(problems[index] ?? '', pattern);
  });

  test('that does not exist, or has a language twice, is refused', () => {
    assert.throws(() => readTemplateFolder('/nowhere/at/all', {}), ConfigError);
    assert.deepEqual(faultsOf({ 'fr/email_changed.txt': 'x', 'FR/email_changed.txt': 'y' }), [
      'fr is the language of another folder too',
    ]);
  });
});
