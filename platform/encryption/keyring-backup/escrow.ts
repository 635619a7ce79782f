import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecretWrapper } from '#backup'
import type { Clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { filesOf, tarOf } from './tar.ts'

/** Files of the local root key: the first version and later ones. */
const ROOT_FILE = /^root(-\d{1,6})?\.key$/

/** A copy of the local root key for people who keep it elsewhere. */
export interface RootEscrow {
  /** A tar archive of the key files, as one age file. */
  readonly sealed: Buffer
  readonly files: readonly string[]
  readonly recipients: number
}

/**
 * Every version of the local root key, sealed to the public keys of recovery and escrow; `age -d` and `tar -x` bring the
 * files back with no program of ours. One that is sealed under a passphrase stays so. Throws `encryption.key-missing`
 * where the root key lies with a keeper, which has its own ways. Policy 2.3-a.2.
 */
export async function rootEscrow(
  keysFolder: string,
  wrapper: SecretWrapper,
  clock: Clock,
): Promise<RootEscrow> {
  const names = (await readdir(keysFolder)).filter((name) => ROOT_FILE.test(name)).toSorted()
  if (names.length === 0)
    throw new Problem(
      'encryption.key-missing',
      'The key folder holds no root key: its keeper looks after it.',
    )
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readFile(join(keysFolder, name)) })),
  )
  const archive = tarOf(files, clock.now())
  try {
    const sealed = Buffer.from(await wrapper.wrap(archive))
    return { sealed, files: names, recipients: wrapper.recipients.length }
  } finally {
    for (const { bytes } of files) bytes.fill(0)
    archive.fill(0)
  }
}

/** The key files of an escrow that was opened; throws `recovery.unreadable` for anything else. */
export function escrowedFiles(archive: Buffer): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const files = filesOf(archive)
  if (files === null || files.length === 0 || files.some(({ name }) => !ROOT_FILE.test(name)))
    throw new Problem('recovery.unreadable', 'The escrow of the root key holds something else.')
  return files
}
