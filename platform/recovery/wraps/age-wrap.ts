import { RepositoryError, type SecretOpener, type SecretWrapper } from '#backup'
import { age, isRecipient } from './recipient.ts'

/** Wraps to these public keys, all of them; throws when one is no post-quantum recipient. Policy 2.2-b, 6.1-d. */
export async function ageWrapper(recipients: readonly string[]): Promise<SecretWrapper> {
  const usable = await Promise.all(recipients.map(isRecipient))
  const wrong = usable.indexOf(false)
  if (wrong >= 0 || recipients.length === 0)
    throw new Error(`recipient ${wrong + 1} of backups is no post-quantum recipient of age`)
  const { Encrypter } = await age()
  const encrypter = new Encrypter()
  for (const one of new Set(recipients)) encrypter.addRecipient(one)
  return { recipients, wrap: (secret) => encrypter.encrypt(secret) }
}

/** Opens with these private keys; without any, everything is refused. */
export async function ageOpener(identities: readonly string[]): Promise<SecretOpener> {
  const { Decrypter } = await age()
  const decrypter = new Decrypter()
  for (const one of identities) decrypter.addIdentity(one)
  return {
    open: async (wrapped, path) => {
      if (identities.length === 0) throw new RepositoryError('no-key', path)
      try {
        return Buffer.from(await decrypter.decrypt(wrapped))
      } catch (error) {
        throw new RepositoryError(isForOthers(error) ? 'no-key' : 'damaged', path, error)
      }
    },
  }
}

/** What the library says of a file whose recipients are all somebody else. */
function isForOthers(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('no identity matched')
}
