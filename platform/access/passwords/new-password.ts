import { Problem } from '../../kernel/problem.ts'
import type { AccessParts } from '../parts.ts'
import { withoutContext, type PasswordOwner } from './context-words.ts'
import { normalisePassword, passwordFaults } from './password-rule.ts'
import { plainForm } from './plain-form.ts'

/** Least characters beside the words that belong to the service and the person; what NIST SP 800-63B-4 asks beside a second factor. */
const OWN_CHARACTERS_MIN = 8
/** Letters among them: a year and a sign behind a name are what everybody tries. */
const OWN_LETTERS_MIN = 3

/** A password that may be set; its columns are stored with the hash. */
export interface SettablePassword {
  readonly columns: { readonly breach_checked_at: Date | null; readonly password_breached_at: null }
  /** Asks the service later when it did not answer now; to be called once the hash is stored. */
  recheckLater(account: string, passwordHash: string): void
}

/**
 * Judges a password that somebody wants to set, wherever that is: length and classes, words of the service and the
 * person (ASVS 6.2.11), breached ones. Throws `access.password-weak` or `access.password-breached`, never naming the
 * password. Policy 3.3-a, 3.3-c.
 */
export async function requireSettable(
  parts: Pick<AccessParts, 'policy' | 'breaches' | 'rechecks' | 'clock'>,
  password: string,
  owner: PasswordOwner,
): Promise<SettablePassword> {
  const { policy, breaches, rechecks, clock } = parts
  const faults = passwordFaults(policy, password)
  const own = withoutContext(password, owner)
  const withContext = own !== normalisePassword(password)
  const little = Array.from(own).length < OWN_CHARACTERS_MIN || plainForm(own).length < OWN_LETTERS_MIN
  if (withContext && little)
    faults.push('it is little more than your name, your address or the name of this service')
  if (faults.length > 0)
    throw new Problem('access.password-weak', `Choose another password: ${faults.join('; ')}.`)
  const { breached, asked, sha1 } = await breaches.check(password)
  if (breached || (withContext && (await breaches.listed(own))))
    throw new Problem(
      'access.password-breached',
      'This password, or one much like it, is on lists of stolen passwords. Choose one that you use nowhere else; a password manager makes good ones.',
    )
  return {
    columns: { breach_checked_at: asked ? clock.now() : null, password_breached_at: null },
    recheckLater: (account, passwordHash) => {
      if (!asked) rechecks.add({ account, passwordHash, sha1 })
    },
  }
}
