import type { Context } from 'hono'
import { Problem } from '../kernel/problem.ts'

/** The request's bytes, refused as soon as there are more than `bytesMax`, declared or not. */
export async function readBody(c: Context, bytesMax: number): Promise<Buffer> {
  const declared = Number(c.req.header('content-length') ?? '0')
  if (!(declared <= bytesMax)) throw tooLarge(bytesMax)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of c.req.raw.body ?? []) {
    bytes += chunk.length
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge(bytesMax: number): Problem {
  return new Problem('request.too-large', `At most ${bytesMax} bytes are taken here.`)
}

/** The request's JSON; an empty body is an empty object. */
export async function readJson(c: Context, bytesMax: number): Promise<unknown> {
  const raw = await readBody(c, bytesMax)
  if (raw.length === 0) return {}
  if (!/^application\/json(?:;|$)/.test(c.req.header('content-type') ?? ''))
    throw new Problem('request.malformed', 'The body must be application/json.')
  try {
    return JSON.parse(raw.toString('utf8'))
  } catch {
    throw new Problem('request.malformed', 'The body is not JSON.')
  }
}
