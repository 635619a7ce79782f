import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { refused, type Case } from './basic-cases.ts'
import { ask, errorOf, openParty, redeem, signedIn, userInfo } from './relying-party.ts'

/** A request object (OpenID Connect Core §6.1) that nobody signed. */
function unsignedRequest(claims: Readonly<Record<string, string>>): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part(claims)}.`
}

/** The behaviours of the authorization request: what it may say, and who is asked what. */
export const requestCases: Readonly<Record<string, Case>> = {
  'oidcc-ensure-post-request-succeeds': async (rig) => {
    const party = await openParty(rig)
    const asked = await ask(party, {}, { asForm: true })
    const tokens = await redeem(party, asked)
    assert.equal((await userInfo(party, tokens)).sub, party.somebody.id)
    // A form of another site carries no session; following it does, so nobody signs in twice.
    const again = await ask(party, {}, { asForm: true })
    assert.equal(again.walked.signIns, 0)
    assert.equal((await redeem(party, again)).claims()?.sub, party.somebody.id)
  },
  'oidcc-ensure-registered-redirect-uri': async (rig) => {
    const party = await openParty(rig)
    for (const address of [`${party.returnAddress}/more`, `${rig.application.origin}/back?a=b`]) {
      const asked = await refused(party, { redirect_uri: address }, [
        'invalid_redirect_uri',
        'invalid_request',
      ])
      assert.equal(asked.walked.back, null)
      assert.equal(asked.walked.status, 400)
    }
  },
  'oidcc-ensure-request-object-with-redirect-uri': async (rig) => {
    const party = await openParty(rig)
    const request = unsignedRequest({
      client_id: party.id,
      response_type: 'code',
      redirect_uri: `${rig.application.origin}/back/elsewhere`,
      scope: 'openid',
    })
    const asked = await refused(party, { request }, ['request_not_supported'])
    assert.ok(!rig.application.returns.some(({ pathname }) => pathname === '/back/elsewhere'))
    assert.equal(asked.walked.back === null || asked.walked.back.pathname === '/back', true)
  },
  'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported': async (rig) => {
    const party = await openParty(rig)
    const request = unsignedRequest({ client_id: party.id, response_type: 'code', scope: 'openid' })
    await refused(party, { request }, ['request_not_supported'])
    assert.equal(party.configuration.serverMetadata().request_parameter_supported ?? false, false)
  },
  'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported': async (rig) => {
    const party = await openParty(rig)
    const before = rig.application.returns.length
    await refused(party, { request_uri: `${rig.application.origin}/back/request.jwt` }, [
      'request_uri_not_supported',
      'invalid_request_uri',
    ])
    assert.equal(party.configuration.serverMetadata().request_uri_parameter_supported ?? false, false)
    // Nothing was fetched from the address either.
    assert.ok(!rig.application.returns.slice(before).some(({ pathname }) => pathname.endsWith('.jwt')))
  },
  'oidcc-response-type-missing': async (rig) => {
    const party = await openParty(rig)
    await refused(party, { response_type: null }, ['invalid_request', 'unsupported_response_type'])
  },
  'oidcc-login-hint': async (rig) => {
    const party = await openParty(rig)
    const { asked } = await signedIn(party, { login_hint: party.somebody.email })
    assert.equal(asked.walked.offeredEmail, party.somebody.email)
  },
  'oidcc-id-token-hint': async (rig) => {
    const party = await openParty(rig)
    const { tokens, claims } = await signedIn(party)
    const again = await ask(party, { prompt: 'none', id_token_hint: tokens.id_token ?? '' }, { alone: true })
    assert.equal((await redeem(party, again)).claims()?.sub, claims.sub)
    const other = await openParty(rig)
    await signedIn(other)
    const foreign = await ask(
      other,
      { prompt: 'none', id_token_hint: tokens.id_token ?? '' },
      { alone: true },
    )
    assert.ok(errorOf(foreign) !== null)
  },
  'oidcc-max-age-1': async (rig) => {
    const party = await openParty(rig)
    const { claims: first } = await signedIn(party)
    await pause(2000)
    const { claims, asked } = await signedIn(party, { max_age: '1' })
    assert.equal(asked.walked.signIns, 1)
    assert.ok(Number(claims.auth_time) > (first.auth_time ?? first.iat - 60))
    assert.ok(claims.iat - Number(claims.auth_time) <= 5)
  },
  'oidcc-max-age-10000': async (rig) => {
    const party = await openParty(rig)
    const { claims: first } = await signedIn(party, { max_age: '10000' })
    await pause(1100)
    const { claims, asked } = await signedIn(party, { max_age: '10000' })
    assert.equal(asked.walked.signIns, 0)
    assert.ok(claims.auth_time !== undefined)
    assert.equal(claims.auth_time, first.auth_time)
    assert.equal(claims.sub, first.sub)
  },
  'oidcc-prompt-login': async (rig) => {
    const party = await openParty(rig)
    const { claims: first } = await signedIn(party, { max_age: '10000' })
    await pause(1100)
    const { claims, asked } = await signedIn(party, { prompt: 'login', max_age: '10000' })
    assert.equal(asked.walked.signIns, 1)
    assert.equal(claims.sub, first.sub)
    assert.ok(Number(claims.auth_time) > Number(first.auth_time))
  },
  'oidcc-prompt-none-logged-in': async (rig) => {
    const party = await openParty(rig)
    const { claims: first } = await signedIn(party, { max_age: '10000' })
    const asked = await ask(party, { prompt: 'none', max_age: '10000' }, { alone: true })
    const claims = (await redeem(party, asked)).claims()
    assert.equal(asked.walked.consents, 0)
    assert.equal(claims?.sub, first.sub)
    assert.equal(claims?.auth_time, first.auth_time)
  },
  'oidcc-prompt-none-not-logged-in': async (rig) => {
    const party = await openParty(rig)
    const asked = await refused(party, { prompt: 'none' }, ['login_required', 'interaction_required'])
    assert.equal(asked.walked.back?.searchParams.get('state'), asked.state)
  },
}
