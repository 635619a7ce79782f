import type { ChannelRow } from '../channels/queries.ts'
import type { WorkspaceVault } from '../tenants/vault.ts'

/** One name that a channel knows a contact by. */
export interface ContactIdentity {
  readonly kind: 'phone' | 'bsuid' | 'visitor'
  /** Normalised: equal names are equal texts. */
  readonly value: string
}

/** How far an outgoing message has come, as the provider reports it. */
export type DeliveryStatus = 'sent' | 'failed' | 'delivered' | 'read'

/** One thing inside a delivery, whatever the channel. */
export type Incoming =
  | {
      readonly is: 'message'
      /** The provider's own id; a repetition carries the same. */
      readonly providerId: string
      /** At least one. */
      readonly identities: readonly ContactIdentity[]
      readonly displayName: string | null
      readonly sentAt: Date
      /** As the provider names it: text, image, … */
      readonly type: string
      readonly text: string | null
    }
  | {
      readonly is: 'status'
      readonly providerId: string
      /** The key that we sent along, if the provider returned it. */
      readonly clientKey: string | null
      readonly status: DeliveryStatus
      readonly errorCode: string | null
    }
  | {
      readonly is: 'renamed'
      readonly before: ContactIdentity
      readonly after: readonly ContactIdentity[]
    }
  /** Known and of no consequence: echoes of our own messages, other fields. */
  | { readonly is: 'ignored' }

/** A delivery that is no JSON of the expected shape. */
export class DeliveryError extends Error {
  constructor() {
    super('the delivery does not have the shape that the provider documents')
    this.name = 'DeliveryError'
  }
}

/** Where a delivery came from. */
export interface IntakeScope {
  readonly workspace: string
  readonly channel: ChannelRow
  readonly vault: WorkspaceVault
}
