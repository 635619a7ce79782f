/** Makes one backup as a process of its own, so that compressing and sealing hold up nothing else, and ends. */
import { setPriority } from 'node:os'
import { packerThreads } from '#backup'
import { readConfig } from '../../kernel/config.ts'
import { systemClock as clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import type { BackupRef } from '../driver.ts'
import { houseParts, openBackupRepository } from '../open-repository.ts'
import { factsOf } from './capabilities.ts'
import { refOf } from './driver.ts'
import type { BackupOrder, BackupWord } from './in-process.ts'
import { openParentManifests } from './parent-manifests.ts'
import { takeBackup } from './take-backup.ts'

/** Behind everything that answers somebody. */
const NICE = 10

async function make(order: BackupOrder, say: (word: BackupWord) => void): Promise<BackupRef> {
  const config = readConfig(process.env)
  const keepSeconds = (): number => order.keepSeconds
  const { system } = await factsOf(order.url)
  const packer = packerThreads()
  const house = await openBackupRepository(houseParts(config, clock, keepSeconds), system, { packer })
  try {
    const manifests = openParentManifests(order.manifestsFolder)
    const parts = { url: order.url, repository: house.repository, manifests }
    return refOf(await takeBackup(parts, order.parent, (progress) => say({ progress })))
  } finally {
    await house.close()
    await packer.close()
  }
}

/** What is said of a failure; nothing of it is hidden, as only the platform hears it. */
function failure(error: unknown): BackupWord {
  if (error instanceof Problem) return { failed: { code: error.code, detail: error.detail } }
  return {
    failed: { code: null, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) },
  }
}

setPriority(NICE)
// Whoever wanted the backup is gone: nothing of it counts.
process.once('disconnect', () => process.exit(1))
process.once('message', (order: BackupOrder) => {
  const say = (word: BackupWord): void => void process.send?.(word)
  make(order, say)
    .then((made) => ({ made }), failure)
    .then((word) => process.send?.(word, () => process.exit(0)))
    .catch(() => process.exit(1))
})
