import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Judgement } from '../../../engines/disks/index.ts'
import { z } from '../../kernel/schema.ts'

const TIMEOUT_MS = 10_000
const QUERY = 'select name, encrypted, type from disk_encryption'
const rowsSchema = z.array(z.object({ name: z.string(), encrypted: z.string(), type: z.string() }))

/** What osquery’s table `disk_encryption` says, read from its JSON. */
export function readOsquery(text: string): ReadonlyMap<string, boolean> {
  return new Map(rowsSchema.parse(JSON.parse(text)).map(({ name, encrypted }) => [name, encrypted === '1']))
}

/** Where osquery calls a device plain that this check calls encrypted by dm-crypt. */
export function disagreements(seen: ReadonlyMap<string, boolean>, disks: readonly Judgement[]): string[] {
  const plain = [...seen].filter(([, encrypted]) => !encrypted).map(([name]) => name)
  return disks
    .filter(({ by }) => by === 'dm-crypt')
    .flatMap(({ folder, chain }) => {
      // The first device of a chain is the one that the file system is on; those below the encryption are plain by nature.
      const top = / on (?<name>[^ ]+) \(CRYPT/.exec(chain)?.groups?.['name']
      const said = plain.find((name) => name === `/dev/${top ?? ''}`)
      return said === undefined ? [] : [`osquery calls ${said} below ${folder} plain`]
    })
}

/** A second opinion, where osquery is installed; none where it is not. */
export async function osqueryDisks(disks: readonly Judgement[]): Promise<string[]> {
  const answer = await promisify(execFile)('osqueryi', ['--json', QUERY], { timeout: TIMEOUT_MS }).catch(
    (error: NodeJS.ErrnoException) => error,
  )
  if (answer instanceof Error) {
    if (answer.code === 'ENOENT') return []
    return ['osquery is installed and did not answer']
  }
  return disagreements(readOsquery(answer.stdout), disks)
}
