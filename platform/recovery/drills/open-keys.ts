import { openKeyring, openKeyRoot, type SampleKeys } from '../../encryption/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Config } from '../../kernel/config.ts'
import { CouldNotRun } from './points.ts'
import type { RootUseNoted } from './report.ts'

/** Opens keyring and root key of the running system for looking; null where there is no keyring to reach. */
export async function openKeysToLook(
  config: Config,
  used: (use: RootUseNoted) => void,
): Promise<SampleKeys | null> {
  if (config.KEYRING_DATABASE_URL === '') return null
  const keyring = openKeyring(config.KEYRING_DATABASE_URL, () => {}, { connectionsMax: 2, readOnly: true })
  try {
    const root = await openKeyRoot(config, {
      clock: systemClock,
      used: (named, { action, request, at }) => used({ named, action, request, at: at.toISOString() }),
    })
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
    const why = error instanceof Error ? error.name : 'an error'
    throw new CouldNotRun(`the root key cannot be reached from here (${why})`)
  }
}
