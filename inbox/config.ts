import { readFileSync } from 'node:fs'
import { z } from './kernel/schema.ts'

const settings = {
  INBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).or(z.string().regex(/^postgres(ql)?:\/\/\S+$/)),
  SURETY_SERVICE_SOCKET: z.string().min(1),
  SURETY_SERVICE_TOKEN: z.string().min(1),
  WHATSAPP_API_URL: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  PUBLIC_ORIGIN: z.url({ protocol: /^https?$/ }).regex(/^https?:\/\/[^/]+$/),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  SHUTDOWN_SECONDS: z.coerce.number().int().min(1).max(300).default(10),
} as const satisfies Record<string, z.ZodType>

/** What each setting is for, said when one is refused. */
const says: Record<keyof typeof settings, string> = {
  INBOX_PORT: 'the loopback port to listen on, 0 to let the system choose',
  DATABASE_URL: 'the PostgreSQL connection URL',
  SURETY_SERVICE_SOCKET: 'the path of the service socket of Surety',
  SURETY_SERVICE_TOKEN: 'the path of the file with the service token',
  WHATSAPP_API_URL: 'the base URL of the WhatsApp Cloud API, empty for the local stand-in',
  PUBLIC_ORIGIN: 'the origin that people use, as in https://localhost:8443',
  LOG_LEVEL: 'debug, info, warn, error or silent',
  SHUTDOWN_SECONDS: 'how long requests under way may take to end at a stop, 1 to 300',
}

/** The settings of this process, parsed; the token is read from its file. */
export type InboxConfig = { readonly [Name in keyof typeof settings]: z.output<(typeof settings)[Name]> } & {
  readonly token: string
}

/** Settings that cannot be used: which, and why; values are never repeated. */
export class InboxConfigError extends Error {
  constructor(refusals: readonly string[]) {
    super(refusals.join('\n'))
    this.name = 'InboxConfigError'
  }
}

/** Reads the settings from the environment; refuses with every reason at once. */
export function readInboxConfig(environment: Readonly<Record<string, string | undefined>>): InboxConfig {
  const values: Record<string, unknown> = {}
  const refusals: string[] = []
  for (const [name, type] of Object.entries(settings)) {
    const parsed = type.safeParse(environment[name])
    if (parsed.success) values[name] = parsed.data
    else refusals.push(`${name}: not usable; it is ${says[name as keyof typeof settings]}`)
  }
  const token =
    typeof values['SURETY_SERVICE_TOKEN'] === 'string' ? readToken(values['SURETY_SERVICE_TOKEN']) : ''
  if (token === null) refusals.push('SURETY_SERVICE_TOKEN: the file cannot be read or is empty')
  if (refusals.length > 0) throw new InboxConfigError(refusals)
  return { ...values, token } as unknown as InboxConfig
}

function readToken(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return text === '' ? null : text
  } catch {
    return null
  }
}
