import type * as Age from 'age-encryption'

/** Loads the library of the age format (C2SP age) at its first use. */
export async function age(): Promise<typeof Age> {
  return import('age-encryption')
}

/** A public key that secrets are wrapped to: X25519 with ML-KEM-768, as age 1.3 and later write it. */
const RECIPIENT = /^age1pq1[02-9ac-hj-np-z]{1900,2100}$/
const IDENTITY = /^AGE-SECRET-KEY-PQ-1[02-9AC-HJ-NP-Z]{50,120}$/

/** Whether a text is a usable post-quantum recipient; a classical one is not, since what it wraps today may be opened in the years it is kept. */
export async function isRecipient(text: string): Promise<boolean> {
  if (!RECIPIENT.test(text)) return false
  try {
    const { Encrypter } = await age()
    new Encrypter().addRecipient(text)
    return true
  } catch {
    return false
  }
}

/** The lines of a file that are no comment, as the tools of age read key files. */
function keyLines(file: string): string[] {
  return file
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** The private keys of a key file; throws when a line is none, without repeating it. */
export function readIdentities(name: string, file: string): readonly string[] {
  const lines = keyLines(file)
  if (lines.length === 0 || !lines.every((line) => IDENTITY.test(line)))
    throw new Error(`the file ${name} holds something else than post-quantum identities of age`)
  return lines
}

/** The public keys of a recipients file; throws when a line is none. */
export async function readRecipients(name: string, file: string): Promise<readonly string[]> {
  const lines = keyLines(file)
  const usable = await Promise.all(lines.map(isRecipient))
  if (lines.length === 0 || usable.includes(false))
    throw new Error(`the file ${name} holds something else than post-quantum recipients of age`)
  return lines
}
