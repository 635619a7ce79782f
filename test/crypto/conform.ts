/** Every cryptographic primitive that is relied on, against published cases. */
import { conformEnvelope, conformXaes } from '../../engines/envelope/conform.ts'
import { allOf, type Conformance } from '../../engines/envelope/wycheproof.ts'
import { conformAge } from './age-kit.ts'
import { conformKeyWrap } from './key-wrap.ts'

/** Runs the envelope engine, key wrap and the age kit; `long` adds a million accumulated messages. */
export async function conformCrypto(casesDir: string, { long = false } = {}): Promise<Conformance> {
  return allOf([
    await conformEnvelope(casesDir),
    await conformKeyWrap(casesDir),
    await conformAge(),
    ...(long ? [conformXaes(1_000_000)] : []),
  ])
}
