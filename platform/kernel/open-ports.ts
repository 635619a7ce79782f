import { readdir, readFile, readlink } from 'node:fs/promises'
import { isLoopback } from './loopback-address.ts'

/** A port at which a program listens for TCP connections. */
export interface OpenPort {
  readonly processId: number
  /** `0.0.0.0` and `::` stand for every address of the machine. */
  readonly address: string
  readonly port: number
}

/**
 * Every TCP port at which a process or one of its descendants listens, as the kernel lists them in `/proc`; null on a
 * system that shows none (only Linux does). Processes that end meanwhile are left out.
 */
export async function openPorts(rootProcessId: number): Promise<readonly OpenPort[] | null> {
  const listening = await listeningSockets()
  if (listening === null) return null
  const found: OpenPort[] = []
  for (const processId of await processTree(rootProcessId))
    for (const inode of await socketsOf(processId)) {
      const at = listening.get(inode)
      if (at !== undefined) found.push({ processId, ...at })
    }
  return found
}

/** Those of them that the network reaches and that are not `known`. Policy 2.1-0. */
export function strangePorts(
  ports: readonly OpenPort[],
  known: readonly { readonly host: string; readonly port: number }[],
  isInside: (address: string) => boolean = isLoopback,
): readonly OpenPort[] {
  return ports.filter(
    (one) =>
      !isInside(one.address) && !known.some(({ host, port }) => port === one.port && host === one.address),
  )
}

/** Listening sockets by inode. */
async function listeningSockets(): Promise<Map<string, { address: string; port: number }> | null> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => textOf(`/proc/net/${name}`)))
  if (tables[0] === null) return null
  const found = new Map<string, { address: string; port: number }>()
  for (const table of tables)
    for (const line of (table ?? '').split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      if (state === LISTENING)
        found.set(inode, { address: readAddress(address), port: Number.parseInt(port, 16) })
    }
  return found
}

/** TCP_LISTEN in `/proc/net/tcp` (proc_pid_net(5)). */
const LISTENING = '0A'

/** The kernel prints each 32-bit word of an address in the machine's order, which is little-endian wherever Node runs. */
function readAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex').swap32()
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2))
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (mapped) return bytes.subarray(12).join('.')
  const text = groups.map((group) => group.toString(16)).join(':')
  return text.replace(/(^|:)0(:0)+(:|$)/, '::')
}

async function processTree(rootProcessId: number): Promise<readonly number[]> {
  const children = new Map<number, number[]>()
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  for (const processId of all) {
    const stat = await textOf(`/proc/${processId}/stat`)
    // The name in parentheses may hold anything; the parent is the second field after it.
    const parent = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    children.set(parent, [...(children.get(parent) ?? []), processId])
  }
  const tree = [rootProcessId]
  for (const one of tree) tree.push(...(children.get(one) ?? []))
  return tree
}

async function socketsOf(processId: number): Promise<readonly string[]> {
  const folder = `/proc/${processId}/fd`
  const handles = await readdir(folder).catch(() => [])
  const links = await Promise.all(handles.map((name) => readlink(`${folder}/${name}`).catch(() => '')))
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}

async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'latin1').catch(() => null)
}
