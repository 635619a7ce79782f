import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { z } from './schema.ts'

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
    says: 'Folder for data: embedded database, ledger, sockets, backups.',
  },
  SURETY_KEYS: {
    type: folder,
    fallback: './keys',
    says: 'Folder for key files: root key, backup key, signing keys, certificates. Never inside `SURETY_VAR`; back it up apart.',
  },
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
  DATABASE_URL: {
    // A socket URL has no host, which the URL type of zod would refuse.
    type: z.string().regex(/^(postgres(ql)?:\/\/\S+)?$/),
    fallback: '',
    says: 'PostgreSQL 15 or newer of your own; empty: the embedded PostgreSQL 18 on a Unix socket.',
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
  SECURITY_CONTACT: {
    type: z.union([z.literal(''), z.string().regex(/^(mailto:\S+@\S+|https:\/\/\S+|tel:\+[\d-]+)$/)]),
    fallback: '',
    says: 'Where security reports go, a `mailto:`, `https:` or `tel:` URI; empty: `security.txt` is refused and clause 15-a stays open.',
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
    ...((config.SURETY_TLS_CERT === '') !== (config.SURETY_TLS_KEY === '')
      ? ['SURETY_TLS_CERT: certificate and SURETY_TLS_KEY come together or not at all']
      : []),
  ]
}

/** The address people open, without a trailing slash. */
export function publicOrigin(config: Config): string {
  return `https://${config.SURETY_HOST}${config.SURETY_HTTPS_PORT === 443 ? '' : `:${config.SURETY_HTTPS_PORT}`}`
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
