import type { OnProgress } from '#backup'
import { Problem } from '../../kernel/problem.ts'
import type { BackupDriver, BackupRef, DriverCapabilities, WalStream } from '../driver.ts'
import { readInfo, type StanzaInfo } from './pgbackrest-info.ts'

/** What the driver of pgBackRest needs. */
export interface PgBackRestParts {
  readonly stanza: string
  /** Runs the program with these arguments and resolves with what it wrote; throws when it fails. */
  readonly run: (args: readonly string[]) => Promise<string>
}

const LIMITS = [
  'This driver was tested on recorded answers of pgBackRest that were written from its documentation, not against the program.',
  'The log is archived by the server’s archive_command: how far it is behind in seconds is not told.',
  'Backups are encrypted by one passphrase that the database host knows, and its keys cannot be followed by others.',
]

/** How pgBackRest writes a moment: `2026-01-30 12:00:00.000+00`. */
function momentOf(at: Date): string {
  return `${at.toISOString().replace('T', ' ').replace('Z', '')}+00`
}

/** Backups that pgBackRest makes and restores; the stanza and its repositories are set up there. */
export function openPgBackRestDriver(parts: PgBackRestParts): BackupDriver {
  if (!/^[\w-]{1,60}$/.test(parts.stanza))
    throw new Error('the name of a stanza holds something else than a name')
  const run = (command: string, ...options: string[]): Promise<string> =>
    parts.run([`--stanza=${parts.stanza}`, '--log-level-console=off', ...options, command])
  const info = async (): Promise<StanzaInfo> => readInfo(await run('info', '--output=json'), parts.stanza)
  const take = async (type: 'full' | 'incr', onProgress?: OnProgress): Promise<BackupRef> => {
    onProgress?.({ step: 'pgbackrest', doneBytes: 0, totalBytes: null })
    await run('backup', `--type=${type}`)
    const newest = (await info()).backups.at(-1)
    if (newest === undefined)
      throw new Problem('recovery.unreadable', 'pgBackRest lists no backup after one was made.')
    return newest
  }
  const lag: BackupDriver['lag'] = async () => {
    const { backups } = await info()
    const regions = [...new Set(backups.flatMap((one) => one.regions))]
    return regions.map((region) => ({ region, lsn: null, recoverableTo: null, seconds: null }))
  }
  return {
    name: 'pgbackrest',
    capabilities: async (): Promise<DriverCapabilities> => {
      const { clear } = await info()
      const open = clear.map((key) => `Repository ${key} is not encrypted (repo${key}-cipher-type is none).`)
      return { incremental: true, wal: true, pointInTime: true, standby: false, limits: [...LIMITS, ...open] }
    },
    full: (onProgress) => take('full', onProgress),
    incremental: (_parent, onProgress) => take('incr', onProgress),
    startWal: () => watched(() => run('check'), lag),
    list: async () => (await info()).backups,
    restore: async (request) => restore(run, (await info()).backups, request),
    verify: async (name) => {
      const found = (await info()).backups.find((one) => one.name === name)
      if (found === undefined) throw new Problem('recovery.unreadable', 'There is no such backup.')
      await run('verify', `--set=${name}`)
      return { name, objects: 0, bytes: found.bytes, regions: found.regions }
    },
    lag,
    expire: () => expire(run, info),
  }
}

type Run = (command: string, ...options: string[]) => Promise<string>

async function restore(
  run: Run,
  backups: readonly BackupRef[],
  { target, into, region }: Parameters<BackupDriver['restore']>[0],
): ReturnType<BackupDriver['restore']> {
  const repository = region === undefined ? [] : [`--repo=${repositoryKey(region)}`]
  const until =
    target.at === 'latest'
      ? ['--type=default']
      : ['--type=time', `--target=${momentOf(target.at)}`, '--target-action=promote']
  await run('restore', `--pg1-path=${into}`, ...repository, ...until)
  const chain = chainOf(backups, target.at)
  const reachesTo = target.at === 'latest' ? new Date(chain.at(-1)?.finishedAt ?? 0) : target.at
  const bytes = chain.reduce((sum, one) => sum + one.bytes, 0)
  return { folder: into, chain: chain.map(({ name }) => name), walSegments: 0, bytes, reachesTo }
}

async function expire(run: Run, info: () => Promise<StanzaInfo>): Promise<readonly string[]> {
  const before = (await info()).backups.map(({ name }) => name)
  await run('expire')
  const after = new Set((await info()).backups.map(({ name }) => name))
  return before.filter((name) => !after.has(name))
}

function repositoryKey(region: string): string {
  const key = /^repo(\d{1,3})$/.exec(region)?.[1]
  if (key === undefined)
    throw new Problem('recovery.unreadable', 'pgBackRest knows its repositories as repo1, repo2 and so on.')
  return key
}

/** The newest backup before the target with those that it was added to, oldest first. */
function chainOf(backups: readonly BackupRef[], at: Date | 'latest'): readonly BackupRef[] {
  const chain: BackupRef[] = []
  let next = backups.findLast((one) => at === 'latest' || new Date(one.finishedAt) <= at)
  while (next !== undefined) {
    chain.unshift(next)
    const { parent } = next
    next = backups.find(({ name }) => name === parent)
  }
  return chain
}

/** The archive is the server's own; `check` says at the beginning whether it works. */
async function watched(check: () => Promise<unknown>, lag: BackupDriver['lag']): Promise<WalStream> {
  await check()
  const { promise, resolve } = Promise.withResolvers<string>()
  return { lag, ended: promise, stop: async () => resolve('stopped') }
}
