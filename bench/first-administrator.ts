import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { FORM_HEADER, formToken } from '../platform/access/sessions/form-token.ts'
import type { Gateway } from '../cli/gateway.ts'
import type { Operator } from '../cli/operator.ts'

/** Becomes the first administrator through the public door, as a person with a browser and an authenticator would. */
export async function becomeFirstAdministrator(gateway: Gateway, operator: Operator): Promise<void> {
  const { link } = await operator.call('POST /first-link')
  if (link === null) throw new Error('somebody is the first administrator already')
  let cookie = ''
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await gateway.send({
      method: 'POST',
      path,
      headers: {
        'content-type': 'application/json',
        origin: gateway.origin,
        'sec-fetch-site': 'same-origin',
        ...(cookie === '' ? {} : { cookie, [FORM_HEADER]: formToken(cookie.slice(cookie.indexOf('=') + 1)) }),
      },
      body: JSON.stringify(body),
    })
    const text = answer.body.toString('utf8')
    if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}: ${text}`)
    const session = answer.headers['set-cookie']?.find((one) => one.startsWith('__Host-surety='))
    if (session !== undefined) cookie = session.split(';')[0] ?? ''
    return JSON.parse(text)
  }
  await post('/api/access/welcome', {
    token: link.split('#')[1],
    name: 'Sample administrator',
    email: 'administrator@sample.example',
    password: `Aa1-${randomBytes(18).toString('base64url')}`,
    workspaceName: 'Sample',
  })
  const enrolment = (await post('/api/access/enrol', { label: 'bench' })) as {
    readonly factorId: string
    readonly secret: string
  }
  const code = new TOTP({ secret: Secret.fromBase32(enrolment.secret) }).generate()
  await post('/api/access/enrol/confirm', { factorId: enrolment.factorId, code })
}
