import { readFileSync } from 'node:fs'
import type { Ledger } from '../audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { route } from '../kernel/route.ts'
import { z } from '../kernel/schema.ts'
import { buildReport, type TrustSource } from './build-report.ts'
import { clausePage, trustPage, type Html } from './page.ts'
import type { TrustView } from './report.ts'
import { securityTxt } from './security-txt.ts'

/** What the public pages need. */
export interface TrustRouteParts extends TrustSource {
  readonly clock: Clock
  readonly ledger: Pick<Ledger, 'proof'>
}

const style = readFileSync(new URL('./style.css', import.meta.url), 'utf8')
const open = { permission: 'public', level: 'none', event: { none: 'a public page' }, rate: 'page' } as const
/** One rendering serves everybody for this long, so that a crowd costs no more than a reader. */
const KEPT_MS = 1000
const clauseParams = z.strictObject({ id: z.string().regex(/^(?:P|\d{1,2}(?:\.\d)?)-[0a-z](?:\.\d)?$/) })

async function page(content: Html | Promise<Html>): Promise<Response> {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' }
  return new Response(String(await content), { headers })
}

/** Keeps the newest view for a moment; those who ask meanwhile share one reading of the database. */
function keptView(parts: TrustRouteParts): () => Promise<TrustView> {
  let kept: { readonly at: number; readonly view: Promise<TrustView> } | undefined
  return () => {
    const now = parts.clock.now().getTime()
    if (kept !== undefined && now - kept.at < KEPT_MS && now >= kept.at) return kept.view
    const view = buildReport(parts)
    kept = { at: now, view }
    view.catch(() => {
      kept = undefined
    })
    return view
  }
}

/** The public pages: the policy with live status, its data, each clause, and `security.txt`. */
export function trustRoutes(parts: TrustRouteParts) {
  const view = keptView(parts)
  return [
    route({
      ...open,
      method: 'GET',
      path: '/trust',
      handle: async () => page(trustPage(await view(), parts.clock.now())),
    }),
    route({ ...open, method: 'GET', path: '/trust.json', handle: async () => (await view()).report }),
    route({
      ...open,
      method: 'GET',
      path: '/trust/style.css',
      handle: () =>
        Promise.resolve(
          new Response(style, {
            headers: { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=3600' },
          }),
        ),
    }),
    route({
      ...open,
      method: 'GET',
      path: '/trust/clauses/:id',
      params: clauseParams,
      handle: async ({ params }) => {
        const { report } = await view()
        const clause = report.clauses.find(({ id }) => id === params.id)
        if (clause === undefined) throw new Problem('resource.unknown', 'The policy has no such clause.')
        const index = clause.controls[0]?.lastCheck?.ledgerIndex ?? null
        const proof = index === null ? null : await parts.ledger.proof(index).catch(() => null)
        return page(clausePage(report, clause, proof, parts.clock.now()))
      },
    }),
    route({
      ...open,
      method: 'GET',
      path: '/.well-known/security.txt',
      handle: () => {
        const { contact, origin, clock } = parts
        const text = securityTxt({ contact, origin, now: clock.now() })
        return Promise.resolve(
          new Response(text, { headers: { 'content-type': 'text/plain; charset=utf-8' } }),
        )
      },
    }),
  ] as const
}
