import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'
import { Hono } from 'hono'
import { loadRules, type RuleSet } from './index.ts'

const rules = loadRules(
  [
    {
      name: 'sample.conf',
      text: `SecRuleEngine On
        SecRequestBodyAccess On
        SecRule ARGS "@detectSQLi" "id:1,phase:2,deny,status:403"`,
    },
  ],
  { readFile: () => null },
)

/** The code below a heading of the README, as a module beside this file for as long as the test runs. */
async function exampleOf<Module>(context: TestContext, heading: string): Promise<Module> {
  const text = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  const code = text.split(`### ${heading}\n`)[1]?.split('```')[1]?.replace(/^ts\n/, '')
  assert.ok(code !== undefined, heading)
  const file = new URL(`readme-${heading.replace(':', '-')}.fixture.ts`, import.meta.url)
  await writeFile(fileURLToPath(file), code)
  context.after(() => rm(fileURLToPath(file)))
  return (await import(file.href)) as Module
}

test('the example for node:http refuses an attack before its handler runs, and hands over whole bodies', async (context) => {
  type Example = { guarded(rules: RuleSet, handler: (...args: unknown[]) => void): Server }
  const { guarded } = await exampleOf<Example>(context, 'node:http')
  const bodies: string[] = []
  const server = guarded(rules, (_request, body, response) => {
    bodies.push(String(body))
    ;(response as { end(text: string): void }).end('served')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  const post = async (body: string): Promise<number> => {
    const { port } = server.address() as AddressInfo
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })).status
  }
  assert.equal(await post('q=a+plain+question'), 200)
  assert.equal(await post("q=' OR 1=1 -- "), 403)
  assert.deepEqual(bodies, ['q=a+plain+question'])
})

test('the example for Hono refuses an attack, and leaves the body to the handler', async (context) => {
  type Example = { firewall(rules: RuleSet): never }
  const { firewall } = await exampleOf<Example>(context, 'Hono')
  context.mock.method(console, 'log', () => {})
  const app = new Hono()
  app.use(firewall(rules))
  app.post('/', async (handled) => handled.text((await handled.req.parseBody())['q'] as string))
  const post = (body: string): Response | Promise<Response> =>
    app.request('/', { method: 'POST', body: new URLSearchParams({ q: body }) })
  const served = await post('a plain question')
  assert.deepEqual([served.status, await served.text()], [200, 'a plain question'])
  assert.equal((await post("' OR 1=1 -- ")).status, 403)
})
