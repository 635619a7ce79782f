/** The program that restores, on the folders of a test: `node program.fixture.ts ORDER`, with the parts as JSON in `TEST_PARTS`. */
import { systemClock } from '../../kernel/clock.ts'
import { orderSchema, runOrder } from './index.ts'

const given = JSON.parse(process.env['TEST_PARTS'] ?? '{}')
const ended = new Promise<void>((resolve) => process.stdin.once('end', resolve).resume())
const unused = (): Promise<never> => Promise.reject(new Error('a sandbox has no use for it'))

await runOrder(
  orderSchema.parse(JSON.parse(process.argv[2] ?? '')),
  {
    reading: { ...given, clock: systemClock },
    binaries: undefined,
    scratch: '',
    password: unused,
    withKeyring: unused,
    drill: unused,
    ended,
  },
  (told) => console.log(JSON.stringify(told)),
)
process.exit()
