/**
 * Replaces a lost database server by its standby while Surety does not run: `node launch/failover.ts`. The next start finds
 * the new one. `surety failover --lost` runs it. Prints what was done, or why nothing was, as JSON. Policy 6.2-d.
 */
import { join } from 'node:path'
import { readConfig, runFolder } from '../platform/kernel/config.ts'
import { secondsLost } from '../platform/kernel/server-pair.ts'
import { takeLock } from './lock.ts'
import { replaceLostServer } from './pair/index.ts'

async function replaced(): Promise<{ readonly to: string; readonly lostSecondsMax: number | null }> {
  const config = readConfig(process.env)
  if (config.STANDBY_DATABASE_URL === '')
    throw new Error('Surety does not run here, and STANDBY_DATABASE_URL names no standby')
  const lock = takeLock(join(runFolder(config), 'surety.lock'))
  if ('heldBy' in lock)
    throw new Error(`Surety runs here or starts at this moment: process ${lock.heldBy.processId}`)
  try {
    const { to, heartbeatAt, fencedAt } = await replaceLostServer(config)
    const newest = heartbeatAt === null ? null : new Date(heartbeatAt)
    return { to, lostSecondsMax: secondsLost(newest, new Date(fencedAt)) }
  } finally {
    lock.release()
  }
}

try {
  console.log(JSON.stringify({ done: await replaced() }))
} catch (error) {
  console.log(JSON.stringify({ refused: error instanceof Error ? error.message : String(error) }))
  process.exitCode = 1
}
