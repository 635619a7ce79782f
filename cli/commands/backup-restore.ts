import { resolve } from 'node:path'
import type { WholeRestore } from '../../platform/recovery/index.ts'
import { UsageError, type Command } from '../command.ts'
import { bytesText, many } from '../plain-text.ts'
import { restoreAnswer, systemOf } from '../restore-program.ts'

/** `surety backup restore`: database and ledger as they were at a moment, in a new folder; needs no running system. */
export const backupRestore: Command = {
  name: 'backup restore',
  takes: '--at TIME --into DIR',
  says: 'database and ledger as of a moment into a new folder; only stores and recovery identity are needed',
  words: { min: 0, max: 0 },
  flags: {
    at: { value: 'TIME', says: 'the moment, such as 2026-01-30T12:00:00Z, or `latest`' },
    into: { value: 'DIR', says: 'the folder that becomes the data folder; it must be empty or not there' },
    region: { value: 'NAME', says: 'the region to read from first; another one is asked where it is bad' },
    system: { value: 'ID', says: 'the database cluster, where the stores hold several' },
  },
  run: async ({ value, say }) => {
    const into = value('into')
    if (into === undefined) throw new UsageError('--into says where the restored data goes.')
    const region = value('region')
    const restored = await restoreAnswer<WholeRestore>(
      {
        do: 'restore',
        at: momentOf(value('at')),
        into: resolve(into),
        ...(region === undefined ? {} : { region }),
        ...systemOf(value('system')),
      },
      say,
    )
    return { ok: true, json: restored, lines: linesOf(restored) }
  },
}

function momentOf(text: string | undefined): string {
  if (text === undefined) throw new UsageError('--at says to which moment; `latest` for the last byte.')
  if (text === 'latest') return text
  const at = new Date(text)
  // A moment without a zone would mean another one on another machine.
  if (!/(?:Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(at.getTime()))
    throw new UsageError('--at takes `latest` or a moment with its zone, such as 2026-01-30T12:00:00Z.')
  return at.toISOString()
}

function linesOf(of: WholeRestore): string[] {
  const seconds = of.steps.reduce((sum, step) => sum + step.seconds, 0)
  const steps = of.steps.map(({ name, seconds: took }) => `${name} ${took.toFixed(1)} s`).join(', ')
  const lost =
    of.lostSeconds === null || of.lastHeartbeatAt === null
      ? 'How much was lost is not known: the restored rows hold no heartbeat.'
      : `The newest heartbeat is of ${String(of.lastHeartbeatAt)}: ${of.lostSeconds.toFixed(1)} s before the end of what was asked for.`
  return [
    `Restored to ${of.folder} from ${of.chain.join(', ')} and ${many(of.walSegments, 'segment')} of the log: ${bytesText(of.bytes)} in ${seconds.toFixed(1)} s (${steps}).`,
    `${many(of.pages?.pages ?? 0, 'page')} carry their checksums; ${many(of.ledgerFiles, 'ledger file')} and the rows agree${
      of.ledger === null
        ? ''
        : ` (${many(of.ledger.rowsCaughtUp, 'row')} read back, ${many(of.ledger.filesCaughtUp, 'ledger line')} made again)`
    }.`,
    lost,
    of.erasedAgain === null
      ? 'The keyring is in use; what was erased since is erased again at the next start.'
      : `${many(of.erasedAgain, 'erasure')} since that moment stay erased.`,
    ...(of.keyringCopy === null ? [] : [`The keyring was empty and is filled from ${of.keyringCopy}.`]),
    ...of.bad.map(
      ({ region, path, code }) => `BAD OBJECT: ${path} in ${region} is ${code}; another region had it.`,
    ),
    `Go on with: SURETY_VAR=${of.folder} npm start`,
  ]
}
