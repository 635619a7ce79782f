const BLOCK_BYTES = 512

/** A small tar archive (POSIX ustar) of files that only their owner may read; names have at most 100 bytes. */
export function tarOf(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  at: Date,
): Buffer {
  const parts = files.flatMap(({ name, bytes }) => [
    headerOf(name, bytes.length, at),
    bytes,
    Buffer.alloc((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES),
  ])
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)])
}

function headerOf(name: string, size: number, at: Date): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  if (Buffer.byteLength(name) > 100) throw new Error('a name in a tar archive has at most 100 bytes')
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`
  block.write(name, 0)
  block.write(octal(0o600, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(size, 12), 124)
  block.write(octal(Math.floor(at.getTime() / 1000), 12), 136)
  block.write('0', 156)
  block.write('ustar\0', 257)
  block.write('00', 263)
  // The sum counts its own field as spaces.
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** The files of such an archive; null for anything that `tarOf` does not make. */
export function filesOf(
  archive: Buffer,
): readonly { readonly name: string; readonly bytes: Buffer }[] | null {
  const files: { readonly name: string; readonly bytes: Buffer }[] = []
  for (let at = 0; at + BLOCK_BYTES <= archive.length;) {
    const block = archive.subarray(at, at + BLOCK_BYTES)
    const name = textAt(block, 0, 100)
    if (name === '') return files
    const size = textAt(block, 124, 12)
    if (textAt(block, 257, 6) !== 'ustar' || block[156] !== 0x30 || !/^[0-7]{11}$/.test(size)) return null
    const [from, length] = [at + BLOCK_BYTES, Number.parseInt(size, 8)]
    if (from + length > archive.length) return null
    files.push({ name, bytes: archive.subarray(from, from + length) })
    at = from + Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES
  }
  return null
}

function textAt(block: Buffer, at: number, length: number): string {
  return block.toString('latin1', at, at + length).split('\0')[0] ?? ''
}
