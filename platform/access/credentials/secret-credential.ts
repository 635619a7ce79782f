import { unmatchable } from '../passwords/password-hasher.ts'
import { bcryptCost } from '../parameters.ts'
import type { AccessParts } from '../parts.ts'
import type { CredentialKind } from './credential.ts'
import { deleteFactors, replaceByUnmatchable, secretsOf } from './queries.ts'

/**
 * Password, codes and factors of an account that is closed for good: whoever comes back chooses new ones. Ids are the
 * account's own. Policy 3.2-c.
 */
export function secretCredential({
  db,
  clock,
  policy,
  hasher,
}: Pick<AccessParts, 'db' | 'clock' | 'policy' | 'hasher'>): CredentialKind {
  const nothing = (): string => unmatchable(policy.read(bcryptCost))
  return {
    name: 'password-and-factors',
    end: async (tx, _context, { account, workspace }) => {
      if (workspace !== undefined) return []
      const replaced = await replaceByUnmatchable(tx, account, nothing(), hasher.pepperVersion, clock.now())
      const deleted = await deleteFactors(tx, account)
      return replaced || deleted > 0 ? [account] : []
    },
    tryAgain: async (ids) =>
      Promise.all(
        ids.map(async (id) => {
          const left = await secretsOf(db, id)
          // A disabled account is compared with nothing; an enabled one with a hash that nothing matches.
          const shut = left === undefined || left.disabled_at !== null || left.password_hash === nothing()
          const bare = (left?.factors ?? 0) + (left?.codes ?? 0) === 0
          const refused = shut && bare
          return {
            id,
            refused,
            saw: refused ? 'no password and no factor is left' : 'a password or factor is left',
          }
        }),
      ),
  }
}
