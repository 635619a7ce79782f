import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Ledger } from '../audit/index.ts'
import { contentSecurityPolicy } from '../gateway/index.ts'
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
/** A full and an empty circle: what is proven, and what is not. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" fill="none" stroke="#1a6b34" stroke-width="2"/><circle cx="8" cy="8" r="3" fill="#1a6b34"/></svg>'
const open = { permission: 'public', level: 'none', event: { none: 'a public page' }, rate: 'page' } as const
/** One rendering serves everybody for this long, so that a crowd costs no more than a reader. */
const KEPT_MS = 1000
const clauseParams = z.strictObject({ id: z.string().regex(/^(?:P|\d{1,2}(?:\.\d)?)-[0a-z](?:\.\d)?$/) })

const compress = promisify(gzip)

/** Sends a page, without the indentation of its templates, compressed for whoever takes that. */
async function page(content: Html | Promise<Html>, request: Request): Promise<Response> {
  const text = String(await content).replaceAll(/\n\s+/g, '\n')
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'content-security-policy': contentSecurityPolicy.page,
    vary: 'accept-encoding',
  }
  if (!/\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')) return new Response(text, { headers })
  return new Response(await compress(text), { headers: { ...headers, 'content-encoding': 'gzip' } })
}

/** A small file that belongs to the pages. */
function fixed(content: string, type: string): Response {
  return new Response(content, { headers: { 'content-type': type, 'cache-control': 'public, max-age=3600' } })
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
      handle: async ({ raw }) => page(trustPage(await view(), parts.clock.now()), raw),
    }),
    route({ ...open, method: 'GET', path: '/trust.json', handle: async () => (await view()).report }),
    route({
      ...open,
      method: 'GET',
      path: '/trust/style.css',
      handle: () => Promise.resolve(fixed(style, 'text/css; charset=utf-8')),
    }),
    route({
      ...open,
      method: 'GET',
      path: '/trust/icon.svg',
      handle: () => Promise.resolve(fixed(ICON, 'image/svg+xml')),
    }),
    route({
      ...open,
      method: 'GET',
      path: '/trust/clauses/:id',
      params: clauseParams,
      handle: async ({ params, raw }) => {
        const { report } = await view()
        const clause = report.clauses.find(({ id }) => id === params.id)
        if (clause === undefined) throw new Problem('resource.unknown', 'The policy has no such clause.')
        const index = clause.controls[0]?.lastCheck?.ledgerIndex ?? null
        const proof = index === null ? null : await parts.ledger.proof(index).catch(() => null)
        return page(clausePage(report, clause, proof, parts.clock.now()), raw)
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
