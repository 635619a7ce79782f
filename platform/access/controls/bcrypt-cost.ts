import { HOUR } from '../../kernel/clock.ts'
import { undone, type Database } from '../../db/index.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { prepareAccount } from '../accounts/accounts.ts'
import { insertAccount } from '../accounts/queries.ts'
import { bcryptCost } from '../parameters.ts'
import { hashCost, type StoredPassword } from '../passwords/password-hasher.ts'
import { hashKinds } from '../passwords/queries.ts'
import type { AccessSystem } from './observed-system.ts'
import { probeEmail, probePassword } from './probe-person.ts'

/** A cost below every cost that the policy may set. */
const CHEAP_COST = 9
/** A pepper that nobody has. */
const NO_PEPPER = 2_000_000_000

/** How many rows begin in which way, e.g. `3 × $2b$12$`. */
function histogram(rows: Awaited<ReturnType<typeof hashKinds>>): string {
  const sums = new Map<string, number>()
  for (const { prefix, accounts } of rows) sums.set(prefix, (sums.get(prefix) ?? 0) + accounts)
  return [...sums].map(([prefix, accounts]) => `${accounts} × ${prefix}`).join(', ')
}

/** A fresh hash of the running hasher, and how every stored hash begins and which pepper it needs. */
async function look(system: AccessSystem, db: Database): Promise<Observation> {
  const { policy, hasher } = system.parts
  const cost = policy.read(bcryptCost)
  const rows = await hashKinds(db)
  const password = probePassword()
  const [one, two] = [await hasher.hash(password, cost), await hasher.hash(password, cost)]
  const low = rows.filter((row) => !(hashCost(row.prefix) >= cost))
  const peppers = hasher.pepperVersions()
  const lost = rows.filter((row) => !peppers.includes(row.pepper_version))
  const failures = [
    ...low.map((row) => `${row.accounts} passwords are hashed as ${row.prefix}, below cost ${cost}`),
    ...lost.map((row) => `${row.accounts} passwords need pepper ${row.pepper_version}, which is not there`),
    ...(hashCost(one.password_hash) === cost
      ? []
      : [`a new hash came out as ${one.password_hash.slice(0, 7)}`]),
    ...(one.password_hash === two.password_hash ? ['two hashes of one password are equal: no salt'] : []),
  ]
  const sum = (some: typeof rows): number => some.reduce((total, row) => total + row.accounts, 0)
  const accounts = sum(rows)
  const saw = `${accounts} stored passwords are bcrypt of cost ${cost} or more (${histogram(rows)}), and a new hash is, too, with a salt of its own`
  const older = rows.filter((row) => row.pepper_version < hasher.pepperVersion)
  const metrics = { cost, accounts, below: sum(low), pepper: hasher.pepperVersion, olderPepper: sum(older) }
  return observed(failures, saw, metrics, { count: accounts, coverage: 1, of: 'accounts' })
}

/** The same with one account more, in a transaction that is undone. */
async function withAccount(
  system: AccessSystem,
  broken: (password: string) => Promise<Partial<StoredPassword>>,
): Promise<Observation> {
  const { parts } = system
  const person = { email: probeEmail(), password: probePassword(), name: 'Check', probe: true }
  const account = { ...(await prepareAccount(parts, person)), ...(await broken(person.password)) }
  return undone(parts.db, async (tx) => {
    await insertAccount(tx, account)
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
  looks:
    'Counts how every stored password hash begins and which pepper it needs, and makes two fresh hashes of one password.',
  breaks: `Adds an account whose password is hashed at cost ${CHEAP_COST}, and one whose pepper is lost, and undoes it.`,
  check: (system) => look(system, system.parts.db),
  knownBad: async (system) =>
    everyBreakFound({
      'a hash of a low cost': await withAccount(system, (password) =>
        system.parts.hasher.hash(password, CHEAP_COST),
      ),
      'a lost pepper': await withAccount(system, async () => ({ pepper_version: NO_PEPPER })),
    }),
})
