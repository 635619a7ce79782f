/** Tries our wraps against the `age` program: `node test/peers/age.ts`; `SURETY_PEER_AGE` is the command when it is not `age`. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateHybridIdentity, identityToRecipient } from 'age-encryption'
import { ageOpener, ageWrapper } from '../../platform/recovery/wraps/index.ts'

const [program = 'age', ...words] = (process.env['SURETY_PEER_AGE'] ?? 'age').split(' ')

function age(args: readonly string[], input: Uint8Array): Buffer {
  return execFileSync(program, [...words, ...args], { input, stdio: ['pipe', 'pipe', 'pipe'] })
}

/** The version as two numbers; null when there is no such program. */
function version(): readonly [number, number] | null {
  try {
    const [, major, minor] = /(\d+)\.(\d+)/.exec(age(['--version'], Buffer.alloc(0)).toString()) ?? []
    return [Number(major), Number(minor)]
  } catch {
    return null
  }
}

async function compare(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'surety-age-'))
  try {
    const [identity, escrow] = [await generateHybridIdentity(), await generateHybridIdentity()]
    const [mine, theirs] = [await identityToRecipient(identity), await identityToRecipient(escrow)]
    const secret = randomBytes(32)
    const ours = Buffer.from(await (await ageWrapper([mine, theirs])).wrap(secret))
    let passed = 0
    for (const key of [identity, escrow]) {
      // A program in a system of its own sees no file of ours: the key comes by a pipe, the wrap by another.
      writeFileSync(join(folder, 'key.txt'), `${key}\n`)
      const opened = execFileSync(
        '/bin/sh',
        [
          '-c',
          'k=$1; shift; exec 3<"$k"; exec "$@" -d -i /dev/fd/3',
          'sh',
          join(folder, 'key.txt'),
          program,
          ...words,
        ],
        { input: ours },
      )
      if (!opened.equals(secret)) throw new Error('age opened something else than was wrapped')
      passed++
    }
    const wrapped = age(['-r', mine], secret)
    if (!(await (await ageOpener([identity])).open(wrapped, 'age')).equals(secret))
      throw new Error('a wrap of age opens as something else')
    return passed + 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const found = version()
if (found === null || found[0] < 1 || (found[0] === 1 && found[1] < 3))
  console.log(`skipped: ${program} is ${found === null ? 'not here' : found.join('.')}, and 1.3 is needed`)
else console.log(`${await compare()} exchanges with age ${found.join('.')} passed`)
