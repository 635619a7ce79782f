import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { backupSettings, recoveryKeysApart } from './backup-settings.ts'
import { UUID } from './id.ts'
import { postContradictions, postSettings } from './post-settings.ts'
import { rootContradictions, rootSettings } from './root-settings.ts'
import { z } from './schema.ts'
import { standbyContradictions, standbySettings } from './standby-settings.ts'

/** A port on this machine; 0 lets the system choose. */
const port = z.coerce.number().int().min(0).max(65_535)
const folder = z
  .string()
  .min(1)
  .transform((path) => resolve(path))
const httpUrl = z.url({ protocol: /^https?$/ })

/**
 * Every setting of every process: name in the environment and in the file, type, default and meaning. The table in
 * `docs/configuration.md` is made from this list.
 */
export const settings = {
  SURETY_HOST: {
    type: z.string().min(1),
    fallback: 'localhost',
    says: 'Name that people and providers use to reach the gateway; also the name in the certificate.',
  },
  SURETY_LISTEN: {
    type: z.string().min(1),
    fallback: '127.0.0.1',
    says: 'Address that the gateway listens on; `0.0.0.0` opens it to the network.',
  },
  SURETY_HTTPS_PORT: { type: port, fallback: '8443', says: 'Port of the gateway (TLS 1.3).' },
  SURETY_HTTP_PORT: {
    type: port,
    fallback: '8080',
    says: 'Port that answers plain HTTP with a redirect to HTTPS and nothing else.',
  },
  SURETY_VAR: {
    type: folder,
    fallback: './var',
    says: 'Folder for data: embedded database, ledger, sockets.',
  },
  SURETY_KEYS: {
    type: folder,
    fallback: './keys',
    says: 'Folder for key files: root key, backup key, signing keys, certificates. Never inside `SURETY_VAR`; back it up apart.',
  },
  ...rootSettings,
  ...backupSettings,
  SURETY_POLICY: {
    type: folder,
    fallback: './policy',
    says: 'Folder with the policy text, one Markdown file a chapter.',
  },
  SURETY_TLS_CERT: {
    type: z.string(),
    fallback: '',
    says: 'PEM file of a certificate chain of your own; empty: a certificate of the local authority.',
  },
  SURETY_TLS_KEY: { type: z.string(), fallback: '', says: 'PEM file of its private key.' },
  SURETY_ACME_DIRECTORY: {
    type: z.union([z.literal(''), httpUrl]),
    fallback: '',
    says: 'Directory of an authority that issues the certificate over ACME (RFC 8555), such as `https://acme-v02.api.letsencrypt.org/directory`; naming it agrees to its terms. It must reach port 80 of `SURETY_HOST`, that is `SURETY_HTTP_PORT`. Empty: none is ordered.',
  },
  SURETY_ACME_CONTACT: {
    type: z.string(),
    fallback: '',
    says: 'Mail address that the authority may write to about the certificate.',
  },
  SURETY_ACME_AUTHORITY: {
    type: z.string(),
    fallback: '',
    says: 'PEM file with the roots of a private ACME authority; empty: those that every system knows.',
  },
  SURETY_ACME_BINDING: {
    type: z.string().regex(/^(\S+:[\w-]+)?$/),
    fallback: '',
    says: 'Key id and HMAC key of an account at the authority, `id:key`, where it asks for one (external account binding).',
  },
  RATE_STORE_URL: {
    type: z.string().regex(/^((redis|rediss):\/\/\S+|unix:\/\S+)?$/),
    fallback: '',
    says: 'Valkey or Redis (`rediss://user:password@host:6379`) in which several gateways count requests together, exactly; empty: each process counts alone.',
  },
  RATE_STORE_LOST: {
    type: z.enum(['refuse', 'count-here']),
    fallback: 'refuse',
    says: 'What happens to requests while that store does not answer: refused, or counted by each process alone.',
  },
  DATABASE_URL: {
    // A socket URL has no host, which the URL type of zod would refuse.
    type: z.string().regex(/^(postgres(ql)?:\/\/\S+)?$/),
    fallback: '',
    says: 'PostgreSQL 15 or newer of your own; empty: the embedded PostgreSQL 18 on a Unix socket.',
  },
  ...standbySettings,
  SURETY_KEYRING: {
    type: folder,
    fallback: './keyring',
    says: 'Folder of the embedded keyring: a second small database with every key, wrapped. Never inside `SURETY_VAR`, so that no backup of the data holds a key.',
  },
  KEYRING_DATABASE_URL: {
    type: z.string().regex(/^(postgres(ql)?:\/\/\S+)?$/),
    fallback: '',
    says: 'PostgreSQL 15 or newer of your own for the keyring, another one than `DATABASE_URL` and outside of its backups; empty: an embedded one.',
  },
  BACKUP_DATABASE_URL: {
    type: z.string().regex(/^(postgres(ql)?:\/\/\S+)?$/),
    fallback: '',
    says: 'The same server for a user with the right REPLICATION, from which backups and the log are taken; empty: `DATABASE_URL`, or a user of its own of the embedded server.',
  },
  BACKUP_SYNCHRONOUS: {
    type: z.enum(['no', 'yes']),
    fallback: 'no',
    says: 'Whether every commit waits until a region has stored its log: nothing that was confirmed can be lost, and nothing is confirmed while no region answers.',
  },
  SURETY_RULES: {
    type: z.union([z.literal(''), folder]),
    fallback: '',
    says: 'Folder with the OWASP Core Rule Set (`rules/` and `crs-setup.conf`), or one of a distribution’s package such as `/usr/share/modsecurity-crs`; empty: the last set that `surety rules update` fetched.',
  },
  SURETY_FIREWALL: {
    type: z.union([z.literal(''), z.string().transform((path) => resolve(path))]),
    fallback: '',
    says: 'The reviewed file of the firewall (YAML): values, exclusions and patches by route; empty: the one that comes along.',
  },
  RULES_UPDATE: {
    type: z.enum(['yes', 'no']),
    fallback: 'yes',
    says: 'Whether rules are fetched at a start without any (from `github.com`, else by `apt-get`) and compared with the newest release once a day (`api.github.com`).',
  },
  RULES_RELEASE: {
    type: z.string().regex(/^(\d+\.\d+\.\d+:[0-9a-f]{64})?$/),
    fallback: '',
    says: 'Release of the Core Rule Set to fetch instead of the pinned one, `VERSION:FINGERPRINT` as `surety rules` shows them; what has another fingerprint is refused.',
  },
  UPSTREAM_URL: {
    type: z.union([z.literal(''), httpUrl]),
    fallback: '',
    says: 'The protected service; empty: Instant Reply, started here.',
  },
  UPSTREAM_PUBLIC_PATHS: {
    type: z.string().regex(/^(\/[\w./-]*)?(,\/[\w./-]*)*$/),
    fallback: '/hooks/,/w/',
    says: 'Path prefixes of the protected service that need no sign-in, separated by commas; everything else is refused without one.',
  },
  INBOX_PORT: {
    type: port,
    fallback: '0',
    says: 'Loopback port of Instant Reply; 0 lets the system choose.',
  },
  WHATSAPP_API_URL: {
    type: z.union([z.literal(''), httpUrl]),
    fallback: '',
    says: 'Base URL of the WhatsApp Cloud API, e.g. `https://graph.facebook.com`; empty: the local stand-in, which delivers nothing and says so.',
  },
  BREACH_URL: {
    type: z.union([z.literal(''), httpUrl]),
    fallback: 'https://api.pwnedpasswords.com/range/',
    says: 'Base URL of the service for breached passwords, to which five hexadecimal digits of a hash are appended; nothing else leaves. Empty: only the list on this machine.',
  },
  BREACH_CORPUS: {
    type: z.union([z.literal(''), folder]),
    fallback: '',
    says: 'Text file of breached passwords, or of `SHA1:COUNT` lines as the service offers for download, instead of the list that comes along; its first 2,000,000 lines count.',
  },
  SIGN_IN_PRIVATE_ISSUERS: {
    type: z.enum(['no', 'yes']),
    fallback: 'no',
    says: 'Whether an identity provider of a workspace may be on a private address or without TLS; `yes` in closed networks and tests only.',
  },
  SECURITY_CONTACT: {
    type: z.union([z.literal(''), z.string().regex(/^(mailto:\S+@\S+|https:\/\/\S+|tel:\+[\d-]+)$/)]),
    fallback: '',
    says: 'Where security reports go, a `mailto:`, `https:` or `tel:` URI; empty: `security.txt` is refused and clause 15-a stays open.',
  },
  WEBAUTHN_MAKES: {
    type: z
      .string()
      .regex(new RegExp(`^(${UUID}(,|$))*$`))
      .transform((list) => (list === '' ? [] : list.split(','))),
    fallback: '',
    says: 'Makes of security key that may be set up, AAGUIDs in lower case separated by commas; empty: any, and no statement about the make is asked for.',
  },
  WEBAUTHN_ROOTS: {
    type: z.string(),
    fallback: '',
    says: 'PEM file with the certificates that these makers sign their statements with; needed with `WEBAUTHN_MAKES`.',
  },
  ...postSettings,
  DISK_STATEMENTS: {
    type: z
      .string()
      .regex(/^(vol-[0-9a-f]{8,17}(,vol-[0-9a-f]{8,17})*)?$/)
      .transform((list) => (list === '' ? [] : list.split(','))),
    fallback: '',
    says: 'Volumes of AWS EBS of which AWS states that they are encrypted (`describe-volumes`), separated by commas; they count as encrypted by that statement. Empty: only what this system sees itself counts.',
  },
  LOG_LEVEL: {
    type: z.enum(['debug', 'info', 'warn', 'error', 'silent']),
    fallback: 'info',
    says: 'Least severity that is logged. Above `info` there is no line for each request, and clause 4.3-a.4 says so by failing.',
  },
  LOG_TO: {
    type: z.enum(['file', 'stdout']),
    fallback: 'file',
    says: 'Where log lines go: `log/surety.log` in `SURETY_VAR`, with warnings on the terminal, or all of them to standard output.',
  },
  CHECKS_SPREAD_SECONDS: {
    type: z.coerce.number().int().min(1).max(3600),
    fallback: '20',
    says: 'Over how many seconds the checks are spread that follow a start; more on a machine that is small or busy then.',
  },
  SHUTDOWN_SECONDS: {
    type: z.coerce.number().int().min(1).max(300),
    fallback: '10',
    says: 'How long requests under way may take to end at a stop.',
  },
} as const satisfies Record<string, { type: z.ZodType; fallback: string; says: string }>

