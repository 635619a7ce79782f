/** Runs benchmarks: `npm run bench [-- NAME…]`; each figure stands beside its limit, or a peer measured in the same run. */
import { cpus, loadavg } from 'node:os'
import { backup } from './backup.ts'
import { backupEngine } from './backup-engine.ts'
import { decisions } from './decisions.ts'
import { envelope } from './envelope.ts'
import { failover } from './failover.ts'
import { figureLine, keepsLimit, type Benchmark } from './figure.ts'
import { flood } from './flood.ts'
import { gateway } from './gateway.ts'
import { introspection } from './introspection.ts'
import { keys } from './keys.ts'
import { ledger } from './ledger.ts'
import { memory } from './memory.ts'
import { reencryption } from './reencrypt.ts'
import { pgbackrest } from './pgbackrest.ts'
import { rewrap } from './rewrap.ts'
import { restore } from './restore.ts'
import { session } from './session.ts'
import { signIn } from './sign-in.ts'
import { start } from './start.ts'
import { trust } from './trust.ts'
import { waf } from './waf.ts'
import { webhook } from './webhook.ts'

const benchmarks: Readonly<Record<string, Benchmark>> = {
  start,
  memory,
  restore,
  failover,
  webhook,
  trust,
  ledger,
  envelope,
  keys,
  reencrypt: reencryption,
  rewrap,
  backup,
  'backup-engine': backupEngine,
  pgbackrest,
  decisions,
  session,
  'sign-in': signIn,
  flood,
  introspection,
  waf,
  gateway,
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.hasOwn(benchmarks, name))
if (unknown.length > 0) {
  console.error(
    `No benchmark is called ${unknown.join(', ')}; there are ${Object.keys(benchmarks).join(', ')}.`,
  )
  process.exit(2)
}

let over = 0
console.log(`Node ${process.versions.node}, ${cpus().length} processors (${cpus()[0]?.model ?? 'unknown'})`)
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  // What else the machine does decides about figures of wall time; those of processor time bear it better.
  console.log(`\n${name} (load average ${loadavg()[0]?.toFixed(1)})`)
  await benchmark((figure) => {
    if (!keepsLimit(figure)) over += 1
    console.log(`  ${figureLine(figure)}`)
  })
}
if (over > 0) console.log(`\n${over} figures are over their limit.`)
process.exit(over === 0 ? 0 : 1)
