import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from '../command.ts'
import { many } from '../plain-text.ts'

/** `surety keys escrow`: a copy of the local root key for people who keep it elsewhere. */
export const keysEscrow: Command = {
  name: 'keys escrow',
  takes: 'FILE',
  says: 'seal the files of the local root key to the public keys of recovery and escrow, as one age file',
  words: { min: 1, max: 1 },
  flags: {},
  run: async ({ operator, words: [where = ''] }) => {
    const { sealed, files, recipients } = await operator.call('POST /keys/escrow')
    const file = resolve(where)
    // An older copy is never written over.
    writeFileSync(file, Buffer.from(sealed, 'base64'), { mode: 0o600, flag: 'wx' })
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
