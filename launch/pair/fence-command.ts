import { spawn } from 'node:child_process'
import type { ServerAddress } from '#database'
import type { SiteName } from '../sites/state.ts'

/** The program of the operator that makes a lost server take no further write. */
export interface FenceCommand {
  /** Its whole path, and its arguments. */
  readonly command: readonly string[]
  readonly secondsMax: number
}

/** The server that is to be fenced. */
export interface Fenced {
  readonly site: SiteName
  readonly region: string
  readonly address: Pick<ServerAddress, 'host' | 'port'>
}

/** What the program gets of our environment: nothing that is secret. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TZ'] as const

/** Kills the program and whatever it started, as far as it may: one that took on more rights, as with sudo, is somebody else's. */
function killAll(processId: number | undefined, kill: typeof process.kill): void {
  if (processId === undefined) return
  try {
    kill(-processId, 'SIGKILL')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['ESRCH', 'EPERM'].includes(code)) throw error
  }
}

/**
 * Runs the program, without a shell and in a group of its own. Resolves when it ended with 0 in time, which alone means that
 * the server takes no further write; throws otherwise, once the time is over also when the program cannot be ended. Policy
 * 6.2-d.
 */
export async function fenceByCommand(
  { command, secondsMax }: FenceCommand,
  { site, region, address }: Fenced,
  kill: typeof process.kill = (processId, signal) => process.kill(processId, signal),
): Promise<void> {
  const [program, ...rest] = command
  if (program === undefined)
    throw new Error('FENCE_COMMAND is not set, so nothing says that the lost server takes no further write')
  const passed = PASSED_ON.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  )
  const told = {
    FENCE_SITE: site,
    FENCE_REGION: region,
    FENCE_HOST: address.host,
    FENCE_PORT: String(address.port),
  }
  const child = spawn(program, rest, {
    env: { ...(Object.fromEntries(passed) as Record<string, string>), ...told },
    stdio: 'ignore',
    detached: true,
  })
  let timer: NodeJS.Timeout | undefined
  const ended = await new Promise<string | null>((resolve) => {
    timer = setTimeout(() => {
      // Whatever it says from now on comes too late.
      resolve(`did not end within ${secondsMax} s`)
      killAll(child.pid, kill)
    }, secondsMax * 1000)
    child.once('error', (error) => resolve(`could not be started (${(error as NodeJS.ErrnoException).code})`))
    child.once('exit', (code, signal) => resolve(code === 0 ? null : `ended with ${code ?? signal}`))
  })
  clearTimeout(timer)
  child.unref()
  if (ended !== null) throw new Error(`the fence command ${ended}; nothing was promoted`)
}
