import { open, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CommandError, type Command } from '../command.ts'
import { many } from '../plain-text.ts'

/** `surety keys escrow`: a copy of the local root key for people who keep it elsewhere. */
export const keysEscrow: Command = {
  name: 'keys escrow',
  takes: 'FILE',
  says: 'seal the files of the local root key to the public keys of recovery and escrow, as one age file',
  words: { min: 1, max: 1 },
  flags: {},
  run: async ({ operator, words: [where = ''] }) => {
    const file = resolve(where)
    const { files, recipients } = await intoNewFile(file, async () => {
      const made = await operator.call('POST /keys/escrow')
      return { ...made, bytes: Buffer.from(made.sealed, 'base64') }
    })
    return {
      ok: true,
      json: { file, files, recipients },
      lines: [
        `${file} holds ${files.join(', ')}, sealed to ${many(recipients, 'public key')}.`,
        'Keep it on another machine. `age -d -i IDENTITY FILE | tar -x` brings the files back.',
      ],
    }
  },
}

/** Fills a file that was not there, and leaves none when `make` fails; an older copy is never written over. */
async function intoNewFile<Made extends { readonly bytes: Uint8Array }>(
  file: string,
  make: () => Promise<Made>,
): Promise<Made> {
  const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EEXIST' ? 'is there already' : `cannot be written (${error.code})`
    throw new CommandError('escrow.file', `${file} ${why}; name a new file.`)
  })
  try {
    const made = await make()
    await handle.writeFile(made.bytes)
    await handle.sync()
    return made
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}
