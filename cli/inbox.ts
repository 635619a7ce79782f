import type { InboxContract } from '../inbox/index.ts'
import { CommandError } from './command.ts'
import type { Gateway } from './gateway.ts'
import { pathOf, type Input } from './operator.ts'

/** Instant Reply, reached through the gateway with an API key of one workspace. */
export interface Inbox {
  /** Calls a route; throws `CommandError` with the refusal's code and detail. */
  call<Name extends keyof InboxContract>(name: Name, input?: Input): Promise<InboxContract[Name]['reply']>
}

/** Opens the API of Instant Reply for the holder of an API key. */
export function openInbox(gateway: Gateway, key: string): Inbox {
  return {
    call: async (name, input = {}) => {
      const [method = 'GET', pattern = '/'] = name.split(' ')
      const answer = await gateway.send({
        method,
        path: pathOf(pattern, input),
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body: JSON.stringify(input.body ?? {}) }),
      })
      return readJson(answer.status, answer.body) as InboxContract[typeof name]['reply']
    },
  }
}

function readJson(status: number, body: Buffer): unknown {
  let json: unknown
  try {
    json = JSON.parse(body.toString('utf8'))
  } catch {
    throw new CommandError('malformed', `Instant Reply answered ${status} with something that is not JSON.`)
  }
  if (status >= 200 && status < 300) return json
  const { code = 'refused', detail = '' } = json as { readonly code?: string; readonly detail?: string }
  throw new CommandError(code, `Instant Reply answered ${status}: ${detail}`)
}
