/**
 * Attacks with tools that nobody here wrote: sqlmap, wapiti and testssl against the whole product, and against a service
 * that is weak on purpose, around the gateway and through it. A program that is not installed is left out and named.
 * Usage: node test/attacks/tools/run.ts [--minutes N] [--only around,through,limits,tls,product] [--paranoia N] [--tools sqlmap,wapiti,testssl]
 * [--out FOLDER]
 * Rules: SURETY_RULES, or those of SURETY_PUBLIC_DATA.
 */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installed } from './attackers.ts'
import { attackLimits, attackTls } from './part-edge.ts'
import { attackProduct } from './part-product.ts'
import { attackAround, attackThrough } from './part-weak.ts'
import { table, type Stage } from './stage.ts'

const { values: given } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    only: { type: 'string', default: 'around,through,limits,tls,product' },
    paranoia: { type: 'string', default: '1' },
    tools: { type: 'string', default: 'sqlmap,wapiti,testssl' },
    out: { type: 'string' },
  },
})
const data = process.env['SURETY_PUBLIC_DATA']
const rules = process.env['SURETY_RULES'] ?? (data === undefined ? undefined : join(data, 'crs'))
if (rules === undefined) throw new Error('SURETY_RULES, or SURETY_PUBLIC_DATA, names the rules to attack')

const folder = given.out ?? (await mkdtemp(join(tmpdir(), 'surety-attacks-')))
await mkdir(folder, { recursive: true })
const found = await installed()
const asked = given.tools.split(',')
const tools = {
  sqlmap: asked.includes('sqlmap') ? found.sqlmap : null,
  wapiti: asked.includes('wapiti') ? found.wapiti : null,
  testssl: asked.includes('testssl') ? found.testssl : null,
}
for (const [name, version] of Object.entries(found))
  console.log(version === null ? `${name} is not installed and is left out` : `${name} ${version}`)

const stage: Stage = {
  folder,
  rules,
  tools,
  paranoia: Number(given.paranoia),
  // The longest way uses about forty runs of a tool.
  seconds: Math.max(15, (Number(given.minutes) * 60) / 40),
}
const parts = {
  around: attackAround,
  through: attackThrough,
  limits: attackLimits,
  tls: attackTls,
  product: attackProduct,
} as const

let unexpected = 0
for (const name of given.only.split(',')) {
  const part = (parts as Readonly<Record<string, (typeof parts)[keyof typeof parts]>>)[name]
  if (part === undefined) throw new Error(`there is no part ${name}`)
  const rows = await part(stage)
  console.log(`\n${name}\n${table(rows)}`)
  await writeFile(join(folder, `${name}.json`), JSON.stringify(rows, null, 2))
  unexpected += rows.filter(({ expected }) => !expected).length
}
console.log(`\n${unexpected} runs ended otherwise than they should; what the tools wrote is in ${folder}`)
process.exitCode = unexpected === 0 ? 0 : 1
