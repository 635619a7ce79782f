import { randomBytes } from 'node:crypto'
import { withTwin, type AccessDoor, type GatewaySystem, type ProbeTarget } from '../gateway/index.ts'
import { stranger } from '../kernel/caller.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { z } from '../kernel/schema.ts'
import { sendProbe, type ProbeRequest } from './send.ts'

/** How a page of a session shows that it made a request. */
export interface FormProof {
  readonly cookie: string
  readonly header: string
  /** The proof of a session. */
  of(session: string): string
  /** Whether a request carries the proof of the session whose cookie it carries. */
  proves(request: Request): boolean
}

const PATH = '/api/probe/change'

const changed = route({
  method: 'POST',
  path: PATH,
  permission: 'self.account',
  event: { none: 'exists in a twin for the length of a check' },
  body: z.strictObject({}),
  handle: async () => ({ changed: true }),
}) as AnyRoute

/** Knows one session, which exists in the twin alone. */
function oneSession({ cookie, proves }: FormProof, session: string): AccessDoor {
  return {
    identify: async (request, from) => {
      const nobody = stranger(from)
      const known = request.headers.get('cookie')?.includes(`${cookie}=${session}`) === true
      return known
        ? {
            ...nobody,
            kind: 'account',
            id: 'probe',
            level: 'full',
            sessionId: 'probe',
            permissions: new Set(['self.account']),
          }
        : nobody
    },
    decide: (caller) =>
      caller.sessionId === null
        ? { allow: false, why: 'Sign in first.', code: 'access.unauthenticated' }
        : { allow: true },
    fresh: () => false,
    provesForm: proves,
  }
}

/**
 * Sends what another site makes a browser send in a person's name: with the session's cookie, from elsewhere or without
 * the proof of its page. The one request that a page of the session makes must pass. Policy 5.3-b.
 */
export async function forgeries(
  gate: GatewaySystem,
  form: FormProof,
): Promise<{ readonly sent: number; readonly faults: readonly string[] }> {
  const session = randomBytes(32).toString('base64url')
  const access = oneSession(form, session)
  return withTwin(gate, { access, routes: [changed] }, async (target) => {
    const own = ownRequest(target, form, session)
    const bad = forgedFrom(own, form)
    const faults: string[] = []
    for (const [name, headers] of Object.entries(bad)) {
      const { status } = await sendProbe(target, { ...own, headers })
      if (status < 400) faults.push(`${name} was obeyed`)
    }
    const { status } = await sendProbe(target, own)
    if (status !== 200) faults.push(`a page of the session itself was answered ${status}`)
    return { sent: Object.keys(bad).length + 1, faults }
  })
}

function ownRequest(target: ProbeTarget, form: FormProof, session: string) {
  const headers: Readonly<Record<string, string>> = {
    cookie: `${form.cookie}=${session}`,
    [form.header]: form.of(session),
    origin: `https://${target.name}:${target.port}`,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
  }
  return { method: 'POST', path: PATH, body: '{}', headers } satisfies ProbeRequest
}

function forgedFrom(
  { headers }: { readonly headers: Readonly<Record<string, string>> },
  form: FormProof,
): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const { [form.header]: _, ...bare } = headers
  const { origin: _origin, 'sec-fetch-site': _site, ...silent } = headers
  return {
    'another origin': { ...headers, origin: 'https://elsewhere.example' },
    'another site': { ...headers, 'sec-fetch-site': 'cross-site' },
    'a sandboxed page': { ...headers, origin: 'null' },
    'a form without a proof': bare,
    'a proof of another session': { ...headers, [form.header]: form.of('another') },
    'a browser that says nothing of where it is': silent,
    'a form that no script made': { ...bare, 'content-type': 'application/x-www-form-urlencoded' },
  }
}
