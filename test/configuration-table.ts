import { settings } from '../platform/kernel/config.ts'

/** The settings as the Markdown page `docs/configuration.md`. */
export function configurationPage(): string {
  const rows = Object.entries(settings).map(
    ([name, setting]) =>
      `| \`${name}\` | ${setting.fallback === '' ? '(empty)' : `\`${setting.fallback}\``} | ${setting.says} |`,
  )
  return [
    '# Configuration',
    '',
    'What the system *obeys* stands in the policy text (`policy/`), not here. These settings say where it runs: addresses, folders,',
    'the database, the protected service. Each is read from the environment, or from the JSON file that `SURETY_CONFIG` names',
    '(`./surety.json` when it exists); the environment wins. A value that cannot be used is refused at the start, with the reason.',
    '',
    '| setting | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
    'Key files stand in `SURETY_KEYS`, each readable by its owner alone: `root.key` wraps every tenant’s keys, `backup.key` seals',
    'backups, `pepper.key` goes into password hashes, `policy-signing.key` signs policy versions, `ledger-signing.key` signs',
    'checkpoints, `authority.*` and `server.*` are the local certificate authority and its certificate, `service.token` opens the',
    'service socket, `postgres-password` the embedded database. They are made at the first start. Whoever loses `root.key` loses',
    'the data; back the folder up apart from the data.',
    '',
  ].join('\n')
}
