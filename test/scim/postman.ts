import { randomUUID } from 'node:crypto'
import newman from 'newman'
import type { ScimService } from './service.ts'

/** What a collection came to. */
export interface CollectionRun {
  readonly requests: number
  readonly passed: number
  readonly failed: readonly string[]
}

/** Runs a Postman collection (format 2.1) against the service, as it is. */
export function runCollection(service: ScimService, collection: object): Promise<CollectionRun> {
  const values = [
    ['Protocol', 'http'],
    ['Server', '127.0.0.1'],
    ['Port', `:${service.port}`],
    ['Api', 'scim/v2'],
    ['token', service.token],
  ].map(([key, value]) => ({ key, value, enabled: true }))
  const environment = { id: randomUUID(), name: 'conformance', values }
  return new Promise((done, fail) => {
    newman.run({ collection, environment, reporters: [], timeoutRequest: 20_000 }, (error, summary) => {
      if (error !== null) {
        fail(error)
        return
      }
      const { executions } = summary.run
      const failed: string[] = []
      let passed = 0
      for (const { item, assertions = [], requestError } of executions as readonly Execution[]) {
        if (requestError !== undefined) failed.push(`${item.name}: ${requestError.message ?? 'no answer'}`)
        for (const one of assertions)
          if (one.error === undefined || one.error === null) passed += 1
          else failed.push(`${item.name}: ${one.assertion} (${one.error.message ?? ''})`)
      }
      done({ requests: executions.length, passed, failed })
    })
  })
}

interface Execution {
  readonly item: { readonly name: string }
  readonly assertions?: readonly {
    readonly assertion: string
    readonly error?: { readonly message?: string } | null
  }[]
  readonly requestError?: { readonly message?: string }
}
