import type { LookUpColumn } from '../encryption/index.ts'
import { addressOf, plainEmails } from './provisioning/directory.ts'
import { plainForm } from './provisioning/scim/filter-match.ts'
import { textOf, type Resource } from './provisioning/scim/resource.ts'

type Values = (resource: Resource) => readonly string[] | null

const text = (opened: Buffer): readonly string[] => [opened.toString('utf8')]

/** Values under the provider's key that are a sealed text as it is. */
function plain(table: string, column: string, purpose: string, from: string): LookUpColumn {
  const source = { column: from, purpose: () => purpose, values: text }
  return { schema: 'surety', table, column, tenant: null, from: source }
}

/** Values of a resource of a directory, made from its attributes. */
function directory(table: string, column: string, purpose: string, values: Values): LookUpColumn {
  const source = {
    column: 'content',
    purpose: () => purpose,
    values: (opened: Buffer) => values(JSON.parse(opened.toString('utf8')) as Resource),
  }
  return { schema: 'surety', table, column, tenant: 'workspace_id', from: source }
}

function one(value: string | undefined): readonly string[] | null {
  return value === undefined ? null : [value]
}

const externalId: Values = (resource) => one(textOf(resource, 'externalId'))
const nameAs =
  (attribute: string): Values =>
  (resource) => [plainForm(textOf(resource, attribute) ?? '')]

/** Every column of look-up values of accounts, directories and ways to sign in. Policy 2.3-a.1. */
export const accessLookUps: readonly LookUpColumn[] = [
  plain('account', 'email_index', 'account.email', 'email'),
  plain('link', 'email_index', 'account.email', 'email'),
  plain('sms_factor', 'number_index', 'sms_factor.number', 'number'),
  plain('upstream_link', 'subject_index', 'upstream.subject', 'subject'),
  {
    schema: 'surety',
    table: 'sms_code',
    column: 'number_index',
    tenant: null,
    from: null,
    ends: 'the code goes after two days',
  },
  {
    schema: 'surety',
    table: 'sms_code',
    column: 'hash',
    tenant: null,
    from: null,
    ends: 'the code goes after two days',
  },
  directory('directory_user', 'user_name_index', 'directory.userName', nameAs('userName')),
  directory('directory_user', 'external_id_index', 'directory.externalId', externalId),
  { ...directory('directory_user', 'email_indexes', 'directory.email', plainEmails), list: true },
  {
    ...directory('directory_user', 'account_email_index', 'account.email', (user) => one(addressOf(user))),
    tenant: null,
  },
  directory('directory_group', 'display_name_index', 'directory.displayName', nameAs('displayName')),
  directory('directory_group', 'external_id_index', 'directory.externalId', externalId),
  directory('personnel_event', 'event_index', 'personnel.event', (event) => one(textOf(event, 'id'))),
]
