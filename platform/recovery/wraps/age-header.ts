/** What the header of an age file says of whom it is wrapped to: the kind of each recipient, in order. Undefined for other bytes. */
export function recipientKinds(file: Uint8Array): readonly string[] | undefined {
  const end = Buffer.from(file).indexOf('\n---')
  const lines = Buffer.from(file).subarray(0, Math.max(end, 0)).toString('latin1').split('\n')
  if (end < 0 || lines[0] !== 'age-encryption.org/v1') return undefined
  return lines.filter((line) => line.startsWith('-> ')).map((line) => line.split(' ')[1] ?? '')
}

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const CHECKSUM_LETTERS = 6

/** The 32 secret bytes of a recovery identity (bech32, BIP 173), whose checksum the library of age has read already. */
export function identitySeed(identity: string): Buffer {
  const words = identity.toLowerCase().slice(identity.lastIndexOf('1') + 1, -CHECKSUM_LETTERS)
  const bytes: number[] = []
  let [bits, held] = [0, 0]
  for (const letter of words) {
    held = ((held << 5) | LETTERS.indexOf(letter)) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((held >> bits) & 0xff)
  }
  return Buffer.from(bytes)
}
