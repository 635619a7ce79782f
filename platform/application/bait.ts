import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { access, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bait } from './attack-classes.ts'

/** What became of the bait since the last look. */
export interface Taken {
  readonly file: boolean
  readonly address: boolean
}

/** Lays out a file name and a listener for the length of `use`; `taken` tells what was touched since it was last asked. */
export async function withBait<Result>(
  use: (bait: Bait, taken: () => Promise<Taken>) => Promise<Result>,
): Promise<Result> {
  const file = join(tmpdir(), `surety-probe-${randomUUID()}`)
  let visits = 0
  const server = createServer((socket) => {
    visits += 1
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const taken = async (): Promise<Taken> => {
    const made = await access(file).then(
      () => true,
      () => false,
    )
    await rm(file, { force: true })
    const visited = visits > 0
    visits = 0
    return { file: made, address: visited }
  }
  try {
    return await use({ file, address: `127.0.0.1:${port}` }, taken)
  } finally {
    await rm(file, { force: true })
    server.close()
  }
}
