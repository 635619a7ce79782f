/** An entry to be written; a name that ends in `/` is a folder. */
export interface WrittenEntry {
  readonly name: string
  readonly bytes?: Buffer
  readonly type?: string
  readonly target?: string
  /** Written instead of the size of `bytes`. */
  readonly sizeField?: Buffer
}

function octal(value: number, length: number): Buffer {
  return Buffer.from(`${value.toString(8).padStart(length - 1, '0')}\0`)
}

/** The header block of an entry, as PostgreSQL writes them. */
export function tarHeader({
  name,
  bytes = Buffer.alloc(0),
  type,
  target = '',
  sizeField,
}: WrittenEntry): Buffer {
  const header = Buffer.alloc(512)
  const split = name.length > 100 ? name.lastIndexOf('/', 154) : -1
  header.write(split < 0 ? name : name.slice(split + 1), 0, 100)
  if (split >= 0) header.write(name.slice(0, split), 345, 155)
  const folder = name.endsWith('/')
  octal(folder ? 0o40700 : 0o100600, 8).copy(header, 100)
  octal(0, 8).copy(header, 108)
  octal(0, 8).copy(header, 116)
  ;(sizeField ?? octal(bytes.length, 12)).copy(header, 124)
  octal(0, 12).copy(header, 136)
  header.fill(' ', 148, 156)
  header.write(type ?? (folder ? '5' : '0'), 156)
  header.write(target, 157, 100)
  header.write('ustar\u000000', 257)
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    7,
  ).copy(header, 148)
  header.writeUInt8(0x20, 155)
  return header
}

/** A whole archive with its two closing blocks. */
export function tarOf(entries: readonly WrittenEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const bytes = entry.bytes ?? Buffer.alloc(0)
    return [tarHeader(entry), bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]
  })
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

/** An incremental file with these pages of 8 KiB. */
export function incrementalFile(truncationBlocks: number, pages: ReadonlyMap<number, Buffer>): Buffer {
  const blocks = [...pages.keys()].toSorted((a, b) => a - b)
  const header = Buffer.alloc(12 + 4 * blocks.length)
  header.writeUInt32LE(0xd3ae1f0d, 0)
  header.writeUInt32LE(blocks.length, 4)
  header.writeUInt32LE(truncationBlocks, 8)
  for (const [at, block] of blocks.entries()) header.writeUInt32LE(block, 12 + 4 * at)
  const padding = blocks.length > 0 ? (8192 - (header.length % 8192)) % 8192 : 0
  return Buffer.concat([
    header,
    Buffer.alloc(padding),
    ...blocks.map((block) => pages.get(block) ?? Buffer.alloc(8192)),
  ])
}
