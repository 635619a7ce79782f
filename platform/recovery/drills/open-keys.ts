import { openKeyring, openKeyRoot, type SampleKeys } from '../../encryption/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Config } from '../../kernel/config.ts'
import { CouldNotRun } from './points.ts'
import type { RootUseNoted } from './report.ts'
import type { DrillParts } from './world.ts'

type Used = (use: RootUseNoted) => void

function openRoot(config: Config, used: Used) {
  return openKeyRoot(config, {
    clock: systemClock,
    used: (named, { action, request, at }) => used({ named, action, request, at: at.toISOString() }),
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.name : 'an error'
    throw new CouldNotRun(`the root key cannot be reached from here (${why})`)
  })
}

/** Opens keyring and root key of the running system for looking; null where there is no keyring to reach. */
export async function openKeysToLook(config: Config, used: Used): Promise<SampleKeys | null> {
  if (config.KEYRING_DATABASE_URL === '') return null
  const keyring = openKeyring(config.KEYRING_DATABASE_URL, () => {}, { connectionsMax: 2, readOnly: true })
  try {
    const root = await openRoot(config, used)
    return {
      keyring,
      root,
      close: async () => {
        await keyring.destroy()
        await root.close()
      },
    }
  } catch (error) {
    await keyring.destroy()
    throw error
  }
}

/** The root key of these settings with the files of another folder. */
export function rootKeyFrom(config: Config): DrillParts['rootKey'] {
  return {
    inFiles: [config.KEY_ROOT, ...config.KEY_ROOT_BEFORE].includes('local-file'),
    open: (keysFolder, used) => openRoot({ ...config, SURETY_KEYS: keysFolder }, used),
  }
}
