import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** Every file that shows a page: the console’s, and the pages of the way through OAuth 2.0. */
const pages = [
  ...readdirSync(new URL('console/src/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.tsx'))
    .map((name) => `console/src/${name}`),
  'platform/access/clients/pages.ts',
]

/** Every field of a page, as it is written there. */
function fieldsIn(text: string): string[] {
  return text
    .split(/<(?=(?:TextField|input)\b)/)
    .slice(1)
    .map((rest) => rest.split(/\n\s*\/>|\/>|\n\s*>/, 1)[0] ?? '')
}

const fields = pages.flatMap((page) => fieldsIn(read(page)).map((field) => ({ page, field })))
const passwords = fields.filter(({ field }) => /autocomplete="(current|new)-password"/i.test(field))

test('policy 3.3-a: each password field hides what is typed, and a new password can be shown', () => {
  assert.ok(passwords.length >= 5, `${passwords.length} fields`)
  for (const { page, field } of passwords)
    assert.match(field, /type="password"|type=\{shown \? 'text' : 'password'\}/, page)
  assert.match(read('console/src/access/password-rules.tsx'), /useState\(false\)[\s\S]*Show password/)
  for (const { page, field } of fields)
    if (/label="[^"]*password/i.test(field) || /name="password"/.test(field))
      assert.match(field, /autocomplete="(current|new)-password"/i, page)
})

test('policy 3.3-a: password managers and paste work in every field: names are told, nothing is cut or caught', () => {
  for (const { page, field } of passwords) assert.ok(!/maxlength|readonly|inputmode/i.test(field), page)
  for (const page of pages) {
    assert.ok(!/on(paste|copy|cut|drop|beforeinput)\b/i.test(read(page)), page)
  }
  // A manager finds the account beside the password.
  for (const page of ['console/src/access/password-step.tsx', 'platform/access/clients/pages.ts'])
    assert.match(read(page), /autocomplete="username[\s\S]*autocomplete="current-password"/i, page)
})

test('policy 3.4-b: no page keeps a token: what a browser remembers of its own is how the page looks', () => {
  const sources = readdirSync(new URL('console/src/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `console/src/${name}`)
  const keeping = sources.filter((name) =>
    /localStorage|sessionStorage|indexedDB|document\.cookie/.test(read(name)),
  )
  // The client reads, and never sets, what its requests prove by (CSRF), which is worth nothing without the session.
  assert.deepEqual(keeping.sort(), ['console/src/api.ts', 'console/src/theme.ts'])
  const client = read('console/src/api.ts')
  assert.deepEqual(client.match(/localStorage|sessionStorage|indexedDB|document\.cookie[^\n]*/g), [
    "document.cookie.split('; ').find((one) => one.startsWith('__Host-surety-form='))",
  ])
  const calling = sources.filter((name) => /\bfetch\(|new EventSource\(|new WebSocket\(/.test(read(name)))
  assert.ok(calling.length > 0)
  for (const name of calling) assert.ok(!/authorization|bearer/i.test(read(name)), name)
})

test('policy 3.4-b: signing out is on every page of whoever is signed in', () => {
  const router = read('console/src/router.tsx')
  const routes = [...router.matchAll(/const (\w+) = createRoute\(\{\s*getParentRoute: \(\) => (\w+),/g)]
  const parents = new Map(routes.map(([, name = '', parent = '']) => [name, parent]))
  assert.equal(parents.size, router.match(/createRoute\(/g)?.length)
  const outside = [...parents].filter(([name]) => {
    let at: string | undefined = name
    while (at !== undefined && at !== 'signedIn') at = parents.get(at)
    return at !== 'signedIn'
  })
  assert.deepEqual(
    outside.map(([name]) => name),
    ['signIn', 'welcome', 'recover'],
  )
  assert.match(router, /const signedIn = createRoute\(\{[\s\S]*?component: Frame,\n\}\)/)
  assert.match(read('console/src/shell/frame.tsx'), /<Navigation /)
  assert.match(read('console/src/shell/navigation.tsx'), /<AccountMenu \/>/)
  assert.match(read('console/src/shell/account-menu.tsx'), /'POST \/api\/access\/sign-out'[\s\S]*Sign out/)
})

test('policy 3.1-b: text messages are offered last, and whoever chooses them is told what is safer', () => {
  const ways = /const NAMES[^{]*\{([^}]*)\}/.exec(read('console/src/access/enrol.tsx'))?.[1] ?? ''
  assert.deepEqual(
    [...ways.matchAll(/^\s*(\w+):/gm)].map(([, way]) => way),
    ['totp', 'webauthn', 'sms'],
  )
  assert.match(ways, /sms: '[^']*the weakest way/)
  const page = read('console/src/access/set-up-number.tsx')
  assert.match(
    page,
    /weakest second factor[\s\S]*numbers taken over[\s\S]*safer[\s\S]*label="Telephone number"/,
  )
})
