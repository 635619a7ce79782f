import { HOUR } from '../../kernel/clock.ts'
import { undone, type Database } from '../../db/index.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { observed } from '../../kernel/observed.ts'
import { prepareAccount } from '../accounts/accounts.ts'
import { hashPrefixes, insertAccount } from '../accounts/queries.ts'
import { bcryptCost } from '../parameters.ts'
import { hashCost } from '../passwords/password-hasher.ts'
import type { AccessSystem } from './observed-system.ts'
import { probeEmail, probePassword } from './probe-person.ts'

/** A cost below every cost that the policy may set. */
const CHEAP_COST = 9

/** A fresh hash of the running hasher, and how every stored hash begins. */
async function look(system: AccessSystem, db: Database): Promise<Observation> {
  const { policy, hasher } = system.parts
  const cost = policy.read(bcryptCost)
  const rows = await hashPrefixes(db)
  const password = probePassword()
  const [one, two] = [await hasher.hash(password, cost), await hasher.hash(password, cost)]
  const low = rows.filter((row) => !(hashCost(row.prefix) >= cost))
  const failures = [
    ...low.map((row) => `${row.accounts} passwords are hashed as ${row.prefix}, below cost ${cost}`),
    ...(hashCost(one) === cost ? [] : [`a new hash came out as ${one.slice(0, 7)}`]),
    ...(one === two ? ['two hashes of one password are equal: there is no salt'] : []),
  ]
  const accounts = rows.reduce((sum, row) => sum + row.accounts, 0)
  const saw = `${accounts} stored passwords are bcrypt of cost ${cost} or more, and a new hash is, too, with a salt of its own`
  const metrics = { cost, accounts, below: low.reduce((sum, row) => sum + row.accounts, 0) }
  return observed(failures, saw, metrics, { count: accounts, coverage: 1, of: 'accounts' })
}

/** The same with one account whose hash is cheap, in a transaction that is undone. */
async function withCheapHash(system: AccessSystem): Promise<Observation> {
  const { parts } = system
  const person = { email: probeEmail(), password: probePassword(), name: 'Check', probe: true }
  const account = await prepareAccount(parts, person)
  const password_hash = await parts.hasher.hash(person.password, CHEAP_COST)
  return undone(parts.db, async (tx) => {
    await insertAccount(tx, { ...account, password_hash })
    return look(system, tx)
  })
}

/** Policy 3.3-b. */
export const bcryptCostHolds: Control<AccessSystem> = control({
  id: 'bcrypt-cost',
  clauses: ['3.3-b'],
  reads: [bcryptCost],
  everySeconds: HOUR,
  enforcedIn: ['platform/access/passwords/password-hasher.ts', 'platform/access/sign-in/password-step.ts'],
  looks: 'Counts how every stored password hash begins, and makes two fresh hashes of one password.',
  breaks: `Adds an account whose password is hashed at cost ${CHEAP_COST}, and undoes it.`,
  check: (system) => look(system, system.parts.db),
  knownBad: withCheapHash,
})
