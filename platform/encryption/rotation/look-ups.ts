/** Columns of a row as text, by name. */
export type RowTexts = Readonly<Record<string, string>>

/** The envelope that look-up values are made from again when their key is replaced. */
export interface LookUpSource {
  /** Of the same row. */
  readonly column: string
  /** Columns of the row that purpose or values are made of besides. */
  readonly texts?: readonly string[]
  readonly purpose: (row: RowTexts) => string
  /** What is looked up, in its normal form; null where what was opened has no such value. */
  readonly values: (opened: Buffer, row: RowTexts) => readonly (string | Uint8Array)[] | null
}

/** A column of look-up values. */
export interface LookUpColumn {
  readonly schema: 'surety' | 'inbox'
  readonly table: string
  readonly column: string
  /** Whether each row has a list of them. */
  readonly list?: true
  /** The column that holds the tenant whose key they are made with; null: the provider. */
  readonly tenant: string | null
  /** Null for values that end by themselves before long, of which nothing else is kept. */
  readonly from: LookUpSource | null
  /** How values end that cannot be made again. */
  readonly ends?: string
}

/** Look-up values of the protected service. */
export const inboxLookUps: readonly LookUpColumn[] = [
  {
    schema: 'inbox',
    table: 'contact_identity',
    column: 'value_index',
    tenant: 'workspace_id',
    from: {
      column: 'value',
      texts: ['channel_id', 'kind'],
      purpose: () => 'inbox.contact_identity.value',
      values: (opened, row) => [`${row['channel_id']}/${row['kind']}/${opened.toString('utf8')}`],
    },
  },
  {
    schema: 'inbox',
    table: 'inbound',
    column: 'dedupe_key',
    tenant: 'workspace_id',
    from: {
      column: 'raw',
      texts: ['channel_id'],
      purpose: (row) => `inbox.inbound.${row['channel_id']}`,
      values: (opened) => [opened],
    },
    ends: 'the row goes once the provider repeats no such delivery any more',
  },
  {
    schema: 'inbox',
    table: 'message',
    column: 'provider_index',
    tenant: 'workspace_id',
    from: null,
    ends: 'emptied after 90 days, when the provider tells nothing of the message any more',
  },
  {
    schema: 'inbox',
    table: 'erased_message',
    column: 'provider_index',
    tenant: 'workspace_id',
    from: null,
    ends: 'the row goes once the provider repeats no such message any more',
  },
]

/** Schema, table and column in one word. */
export function lookUpStore({ schema, table, column }: LookUpColumn): string {
  return `${schema}.${table}.${column}`
}
