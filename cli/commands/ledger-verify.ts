import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { LedgerError, parseVerifierKey, verifyLog, type LogVerdict, type VerifierKey } from '#ledger'
import { CommandError, type Call, type Command } from '../command.ts'
import { facts } from '../plain-text.ts'

/** `surety ledger verify`: recomputes a ledger from its files alone; needs no running system and no network. */
export const ledgerVerify: Command = {
  name: 'ledger verify',
  takes: '[DIR]',
  says: 'recompute the ledger, or any copy of it, offline; names the first difference',
  words: { min: 0, max: 1 },
  flags: {
    vkey: { value: 'KEY', says: 'the verifier key that you kept; without it, the one in the folder' },
    older: { value: 'FILE', says: 'a checkpoint that you kept: the ledger must still hold all it signed' },
  },
  run: async (call) => {
    const folder = resolve(call.words[0] ?? join(call.config.SURETY_VAR, 'ledger'))
    const kept = call.value('vkey')
    const key = readKey(kept ?? (await keyOf(folder)))
    const older = await olderOf(call)
    const verdict = await verifyLog(fileReader(folder), key, older === undefined ? {} : { older })
    return {
      ok: verdict.ok,
      json: {
        folder,
        key: { name: key.name, given: kept !== undefined },
        older: older !== undefined,
        ...told(verdict),
      },
      lines: facts(
        [
          ['Ledger', folder],
          ['Key', keyText(key, kept !== undefined)],
          ...rowsOf(verdict, older !== undefined),
        ],
        call.width,
      ),
    }
  },
}

function keyText({ name, keyId }: VerifierKey, kept: boolean): string {
  const where = kept
    ? 'yours'
    : 'from the folder itself; --vkey with the one you kept excludes a replaced ledger'
  return `${name}+${keyId} (${where})`
}

function rowsOf(verdict: LogVerdict, withOlder: boolean): (readonly [string, string])[] {
  if (verdict.ok) {
    const { size, root } = verdict.checkpoint
    const extended = withOlder ? ' The older checkpoint is contained.' : ''
    return [
      ['Entries', String(size)],
      ['Root', Buffer.from(root).toString('base64')],
      ['Result', `verified: entries, tiles, root and signature agree.${extended}`],
    ]
  }
  const { code, message, path, index } = verdict.difference
  const place = [
    ...(path === undefined ? [] : [path]),
    ...(index === undefined ? [] : [`entry ${index}`]),
  ].join(', ')
  return [
    ['Result', `DIFFERENT (${code})`],
    ['First', `${place === '' ? '' : `${place}: `}${message}`],
  ]
}

function told(verdict: LogVerdict): object {
  if (!verdict.ok) return { result: 'different', difference: verdict.difference }
  const { origin, size, root } = verdict.checkpoint
  return { result: 'verified', origin, size, root: Buffer.from(root).toString('base64') }
}

function readKey(text: string): VerifierKey {
  try {
    return parseVerifierKey(text.trim())
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    throw new CommandError('ledger.key', `The verifier key cannot be used: ${error.message}.`)
  }
}

async function keyOf(folder: string): Promise<string> {
  return readFile(join(folder, 'vkey'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      'ledger.missing',
      error.code === 'ENOENT' || error.code === 'ENOTDIR'
        ? `There is no ledger in ${folder} (no file vkey). Give its folder, and --vkey when the key is kept elsewhere.`
        : `${folder} cannot be read (${error.code}).`,
    )
  })
}

async function olderOf({ value }: Call): Promise<Buffer | undefined> {
  const file = value('older')
  if (file === undefined) return undefined
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError('ledger.older', `${file} cannot be read (${error.code}).`)
  })
}

function fileReader(folder: string): (path: string) => Promise<Uint8Array | undefined> {
  return (path) =>
    readFile(join(folder, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      throw new CommandError('ledger.unreadable', `${join(folder, path)} cannot be read (${error.code}).`)
    })
}
