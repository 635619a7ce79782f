import { join } from 'node:path'
import { serverAddress, type ServerAddress } from '#database'
import { runFolder, type Config } from '../../platform/kernel/config.ts'
import { keptPair, replaceLost, type KeptPair, type KeptPairParts } from './kept-pair.ts'
import type { PairChange } from './state.ts'

/** Where which of the two takes writes is kept. */
const STATE_FILE = 'servers.json'

/** Programs wait so long, and then go on with the old server. */
const DRAIN_SECONDS_MAX = 60

/** The same server, for the user and the database of another address. */
function as(server: ServerAddress, { user, password, database }: ServerAddress): ServerAddress {
  return { ...server, user, password, database }
}

/** What the settings say of the two servers; throws where they contradict each other. */
function pairParts(config: Config, say: (line: string) => void): KeptPairParts {
  const first = serverAddress(config.DATABASE_URL)
  const second = serverAddress(config.STANDBY_DATABASE_URL)
  const backup = serverAddress(config.BACKUP_DATABASE_URL || config.DATABASE_URL)
  if (backup.host !== first.host || backup.port !== first.port)
    throw new Error(
      'BACKUP_DATABASE_URL names another server than DATABASE_URL; with a standby, both move together',
    )
  return {
    writers: { a: first, b: as(second, first) },
    changers: { a: as(first, second), b: second },
    backup,
    regions: { a: config.DATABASE_REGION, b: config.STANDBY_REGION },
    fence: { command: config.FENCE_COMMAND, secondsMax: config.FENCE_SECONDS },
    drainSecondsMax: DRAIN_SECONDS_MAX,
    stateFile: join(config.SURETY_VAR, STATE_FILE),
    runFolder: runFolder(config),
    say,
    now: () => new Date(),
  }
}

/** The two servers that the settings name, with the way to whichever takes writes. */
export function externalPair(config: Config, say: (line: string) => void): Promise<KeptPair> {
  return keptPair(pairParts(config, say))
}

/** Replaces the lost server that the settings name, while no system runs. */
export function replaceLostServer(config: Config): Promise<PairChange> {
  return replaceLost(pairParts(config, () => {}))
}
