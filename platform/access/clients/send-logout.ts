import { lookup as resolveName, type LookupAddress } from 'node:dns'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from '../upstream/public-address.ts'

/** How long an application may take to hear that somebody signed out. */
const ANSWER_MS_MAX = 5000

/** Whether an address belongs to this machine or to a network behind it, also where it hides one of version 4. */
export function isReserved(address: string): boolean {
  return !isPublicAddress(address)
}

/** Resolves names to public addresses only, at the moment of connecting, so that no later answer can lead inside. */
const publicLookup: LookupFunction = (hostname, _options, callback) => {
  resolveName(hostname, { all: true }, (error, addresses: LookupAddress[]) => {
    const inside = addresses?.some(({ address }) => isReserved(address)) ?? true
    if (error !== null) callback(error, [])
    else if (inside) callback(new Error('this name leads to a private address'), [])
    else callback(null, addresses)
  })
}

/** Where logout notices may go: public addresses by TLS; on a machine for trying out, also private ones. */
export interface LogoutReach {
  readonly privateAddresses: boolean
}

/** Whether an address can be told of sign-outs. */
export function mayBeTold(address: string, { privateAddresses }: LogoutReach): boolean {
  const url = URL.parse(address)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (privateAddresses) return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(host))
  return url.protocol === 'https:' && (isIP(host) === 0 || !isReserved(host))
}

/** Whether a host is this machine itself, by the names that RFC 8252 allows. */
export function isLoopback(host: string): boolean {
  return ['localhost', '127.0.0.1', '::1', '[::1]'].includes(host)
}

/** Posts a form; follows nothing, reads no more than the status, and gives up soon. */
export function sendForm(address: string, body: URLSearchParams, reach: LogoutReach): Promise<number> {
  if (!mayBeTold(address, reach)) return Promise.reject(new Error('this address is not told of sign-outs'))
  const url = new URL(address)
  const content = body.toString()
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest
    const sent = send(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(content),
      },
      agent: false,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      ...(reach.privateAddresses ? {} : { lookup: publicLookup }),
    })
    sent.once('error', reject)
    sent.once('response', (answer) => {
      resolve(answer.statusCode ?? 0)
      answer.destroy()
    })
    sent.end(content)
  })
}