/** The name of a setting. */
export type SettingName = keyof typeof settings

/** All settings, parsed. */
export type Config = { readonly [Name in SettingName]: z.output<(typeof settings)[Name]['type']> }

/** A setting that cannot be used: which, and why. */
export class ConfigError extends Error {
  readonly refusals: readonly string[]

  constructor(refusals: readonly string[]) {
    super(refusals.join('\n'))
    this.name = 'ConfigError'
    this.refusals = refusals
  }
}

function readFileSettings(path: string, required: boolean): Readonly<Record<string, unknown>> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (!required) return {}
    throw new ConfigError([
      `SURETY_CONFIG: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    ])
  }
  try {
    return z.record(z.string(), z.union([z.string(), z.number()])).parse(JSON.parse(text))
  } catch {
    throw new ConfigError([
      `${path}: a JSON object of settings was expected, as in {"SURETY_HTTPS_PORT": 8443}`,
    ])
  }
}

/** Reads the settings from the environment, over the file `SURETY_CONFIG` or `./surety.json`; refuses with every reason at once. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const named = environment['SURETY_CONFIG']
  const file = readFileSettings(resolve(named ?? 'surety.json'), named !== undefined)
  const refusals = Object.keys(file)
    .filter((name) => !Object.hasOwn(settings, name))
    .map((name) => `${name}: no such setting; docs/configuration.md lists them`)
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings)) {
    const parsed = setting.type.safeParse(environment[name] ?? file[name]?.toString() ?? setting.fallback)
    if (parsed.success) values[name] = parsed.data
    // A value may be a secret (a URL with a password), so the reason never repeats it.
    else refusals.push(`${name}: ${parsed.error.issues[0]?.message ?? 'not usable'}. ${setting.says}`)
  }
  const config = values as Config
  if (refusals.length === 0) refusals.push(...contradictions(config))
  if (refusals.length > 0) throw new ConfigError(refusals)
  return config
}

function contradictions(config: Config): string[] {
  const inside = `${config.SURETY_KEYS}/`.startsWith(`${config.SURETY_VAR}/`)
  return [
    ...(inside ? ['SURETY_KEYS: lies inside SURETY_VAR; keys are stored apart from the data they open'] : []),
    ...keyringContradictions(config),
    ...((config.SURETY_TLS_CERT === '') !== (config.SURETY_TLS_KEY === '')
      ? ['SURETY_TLS_CERT: certificate and SURETY_TLS_KEY come together or not at all']
      : []),
    ...(config.SURETY_ACME_DIRECTORY.startsWith('http:')
      ? ['SURETY_ACME_DIRECTORY: an authority is asked over HTTPS only']
      : []),
    ...(config.SURETY_ACME_DIRECTORY !== '' && config.SURETY_TLS_CERT !== ''
      ? ['SURETY_ACME_DIRECTORY: a certificate is either ordered or of your own (SURETY_TLS_CERT)']
      : []),
    ...((config.WEBAUTHN_MAKES.length === 0) !== (config.WEBAUTHN_ROOTS === '')
      ? [
          'WEBAUTHN_MAKES: makes and WEBAUTHN_ROOTS come together or not at all; an unsigned make says nothing',
        ]
      : []),
    ...rootContradictions(config, config.AWS_REGION),
    ...standbyContradictions(config),
    ...recoveryKeysApart(config),
    ...postContradictions(config),
  ]
}

function keyringContradictions({
  SURETY_KEYRING: keyring,
  SURETY_VAR: data,
  DATABASE_URL: url,
  KEYRING_DATABASE_URL: keyringUrl,
}: Config): string[] {
  const nested = `${keyring}/`.startsWith(`${data}/`) || `${data}/`.startsWith(`${keyring}/`)
  return [
    ...(nested
      ? [
          'SURETY_KEYRING: it and SURETY_VAR lie inside each other; keys are stored apart from the data they open',
        ]
      : []),
    ...(keyringUrl !== '' && keyringUrl === url
      ? ['KEYRING_DATABASE_URL: names the database of the data; its backups would keep every key']
      : []),
  ]
}

/** The address people open, without a trailing slash. */
export function publicOrigin(config: Config): string {
  return `https://${config.SURETY_HOST}${config.SURETY_HTTPS_PORT === 443 ? '' : `:${config.SURETY_HTTPS_PORT}`}`
}

/** Where the security contact reads letters; null when it is no mailbox. */
export function securityMailbox({
  SECURITY_CONTACT: contact,
}: Pick<Config, 'SECURITY_CONTACT'>): string | null {
  return contact.startsWith('mailto:') ? (contact.slice('mailto:'.length).split('?')[0] ?? null) : null
}

/** The longest path that a Unix socket may have on every system we run on. */
const SOCKET_PATH_MAX = 100

/** Where the sockets and the lock of the running system are; a deep data folder gets a short twin in the temporary folder. */
export function runFolder(config: Pick<Config, 'SURETY_VAR'>): string {
  const inside = resolve(config.SURETY_VAR, 'run')
  if (inside.length + '/operator.sock'.length <= SOCKET_PATH_MAX) return inside
  const tag = createHash('sha256').update(config.SURETY_VAR).digest('hex').slice(0, 12)
  return resolve(tmpdir(), `surety-run-${tag}`)
}
