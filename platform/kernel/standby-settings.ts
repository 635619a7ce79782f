import { resolve } from 'node:path'
import { z } from './schema.ts'

const folder = z
  .string()
  .min(1)
  .transform((path) => resolve(path))
/** A socket URL has no host, which the URL type of zod would refuse. */
const databaseUrl = z.string().regex(/^(postgres(ql)?:\/\/\S+)?$/)
const region = z.string().regex(/^([a-z][a-z0-9-]*)?$/)

/** Settings of the second database, of either kind. */
export const standbySettings = {
  SURETY_STANDBY: {
    type: z.union([z.literal(''), folder]),
    fallback: '',
    says: 'Folder of a second embedded database that follows the first and takes its place when that is lost; on another disk it survives this one. Empty: none.',
  },
  STANDBY_DATABASE_URL: {
    type: databaseUrl,
    fallback: '',
    says: 'A standby of `DATABASE_URL` that you keep, best in another region, for a user that may change both servers; see docs/recovery.md. Empty: none.',
  },
  DATABASE_REGION: {
    type: region,
    fallback: '',
    says: 'Region that the server of `DATABASE_URL` is in, such as `eu-central`; it is shown as your statement.',
  },
  STANDBY_REGION: {
    type: region,
    fallback: '',
    says: 'Region that the server of `STANDBY_DATABASE_URL` is in.',
  },
  FENCE_COMMAND: {
    type: z
      .string()
      .regex(/^(\/\S*( +\S+)*)?$/)
      .transform((text) => (text === '' ? [] : text.split(/ +/))),
    fallback: '',
    says: 'Program by its whole path, and its arguments, that makes a lost server take no further write; no shell reads it. It is told `FENCE_SITE`, `FENCE_REGION`, `FENCE_HOST` and `FENCE_PORT`; only with exit code 0 is the standby promoted. Empty: a lost server is not replaced.',
  },
  FENCE_SECONDS: {
    type: z.coerce.number().int().min(1).max(600),
    fallback: '30',
    says: 'How long that program may take before it is killed and counts as failed.',
  },
} as const

/** A standby of one's own belongs to a database of one's own. */
export function standbyContradictions(
  config: Readonly<Record<'DATABASE_URL' | 'STANDBY_DATABASE_URL', string>>,
): string[] {
  const { DATABASE_URL: first, STANDBY_DATABASE_URL: second } = config
  if (second === '') return []
  return [
    ...(first === '' ? ['STANDBY_DATABASE_URL: names a standby of DATABASE_URL, which is empty'] : []),
    ...(first === second ? ['STANDBY_DATABASE_URL: names the same server as DATABASE_URL'] : []),
  ]
}
