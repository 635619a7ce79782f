import { readRawRequest, type RequestHead, type RuleSet, type TransactionStart } from '#waf'
import { readCases } from '../crs/case.ts'
import { reflect } from '../crs/reflector.ts'
import { wireText } from '../crs/wire.ts'

/** A request and the answer to it, as two engines are shown them; bodies one character a byte. */
export interface Exchange {
  /** Where it comes from, for whoever reads of a difference. */
  readonly label: string
  readonly head: RequestHead
  readonly body: string
  readonly response: { readonly status: number; readonly headers: readonly string[]; readonly body: string }
}

/** Rules that matched, each with what the engine says of where. */
export type Matched = ReadonlyMap<number, string>

/** From where every request comes. */
export const CLIENT = '192.0.2.1'

const START: Omit<TransactionStart, 'uniqueId'> = {
  now: Date.UTC(2026, 0, 1),
  client: { address: CLIENT, port: 40_000 },
  server: { address: '192.0.2.2', port: 443, name: 'localhost' },
}

/** An exchange with the service that answers as it is asked. */
export function exchangeOf(label: string, head: RequestHead, body: string): Exchange {
  const asked = reflect(head.method, head.target, Buffer.from(body, 'latin1'))
  const headers = Object.entries({ ...asked.headers, 'Content-Length': String(asked.body.length) }).flat()
  return {
    label,
    head,
    body,
    response: { status: asked.status, headers, body: asked.body.toString('latin1') },
  }
}

/** The requests of go-ftw cases; those without a readable first line never come as far as rules elsewhere, and are left out. */
export async function givenExchanges(folder: string): Promise<readonly Exchange[]> {
  const cases = await readCases(folder)
  return cases.flatMap(({ id, stages }) =>
    stages.flatMap(({ input }) => {
      const text = wireText(input, { cookies: new Map(), location: null })
      const { head, body } = readRawRequest(Buffer.from(text, 'latin1'))
      if (head.line !== undefined) return []
      return [exchangeOf(id, head, Buffer.from(body).toString('latin1'))]
    }),
  )
}

/** What our rules see in an exchange. */
export function observe(rules: RuleSet, { head, body, response }: Exchange): Matched {
  const transaction = rules.begin({ ...START, uniqueId: 'compared' })
  transaction.request(head)
  if (body !== '') transaction.bodyPart(Buffer.from(body, 'latin1'))
  transaction.bodyEnd()
  transaction.response({ status: response.status, protocol: 'HTTP/1.1', headers: response.headers })
  if (transaction.wantsResponseBody()) transaction.responsePart(Buffer.from(response.body, 'latin1'))
  transaction.responseEnd()
  const { matches } = transaction.end()
  return new Map(
    matches
      .filter(({ log }) => log)
      .map(({ rule, matched }) => [
        rule,
        matched.map(({ variable, transformed }) => `${variable}=${JSON.stringify(transformed)}`).join(' '),
      ]),
  )
}
