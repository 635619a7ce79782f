import { readdir, readFile, readlink } from 'node:fs/promises'
import { realpath } from 'node:fs/promises'
import { foreignSessions, listensOn } from '../copy-queries.ts'
import { CouldNotRun, requireNone } from '../points.ts'
import type { DrillParts } from '../world.ts'
import type { ServedCopy } from './copies.ts'

/** Credentials with which something could be sent. */
const SENDING = ['SMTP_URL', 'TWILIO_AUTH_TOKEN'] as const
/** Tables of the kernel in which each socket of a network stands with its number. */
const NETWORKS = ['tcp', 'tcp6', 'udp', 'udp6'] as const

/** Processes that work in this folder, as all of a server do in its data folder. */
async function processesIn(folder: string): Promise<readonly string[]> {
  const real = await realpath(folder)
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const there = await Promise.all(
    all.map(async (one) => (await readlink(`/proc/${one}/cwd`).catch(() => null)) === real),
  )
  return all.filter((_one, at) => there[at])
}

/** The numbers of a process's sockets. */
async function socketsOf(process: string): Promise<readonly string[]> {
  const links = await Promise.all(
    (await readdir(`/proc/${process}/fd`)).map((one) =>
      readlink(`/proc/${process}/fd/${one}`).catch(() => ''),
    ),
  )
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}

/** Sockets of any network that a process holds, by the kind of network. */
async function networkSockets(process: string): Promise<readonly string[]> {
  const own = new Set(await socketsOf(process))
  const found: string[] = []
  for (const network of NETWORKS) {
    const table = await readFile(`/proc/${process}/net/${network}`, 'utf8').catch(() => '')
    for (const line of table.split('\n').slice(1))
      if (own.has(line.trim().split(/\s+/)[9] ?? '')) found.push(network)
  }
  return found
}

/** Every socket of a network that the server of a data folder holds; throws `CouldNotRun` where this cannot be seen. */
export async function networkOf(data: string): Promise<readonly string[]> {
  const processes = await processesIn(data).catch(() => [])
  if (processes.length === 0) throw new CouldNotRun('the sockets of the restored server cannot be looked at')
  return (await Promise.all(processes.map(networkSockets))).flat()
}

/** The copy listens nowhere, archives nothing, is used by nobody else, and nothing here could be sent with anything. */
export async function isolated(copy: ServedCopy, environment: DrillParts['environment']): Promise<string> {
  const sockets = await networkOf(copy.data)
  const { addresses, archives } = await listensOn(copy.db)
  const strangers = await foreignSessions(copy.db)
  requireNone([
    ...(sockets.length > 0
      ? [`the restored server holds ${sockets.length} sockets of a network (${sockets[0]})`]
      : []),
    ...(addresses === '' ? [] : [`the restored server is told to listen on ${addresses}`]),
    ...(archives ? ['the restored server archives its log'] : []),
    ...(strangers > 0 ? [`${strangers} other programs work on the restored database`] : []),
    ...SENDING.filter((name) => (environment[name] ?? '') !== '').map((name) => `${name} reached the drill`),
  ])
  return 'the restored server holds no socket of any network and archives nothing; no worker, mail or webhook runs on it, and no credential for sending was handed over'
}
