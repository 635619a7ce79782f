import { writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { route, type AnyRoute } from '../kernel/route.ts'
import { z } from '../kernel/schema.ts'
import type { AttackClass, Bait } from './attack-classes.ts'

const open = {
  method: 'GET',
  permission: 'public',
  level: 'none',
  rate: 'page',
  event: { none: 'exists in a twin for the length of a check' },
  query: z.strictObject({ value: z.string() }),
} as const

/** What a page without a policy of its own and without escaping would send. */
const html = (body: string): Response =>
  new Response(body, {
    headers: { 'content-type': 'text/html', 'content-security-policy': "script-src 'unsafe-inline'" },
  })

/** Each mistake as a program would make it, kept to the bait of the check: nothing of the machine is read or run. */
function mistakes(bait: Bait): Readonly<Record<AttackClass['name'], (value: string) => Promise<unknown>>> {
  return {
    SQL: async (value) => ({ error: `syntax error at or near "${value}"` }),
    XSS: async (value) => html(`<p>${value}</p>`),
    command: async (value) => {
      if (value.includes(`touch ${bait.file}`)) await writeFile(bait.file, '')
    },
    path: async (value) => (value.includes('passwd') ? 'root:x:0:0:a sample' : undefined),
    SSRF: async (value) => {
      if (!value.startsWith(`http://${bait.address}/`)) return
      await new Promise((resolve) =>
        get(value, (got) => got.resume().on('end', resolve)).on('error', resolve),
      )
    },
    header: async (value) => {
      const named = value
        .split(/[\r\n]+/)
        .slice(1)
        .flatMap((line) => [line.split(': ', 2)])
      return new Response('', {
        headers: named.filter((pair): pair is [string, string] => pair.length === 2),
      })
    },
    CSV: async (value) => new Response(`name\n${value}\n`, { headers: { 'content-type': 'text/csv' } }),
  }
}

/** Where the careless route of a class stands. */
export function carelessPath(name: string): string {
  return `/api/careless/${name.toLowerCase()}`
}

/** One route for each class of attack that makes the mistake the class is named for. */
export function carelessRoutes(bait: Bait): readonly AnyRoute[] {
  return Object.entries(mistakes(bait)).map(
    ([name, make]) =>
      route({ ...open, path: carelessPath(name), handle: ({ query }) => make(query.value) }) as AnyRoute,
  )
}
