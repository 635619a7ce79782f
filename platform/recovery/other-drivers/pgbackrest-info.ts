import { z } from '../../kernel/schema.ts'
import type { BackupRef } from '../driver.ts'
import { Problem } from '../../kernel/problem.ts'

const lsn = z.string().regex(/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/)
const backup = z.object({
  label: z.string().regex(/^\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?$/),
  type: z.enum(['full', 'diff', 'incr']),
  prior: z.string().nullable(),
  error: z.boolean().nullish(),
  timestamp: z.object({ start: z.int(), stop: z.int() }),
  lsn: z.object({ start: lsn, stop: lsn }),
  archive: z.object({ start: z.string(), stop: z.string() }),
  database: z.object({ 'repo-key': z.int() }),
  info: z.object({ repository: z.object({ delta: z.int().optional(), size: z.int().optional() }) }),
})
const stanza = z.object({
  name: z.string(),
  status: z.object({ code: z.int(), message: z.string() }),
  archive: z.array(z.object({ min: z.string().nullable(), max: z.string().nullable() })),
  backup: z.array(backup),
  repo: z.array(z.object({ key: z.int(), cipher: z.string(), status: z.object({ code: z.int() }) })),
})

/** What `pgbackrest info --output=json` says of one stanza, oldest backup first. */
export interface StanzaInfo {
  readonly backups: readonly BackupRef[]
  /** Repositories that are not encrypted. */
  readonly clear: readonly number[]
  /** The newest segment that is archived. */
  readonly archivedTo: string | null
}

/** Reads the answer of `info`; throws `recovery.unreadable` for anything else. */
export function readInfo(text: string, name: string): StanzaInfo {
  const found = z.array(stanza).safeParse(parsed(text))
  if (!found.success) throw unreadable(z.prettifyError(found.error))
  const mine = found.data.find((one) => one.name === name)
  if (mine === undefined) throw unreadable(`there is no stanza ${name}`)
  if (mine.status.code !== 0) throw unreadable(`status ${mine.status.code}`)
  return {
    backups: mine.backup.filter((one) => one.error !== true).map(refOf),
    clear: mine.repo.filter(({ cipher }) => cipher === 'none').map(({ key }) => key),
    archivedTo: mine.archive.map(({ max }) => max).reduce((a, b) => ((a ?? '') > (b ?? '') ? a : b), null),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreadable('no JSON', cause)
  }
}

function unreadable(why: string, cause?: unknown): Problem {
  return new Problem('recovery.unreadable', 'pgBackRest gave an answer that cannot be used.', {
    cause: new Error(why, { cause }),
  })
}

function refOf(one: z.output<typeof backup>): BackupRef {
  return {
    name: one.label,
    kind: one.type === 'full' ? 'full' : 'incremental',
    parent: one.prior,
    startedAt: new Date(one.timestamp.start * 1000).toISOString(),
    finishedAt: new Date(one.timestamp.stop * 1000).toISOString(),
    startLsn: one.lsn.start,
    endLsn: one.lsn.stop,
    timeline: Number.parseInt(one.archive.start.slice(0, 8), 16),
    bytes: one.info.repository.delta ?? one.info.repository.size ?? 0,
    regions: [`repo${one.database['repo-key']}`],
  }
}
